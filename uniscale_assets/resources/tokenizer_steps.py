"""From mixed text to verified tokenizers and token shards: one function a stage, each filling a draft."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from uniscale_assets.corpus.spec import SplitName
from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact, Draft


def train_vocabulary(platform: Platform, lineage: Lineage[Artifact], name: str, draft: Draft) -> None:
    """Train a family at the largest size of the tokenizers that share this vocabulary, on text or from a byte model."""
    from uniscale_assets.tokenization.families import family_of
    from uniscale_assets.tokenization.measure import measured
    from uniscale_assets.tokenization.protocol import NeedsByteModel
    from uniscale_assets.tokenization.training_text import TrainingText

    spec = lineage.study.vocabulary_spec(name)
    family = family_of(spec.family)
    if isinstance(family, NeedsByteModel):
        model = platform.input(lineage, lineage.byte_model(family.byte_model_of(spec)))
        with measured() as cost:
            family.train_from_model(spec, model, draft.path)
    else:
        mixture = platform.input(lineage, lineage.mixture())
        with measured() as cost:
            text = TrainingText(lambda: labelled_texts(mixture, "tokenizer"))
            family.train_vocabulary(spec, text, draft.path)
    draft.metadata |= {"training seconds": cost.seconds, "peak memory bytes": cost.peak_memory_bytes}


def cut_and_verify(platform: Platform, lineage: Lineage[Artifact], name: str, draft: Draft) -> None:
    """Cut a tokenizer from its vocabulary and show that it loses nothing; of one that says it is lossy, how much.

    Raises:
        LossyTokenizerError: it loses or invents bytes and does not say so; nothing is committed.
    """
    from uniscale_assets.tokenization.families import family_of
    from uniscale_assets.tokenization.verify import verify_tokenizer

    spec = lineage.study.tokenizer(name)
    vocabulary = platform.input(lineage, lineage.vocabulary(lineage.study.vocabulary_of(name)))
    family = family_of(spec.family)
    family.cut(vocabulary, spec, draft.path)
    verification = verify_tokenizer(family.load(draft.path), spec, test_documents(platform, lineage))
    draft.metadata |= {"verified documents": verification.documents, "verified bytes": verification.bytes}
    if verification.lossy:
        windows = max(verification.windows, 1)
        draft.metadata |= {
            "lossy": True,
            "ambiguous_share": verification.windows_lost / windows,
            "ambiguous_documents": verification.documents_lost / max(verification.documents, 1),
        }


def test_documents(platform: Platform, lineage: Lineage[Artifact]) -> Iterator[tuple[str, str]]:
    """Language and text of every test document."""
    return labelled_texts(platform.input(lineage, lineage.mixture()), "test")


def labelled_texts(mixture: Path, split: SplitName) -> Iterator[tuple[str, str]]:
    """Language and text of every document of a split, read as they are asked for."""
    from uniscale_assets.corpus.mixing import iterate_documents

    return ((document.language, document.text) for document in iterate_documents(mixture, split))


def encode_text(platform: Platform, lineage: Lineage[Artifact], name: str, draft: Draft) -> None:
    """Encode training, validation and test text."""
    from uniscale_assets.tokenization.loading import load_tokenizer
    from uniscale_assets.tokenization.shards import write_token_shards

    directory = platform.input(lineage, lineage.tokenizer(name))
    tokenizer = load_tokenizer(directory)
    write_token_shards(tokenizer, platform.input(lineage, lineage.mixture()), draft.path)
    cache = getattr(tokenizer, "cache", None)
    draft.metadata |= {} if cache is None else {"prefix cache hit rate": cache.hit_rate}


def measure(platform: Platform, lineage: Lineage[Artifact], name: str, draft: Draft) -> None:
    """Count the intrinsic metrics of a tokenizer, and time it; what depends on machine and moment stays out of the files."""
    from uniscale_assets.neural_compression.measuring import compression_rows, write_notable_strings
    from uniscale_assets.tokenization.loading import load_tokenizer
    from uniscale_assets.tokenization.measuring import write_metrics
    from uniscale_assets.tokenization.metrics_throughput import encoding_cost
    from uniscale_assets.tokenization.parity import read_parity_texts
    from uniscale_assets.tokenization.protocol import byte_model_of

    study = lineage.study
    tokenizer = load_tokenizer(platform.input(lineage, lineage.tokenizer(name)))
    shards = platform.input(lineage, lineage.token_shards(name))
    mixture: Path = platform.input(lineage, lineage.mixture())
    texts = read_parity_texts(study.parity, study.corpus.languages)
    rows = compression_rows(tokenizer, shards, mixture)
    write_metrics(tokenizer, shards, mixture, texts, study.corpus.languages, draft.path, rows)
    model = byte_model_of(study.tokenizer(name))
    if model is not None:
        write_notable_strings(tokenizer, platform.input(lineage, lineage.byte_model(model)), shards, draft.path)
    cost = encoding_cost(tokenizer, mixture)
    draft.metadata |= {"bytes per CPU second": cost.bytes_per_cpu_second, "encoding memory bytes": cost.memory_bytes}
