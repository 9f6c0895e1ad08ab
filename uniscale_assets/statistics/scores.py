"""From the rows of metric tables to arrays: one grid of bits per byte for each budget and language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.errors import BadInputError
from uniscale_assets.size_names import parameters_of_size_name

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

ALL_LANGUAGES = "all"
MODEL_COLUMNS = ("budget", "tokenizer", "size", "seed")
NATS_PER_BIT = 0.6931471805599453


@dataclass(frozen=True)
class ScoreGrid:
    """Bits per byte of one budget and language."""

    budget: str
    language: str
    tokenizers: tuple[str, ...]
    sizes: tuple[str, ...]
    """ascending in parameters"""
    seeds: tuple[int, ...]
    values: NDArray[np.float64]
    """[tokenizers, sizes, seeds], bits per byte; NaN where a model is missing"""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Seeds that exist: [tokenizers, sizes]."""
        import numpy as np

        return np.isfinite(self.values).sum(axis=-1)

    @property
    def means(self) -> NDArray[np.float64]:
        """Mean over the seeds that exist: [tokenizers, sizes]; NaN where there is none."""
        return mean_of_finite(self.values)


def mean_of_finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the last axis of what is finite; NaN where nothing is."""
    import numpy as np

    finite = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(finite, values, 0.0).sum(axis=-1) / np.where(finite.any(axis=-1), finite.sum(axis=-1), np.nan)


def score_grids(bits_per_byte: pl.DataFrame) -> list[ScoreGrid]:
    """Arrays of every budget and language, budgets in order, all languages together before each alone.

    Args:
        bits_per_byte: rows of the metric table; a row whose value is null or not finite counts as missing.

    Raises:
        BadInputError: rows of several studies or splits, or a model and language that stands twice.
    """
    scores = checked(bits_per_byte, "bits_per_byte", ("language",))
    finite = scores.filter(scores["bits_per_byte"].is_finite())
    parts = finite.partition_by("budget", "language", as_dict=True)
    order = sorted(parts, key=lambda key: (budget_order(str(key[0])), key[1] != ALL_LANGUAGES, str(key[1])))
    return [score_grid(str(key[0]), str(key[1]), parts[key]) for key in order]


def checked(frame: pl.DataFrame, table: str, beside: tuple[str, ...]) -> pl.DataFrame:
    """The rows of one study and split with budgets that are never null, each model once for each ``beside``.

    Raises:
        BadInputError: names the table and the rows.
    """
    import polars as pl

    for column in ("study", "split"):
        found = sorted(str(value) for value in frame[column].unique()) if column in frame.columns else []
        if len(found) > 1:
            raise BadInputError(f"{table}: rows of several values of {column} ({', '.join(found)}); choose one before comparing")
    scores = frame.with_columns(pl.col("budget").fill_null(""))
    keys = [*MODEL_COLUMNS, *beside]
    repeated = scores.filter(pl.struct(keys).is_duplicated())
    if not repeated.is_empty():
        raise BadInputError(f"{table}: these stand more than once: {repeated.row(0, named=True)}; keep one row for each model")
    return scores


def budget_order(label: str) -> tuple[float, str]:
    """Budgets sort by their number: ``9e17flops`` before ``1e18flops``."""
    import re

    match = re.match(r"[0-9.]+(?:e-?[0-9]+)?", label)
    return (float(match.group()) if match else 0.0, label)


def score_grid(budget: str, language: str, rows: pl.DataFrame) -> ScoreGrid:
    """Arrays of the rows of one budget and language."""
    tokenizers = tuple(sorted(rows["tokenizer"].unique()))
    sizes = tuple(sorted(rows["size"].unique(), key=parameters_of_size_name))
    seeds = tuple(sorted(rows["seed"].unique()))
    values = fill_grid(rows, (tokenizers, sizes, seeds), rows["bits_per_byte"].to_numpy())
    return ScoreGrid(budget, language, tokenizers, sizes, seeds, values)


def fill_grid(
    rows: pl.DataFrame, axes: tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """One value a row, put at its tokenizer, size and seed: [tokenizers, sizes, seeds]; NaN elsewhere."""
    import numpy as np

    filled = np.full(tuple(len(axis) for axis in axes), np.nan)
    places = [
        [axis.index(value) for value in rows[column]]  # type: ignore[arg-type]
        for column, axis in zip(("tokenizer", "size", "seed"), axes, strict=True)
    ]
    filled[tuple(places)] = values
    return filled
