"""What a byte costs when a model is used, and which models no cheaper one beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.errors import RunTableError
from uniscale_assets.scaling_laws.frames import check_positive

if TYPE_CHECKING:
    from polars import DataFrame

CONTEXT_BYTES = 8192
"""context of every model in arXiv 2605.01188"""
COST = "inference_flops_per_byte"


def inference_flops_per_byte(
    parameters: float,
    layers: int,
    width: int,
    bytes_per_token: float,
    *,
    vocab_size: int = 0,
    local_flops_per_byte: float = 0.0,
    context_bytes: float = CONTEXT_BYTES,
) -> float:
    """FLOPs of one forward pass over one byte, f = (2 N + 2 L d S + 2 V d) / T + local part, with S = context_bytes / T tokens.

    Causal attention is halved, looking embeddings up is free. A run's training takes 3 f B FLOPs. The share of its global part,
    (2 N + 2 L d S) / T, is what Table 6 of arXiv 2605.01188 prints: this gives it within 0.5 points for subword tokenizers.

    Args:
        parameters: N of the global module, without embeddings and head.
        layers: L of it.
        width: d of it.
        bytes_per_token: T.
        vocab_size: V of the output head over tokens; 0 where there is none.
        local_flops_per_byte: of modules that run on every byte, such as `latent_local_flops_per_byte`.
        context_bytes: bytes that a window holds.
    """
    return global_flops_per_byte(parameters, layers, width, bytes_per_token, context_bytes) + (
        2 * vocab_size * width / bytes_per_token + local_flops_per_byte
    )


def global_flops_per_byte(
    parameters: float, layers: int, width: int, bytes_per_token: float, context_bytes: float = CONTEXT_BYTES
) -> float:
    """The part of `inference_flops_per_byte` that the global module takes: (2 N + 2 L d S) / T."""
    return (2 * parameters + 2 * layers * width * context_bytes / bytes_per_token) / bytes_per_token


def latent_local_flops_per_byte(layers: int, width: int, bytes_per_token: float, queries_per_patch: int) -> float:
    """Local encoder and decoder of arXiv 2605.01188's latent models, FLOPs per byte.

    Both have `layers` layers of 12 d^2 parameters, so 48 L d^2; cross-attention adds 2 L d^2 for each byte and
    (4 + 4 k) L d^2 for each patch, attention 4096 L d and the head over 260 byte values 520 d. The paper does not print these
    terms: they were chosen so that Table 6 comes out, within 0.7 points.

    Args:
        layers: of the encoder, and of the decoder.
        width: d of both.
        bytes_per_token: T, bytes per patch.
        queries_per_patch: k of Table 4.
    """
    per_patch = (4 + 4 * queries_per_patch) * layers * width**2
    return 50 * layers * width**2 + per_patch / bytes_per_token + 4096 * layers * width + 520 * width


def pareto_frontier(
    frame: DataFrame, *, larger_is_better: bool = True, cost: str = COST, score: str = "score", by: str = "task"
) -> DataFrame:
    """The rows that no cheaper or equally cheap row reaches, for each task.

    Args:
        frame: a model and task a row.
        larger_is_better: True for an accuracy, False for a loss.
        cost: column of costs; positive.
        score: column of scores; rows where it is null are left out.
        by: column of tasks; left out of account where the frame has none.

    Returns:
        Rows of the frame, cheapest first within each task.

    Raises:
        RunTableError: a column is missing, a cost is no positive number or a score is not finite.
    """
    import polars as pl

    check_positive(frame, [cost], "end tasks")
    if score not in frame.columns:
        raise RunTableError(f"end tasks: no column {score}; there are {', '.join(frame.columns)}")
    rows = frame.filter(pl.col(score).is_not_null())
    if not rows[score].is_finite().all():
        raise RunTableError(f"end tasks: column {score} has a value that is not finite")
    tasks = [by] if by in frame.columns else []
    sign = -1 if larger_is_better else 1
    signed = (sign * pl.col(score)).cast(pl.Float64)
    ordered = rows.with_columns(signed.alias("_signed")).sort(*tasks, cost, "_signed", maintain_order=True)
    before = pl.col("_signed").cum_min().shift(1)
    best = before.over(tasks) if tasks else before
    return (
        ordered.with_columns(best.alias("_before"))
        .filter((pl.col("_signed") < pl.col("_before")).fill_null(value=True))
        .drop("_signed", "_before")
    )
