"""isoFLOP optima: of all ways to spend one budget at one compression rate, the bytes with the least loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from uniscale_assets.scaling_laws.frames import OPTIMUM_COLUMNS, check_positive, frame_of
from uniscale_assets.scaling_laws.least_squares import LinearFit, coefficient_draws, fit_linear, percentile_ends

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from polars import DataFrame

    from uniscale_assets.scaling_laws.results import Axis

Rule = Literal["vertex", "grid", "best"]
CELL = ("method", "language", "evaluation", "compute_flops", "bytes_per_token")
NUMBERS = ("compute_flops", "bytes_per_token", "parameters", "bytes", "bits_per_byte")
LEAST_RUNS = 4
"""three coefficients, and one run more to tell noise by"""
GRID_MARGIN = 0.5
GRID_POINTS = 100
TOO_FEW, OUTSIDE, DOWNWARD = "too few runs", "outside the runs", "opens downward"
PARABOLA_COLUMNS = (*CELL, "axis", "center", "intercept", "slope", "curvature", "low", "high", "r_squared", "rmse", "runs", "flag")


@dataclass(frozen=True)
class Cell:
    """The runs of one budget and compression rate, in order of bytes."""

    key: dict[str, object]
    logarithmic_bytes: NDArray[np.float64]
    logarithmic_parameters: NDArray[np.float64]
    logarithmic_total: NDArray[np.float64] | None
    """None where a run's total is not known"""
    losses: NDArray[np.float64]

    @property
    def enough(self) -> bool:
        """Whether a quadratic and its noise can be told."""
        import numpy as np

        return len(self.losses) >= LEAST_RUNS and len(np.unique(self.logarithmic_bytes)) >= 3

    def along(self, axis: Axis) -> NDArray[np.float64]:
        """ln of bytes, parameters or their ratio."""
        if axis == "B":
            return self.logarithmic_bytes
        return self.logarithmic_parameters if axis == "N" else self.logarithmic_bytes - self.logarithmic_parameters


@dataclass(frozen=True)
class Parabola:
    """bits per byte = intercept + slope (x - center) + curvature (x - center)^2."""

    center: float
    """mean x"""
    fit: LinearFit

    @property
    def vertex(self) -> float:
        """x of the extremum; NaN where it is not a minimum."""
        _, slope, curvature = self.fit.coefficients
        return self.center - float(slope / (2 * curvature)) if curvature > 0 else math.nan

    def at(self, place: float) -> float:
        """The loss at x."""
        away = place - self.center
        return float(self.fit.coefficients @ [1.0, away, away**2])


def isoflop_optima(points: DataFrame, *, rule: Rule = "vertex") -> DataFrame:
    """The optimum of each method, language, evaluation, budget C and compression rate T.

    B* and L* are of the vertex of an unweighted quadratic of bits per byte in ln B; N* is ln N interpolated linearly in ln B
    at B*, within the runs. Intervals are 95 %, by a bootstrap over runs (`coefficient_draws`). Source: arXiv 2605.01188.

    Args:
        points: rows of `POINT_COLUMNS`; order does not matter.
        rule: vertex; grid, the paper's: the least of 100 places evenly spaced in ln B from 0.5 below to 0.5 above the runs; best,
            the run with the least loss, which the paper takes for its largest subword budgets (no interval).

    Returns:
        Rows of `OPTIMUM_COLUMNS`, in order of the cells. flag says why a cell cannot be used: "too few runs" (under 4, or under
        3 different B), "opens downward", "outside the runs" (N* is then null).

    Raises:
        RunTableError: a value that is no positive number, such as a NaN loss.
    """
    return frame_of([optimum_of(cell, rule) for cell in cells_of(points)], OPTIMUM_COLUMNS)


def isoflop_parabolas(points: DataFrame, *, axis: Axis = "B") -> DataFrame:
    """The fitted quadratic of each cell, for curves of bits per byte over bytes B, parameters N or their ratio rho.

    Returns:
        Columns `PARABOLA_COLUMNS`: bits per byte = intercept + slope (x - center) + curvature (x - center)^2 with x the natural
        logarithm of the axis; low and high are the runs' range of the axis; coefficients are null where there are too few runs.

    Raises:
        RunTableError: as `isoflop_optima`.
    """
    return frame_of([parabola_row(cell, axis) for cell in cells_of(points)], PARABOLA_COLUMNS)


def parabola_row(cell: Cell, axis: Axis) -> dict[str, object]:
    """One quadratic as a row."""
    place = cell.along(axis)
    row: dict[str, object] = {**cell.key, "axis": axis, "runs": float(len(place)), "flag": TOO_FEW}
    row |= {"low": math.exp(place.min()), "high": math.exp(place.max())}
    if not cell.enough:
        return row
    parabola = parabola_of(place, cell.losses)
    intercept, slope, curvature = parabola.fit.coefficients.tolist()
    quality = {"r_squared": parabola.fit.r_squared, "rmse": parabola.fit.rmse, "flag": flag_of(parabola, place)}
    return row | quality | {"center": parabola.center, "intercept": intercept, "slope": slope, "curvature": curvature}


def cells_of(points: DataFrame) -> Iterator[Cell]:
    """Runs by cell, checked; the same cells in the same order however the rows are ordered."""
    import numpy as np

    check_positive(points, NUMBERS, "training runs")
    ordered = points.sort(*CELL, "bytes", "parameters", "bits_per_byte")
    for rows in ordered.partition_by(CELL, maintain_order=True):
        totals = rows["total_parameters"] if "total_parameters" in rows.columns else None
        known = totals is not None and totals.null_count() == 0
        yield Cell(
            key={name: rows[name][0] for name in CELL},
            logarithmic_bytes=np.log(rows["bytes"].to_numpy()),
            logarithmic_parameters=np.log(rows["parameters"].to_numpy()),
            logarithmic_total=np.log(totals.to_numpy()) if totals is not None and known else None,
            losses=rows["bits_per_byte"].to_numpy(),
        )


def parabola_of(places: NDArray[np.float64], losses: NDArray[np.float64]) -> Parabola:
    """The least-squares quadratic, around the mean so that it stays well-conditioned."""
    import numpy as np

    center = float(places.mean())
    return Parabola(center, fit_linear(np.vander(places - center, 3, increasing=True), losses))


def flag_of(parabola: Parabola, places: NDArray[np.float64]) -> str:
    """Why an optimum cannot be used, or nothing."""
    if math.isnan(parabola.vertex):
        return DOWNWARD
    return "" if places.min() <= parabola.vertex <= places.max() else OUTSIDE


def optimum_of(cell: Cell, rule: Rule) -> dict[str, object]:
    """One cell's optimum as a row."""
    row: dict[str, object] = {**cell.key, "runs": float(len(cell.losses))}
    if rule == "best":
        best = int(cell.losses.argmin())
        return row | values_at(cell, float(cell.logarithmic_bytes[best]), float(cell.losses[best])) | {"flag": ""}
    if not cell.enough:
        return row | {"flag": TOO_FEW}
    parabola = parabola_of(cell.logarithmic_bytes, cell.losses)
    flag = flag_of(parabola, cell.logarithmic_bytes)
    if flag == DOWNWARD:
        return row | {"flag": flag}
    place = parabola.vertex if rule == "vertex" else least_on_grid(parabola, cell.logarithmic_bytes)
    if flag:
        return row | {"optimal_bytes": math.exp(place), "optimal_bits_per_byte": parabola.at(place), "flag": flag}
    return row | values_at(cell, place, parabola.at(place)) | intervals_of(cell, parabola) | {"flag": flag}


def values_at(cell: Cell, place: float, loss: float) -> dict[str, object]:
    """What a cell's optimum is, where ln B is known."""
    bytes_, parameters = math.exp(place), math.exp(float(interpolated(cell, cell.logarithmic_parameters, place)))
    total = None if cell.logarithmic_total is None else math.exp(float(interpolated(cell, cell.logarithmic_total, place)))
    rate = cell.key["bytes_per_token"]
    assert isinstance(rate, float)
    return {
        "optimal_bytes": bytes_,
        "optimal_parameters": parameters,
        "optimal_total_parameters": total,
        "optimal_bits_per_byte": loss,
        "bytes_per_parameter": bytes_ / parameters,
        "global_compute_flops": 6 * parameters * bytes_ / rate,
    }


def least_on_grid(parabola: Parabola, places: NDArray[np.float64]) -> float:
    """The paper's optimum: the least of 100 places."""
    import numpy as np

    grid = np.linspace(places.min() - GRID_MARGIN, places.max() + GRID_MARGIN, GRID_POINTS)
    away = grid - parabola.center
    return float(grid[np.argmin(parabola.fit.coefficients[1] * away + parabola.fit.coefficients[2] * away**2)])


def interpolated(cell: Cell, logarithms: NDArray[np.float64], places: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """A quantity's logarithm at ln B, linear between runs and constant beyond them; runs of equal B are averaged."""
    import numpy as np

    known, group = np.unique(cell.logarithmic_bytes, return_inverse=True)
    means = np.bincount(group, logarithms) / np.bincount(group)
    return np.asarray(np.interp(places, known, means))


def intervals_of(cell: Cell, parabola: Parabola) -> dict[str, object]:
    """Ends of the 95 % intervals; a draw that opens downward says that its optimum may lie anywhere on its falling side."""
    import numpy as np

    intercept, slope, curvature = coefficient_draws(parabola.fit).T
    convex = curvature > 0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        away = np.where(convex, -slope / (2 * curvature), -np.sign(slope) * np.inf)
        losses = np.where(convex, intercept - slope**2 / (4 * curvature), -np.inf)
        bytes_ = np.exp(parabola.center + away)
    quantities = {"optimal_bytes": bytes_, "optimal_bits_per_byte": losses}
    quantities["optimal_parameters"] = np.exp(interpolated(cell, cell.logarithmic_parameters, parabola.center + away))
    if cell.logarithmic_total is not None:
        quantities["optimal_total_parameters"] = np.exp(interpolated(cell, cell.logarithmic_total, parabola.center + away))
    ends: dict[str, object] = {}
    for name, draws in quantities.items():
        ends[f"{name}_low"], ends[f"{name}_high"] = (end or None for end in percentile_ends(draws))
    return ends
