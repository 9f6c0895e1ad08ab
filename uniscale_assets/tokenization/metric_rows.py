"""Rows of the table `tokenizer_metrics`, tokenizer apart: language, metric, value, unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from uniscale_assets.tokenization.metric_definitions import definition_of

if TYPE_CHECKING:
    import polars as pl

Row = tuple[str, str, float, str]
"""language, metric, value, unit"""


def rows_of(metric: str, languages: Sequence[str], values: Iterable[float], units: Sequence[str] | None = None) -> list[Row]:
    """One metric over languages. A value that is not defined (NaN) has no row.

    Args:
        metric: a name of `metric_definitions`.
        languages: codes, and 'all'.
        values: as many.
        units: where they are not the metric's own.
    """
    known = units or [definition_of(metric).unit] * len(languages)
    rows = zip(languages, values, known, strict=True)
    return [(language, metric, float(value), unit) for language, value, unit in rows if not math.isnan(value)]


def frame_of(rows: Iterable[Row]) -> pl.DataFrame:
    """Columns language, metric, value, unit."""
    import polars as pl

    schema = {"language": pl.String, "metric": pl.String, "value": pl.Float64, "unit": pl.String}
    return pl.DataFrame(list(rows), schema=schema, orient="row")
