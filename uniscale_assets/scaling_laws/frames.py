"""The frames of this room, their columns and what a row must hold to be used."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import RunTableError

if TYPE_CHECKING:
    from polars import DataFrame

ALL_LANGUAGES = "all"
TEXT_COLUMNS = ("source", "method", "language", "evaluation", "flag", "tokenizer", "script", "residual_model", "axis", "task")
POINT_COLUMNS = (
    "source",
    "method",
    "language",
    "compute_flops",
    "bytes_per_token",
    "parameters",
    "total_parameters",
    "bytes",
    "evaluation",
    "bits_per_byte",
)
"""One training run and evaluation set a row: compute_flops is the budget C, bytes_per_token T, parameters N (global: without
embeddings), total_parameters with them (null where unknown), bytes B."""
OPTIMUM_COLUMNS = (
    "method",
    "language",
    "evaluation",
    "compute_flops",
    "bytes_per_token",
    "optimal_bytes",
    "optimal_bytes_low",
    "optimal_bytes_high",
    "optimal_parameters",
    "optimal_parameters_low",
    "optimal_parameters_high",
    "optimal_total_parameters",
    "optimal_total_parameters_low",
    "optimal_total_parameters_high",
    "optimal_bits_per_byte",
    "optimal_bits_per_byte_low",
    "optimal_bits_per_byte_high",
    "bytes_per_parameter",
    "global_compute_flops",
    "runs",
    "flag",
)
"""One cell (C, T) a row. low and high are ends of 95 % intervals, null where there is no bound; global_compute_flops is
6 N* B* / T; flag is empty where the cell can be used, else the reason why not."""


def schema_of(columns: Iterable[str]) -> dict[str, Any]:
    """Polars types: text, or 64-bit floats."""
    import polars as pl

    return {name: pl.String if name in TEXT_COLUMNS else pl.Float64 for name in columns}


def frame_of(rows: Sequence[Mapping[str, object]], columns: Iterable[str]) -> DataFrame:
    """Rows as a frame of these columns; a column that no row has is null."""
    import polars as pl

    names = list(columns)
    return pl.DataFrame([[row.get(name) for name in names] for row in rows], schema=schema_of(names), orient="row")


def check_positive(frame: DataFrame, columns: Sequence[str], what: str) -> None:
    """Refuse a frame with a value that is null, not finite or not above zero.

    Raises:
        RunTableError: names the row and the column.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise RunTableError(f"{what}: no column {', '.join(missing)}; there are {', '.join(frame.columns)}")
    for name in columns:
        for number, value in enumerate(frame[name].to_list()):
            if value is None or not math.isfinite(value) or value <= 0:
                row = {key: frame[key][number] for key in frame.columns[:5]}
                raise RunTableError(f"{what}, row {number + 1} {row}, column {name}: {value} is not a positive number")


def the_only(frame: DataFrame, column: str, what: str) -> str:
    """The one value of a column.

    Raises:
        RunTableError: there are several, or none; the message lists them.
    """
    values = frame[column].unique().sort().to_list()
    if len(values) != 1:
        raise RunTableError(f"{what}: one {column} is wanted, there are {', '.join(values) or 'none'}; choose one")
    return values[0]
