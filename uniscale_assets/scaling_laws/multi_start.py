"""The fit as the paper makes it, from 13^3 = 2197 start values: a check that the closed form and the projection miss nothing.

It is slow and used for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from uniscale_assets.scaling_laws.allocation import COMPUTE_COLUMNS, PARAMETER_COLUMNS, design_of
from uniscale_assets.scaling_laws.loss_law import LOSS
from uniscale_assets.scaling_laws.results import AllocationLaw, LossLaw
from uniscale_assets.scaling_laws.usable import usable_optima

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from polars import DataFrame

    Objective = Callable[[NDArray[np.float64]], float]

STARTS_AN_AXIS = 13
AGREEMENT = 1e-6
"""relative difference of objectives that counts as the same"""


@dataclass(frozen=True)
class MultiStartCheck:
    """What the search from many starts found, beside the law."""

    what: str
    """the fitted quantity"""
    starts: int
    law_objective: float
    """sum of squared residuals of the law"""
    best_objective: float
    """least sum of squared residuals found"""

    @property
    def found_better(self) -> bool:
        """Whether a start came to a better point than the law."""
        return self.best_objective < self.law_objective * (1 - AGREEMENT)

    @property
    def agrees(self) -> bool:
        """Whether the search came to the law's point."""
        return abs(self.best_objective / self.law_objective - 1) <= AGREEMENT


def multi_start_check(
    law: AllocationLaw | LossLaw, optima: DataFrame, *, starts_an_axis: int = STARTS_AN_AXIS, language: str | None = None
) -> tuple[MultiStartCheck, ...]:
    """Fit again by scipy's BFGS from a grid of starts, on the cells that the law was fitted to.

    Args:
        law: law I (both power laws are checked) or law II in one stage.
        optima: the rows that it was fitted to.
        starts_an_axis: start values of each of three parameters; their cube is the number of starts.
        language: of the optima; None where there is but one.
    """

    def rows_with(columns: Sequence[str]) -> DataFrame:
        return usable_optima(optima, columns, method=law.method, evaluation=law.evaluation, language=language)

    if isinstance(law, LossLaw):
        rows = rows_with([LOSS])
        objective, starts = loss_problem(law, rows, starts_an_axis)
        return (MultiStartCheck("loss", len(starts), law.rmse**2 * law.cells, search(objective, starts)),)
    columns = {"bytes": "optimal_bytes", "parameters": PARAMETER_COLUMNS[law.parameters]}
    rows = rows_with([*columns.values(), COMPUTE_COLUMNS[law.compute]])
    design = design_of(rows[COMPUTE_COLUMNS[law.compute]].to_numpy(), rows["bytes_per_token"].to_numpy())
    checks: list[MultiStartCheck] = []
    for (what, column), power in zip(columns.items(), (law.optimal_bytes, law.optimal_parameters), strict=True):
        objective, starts = power_problem(design, rows[column].to_numpy(), starts_an_axis)
        checks.append(MultiStartCheck(what, len(starts), power.rmse**2 * law.cells, search(objective, starts)))
    return tuple(checks)


def power_problem(design: NDArray[np.float64], values: NDArray[np.float64], axis: int) -> tuple[Objective, Sequence[Sequence[float]]]:
    """Sum of squares of ln y over (ln scale, two exponents), and its starts; ln C is centered, which helps the search."""
    import numpy as np

    centered, logarithm = design - [0.0, design[:, 1].mean(), design[:, 2].mean()], np.log(values)

    def objective(parameters: NDArray[np.float64]) -> float:
        residuals = logarithm - centered @ parameters
        return float(residuals @ residuals)

    scales = np.linspace(logarithm.min(), logarithm.max(), axis)
    exponents = np.linspace(0.0, 1.0, axis)
    return objective, list(product(scales, exponents, exponents))


def loss_problem(law: LossLaw, rows: DataFrame, axis: int) -> tuple[Objective, Sequence[Sequence[float]]]:
    """Sum of squares of the loss over (ln A, gamma, E, F, ln T*, delta) for the centered ln C, and its starts."""
    import numpy as np

    logarithm = np.log(rows["compute_flops"].to_numpy())
    compute, rates, losses = logarithm - logarithm.mean(), np.log(rows["bytes_per_token"].to_numpy()), rows[LOSS].to_numpy()
    free = len(law.parameter_names)

    def objective(parameters: NDArray[np.float64]) -> float:
        scale, gamma, lowest, height, place, drift = np.append(parameters, np.zeros(6 - free))
        with np.errstate(over="ignore"):
            modelled = np.exp(scale + gamma * compute) + lowest + height * (drift * compute + rates - place) ** 2
        residuals = losses - modelled
        value = float(residuals @ residuals)
        return value if np.isfinite(value) else 1e300

    exponents = np.linspace(-0.6, -0.03, axis)
    levels = np.linspace(0.3, 0.95, axis) * losses.min()
    places = np.linspace(rates.min(), rates.max(), axis)
    starts = [
        [float(np.log(losses.mean() - level)), gamma, level, 0.03, place, 0.0][:free]
        for gamma, level, place in product(exponents, levels, places)
    ]
    return objective, starts


def search(objective: Objective, starts: Sequence[Sequence[float]]) -> float:
    """Least objective that BFGS comes to."""
    import numpy as np
    from scipy.optimize import minimize

    return min(float(minimize(objective, np.array(start), method="BFGS", options={"gtol": 1e-9}).fun) for start in starts)
