"""The laws of a method as text that a person can read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from uniscale_assets.scaling_laws.residuals import allocation_within, loss_within

if TYPE_CHECKING:
    from uniscale_assets.scaling_laws.analysis import MethodLaws
    from uniscale_assets.scaling_laws.results import Estimate, LossLaw, PowerLaw

TWO_STAGE_BIAS = (
    "This is the two-stage fit of arXiv 2605.01188, which is biased: its intervals cover less than they say. `advise` uses one stage."
)


def report_lines(laws: MethodLaws) -> list[str]:
    """The report of one method, line by line."""
    title = f"{laws.method}: language {laws.language}, evaluation {laws.evaluation}"
    sections = (optima_lines, surface_lines, allocation_lines, loss_lines, trial_lines)
    lines = [title, "=" * len(title)]
    for section in sections:
        lines += ["", *section(laws)]
    return lines


def optima_lines(laws: MethodLaws) -> list[str]:
    """The cells: what is optimal in each, and which are kept out of the laws."""
    optima = laws.optima
    flagged = optima.filter(optima["flag"] != "")
    known = f"{laws.points.height} runs, " if laws.points.height else ""
    lines = [f"IsoFLOP optima: {known}{optima.height} cells (budget C, bytes per token T), {optima.height - flagged.height} of them usable"]
    header = ("C FLOPs", "T", "B* bytes", "N*", "B*/N*", "L* bits/byte", "95 % interval of B*", "kept out because")
    rows: list[Sequence[str]] = [header]
    for row in optima.iter_rows(named=True):
        values = [row[name] for name in ("optimal_bytes", "optimal_parameters", "bytes_per_parameter")]
        ends = between(row["optimal_bytes_low"], row["optimal_bytes_high"])
        loss = "" if row["optimal_bits_per_byte"] is None else f"{row['optimal_bits_per_byte']:.4f}"
        rows.append((short(row["compute_flops"]), short(row["bytes_per_token"]), *map(short, values), loss, ends, row["flag"]))
    lines += aligned(rows)
    if laws.max_fit_compute is not None:
        lines.append(f"The laws are fitted to the {laws.usable.height} usable cells with C up to {short(laws.max_fit_compute)} FLOPs.")
    return lines


def surface_lines(laws: MethodLaws) -> list[str]:
    """The minimum of each budget's surface over T and B/N."""
    found = [surface for surface in laws.paraboloids if surface.axis == "rho"]
    if not found:
        return ["3D isoFLOP: no budget has runs enough (7, at 3 compression rates) for a surface."]
    rows: list[Sequence[str]] = [("C FLOPs", "best T", "best B/N", "bits/byte there", "R^2", "RMSE", "")]
    for surface in found:
        place = ("none", "none", "none")
        if surface.has_minimum:
            place = (short(surface.t_star), short(surface.x_star), f"{surface.minimum:.4f}")
        remark = "" if surface.inside else "the minimum is outside the runs" if surface.has_minimum else "the surface has no minimum"
        rows.append((short(surface.compute_flops), *place, f"{surface.r_squared:.4f}", f"{surface.rmse:.4f}", remark))
    return ["3D isoFLOP: one surface over ln T and ln B/N for each budget", *aligned(rows)]


def allocation_lines(laws: MethodLaws) -> list[str]:
    """Law I in coefficients and in words."""
    law = laws.allocation
    if law is None:
        return [f"Law I, allocation: not fitted. {laws.notes.get('allocation', '')}"]
    compute = "6 N* B* / T" if law.compute == "approximated" else "the budget"
    lines = [f"Law I, allocation, y = y_0 C^alpha T^beta: {law.cells} cells; C is {compute}, N is {law.parameters}"]
    names = {"B*": law.optimal_bytes, "N*": law.optimal_parameters}
    rows: list[Sequence[str]] = [("", "y_0", "alpha", "beta", "R^2", "RMSE of ln y")]
    for name, power in names.items():
        cells = [estimate_text(value) for value in (power.scale, power.compute_exponent, power.compression_exponent)]
        rows.append((name, *cells, f"{power.r_squared:.4f}", f"{power.rmse:.4f}"))
    lines += aligned(rows)
    lines += [f"Ten times the compute: {growth(law.optimal_bytes)} the bytes and {growth(law.optimal_parameters)} the parameters."]
    return [
        *lines,
        *(f"{quantity}: {within}" for quantity, within in allocation_within(law, laws.usable).items()),
        conventions(law.conventions),
    ]


def growth(law: PowerLaw) -> str:
    """What ten times the compute makes of a quantity."""
    return f"{10**law.compute_exponent.value:.3g} times"


def loss_lines(laws: MethodLaws) -> list[str]:
    """Law II: the chosen model in full, the others beside it."""
    if not laws.losses:
        return ["Law II, loss: not fitted. " + " ".join(dict.fromkeys(laws.notes.get(name, "") for name in laws.notes if "-t" in name))]
    chosen = laws.losses[0]
    stages = "two stages" if chosen.two_stage else "one stage"
    lines = [f"Law II, loss = L_0 C^gamma + F ln(C^delta T / T_0)^2 + E, {stages}: {chosen.cells} cells; C is the budget"]
    rows: list[Sequence[str]] = [("residual model", "L_0", "gamma", "E", "F", "T_0", "delta", "R^2", "RMSE")]
    for law in laws.losses:
        cells = [estimate_text(value) for value in (law.L_0, law.gamma, law.E, law.F, law.T_0, law.delta)]
        rows.append((law.residual_model, *cells, f"{law.r_squared:.4f}", f"{law.rmse:.5f}"))
    lines += aligned(rows)
    lines += [f"{name}: not fitted. {laws.notes[name]}" for name in laws.notes if name not in ("allocation", "trial")]
    lines += [*best_rates(chosen, laws), f"{chosen.residual_model}: {loss_within(chosen, laws.usable)}", conventions(chosen.conventions)]
    return lines + ([TWO_STAGE_BIAS] if chosen.two_stage else [])


def best_rates(law: LossLaw, laws: MethodLaws) -> list[str]:
    """T*(C) at each budget, and whether it moves."""
    if not law.has_optimum:
        return [f"The {law.residual_model} model has no best compression rate here."]
    rows: list[Sequence[str]] = [("C FLOPs", "best T", "95 % interval", "")]
    low, high = law.compression_range
    for budget in laws.usable["compute_flops"].unique().sort().to_list():
        best = law.optimal_compression_rate_estimate(budget)
        remark = "" if low <= best.value <= high else "outside the tokenizers"
        rows.append((short(budget), short(best.value), between(best.low, best.high), remark))
    return [*aligned(rows), movement(law)]


def movement(law: LossLaw) -> str:
    """Whether the best compression rate moves as the budget grows."""
    if law.delta is None:
        return "This model holds the best compression rate the same at every budget."
    factor = f"Ten times the budget makes it {10**-law.delta.value:.3g} times what it was (delta {estimate_text(law.delta)})"
    if law.delta.covers(0):
        return f"The best compression rate: cannot tell whether it moves with the budget. {factor}, and the interval holds zero."
    return f"The best compression rate {'falls' if law.delta.value > 0 else 'rises'} as the budget grows. {factor}."


def trial_lines(laws: MethodLaws) -> list[str]:
    """The extrapolation test."""
    if laws.trial is None:
        return [f"Extrapolation: not tried. {laws.notes.get('trial', '')}"]
    rows: list[Sequence[str]] = [("residual model", "RMSE above", "R^2 above")]
    for row in laws.trial.results.iter_rows(named=True):
        numbers = ["" if row[name] is None else f"{row[name]:.4f}" for name in ("rmse", "r_squared")]
        rows.append((row["residual_model"], *numbers))
    return [f"Extrapolation: fitted to C up to {short(laws.trial.max_fit_compute)} FLOPs, tried on the cells above", *aligned(rows)]


def conventions(name: str) -> str:
    """What the intervals are."""
    if name == "paper":
        return "Intervals by the paper's convention, narrower than the correct ones by about sqrt 2."
    return "Intervals are 95 %."


def estimate_text(value: Estimate | None) -> str:
    """A value with its interval."""
    return "" if value is None else f"{short(value.value)} ({between(value.low, value.high)})"


def between(low: float | None, high: float | None) -> str:
    """An interval; an end that is not bounded is said to be so."""
    low, high = (end if end is not None and math.isfinite(end) else None for end in (low, high))
    if low is None and high is None:
        return ""
    return f"{'?' if low is None else short(low)} to {'?' if high is None else short(high)}"


def short(value: float | None) -> str:
    """Four digits, or nothing."""
    return "" if value is None else f"{value:.4g}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines with columns under each other, the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    place: Callable[[int, str], str] = lambda column, text: text.ljust(widths[0]) if column == 0 else text.rjust(widths[column])  # noqa: E731
    return ["  " + "  ".join(place(column, text) for column, text in enumerate(row)).rstrip() for row in rows]
