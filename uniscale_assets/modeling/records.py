"""What a training is asked, what it says on the way, and what it leaves: typed, and JSON where it crosses processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from uniscale_assets.modeling.spec import TrainingSpec
from uniscale_assets.specification import Specification


class TrainingTask(Specification):
    """One training: everything that its result depends on, and where its text is."""

    architecture: Literal["apertus", "llama"]
    size: str
    tie_embeddings: bool
    training: TrainingSpec
    budget_value: float
    """the budget of this model, in the unit of `training.budget.rule`"""
    seed: int
    shards: Path
    """directory of the tokenizer's token shards"""
    tokenizer: Path
    """directory of the tokenizer, copied beside the weights"""
    fingerprint: str
    """of the checkpoint to be; a training under way is resumed only under the same one"""


@dataclass(frozen=True)
class TrainingProgress:
    """How far a training is."""

    step: int
    steps: int
    bytes: int
    """raw bytes trained on so far"""
    loss_nats: float
    """smoothed training loss, nats per label"""


class TrainingRecord(Specification):
    """The deterministic part of a training, `training.json` of a checkpoint."""

    architecture: str
    size: str
    seed: int
    tie_embeddings: bool
    fingerprint: str
    vocab_size: int
    non_embedding_parameters: int
    embedding_parameters: int
    head_parameters: int
    context_tokens: int
    steps: int
    bytes: int
    """raw bytes trained on, exactly"""
    text_tokens: int
    separator_tokens: int
    """separators among the labels"""
    overshoot_bytes: int
    bytes_per_token: float
    """raw bytes / text tokens of what it trained on"""
    training_flops: float
    body_flops: float
    attention_flops: float
    head_flops: float
    final_loss_nats: float
    """mean training loss over the last twentieth of the run, nats per label"""
    training: TrainingSpec


class TrainingOutcome(Specification):
    """A finished training: its record, and what differs from run to run and so stays out of the artifact."""

    record: TrainingRecord
    seconds: float
    """wall seconds over all attempts, imports apart"""
    cpu_seconds: float
    """CPU seconds of all processes over all attempts"""
    attempts: int
    resumed_from_step: int
    """0 where this attempt began at the beginning"""
    tokens_per_second: float
    """text tokens / seconds"""
    peak_memory_bytes: int
    """of the device; resident memory of the process on a CPU"""
    device: str
    libraries: dict[str, str]
    """versions of torch, transformers, accelerate, ..."""
    set_aside: str | None = None
    """where the unfinished training of another fingerprint went"""
