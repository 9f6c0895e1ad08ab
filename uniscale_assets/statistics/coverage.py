"""How much of a study's grid exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.partition_keys import GridKey, ModelKey

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Coverage:
    """Models that are evaluated, of those that a study asks for."""

    present: int
    expected: int
    missing: tuple[GridKey, ...]
    """in the study's order"""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def __str__(self) -> str:
        return f"{self.present} of {self.expected}"


def coverage(bits_per_byte: pl.DataFrame, grid: Sequence[GridKey]) -> Coverage:
    """What exists of the expected grid; rows of models that the study does not ask for do not count.

    Args:
        bits_per_byte: rows of the metric table; a model counts if its bits per byte over all languages is a finite number.
        grid: every tokenizer with every model of the study.
    """
    import polars as pl

    done = bits_per_byte.filter(pl.col("language") == "all", pl.col("bits_per_byte").is_finite())
    keys = done.select("tokenizer", "size", "seed", pl.col("budget").fill_null(""))
    found = {GridKey(str(name), ModelKey(str(size), int(seed), str(budget))) for name, size, seed, budget in keys.iter_rows()}
    missing = tuple(key for key in grid if key not in found)
    return Coverage(present=len(grid) - len(missing), expected=len(grid), missing=missing)
