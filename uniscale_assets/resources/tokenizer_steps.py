"""From mixed text to verified tokenizers and token shards: one function a stage, each filling a draft."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact, Draft


def train_vocabulary(platform: Platform, lineage: Lineage[Artifact], name: str, draft: Draft) -> None:
    """Train a family at the largest size of the tokenizers that share this vocabulary."""
    from uniscale_assets.corpus.mixing import iterate_documents
    from uniscale_assets.tokenization.families import family_of
    from uniscale_assets.tokenization.measure import measured

    spec = max(lineage.study.vocabularies[name], key=lambda member: member.vocab_size)
    mixture = platform.input(lineage, lineage.mixture())
    with measured() as cost:
        texts = (document.text for document in iterate_documents(mixture, "tokenizer"))
        family_of(spec.family).train_vocabulary(spec, texts, draft.path)
    draft.metadata |= {"training seconds": cost.seconds, "peak memory bytes": cost.peak_memory_bytes}


def cut_and_verify(platform: Platform, lineage: Lineage[Artifact], name: str, draft: Draft) -> None:
    """Cut a tokenizer from its vocabulary and show that it loses nothing.

    Raises:
        LossyTokenizerError: it loses or invents bytes; nothing is committed.
    """
    from uniscale_assets.tokenization.families import family_of
    from uniscale_assets.tokenization.verify import verify_tokenizer

    spec = lineage.study.tokenizer(name)
    vocabulary = platform.input(lineage, lineage.vocabulary(lineage.study.vocabulary_of(name)))
    family = family_of(spec.family)
    family.cut(vocabulary, spec, draft.path)
    verification = verify_tokenizer(family.load(draft.path), spec, test_documents(platform, lineage))
    draft.metadata |= {"verified documents": verification.documents, "verified bytes": verification.bytes}


def test_documents(platform: Platform, lineage: Lineage[Artifact]) -> Iterator[tuple[str, str]]:
    """Language and text of every test document."""
    from uniscale_assets.corpus.mixing import iterate_documents

    mixture = platform.input(lineage, lineage.mixture())
    return ((document.language, document.text) for document in iterate_documents(mixture, "test"))


def encode_text(platform: Platform, lineage: Lineage[Artifact], name: str, draft: Draft) -> None:
    """Encode training, validation and test text."""
    from uniscale_assets.tokenization.loading import load_tokenizer
    from uniscale_assets.tokenization.shards import write_token_shards

    directory = platform.input(lineage, lineage.tokenizer(name))
    write_token_shards(load_tokenizer(directory), platform.input(lineage, lineage.mixture()), draft.path)


def measure(platform: Platform, lineage: Lineage[Artifact], name: str, draft: Draft) -> None:
    """Count the intrinsic metrics of a tokenizer: columns language, metric, value, unit."""
    from uniscale_assets.tokenization.metrics import measure_tokenizer

    shards = platform.input(lineage, lineage.token_shards(name))
    mixture: Path = platform.input(lineage, lineage.mixture())
    measure_tokenizer(shards, mixture).write_parquet(draft.path / "metrics.parquet")
