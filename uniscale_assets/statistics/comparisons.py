"""One ranking, three rulers: at equal bytes, at equal FLOPs, and per total parameter, side by side.

At equal bytes a large vocabulary gets its embeddings and its head for nothing: it reads fewer tokens, but has more
parameters and spends more on each token.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from uniscale_assets.size_names import parameters_of_size_name
from uniscale_assets.statistics.frames import frame_of_rows
from uniscale_assets.statistics.scores import ALL_LANGUAGES, checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

EQUAL_BYTES = "equal bytes"
EQUAL_FLOPS = "equal FLOPs"
EQUAL_PARAMETERS = "equal total parameters"
SAME = 0.005
"""Budgets that differ by less count as equal."""


@dataclass(frozen=True)
class Reading:
    """Bits per byte of one tokenizer read at one value of a ruler, mean over seeds."""

    budget: str
    comparison: str
    size: str
    tokenizer: str
    at: float | None
    """the value that every tokenizer of this size is read at"""
    unit: str
    bits_per_byte: float | None
    rank: float | None
    """1 is the least, among the tokenizers that could be read there; ties share the mean of their ranks"""
    source: str
    """the text that was scored"""
    note: str


@dataclass(frozen=True)
class Trained:
    """One tokenizer at one size and budget, means over seeds."""

    budget: str
    tokenizer: str
    size: str
    bits_per_byte: float
    bytes: float
    flops: float
    total_parameters: float


@dataclass(frozen=True)
class Curve:
    """A training curve, means over seeds: what was spent, ascending, and the bits per byte over the steps before."""

    spent: tuple[float, ...]
    bits_per_byte: tuple[float, ...]


def comparisons(bits_per_byte: pl.DataFrame, training_runs: pl.DataFrame, training_curves: pl.DataFrame) -> pl.DataFrame:
    """Readings of every budget and size under each ruler, over all languages: the columns of `Reading`.

    Equal bytes: the final values on the evaluated split; where models trained on different numbers of bytes, the training
    curves read at the least. Equal FLOPs: the training curves read at the least total training FLOPs among a size's
    tokenizers, by linear interpolation in log FLOPs; before the end of its learning-rate schedule a curve lies above what
    a training planned for that budget would reach, so tokenizers that spend more are put at some disadvantage. Equal total
    parameters: final values of each tokenizer over its sizes, interpolated linearly in the logarithm of all parameters
    (body, embeddings, head); each size is read at the geometric mean of its tokenizers' parameters, moved into the range that
    all tokenizers with two sizes span. Nothing is extrapolated.

    Args:
        bits_per_byte: rows of the metric table, of one study and split.
        training_runs: rows of the metric table.
        training_curves: rows of the metric table.

    Raises:
        BadInputError: rows of several studies or splits, or a model that stands twice.
    """
    trained = trained_models(bits_per_byte, training_runs)
    readings: list[Reading] = []
    for budget in sorted({model.budget for model in trained}):
        models = [model for model in trained if model.budget == budget]
        sizes = sorted({model.size for model in models}, key=parameters_of_size_name)
        for size in sizes:
            same_size = [model for model in models if model.size == size]
            readings += ranked(at_equal_bytes(same_size, training_curves))
            readings += ranked(at_equal_flops(same_size, training_curves))
        for size in sizes:
            readings += ranked(at_equal_parameters(size, models))
    return frame_of_rows(readings, Reading)


def trained_models(bits_per_byte: pl.DataFrame, training_runs: pl.DataFrame) -> list[Trained]:
    """Models that are both trained and evaluated, means over their seeds."""
    import polars as pl

    scores = checked(bits_per_byte, "bits_per_byte", ("language",)).filter(pl.col("language") == ALL_LANGUAGES)
    scores = scores.filter(pl.col("bits_per_byte").is_finite())
    runs = checked(training_runs, "training_runs", ())
    keys = ["budget", "tokenizer", "size"]
    total = pl.col("non_embedding_parameters") + pl.col("embedding_parameters") + pl.col("head_parameters")
    joined = scores.select(*keys, "seed", "bits_per_byte").join(
        runs.select(*keys, "seed", pl.col("bytes").cast(pl.Float64), flops="training_flops", total_parameters=total.cast(pl.Float64)),
        on=[*keys, "seed"],
    )
    means = joined.group_by(keys).agg(pl.col("bits_per_byte", "bytes", "flops", "total_parameters").mean()).sort(keys)
    return [Trained(*row) for row in means.iter_rows()]


def same(values: Sequence[float]) -> bool:
    """Whether values differ by less than half a percent."""
    return max(values) <= min(values) * (1 + SAME)


def at_equal_bytes(models: Sequence[Trained], training_curves: pl.DataFrame) -> Iterator[Reading]:
    """Final values, or the curves at the least bytes where models trained on different numbers of bytes."""
    least = min(model.bytes for model in models)
    if same([model.bytes for model in models]):
        for model in models:
            yield reading(model, EQUAL_BYTES, least, "bytes", model.bits_per_byte, "evaluated text", "final values")
        return
    for model in models:
        yield from_curve(model, EQUAL_BYTES, least, "bytes", training_curves)


def at_equal_flops(models: Sequence[Trained], training_curves: pl.DataFrame) -> Iterator[Reading]:
    """The curves at the least training FLOPs, or final values where all spent the same."""
    least = min(model.flops for model in models)
    if same([model.flops for model in models]):
        for model in models:
            yield reading(model, EQUAL_FLOPS, least, "FLOPs", model.bits_per_byte, "evaluated text", "final values")
        return
    for model in models:
        yield from_curve(model, EQUAL_FLOPS, least, "FLOPs", training_curves)


def from_curve(model: Trained, comparison: str, at: float, unit: str, training_curves: pl.DataFrame) -> Reading:
    """A training curve read at a number of bytes or FLOPs."""
    curves = curves_of(model, unit.lower(), training_curves)
    values = [value for value in (read_curve(curve, at) for curve in curves) if value is not None]
    if not values:
        return reading(model, comparison, at, unit, None, "training text", "no training curve reaches this far down")
    return reading(model, comparison, at, unit, sum(values) / len(values), "training text", "read off the training curve")


def curves_of(model: Trained, column: str, training_curves: pl.DataFrame) -> list[Curve]:
    """The training curve of every seed of a model."""
    import polars as pl

    rows = training_curves.filter(
        pl.col("budget").fill_null("") == model.budget, pl.col("tokenizer") == model.tokenizer, pl.col("size") == model.size
    )
    rows = rows.filter(pl.col("bits_per_byte").is_finite(), pl.col(column) > 0).sort("seed", "step")
    return [Curve(tuple(part[column].to_list()), tuple(part["bits_per_byte"].to_list())) for part in rows.partition_by("seed")]


def read_curve(curve: Curve, at: float) -> float | None:
    """Linear interpolation in the logarithm of what was spent; None outside the curve."""
    import numpy as np

    # The last row may lie a rounding error below the least total of the table of runs.
    if not curve.spent or not curve.spent[0] <= at <= curve.spent[-1] * (1 + SAME):
        return None
    return float(np.interp(math.log(at), np.log(curve.spent), curve.bits_per_byte))


def at_equal_parameters(size: str, models: Sequence[Trained]) -> Iterator[Reading]:
    """Final values of every tokenizer over its sizes, read at a common number of all parameters."""
    lines = {
        name: line_over_sizes([model for model in models if model.tokenizer == name]) for name in sorted({m.tokenizer for m in models})
    }
    at, note = common_parameters(size, models, list(lines.values()))
    for model in (model for model in models if model.size == size):
        value = None if at is None else read_curve(lines[model.tokenizer], at)
        note_here = note if at is None or value is not None else "outside the range of this tokenizer's sizes"
        yield reading(model, EQUAL_PARAMETERS, at, "parameters", value, "evaluated text", note_here)


def line_over_sizes(models: Sequence[Trained]) -> Curve:
    """Total parameters and bits per byte of one tokenizer's sizes, ascending."""
    points = sorted((model.total_parameters, model.bits_per_byte) for model in models)
    return Curve(tuple(spent for spent, _ in points), tuple(value for _, value in points))


def common_parameters(size: str, models: Sequence[Trained], lines: Sequence[Curve]) -> tuple[float | None, str]:
    """The number of parameters at which every tokenizer is read for one size, and how it was chosen."""
    spans = [line for line in lines if len(line.spent) > 1]
    if not spans:
        return None, "no tokenizer has two sizes to interpolate between"
    low, high = max(line.spent[0] for line in spans), min(line.spent[-1] for line in spans)
    if low > high:
        return None, "no number of parameters lies within the sizes of every tokenizer"
    middle = math.exp(sum(math.log(m.total_parameters) for m in models if m.size == size) / sum(m.size == size for m in models))
    if low <= middle <= high:
        return middle, "interpolated over sizes; geometric mean of this size's tokenizers"
    return min(
        max(middle, low), high
    ), f"interpolated over sizes; the {'least' if middle < low else 'most'} that every tokenizer's sizes span"


def reading(model: Trained, comparison: str, at: float | None, unit: str, value: float | None, source: str, note: str) -> Reading:
    """One reading that has no rank yet."""
    return Reading(model.budget, comparison, model.size, model.tokenizer, at, unit, value, None, source, note)


def ranked(readings: Iterator[Reading]) -> list[Reading]:
    """Readings of one ruler and size with their ranks, best first; those without a value last."""
    from scipy import stats

    found = list(readings)
    known = sorted((item for item in found if item.bits_per_byte is not None), key=lambda item: item.bits_per_byte or 0.0)
    ranks = stats.rankdata([item.bits_per_byte for item in known])
    placed = [replace(item, rank=float(rank)) for item, rank in zip(known, ranks, strict=True)]
    return placed + [item for item in found if item.bits_per_byte is None]
