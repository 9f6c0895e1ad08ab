"""Training a byte model (M1) from the text of a mixture, and measuring it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.files import write_text
from uniscale_assets.neural_compression.spec import ByteModelSpec, CropsSpec
from uniscale_assets.specification import Specification

if TYPE_CHECKING:
    from uniscale_assets.corpus.mixing import MixtureDocument
    from uniscale_assets.corpus.spec import SplitName
    from uniscale_assets.modeling.records import TrainingOutcome, TrainingProgress
    from uniscale_assets.modeling.spec import ExecutionSpec
    from uniscale_assets.neural_compression.integer_model import IntegerByteModel

REPORT_FILE = "byte_model.json"
CHECKPOINT = "checkpoint"


class ByteModelReport(Specification):
    """``byte_model.json``: what a byte model knows of the validation text, contexts starting afresh as when it codes."""

    name: str
    size: str
    parameters: int
    training_bytes: int
    training_flops: float
    context_bytes: int
    validation_bytes: int
    bits_per_byte: float
    """-log2 of the 14-bit parts that the integer model gives: what a coder spends"""
    bits_per_byte_float_parts: float
    """as ``bits_per_byte``, of the trained model in float64: the difference is what integers cost"""
    bits_per_byte_float: float
    """of the trained model in float64, not rounded to parts"""
    bits_per_byte_by_language: dict[str, float]
    """as ``bits_per_byte``"""
    bits_per_byte_of_first: dict[str, float]
    """as ``bits_per_byte``, of the bytes 1, 2, 4, ... of a context"""


@dataclass(frozen=True)
class Trained:
    """A finished training, and what the model knows."""

    outcome: TrainingOutcome
    report: ByteModelReport


def train_byte_model(
    spec: ByteModelSpec,
    mixture: Path,
    output: Path,
    work: Path,
    fingerprint: str,
    execution: ExecutionSpec,
    progress: Callable[[TrainingProgress], None] | None = None,
) -> Trained:
    """Train, turn into integers, measure on validation text.

    Args:
        spec: what the study says.
        mixture: directory of the mixture; its train and validation splits are read.
        output: an existing empty directory. Receives `checkpoint/`, `byte_model.safetensors` and `byte_model.json`.
        work: persists between attempts; an interrupted training goes on from its last checkpoint.
        fingerprint: of the byte model to be.
        execution: how to run; changes no result.
        progress: called on the way.

    Raises:
        BudgetError, TrainingError: from the trainer.
    """
    from uniscale_assets.modeling.records import TrainingTask
    from uniscale_assets.modeling.training import train_model
    from uniscale_assets.neural_compression.quantization import quantize_checkpoint, read_integer_model

    shards, tokenizer, checkpoint = work / "crops", work / "tokenizer", output / CHECKPOINT
    write_crops(spec, mixture, shards, tokenizer)
    task = TrainingTask(
        architecture="llama",
        size=spec.size,
        tie_embeddings=True,
        training=spec.training,
        budget_value=float(spec.bytes),
        seed=spec.seed,
        shards=shards,
        tokenizer=tokenizer,
        fingerprint=fingerprint,
    )
    checkpoint.mkdir()
    outcome = train_model(task, checkpoint, work / "training", execution, progress)
    quantize_checkpoint(checkpoint, spec.context_bytes, output)
    report = describe(spec, read_integer_model(output), checkpoint, mixture, outcome)
    write_text(output / REPORT_FILE, report.model_dump_json(indent=2) + "\n")
    return Trained(outcome, report)


def read_report(directory: Path) -> ByteModelReport:
    """The report of a byte model's directory."""
    return ByteModelReport.model_validate_json((directory / REPORT_FILE).read_bytes())


def write_crops(spec: ByteModelSpec, mixture: Path, shards: Path, tokenizer: Path) -> None:
    """The training text in pieces and the validation text whole, as bytes, in the layout that the trainer reads."""
    import shutil

    from uniscale_assets.corpus.mixing import iterate_documents
    from uniscale_assets.neural_compression.families import Bytes
    from uniscale_assets.tokenization.batching import batches
    from uniscale_assets.tokenization.protocol import Encoding
    from uniscale_assets.tokenization.shards import BATCH_BYTES, SUMMARY_FILE, ShardSummary, ShardWriter
    from uniscale_assets.tokenization.spec import TokenizerSpec

    for directory in (shards, tokenizer):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    family = Bytes()
    family.cut(tokenizer, TokenizerSpec(name=spec.name, family=family.name), tokenizer)
    whole = family.load(tokenizer)
    counts = {}
    pieces: dict[SplitName, Callable[[MixtureDocument], Iterator[bytes]]] = {
        "train": lambda document: crops(document.text.encode(), spec.crops, spec.context_bytes),
        "validation": lambda document: iter([document.text.encode()]),
    }
    for split, cut in pieces.items():
        with ShardWriter(shards, split, whole.vocab_size) as writer:
            for batch in batches(iterate_documents(mixture, split), lambda document: document.bytes, BATCH_BYTES):
                for document in batch:
                    texts = list(cut(document))
                    encodings: list[Encoding] = whole.encode_bytes(texts)
                    writer.append([piece_of(document, text) for text in texts], encodings)
            counts[split] = writer.counts
    summary = ShardSummary(vocab_size=whole.vocab_size, separator_id=whole.separator_id, splits=counts, bytes_per_token=1.0)
    write_text(shards / SUMMARY_FILE, summary.model_dump_json(indent=2) + "\n")


def piece_of(document: MixtureDocument, text: bytes) -> MixtureDocument:
    """A piece of a document as a document of its own; only its size counts."""
    from dataclasses import replace

    return replace(document, bytes=len(text))


def crops(text: bytes, spec: CropsSpec, context_bytes: int) -> Iterator[bytes]:
    """A text cut into pieces, long ones and short ones by turns of one context; none is empty.

    The shares of both are kept as closely as whole turns allow, over the text from its beginning.
    """
    place, short = 0, 0
    turn = context_bytes - 1
    while place < len(text):
        block = text[place : place + turn]
        if short < spec.short_share * (place + len(block)):
            short += len(block)
            yield from (block[first : first + spec.short_bytes] for first in range(0, len(block), spec.short_bytes))
        else:
            yield block
        place += len(block)


def describe(spec: ByteModelSpec, model: IntegerByteModel, checkpoint: Path, mixture: Path, outcome: TrainingOutcome) -> ByteModelReport:
    """Measure a byte model on validation text."""
    from uniscale_assets.neural_compression.model_quality import Quality, validation_texts

    texts = validation_texts(mixture, spec.validation_bytes)
    quality = Quality.of(model, checkpoint, texts)
    return ByteModelReport(
        name=spec.name,
        size=spec.size,
        parameters=model.parameters,
        training_bytes=outcome.record.bytes,
        training_flops=outcome.record.training_flops,
        context_bytes=spec.context_bytes,
        validation_bytes=quality.bytes,
        bits_per_byte=quality.bits_per_byte,
        bits_per_byte_float_parts=quality.bits_per_byte_float_parts,
        bits_per_byte_float=quality.bits_per_byte_float,
        bits_per_byte_by_language=quality.by_language,
        bits_per_byte_of_first=quality.of_first,
    )
