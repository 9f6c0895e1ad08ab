"""The measures of neural compression: what the store keeps of each, made once for what it depends on.

Each is an artifact beside the stages of `lineage`, found by its fingerprint as theirs are, but nothing is made from it: reports alone
read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.files import hash_of
from uniscale_assets.lineage import Lineage, Target
from uniscale_assets.partition_keys import GridKey
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact, Draft
from uniscale_assets.study import Study

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.tokenization.protocol import Encoding
    from uniscale_assets.tokenization.spec import TokenizerSpec

# Raise a number when a measure changes for the same inputs.
VERSIONS = {"stream_measures": 1, "position_accuracy": 1, "numerical_stability": 1, "coder_tasks": 1}
STREAM_TABLES = ("prefix_distances", "sentence_pieces", "token_texts", "bit_uniformity")
STREAM_BYTES = 2**20
"""of the training split's tokens, for their uniformity"""
TEXT_BYTES = 200_000
"""of the test split, for the texts of tokens"""
NUMERICS_DOCUMENTS, NUMERICS_BYTES = 16, 64
"""of the validation split, for numerical stability: each byte is coded in 14 ways"""


@dataclass(frozen=True)
class Measure:
    """One artifact of a measure: where it goes, how it is made, and the columns that say what its rows are of."""

    target: Target
    constants: dict[str, Any]
    make: Callable[[Draft], None]


def stream_options(spec: TokenizerSpec) -> tuple[int, int] | None:
    """Bits of a token and tokens of a window of a tokenizer that compresses; one token where its windows are not whole tokens."""
    from uniscale_assets.neural_compression.families import CompressingFamily
    from uniscale_assets.neural_compression.spec import EqualInfoOptions, StreamOptions
    from uniscale_assets.tokenization.families import family_of

    family: Any = family_of(spec.family)
    if not isinstance(family, CompressingFamily):
        return None
    options: Any = family.options(spec)
    bits = options.token_bits if isinstance(options, StreamOptions) else 8
    window = options.window_bits if isinstance(options, EqualInfoOptions) else bits
    return bits, window // bits if window % bits == 0 else 1


def measure_target(stage: str, label: str, keys: dict[str, Any], inputs: dict[str, Artifact | None]) -> Target:
    """A target as lineage makes them; without a fingerprint while an input is missing."""
    hashes = {name: artifact.content_hash for name, artifact in inputs.items() if artifact}
    if len(hashes) < len(inputs):
        return Target(stage, label, None)
    return Target(stage, label, hash_of({"stage": stage, "version": VERSIONS[stage], "keys": keys, "inputs": hashes}))


def stream_measures(platform: Platform, lineage: Lineage[Artifact]) -> Iterator[Measure]:
    """Stability and uniformity of every tokenizer."""
    for spec in lineage.study.tokenizers:
        inputs = {"tokenizer": lineage.find(lineage.tokenizer(spec.name)), "shards": lineage.find(lineage.token_shards(spec.name))}
        stream = stream_options(spec)
        target = measure_target("stream_measures", spec.name, {"stream": stream}, inputs)
        yield Measure(
            target,
            {"tokenizer": spec.name},
            lambda draft, spec=spec, stream=stream: measure_stream(platform, lineage, spec.name, stream, draft),
        )


def measure_stream(platform: Platform, lineage: Lineage[Artifact], name: str, stream: tuple[int, int] | None, draft: Draft) -> None:
    """Measure one tokenizer; of a tokenizer that does not compress only its stability and its cuts."""
    from uniscale_assets.neural_compression.measures_stability import prefix_distances, prefix_words, segmentation
    from uniscale_assets.neural_compression.measures_texts import texts_by_position
    from uniscale_assets.tokenization.loading import load_tokenizer

    tokenizer = load_tokenizer(platform.input(lineage, lineage.tokenizer(name)))
    write(draft, "prefix_distances", prefix_distances(tokenizer, prefix_words()))
    write(draft, "sentence_pieces", segmentation(tokenizer))
    if stream is None:
        return
    shards = platform.input(lineage, lineage.token_shards(name))
    documents, encodings = encoded_documents(shards, platform.input(lineage, lineage.mixture()))
    write(draft, "token_texts", texts_by_position(documents, encodings, stream[1]))
    write(draft, "bit_uniformity", stream_uniformity(shards, stream[0]))


def write(draft: Draft, table: str, frame: pl.DataFrame) -> None:
    """Write a frame of an artifact."""
    frame.write_parquet(draft.path / f"{table}.parquet")


def encoded_documents(shards: Path, mixture: Path) -> tuple[list[bytes], list[Encoding]]:
    """Test documents as text and as tokens, up to some bytes."""
    import numpy as np

    from uniscale_assets.corpus.mixing import iterate_documents
    from uniscale_assets.tokenization.protocol import Encoding
    from uniscale_assets.tokenization.shards import open_shard

    shard, documents, encodings = open_shard(shards, "test"), list[bytes](), list[Encoding]()
    for number, document in enumerate(iterate_documents(mixture, "test")):
        if sum(map(len, documents)) >= TEXT_BYTES:
            break
        place = slice(*np.asarray(shard.offsets[number : number + 2]).tolist())
        documents.append(document.text.encode())
        encodings.append(Encoding(shard.ids[place].astype(np.int32), shard.byte_ends[place].astype(np.int64)))
    return documents, encodings


def stream_uniformity(shards: Path, token_bits: int) -> pl.DataFrame:
    """Uniformity of a tokenizer's tokens, and of as many random bytes."""
    import numpy as np
    import polars as pl

    from uniscale_assets.neural_compression.measures_uniformity import random_stream, uniformity
    from uniscale_assets.neural_compression.streams import FIRST_ID, stream_of
    from uniscale_assets.tokenization.shards import open_shard

    ids = np.asarray(open_shard(shards, "train").ids[: STREAM_BYTES * 8 // token_bits]).astype(np.int64)
    stream = stream_of(ids - FIRST_ID, token_bits)
    found = {False: uniformity(stream), True: uniformity(random_stream(len(stream)))}
    return pl.concat([rows.with_columns(pl.lit(control).alias("control")) for control, rows in found.items()])


def position_accuracies(platform: Platform, lineage: Lineage[Artifact]) -> Iterator[Measure]:
    """Accuracy by position of every trained model whose tokenizer has windows of several tokens."""
    for key in lineage.study.grid:
        stream = stream_options(lineage.study.tokenizer(key.tokenizer))
        if stream is None or stream[1] == 1:
            continue
        inputs = {"checkpoint": lineage.find(lineage.checkpoint(key)), "shards": lineage.find(lineage.token_shards(key.tokenizer))}
        keys = {"window_tokens": stream[1], "split": lineage.study.evaluation.split, "context": lineage.study.training.context.bytes}
        target = measure_target("position_accuracy", str(key), keys, inputs)
        model = {"tokenizer": key.tokenizer, "size": key.model.size, "budget": key.model.budget, "seed": key.model.seed}
        yield Measure(target, model, lambda draft, key=key, tokens=stream[1]: measure_positions(platform, lineage, key, tokens, draft))


def measure_positions(platform: Platform, lineage: Lineage[Artifact], key: GridKey, window_tokens: int, draft: Draft) -> None:
    """Ask one model."""
    from uniscale_assets.evaluation.position_accuracy import accuracy_by_position

    study = lineage.study
    checkpoint, shards = (platform.input(lineage, target) for target in (lineage.checkpoint(key), lineage.token_shards(key.tokenizer)))
    found = accuracy_by_position(checkpoint, shards, study.evaluation.split, study.training.context.bytes, window_tokens)
    write(draft, "position_accuracy", found)


def numerical_stabilities(platform: Platform, lineage: Lineage[Artifact]) -> Iterator[Measure]:
    """What arithmetic changes, of every byte model."""
    for name in lineage.study.byte_model_names:
        inputs = {"byte_model": lineage.find(lineage.byte_model(name)), "mixture": lineage.find(lineage.mixture())}
        target = measure_target("numerical_stability", name, {}, inputs)
        yield Measure(target, {"byte_model": name}, lambda draft, name=name: measure_numerics(platform, lineage, name, draft))


def measure_numerics(platform: Platform, lineage: Lineage[Artifact], name: str, draft: Draft) -> None:
    """Run one byte model in every way."""
    from itertools import islice

    from uniscale_assets.corpus.mixing import iterate_documents
    from uniscale_assets.neural_compression.measures_numerics import numerical_stability

    directory, mixture = (platform.input(lineage, target) for target in (lineage.byte_model(name), lineage.mixture()))
    documents = islice(iterate_documents(mixture, "validation"), NUMERICS_DOCUMENTS)
    texts = [document.text.encode()[:NUMERICS_BYTES] for document in documents]
    write(draft, "numerical_stability", numerical_stability(directory, texts))


def measures_of(study: Study) -> dict[str, Callable[[Platform, Lineage[Artifact]], Iterator[Measure]]]:
    """The measures that a study has, by the name of their asset; none for a study whose tokenizers do not compress."""
    from uniscale_assets.resources.coder_measures import coder_tasks

    if not study.compresses:
        return {}
    found = {"stream_measures": stream_measures, "position_accuracy": position_accuracies}
    found |= {"numerical_stability": numerical_stabilities} if study.byte_models else {}
    return found | ({"coder_tasks": coder_tasks} if study.coder_tasks is not None else {})


def tables_of(measure: str) -> tuple[str, ...]:
    """The metric tables that a measure fills."""
    return STREAM_TABLES if measure == "stream_measures" else (measure,)
