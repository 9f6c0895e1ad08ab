"""3D isoFLOP: one quadratic surface over compression rate and allocation for all runs of a budget."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from uniscale_assets.errors import LawError
from uniscale_assets.scaling_laws.frames import check_positive, the_only
from uniscale_assets.scaling_laws.least_squares import LinearFit, fit_linear
from uniscale_assets.scaling_laws.optima import NUMBERS
from uniscale_assets.scaling_laws.results import Axis, Paraboloid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from polars import DataFrame

LEAST_RUNS = 7
"""six coefficients, and one run more"""


def fit_paraboloid(points: DataFrame, compute_flops: float | None = None, axis: Axis = "rho") -> Paraboloid:
    """Least squares of bits per byte on 1, t, x, t^2, x^2, t x with t = ln T and x = ln of rho, B or N; minimum in closed form.

    Source: arXiv 2605.01188.

    Args:
        points: rows of `POINT_COLUMNS` of one method, language and evaluation.
        compute_flops: the budget to fit; None where the points have but one.
        axis: what x is the logarithm of.

    Raises:
        RunTableError: a value that is no positive number; several methods, languages or evaluations.
        LawError: fewer than 7 runs or 3 compression rates, or runs that leave a coefficient open.
    """
    runs = runs_of(points, compute_flops)
    method, evaluation = (the_only(runs, name, "3D isoFLOP") for name in ("method", "evaluation"))
    the_only(runs, "language", "3D isoFLOP")
    rates, values, losses = runs["bytes_per_token"].to_numpy(), axis_values(runs, axis), runs["bits_per_byte"].to_numpy()
    fit, center = fit_surface(rates, values, losses, f"{method} at {runs['compute_flops'][0]:g} FLOPs")
    t_star, x_star, minimum = minimum_of(fit.coefficients)
    return Paraboloid(
        method=method,
        evaluation=evaluation,
        compute_flops=float(runs["compute_flops"][0]),
        axis=axis,
        coefficients=moved(fit.coefficients, center),
        t_star=math.exp(t_star + center[0]),
        x_star=math.exp(x_star + center[1]),
        minimum=minimum,
        r_squared=fit.r_squared,
        rmse=fit.rmse,
        runs=len(losses),
        compression_range=(float(rates.min()), float(rates.max())),
        axis_range=(float(values.min()), float(values.max())),
    )


def runs_of(points: DataFrame, compute_flops: float | None) -> DataFrame:
    """The runs of one budget, checked and in one order."""
    check_positive(points, NUMBERS, "training runs")
    budgets = points["compute_flops"].unique().sort().to_list()
    if compute_flops is None and len(budgets) != 1:
        raise LawError(f"3D isoFLOP is of one budget; choose one of {', '.join(f'{budget:g}' for budget in budgets) or 'none'} FLOPs")
    runs = points if compute_flops is None else points.filter(compute_flops=compute_flops)
    if runs.is_empty():
        raise LawError(f"no runs at {compute_flops:g} FLOPs; there are at {', '.join(f'{budget:g}' for budget in budgets)}")
    return runs.sort("bytes_per_token", "bytes", "parameters", "bits_per_byte")


def axis_values(runs: DataFrame, axis: Axis) -> NDArray[np.float64]:
    """rho, B or N of each run."""
    bytes_, parameters = runs["bytes"].to_numpy(), runs["parameters"].to_numpy()
    return {"rho": bytes_ / parameters, "B": bytes_, "N": parameters}[axis]


def fit_surface(
    rates: NDArray[np.float64], values: NDArray[np.float64], losses: NDArray[np.float64], what: str
) -> tuple[LinearFit, tuple[float, float]]:
    """The surface around the runs' mean logarithms, and these means."""
    import numpy as np

    t, x = np.log(rates), np.log(values)
    center = float(t.mean()), float(x.mean())
    t, x = t - center[0], x - center[1]
    design = np.column_stack([np.ones_like(t), t, x, t**2, x**2, t * x])
    if len(losses) < LEAST_RUNS or len(np.unique(rates)) < 3 or np.linalg.matrix_rank(design) < 6:
        raise LawError(
            f"3D isoFLOP of {what}: {len(losses)} runs at {len(np.unique(rates))} compression rates leave its six coefficients open; "
            f"it takes {LEAST_RUNS} runs and 3 rates, with several sizes at a rate"
        )
    return fit_linear(design, losses), center


def minimum_of(coefficients: NDArray[np.float64]) -> tuple[float, float, float]:
    """t, x and value at the minimum; NaN three times where the surface does not open upward in every direction."""
    constant, t, x, tt, xx, tx = coefficients.tolist()
    determinant = 4 * tt * xx - tx**2
    if not (tt > 0 and determinant > 0):
        return math.nan, math.nan, math.nan
    best_t, best_x = (tx * x - 2 * xx * t) / determinant, (tx * t - 2 * tt * x) / determinant
    return best_t, best_x, constant + (t * best_t + x * best_x) / 2


def moved(coefficients: NDArray[np.float64], center: tuple[float, float]) -> tuple[float, float, float, float, float, float]:
    """Coefficients of the same surface in the logarithms themselves."""
    constant, t, x, tt, xx, tx = coefficients.tolist()
    at, ax = center
    return (
        constant - t * at - x * ax + tt * at**2 + xx * ax**2 + tx * at * ax,
        t - 2 * tt * at - tx * ax,
        x - 2 * xx * ax - tx * at,
        tt,
        xx,
        tx,
    )
