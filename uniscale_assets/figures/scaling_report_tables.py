"""The tables of the report on compute-optimal tokenization: laws in, cells of text out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_bytes, format_count, format_flops, trimmed
from uniscale_assets.figures.report_tables import MINUS, NOTHING, Cell, Table, number, percent, span
from uniscale_assets.figures.scaling_style import AXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polars import DataFrame

    from uniscale_assets.scaling_laws.analysis import MethodLaws
    from uniscale_assets.scaling_laws.results import Estimate, LossLaw, Paraboloid

BELOW = "Below each value: its 95 % interval."
PAPER_BELOW = "Below each value: its interval by the paper's convention, narrower than the correct 95 % one by about √2."


def plain(value: float | None, digits: int = 3) -> str:
    """A number of any size: as it is from a thousandth to a hundred thousand, else times a power of ten."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    sign, size = (MINUS if value < 0 else ""), abs(value)
    return sign + (trimmed(size, digits) if size == 0 or 1e-3 <= size < 1e5 else format_flops(size))


def estimate_cell(estimate: Estimate | None, digits: int = 3) -> Cell:
    """A value with its interval below."""
    if estimate is None:
        return Cell(NOTHING)
    return Cell(plain(estimate.value, digits), f"{plain(estimate.low, digits)} to {plain(estimate.high, digits)}")


def title_of(laws: MethodLaws, several: bool = True) -> str:
    """What the laws are of: the method, with the language where it is not all and the evaluation set where there are several."""
    parts = [laws.method, *([laws.language] if laws.language != "all" else []), *([laws.evaluation] if several else [])]
    return ", ".join(parts)


def names_of(all_laws: Sequence[MethodLaws]) -> list[str]:
    """A title for each, with the evaluation set only where there are several."""
    several = len({laws.evaluation for laws in all_laws}) > 1
    return [title_of(laws, several) for laws in all_laws]


def allocation_table(all_laws: Sequence[MethodLaws]) -> Table:
    """Law I of every method: the coefficients of bytes and of parameters."""
    rows: list[list[Cell]] = []
    paper = False
    for name, laws in zip(names_of(all_laws), all_laws, strict=True):
        law = laws.allocation
        if law is None:
            continue
        paper = paper or law.conventions == "paper"
        kind = "N*, all parameters" if law.parameters == "total" else "N*"
        compute = "6NB/T" if law.compute == "approximated" else "budget"
        for quantity, power in (("B*", law.optimal_bytes), (kind, law.optimal_parameters)):
            estimates = (power.scale, power.compute_exponent, power.compression_exponent)
            quality = (Cell(number(power.r_squared)), Cell(number(power.rmse)), Cell(str(law.cells)))
            rows.append([Cell(name), Cell(quantity), Cell(compute), *(estimate_cell(one) for one in estimates), *quality])
    columns = ["method", "law of", "C is", "factor", "exponent of C", "exponent of T", "R²", "RMSE of ln", "cells"]
    caption = f"B* or N* = factor × C^exponent × T^exponent. {PAPER_BELOW if paper else BELOW}"
    return Table(columns, rows, caption, frozenset({0, 1, 2}), "No allocation law is fitted.")


def loss_table(all_laws: Sequence[MethodLaws]) -> Table:
    """Law II of every method, a row a residual model; the chosen one first."""
    rows: list[list[Cell]] = []
    paper = False
    for name, laws in zip(names_of(all_laws), all_laws, strict=True):
        for place, law in enumerate(laws.losses):
            paper = paper or law.conventions == "paper"
            estimates = (law.L_0, law.gamma, law.E, law.F, law.T_0, law.delta)
            quality = (Cell(number(law.r_squared)), Cell(number(law.rmse)), Cell(str(law.cells)))
            first = [Cell(name, best=place == 0), Cell(law.residual_model), Cell("two" if law.two_stage else "one")]
            rows.append([*first, *(estimate_cell(one) for one in estimates), *quality])
    columns = ["method", "residual model", "stages", "L₀", "γ", "E", "F", "T₀", "δ", "R²", "RMSE", "cells"]
    form = "Loss = L₀ C^γ + F ln(C^δ T / T₀)² + E, in bits per byte, C in FLOPs. Bold: the model that the figures draw."
    caption = f"{form} {PAPER_BELOW if paper else BELOW}"
    return Table(columns, rows, caption, frozenset({0, 1, 2}), "No loss law is fitted.")


def best_rate_table(all_laws: Sequence[MethodLaws]) -> Table:
    """T*(C) of each method at each budget and at ten times the largest."""
    known = [(name, laws, laws.losses[0]) for name, laws in zip(names_of(all_laws), all_laws, strict=True) if has_best_rate(laws)]
    rows: list[list[Cell]] = []
    for name, laws, law in known:
        budgets = laws.usable["compute_flops"].unique().sort().to_list()
        for budget in [*budgets, budgets[-1] * 10]:
            best = law.optimal_compression_rate_estimate(budget)
            loss = law.loss_estimate(budget, best.value)
            remark = remark_of(law, budget, best.value)
            losses = Cell(number(loss.value), span(loss.low, loss.high))
            rows.append([Cell(name), Cell(format_flops(budget)), estimate_cell(best), losses, Cell(remark)])
    columns = ["method", "C (FLOPs)", "best rate T* (bytes per token)", "loss there (bits per byte)", "remark"]
    return Table(columns, rows, BELOW, frozenset({0, 4}), "No fitted loss law has a best compression rate.")


def has_best_rate(laws: MethodLaws) -> bool:
    """Whether the chosen loss law has a lowest point over compression rates, and cells to name budgets."""
    return bool(laws.losses) and laws.losses[0].has_optimum and laws.usable.height > 0


def remark_of(law: LossLaw, budget: float, rate: float) -> str:
    """Where a best rate is beyond what the law was fitted to."""
    parts: list[str] = []
    if budget > law.compute_range[1] * 1.001:
        parts.append(f"{trimmed(budget / law.compute_range[1], 2)} times the largest fitted budget")
    low, high = law.compression_range
    if not low <= rate <= high:
        parts.append("outside the compression rates of the runs")
    return "; ".join(parts)


def trial_table(all_laws: Sequence[MethodLaws]) -> Table:
    """How well laws fitted up to a budget predict the loss above it."""
    rows: list[list[Cell]] = []
    for name, laws in zip(names_of(all_laws), all_laws, strict=True):
        if laws.trial is None:
            continue
        limit = format_flops(laws.trial.max_fit_compute)
        for row in laws.trial.results.iter_rows(named=True):
            counts = [f"{row['fitted_cells']:g}", f"{row['predicted_cells']:g}"]
            values = [number(row["rmse"]), number(row["mean_error"], sign=True), number(row["r_squared"]), percent(row["inside_interval"])]
            rows.append([Cell(text) for text in (name, row["residual_model"], limit, *counts, *values)])
    columns = ["method", "residual model", "fitted up to C (FLOPs)", "cells fitted", "cells predicted", "RMSE above", "mean error above"]
    caption = "Errors in bits per byte, predicted less measured; the last column should be near 95 %."
    return Table(
        [*columns, "R² above", "inside the 95 % prediction interval"], rows, caption, frozenset({0, 1}), "No extrapolation was tried."
    )


def flag_table(all_laws: Sequence[MethodLaws]) -> Table:
    """The cells that are kept out of the laws, and why."""
    rows: list[list[Cell]] = []
    for name, laws in zip(names_of(all_laws), all_laws, strict=True):
        for row in laws.optima.filter(laws.optima["flag"] != "").iter_rows(named=True):
            runs = NOTHING if row["runs"] is None else f"{row['runs']:g}"
            texts = (name, format_flops(row["compute_flops"]), trimmed(row["bytes_per_token"]), runs, row["flag"])
            rows.append([Cell(text) for text in texts])
    columns = ["method", "C (FLOPs)", "T (bytes per token)", "runs", "kept out because"]
    return Table(columns, rows, "", frozenset({0, 4}), "No cell is kept out of the laws.")


def optima_table(laws: MethodLaws) -> Table:
    """The optimum of every cell of one method."""
    rows = [optimum_cells(row) for row in laws.optima.iter_rows(named=True)]
    columns = ["C (FLOPs)", "T (bytes per token)", "B* (bytes)", "N*", "B*/N* (bytes per parameter)", "lowest loss (bits per byte)", "runs"]
    return Table(
        [*columns, "kept out because"], rows, "Below: 95 % interval, by a bootstrap over the runs, where it is bounded.", frozenset({7})
    )


def optimum_cells(row: dict[str, Any]) -> list[Cell]:
    """One cell's optimum."""

    def value(column: str, form: Any) -> Cell:
        ends = row.get(f"{column}_low"), row.get(f"{column}_high")
        below = f"{form(ends[0])} to {form(ends[1])}" if ends[0] is not None and ends[1] is not None else ""
        return Cell(NOTHING if row[column] is None else form(row[column]), below)

    ratio = Cell(NOTHING if row["bytes_per_parameter"] is None else trimmed(row["bytes_per_parameter"]))
    loss = Cell(number(row["optimal_bits_per_byte"]), span(row.get("optimal_bits_per_byte_low"), row.get("optimal_bits_per_byte_high")))
    first = [Cell(format_flops(row["compute_flops"])), Cell(trimmed(row["bytes_per_token"]))]
    middle = [value("optimal_bytes", format_bytes), value("optimal_parameters", format_count)]
    return [*first, *middle, ratio, loss, Cell(NOTHING if row["runs"] is None else f"{row['runs']:g}"), Cell(row["flag"])]


def paraboloid_table(paraboloids: Sequence[Paraboloid]) -> Table:
    """The lowest point of every fitted surface of one method."""
    rows: list[list[Cell]] = []
    for one in sorted(paraboloids, key=lambda one: (one.compute_flops, list(AXES).index(one.axis))):
        quantity = AXES[one.axis]
        place = [NOTHING] * 3
        if one.has_minimum:
            place = [trimmed(one.t_star), quantity.form(one.x_star), number(one.minimum)]
        remark = "" if one.inside else "outside the runs" if one.has_minimum else "no lowest point"
        texts = (format_flops(one.compute_flops), quantity.name, *place, number(one.r_squared), number(one.rmse), str(one.runs), remark)
        rows.append([Cell(text) for text in texts])
    columns = [
        "C (FLOPs)",
        "over",
        "T there (bytes per token)",
        "value there",
        "loss there (bits per byte)",
        "R²",
        "RMSE",
        "runs",
        "remark",
    ]
    return Table(columns, rows, "", frozenset({0, 1, 8}), "No budget has runs enough for a surface.")


def language_table(frame: DataFrame) -> Table:
    """What is optimal in each language."""
    rows: list[list[Cell]] = []
    for row in frame.sort("method", "evaluation", "compute_flops", "byte_parity", "language", nulls_last=True).iter_rows(named=True):
        first = [row["language"], row["script"] or NOTHING, row["method"], format_flops(row["compute_flops"]), plain(row["byte_parity"])]
        values = [
            Cell(plain(row[name], digits), f"{plain(low, digits)} to {plain(high, digits)}" if low is not None and high is not None else "")
            for name, digits in (("bytes_per_parameter", 3), ("bytes_per_token", 3), ("bits_per_byte", 4))
            for low, high in [(row.get(f"{name}_low"), row.get(f"{name}_high"))]
        ]
        rows.append([*(Cell(text) for text in first), *values, Cell(row["flag"])])
    columns = ["language", "script", "method", "C (FLOPs)", "byte parity", "ρ* (bytes per parameter)", "T* (bytes per token)"]
    return Table([*columns, "lowest loss (bits per byte)", "kept out because"], rows, BELOW, frozenset({0, 1, 2, 8}))
