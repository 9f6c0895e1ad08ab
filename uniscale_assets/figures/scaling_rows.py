"""Reading the frames of runs and optima for figures: which cells there are, and what an axis shows of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_bytes, format_count, trimmed
from uniscale_assets.figures.scaling_style import budget_name, rate_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polars import DataFrame

    from uniscale_assets.scaling_laws.results import Paraboloid

Row = dict[str, Any]


def budgets_of(frame: DataFrame) -> list[float]:
    """The compute budgets of a frame, smallest first, FLOPs."""
    return sorted(set(frame["compute_flops"].to_list()))


def rates_of(frame: DataFrame) -> list[float]:
    """The compression rates of a frame, smallest first, bytes per token."""
    return sorted(set(frame["bytes_per_token"].to_list()))


def cell(frame: DataFrame, budget: float, rate: float) -> list[Row]:
    """The rows of one budget and compression rate, by their training bytes or, among optima, as they stand."""
    rows = list(frame.filter(compute_flops=budget, bytes_per_token=rate).iter_rows(named=True))
    return sorted(rows, key=lambda row: row.get("bytes", 0.0))


def run_value(run: Mapping[str, Any], axis: str) -> float:
    """What a run is drawn at over an axis: its training bytes, its parameters, or the first over the second."""
    values = {"B": run["bytes"], "N": run["parameters"], "rho": run["bytes"] / run["parameters"]}
    return float(values[axis])


def usable(optima: DataFrame) -> DataFrame:
    """The optima that the laws use: those without a flag."""
    return optima.filter(optima["flag"] == "") if optima.height else optima


def run_text(run: Mapping[str, Any]) -> str:
    """A run under the pointer."""
    parts = [rate_name(run["bytes_per_token"]), budget_name(run["compute_flops"])]
    parts += [f"N {format_count(run['parameters'])}", f"B {format_bytes(run['bytes'])}"]
    parts.append(f"{trimmed(run['bytes'] / run['parameters'])} bytes per parameter")
    return "<br>".join([*parts, f"<b>{run['bits_per_byte']:.4f}</b> bits per byte"])


def optimum_text(row: Mapping[str, Any]) -> str:
    """An optimum under the pointer."""
    parts = [f"optimum of {rate_name(row['bytes_per_token'])}", budget_name(row["compute_flops"])]
    # Printed tables say the lowest loss alone.
    if row["optimal_bytes"] is not None and row["optimal_parameters"] is not None:
        parts += [f"N {format_count(row['optimal_parameters'])}", f"B {format_bytes(row['optimal_bytes'])}"]
        parts.append(f"{trimmed(row['bytes_per_parameter'])} bytes per parameter")
    parts.append(f"<b>{row['optimal_bits_per_byte']:.4f}</b> bits per byte")
    return "<br>".join([*parts, f"not used: {row['flag']}"] if row["flag"] else parts)


def known(rows: Sequence[Row], *columns: str) -> list[Row]:
    """The rows that have a finite number in every column."""
    from math import isfinite

    return [row for row in rows if all(row[column] is not None and isfinite(row[column]) for column in columns)]


def paraboloid_of(paraboloids: Sequence[Paraboloid], budget: float, axis: str) -> Paraboloid | None:
    """The paraboloid of a budget over an axis, None where none was fitted."""
    return next((one for one in paraboloids if one.compute_flops == budget and one.axis == axis), None)
