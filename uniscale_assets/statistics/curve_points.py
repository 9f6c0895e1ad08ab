"""Earlier points of the loss curves: how a training stood after a share of its bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from uniscale_assets.statistics.noise import SizeNoise

SHARES = (0.05, 0.1, 0.25, 0.5, 0.75)
"""of the bytes of each training"""
WINDOW = 0.7
"""rows whose middle lies between this share of the point and the point are read"""
READ_AT = 0.85
"""share of the point at which the line through them is read: the middle of the window, where a line is surest"""
FEWEST_ROWS = 2


@dataclass(frozen=True)
class CurvePoint:
    """The loss of one training near a share of its bytes."""

    bits_per_byte: float
    """of the training text"""
    flops: float
    """spent by the end of the last row that was read"""


@dataclass(frozen=True)
class PointTable:
    """The loss of every training of a size near a share of its bytes."""

    tokenizers: tuple[str, ...]
    seeds: tuple[int, ...]
    values: NDArray[np.float64]
    """[tokenizers, seeds], bits per byte; NaN where there is none"""
    flops: NDArray[np.float64]
    """[tokenizers, seeds]; NaN where there is none"""


def curve_point(ends: Sequence[float], flops: Sequence[float], bits_per_byte: Sequence[float], share: float) -> CurvePoint | None:
    """The loss near a share of a training's bytes; None where fewer than 2 rows end before it.

    A row is the mean over the bytes since the row before, so it stands for their middle. Rows of two tokenizers end at
    different bytes and early losses fall fast, so a line in the logarithm of bytes is fitted through the last rows and read
    at the same bytes for every tokenizer. Nothing after the point is looked at.

    Args:
        ends: raw bytes trained on at the end of each row, ascending; the last is the whole training.
        flops: spent by then.
        bits_per_byte: mean of each row.
        share: of the whole training, 0 to 1.
    """
    import numpy as np

    if not len(ends):
        return None
    last = np.asarray(ends, dtype=np.float64)
    point = share * last[-1]
    before = int((last <= point * (1 + 1e-9)).sum())
    if before < FEWEST_ROWS:
        return None
    middles = (last + np.concatenate([[0.0], last[:-1]])) / 2
    first = min(int((middles < WINDOW * point).sum()), before - FEWEST_ROWS)
    chosen = slice(first, before)
    slope, height = np.polyfit(np.log(middles[chosen]), np.asarray(bits_per_byte, dtype=np.float64)[chosen], 1)
    return CurvePoint(float(height + slope * math.log(READ_AT * point)), float(flops[before - 1]))


def point_table(curves: pl.DataFrame, tokenizers: Sequence[str], share: float) -> PointTable:
    """`curve_point` of every training of one budget and size.

    Args:
        curves: rows of `training_curves` of one budget and size.
        tokenizers: those wanted, in the order of the result.
        share: of each training's bytes.
    """
    import numpy as np

    seeds = tuple(sorted(curves["seed"].unique()))
    values = np.full((len(tokenizers), len(seeds)), np.nan)
    flops = values.copy()
    for tokenizer, seed, rows in trainings(curves):
        if tokenizer in tokenizers:
            found = curve_point(rows["bytes"].to_list(), rows["flops"].to_list(), rows["bits_per_byte"].to_list(), share)
            if found is not None:
                place = tokenizers.index(tokenizer), seeds.index(seed)
                values[place], flops[place] = found.bits_per_byte, found.flops
    return PointTable(tuple(tokenizers), seeds, values, flops)


def trainings(curves: pl.DataFrame) -> Iterator[tuple[str, int, pl.DataFrame]]:
    """Tokenizer, seed and rows of each curve, rows in the order of training."""
    import polars as pl

    rows = curves.filter(pl.col("bits_per_byte").is_finite(), pl.col("bytes") > 0).sort("tokenizer", "seed", "step")
    for key, part in rows.partition_by("tokenizer", "seed", as_dict=True).items():
        yield str(key[0]), int(key[1]), part


@dataclass(frozen=True)
class PairedMeans:
    """Means over seeds with what seeds have in common taken out."""

    means: NDArray[np.float64]
    """[tokenizers]"""
    variance: float | None
    """of one value about its tokenizer and its seed; None where nothing is left to estimate it from"""
    degrees_of_freedom: int


def paired_means(values: NDArray[np.float64]) -> PairedMeans:
    """Two-way analysis of variance without interaction: tokenizers and seeds.

    A seed gives every tokenizer the same text in the same order, and a point of a curve is the loss on a few kilobytes of it:
    what is hard in them is common to all tokenizers and says nothing of their order. Where a model is missing its seed's
    effect is taken out all the same.

    Args:
        values: [tokenizers, seeds]; NaN where missing; every tokenizer has one or more.
    """
    import numpy as np

    tokenizers, seeds = np.nonzero(np.isfinite(values))
    design = np.concatenate([np.eye(values.shape[0])[tokenizers], np.eye(values.shape[1])[seeds]], axis=1)
    observed = values[tokenizers, seeds]
    effects, _, rank, _ = np.linalg.lstsq(design, observed, rcond=None)
    freedom = len(observed) - int(rank)
    means = effects[: values.shape[0]] + effects[values.shape[0] :][np.unique(seeds)].mean()
    if freedom == 0:
        return PairedMeans(means, None, 0)
    return PairedMeans(means, float(((observed - design @ effects) ** 2).sum() / freedom), freedom)


def point_noise(table: PointTable, label: str, draws: int, random: np.random.Generator) -> SizeNoise:
    """Means over seeds of a point of the curves, and their noise: seeds only, as no test document is scored.

    Args:
        table: every tokenizer has one seed or more.
        label: of the size.
        draws: how many draws of the errors.
        random: their source.
    """
    import numpy as np

    from uniscale_assets.statistics.noise import SizeNoise, scale_draws

    found = paired_means(table.values)
    variances = (found.variance or 0.0) / np.isfinite(table.values).sum(axis=1)
    spread = scale_draws(found.degrees_of_freedom, draws, random)[:, None] * np.sqrt(variances)
    return SizeNoise(
        size=label,
        means=found.means,
        covariance=np.diag(variances),
        degrees_of_freedom=float(found.degrees_of_freedom) if found.variance else float("inf"),
        document_share=0.0,
        draws=spread * random.standard_normal((draws, len(variances))),
        seeds_known=found.variance is not None,
        note="" if found.variance is not None else f"one seed of {label}: the noise of its curves is unknown and left out",
    )
