"""From what a study asks to what a training does: window length, budget, steps and FLOPs; no torch here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.modeling.flops import TrainingFlops, training_flops_per_token
from uniscale_assets.modeling.packing import Prefix, refuse_scarce_text
from uniscale_assets.modeling.parameters import ParameterCounts, count_parameters

if TYPE_CHECKING:
    from uniscale_assets.modeling.packing import PackedText
    from uniscale_assets.modeling.spec import TrainingSpec


@dataclass(frozen=True)
class ResolvedBudget:
    """A budget in the unit in which training stops: raw bytes, or labels (text tokens and separators)."""

    bytes: int | None
    labels: int | None

    def __str__(self) -> str:
        return f"{self.bytes:,} bytes" if self.bytes is not None else f"{self.labels:,} tokens"


@dataclass(frozen=True)
class TrainingPlan:
    """What a training will do; exact once the shards exist, else from bytes per token."""

    parameters: ParameterCounts
    budget: ResolvedBudget
    context_tokens: int
    """window length S"""
    windows: int
    steps: int
    bytes: int
    """raw bytes trained on"""
    labels: int
    """text tokens and separators trained on"""
    flops: TrainingFlops
    """of the whole training"""


def context_tokens(context_bytes: int, bytes_per_token: float) -> int:
    """S = round(context_bytes / T), at least 1; T is bytes per token of the mixed validation text."""
    return max(1, round(context_bytes / bytes_per_token))


def resolve_budget(training: TrainingSpec, value: float, parameters: ParameterCounts, flops_per_token: float) -> ResolvedBudget:
    """Turn a budget of any rule into bytes or labels.

    Args:
        training: its `budget.rule` gives the unit of ``value``.
        value: one of the study's budgets.
        parameters: of the model; rules per parameter count the non-embedding ones.
        flops_per_token: training FLOPs of one token.

    Returns:
        Raw bytes for `bytes` and `bytes_per_parameter`, rounded; labels for `tokens_per_parameter` (rounded) and for
        `flops` (rounded down). Each is at least 1.
    """
    match training.budget.rule:
        case "bytes":
            return ResolvedBudget(max(1, round(value)), None)
        case "bytes_per_parameter":
            return ResolvedBudget(max(1, round(value * parameters.non_embedding)), None)
        case "tokens_per_parameter":
            return ResolvedBudget(None, max(1, round(value * parameters.non_embedding)))
        case "flops":
            return ResolvedBudget(None, max(1, math.floor(value / flops_per_token)))


def plan_training(
    architecture: str,
    size: str,
    tie_embeddings: bool,
    training: TrainingSpec,
    budget_value: float,
    vocab_size: int,
    bytes_per_token: float,
    prefix: Prefix | None = None,
) -> TrainingPlan:
    """Everything about a training that is known before it runs; torch is not imported.

    Args:
        architecture: apertus or llama.
        size: a named size.
        tie_embeddings: whether the head is the embedding table.
        training: the study's `training`.
        budget_value: the budget of this model, in the unit of `training.budget.rule`.
        vocab_size: of the tokenizer, exactly.
        bytes_per_token: T of the tokenizer on the mixed validation text, or a guess before it exists.
        prefix: the text that the budget takes, from `take_prefix`; without it labels are bytes / T, separators apart.

    Raises:
        BadInputError: the architecture or the size is not known.
    """
    parameters = count_parameters(architecture, size, vocab_size, tie_embeddings)
    window = context_tokens(training.context.bytes, bytes_per_token)
    per_token = training_flops_per_token(architecture, size, vocab_size, window)
    budget = resolve_budget(training, budget_value, parameters, per_token.total)
    if prefix is not None:
        taken, labels = prefix.bytes, prefix.labels
    else:
        taken = budget.bytes if budget.bytes is not None else round((budget.labels or 0) * bytes_per_token)
        labels = budget.labels if budget.labels is not None else math.ceil(taken / bytes_per_token)
    windows = math.ceil(labels / window)
    steps = math.ceil(windows / training.batch.contexts)
    return TrainingPlan(parameters, budget, window, windows, steps, taken, labels, per_token.times(labels))


def take_prefix(text: PackedText, budget: ResolvedBudget, repeat: bool) -> Prefix:
    """The part of a packed text that a budget takes.

    Raises:
        BudgetError: the budget is larger than the text and the study does not repeat it; the message says how many
            epochs it would take.
    """
    if budget.bytes is not None:
        refuse_scarce_text(text, budget.bytes / max(text.bytes, 1), str(budget), repeat)
        return text.prefix_of_bytes(budget.bytes)
    labels = budget.labels or 0
    # The first separator of the stream is no label.
    refuse_scarce_text(text, (labels + 1) / max(text.length, 1), str(budget), repeat)
    return text.prefix_of_labels(labels)
