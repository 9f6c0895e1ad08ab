"""Intervals of law II by profile likelihood: a value is inside where the best fit that has it is not worse than noise explains.

Unlike a standard error it follows the curvature of the model, so it covers where few budgets hardly tell L_0 and E apart.
Source: Bates and Watts, Nonlinear Regression Analysis and Its Applications (1988), chapter 6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from uniscale_assets.scaling_laws.least_squares import student_quantile
from uniscale_assets.scaling_laws.loss_fit import LossFits, basis_of
from uniscale_assets.scaling_laws.loss_model import NAMES, Cells
from uniscale_assets.scaling_laws.results import ResidualModel
from uniscale_assets.scaling_laws.variable_projection import Basis, Solutions, solve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LINEAR = ("ln L_0", "E", "F")
"""parameters that are, or stand for, coefficients of the basis; in its order"""
NONLINEAR = ("gamma", "ln T_0", "delta")
"""parameters that are, or stand for, the nonlinear ones; in their order"""
MOVES = (0.0, 0.5, 1.0)
"""shares of the way that the other parameters would go along in a linear model, from which a profile is searched"""
STRETCHES = 10
REFINEMENTS = 24
TOLERANCE = 1e-5
"""standard errors"""


@dataclass(frozen=True)
class Held:
    """Law II with one parameter held at a value of its own in each problem."""

    base: Basis
    cells: Cells
    name: str
    values: NDArray[np.float64]
    """[problems]"""

    def of(self, problems: NDArray[np.intp]) -> Held:
        """The values of some of the problems."""
        return replace(self, values=self.values[problems])

    @property
    def nonlinear_place(self) -> int | None:
        """Which nonlinear parameter is held; None where it is a coefficient."""
        return NONLINEAR.index(self.name) if self.name in NONLINEAR else None

    @property
    def linear_place(self) -> int | None:
        """Which coefficient is held; None where it is a nonlinear parameter."""
        return LINEAR.index(self.name) if self.name in LINEAR else None

    def all_nonlinear(self, free: NDArray[np.float64]) -> NDArray[np.float64]:
        """Every nonlinear parameter of the base, from those that are free."""
        import numpy as np

        place = self.nonlinear_place
        if place is None:
            return free
        held = self.values
        if self.name == "ln T_0" and free.shape[1] > 1:
            held = held - free[:, 1] * self.cells.center
        return np.insert(free, place, held, axis=1)

    def coefficient(self, nonlinear: NDArray[np.float64]) -> NDArray[np.float64]:
        """The held coefficient; that of the centered compute is made of L_0 and gamma."""
        import numpy as np

        return np.exp(self.values + nonlinear[:, 0] * self.cells.center) if self.name == "ln L_0" else self.values

    def columns(self, nonlinear: NDArray[np.float64]) -> NDArray[np.float64]:
        """The base's columns whose coefficients are free."""
        import numpy as np

        columns = self.base.columns(self.all_nonlinear(nonlinear))
        return columns if self.linear_place is None else np.delete(columns, self.linear_place, axis=2)

    def offsets(self, nonlinear: NDArray[np.float64]) -> NDArray[np.float64] | float:
        """The column whose coefficient is held, times it."""
        if self.linear_place is None:
            return 0.0
        return self.base.columns(nonlinear)[..., self.linear_place] * self.coefficient(nonlinear)[:, None]

    def slopes(self, nonlinear: NDArray[np.float64], linear: NDArray[np.float64]) -> NDArray[np.float64]:
        """Derivatives by the free nonlinear parameters, along which what is held may move others."""
        import numpy as np

        if self.linear_place is not None:
            whole = np.insert(linear, self.linear_place, self.coefficient(nonlinear), axis=1)
            slopes = self.base.slopes(nonlinear, whole)
            if self.name == "ln L_0":
                slopes[..., 0] += self.cells.center * self.offsets(nonlinear)
            return slopes
        slopes = self.base.slopes(self.all_nonlinear(nonlinear), linear)
        if self.name == "ln T_0" and slopes.shape[2] > 2:
            slopes[..., 2] -= self.cells.center * slopes[..., 1]
        return np.delete(slopes, self.nonlinear_place or 0, axis=2)


@dataclass(frozen=True)
class Profiler:
    """Profile likelihood of one parameter over many sets of losses at the same cells."""

    cells: Cells
    losses: NDArray[np.float64]
    """[problems, cells]"""
    model: ResidualModel
    fits: LossFits
    """their fits in one stage"""
    name: str

    @property
    def estimates(self) -> NDArray[np.float64]:
        """[problems] of the parameter."""
        return self.fits.parameters.named()[self.name]

    def roots(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems]: signed root of how much worse the best fit is that has the parameter at these values, in standard errors."""
        import numpy as np

        with np.errstate(all="ignore"):
            solutions = self.fit_with(values)
            least = (self.fits.residuals**2).sum(axis=1)
            worse = np.maximum(solutions.objectives / least - 1, 0) * self.fits.degrees_of_freedom
            sides = np.sign(values - self.estimates)
            return np.where(self.lawful(solutions, values), sides * np.sqrt(worse), sides * np.inf)

    def lawful(self, solutions: Solutions, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the loss falls with compute there; E above the losses with a rising power fits too, but is no law.

        Only asked of gamma and E: in the others a profile that leaves the law meets it again.
        """
        import numpy as np

        if self.name == "gamma":
            return values < 0
        return solutions.linear[:, 0] > 0 if self.name == "E" else np.ones(len(values), dtype=bool)

    def fit_with(self, values: NDArray[np.float64]) -> Solutions:
        """The best fit with the parameter at these values, from starts with the others as fitted, or moved along."""
        import numpy as np

        starts = [self.start(values, moved) for moved in MOVES]
        held = Held(basis_of(self.cells, self.model), self.cells, self.name, np.tile(values, len(starts)))
        found = solve(held, np.tile(self.losses, (len(starts), 1)), np.concatenate(starts))
        count = len(values)
        pick = found.objectives.reshape(len(starts), count).argmin(axis=0) * count + np.arange(count)
        return Solutions(found.nonlinear[pick], found.linear[pick], found.objectives[pick])

    def start(self, values: NDArray[np.float64], moved: float) -> NDArray[np.float64]:
        """Free nonlinear parameters as they would go along in a linear model, or a share of that."""
        import numpy as np

        names = NAMES[self.model]
        place = names.index(self.name)
        covariances = self.fits.covariances
        gains = covariances[:, :, place] / covariances[:, place, place][:, None]
        shift = moved * np.nan_to_num(gains) * (values - self.estimates)[:, None]
        current = np.stack(list(self.fits.parameters.named().values()), axis=1) + shift
        by_name = dict(zip(names, current.T, strict=True)) | {self.name: values}
        if "ln T_0" in by_name:
            by_name["ln T_0"] = by_name["ln T_0"] - by_name.get("delta", 0.0) * self.cells.center
        free = [by_name[name] for name in NONLINEAR if name in by_name and name != self.name]
        return np.stack(free, axis=1) if free else np.zeros((len(values), 0))

    def ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """[problems] lower and upper ends of the 95 % interval; infinite where no value is bad enough."""
        return self.end(-1), self.end(1)

    def end(self, side: int) -> NDArray[np.float64]:
        """Where the signed root comes to Student's quantile: stretched until past it, then closed in on."""
        import numpy as np

        quantile = student_quantile(self.fits.degrees_of_freedom)
        center = self.estimates
        unit = side * quantile * np.nan_to_num(self.fits.standard_errors()[self.name], posinf=1.0)
        inner, outer = np.zeros_like(center), np.ones_like(center)
        # Roots in units of the quantile: the end is where they come to 1.
        low, high = np.zeros_like(center), np.abs(self.roots(center + unit)) / quantile
        for _ in range(STRETCHES):
            short = high < 1
            if not short.any():
                break
            inner, low = np.where(short, outer, inner), np.where(short, high, low)
            outer = np.where(short, 2 * outer, outer)
            high = np.abs(self.roots(center + outer * unit)) / quantile
        open_ended = high < 1
        for number in range(REFINEMENTS):
            # The root is nearly straight, so this lands close; every third step halves, which cannot stall.
            straight = (1 - low) / np.maximum(high - low, TOLERANCE)
            share = np.where(np.isinf(high) | (number % 3 == 2), 0.5, straight)
            middle = inner + (outer - inner) * np.clip(share, 0.0, 1.0)
            root = np.abs(self.roots(center + middle * unit)) / quantile
            past = root >= 1
            inner, low = np.where(past, inner, middle), np.where(past, low, root)
            outer, high = np.where(past, middle, outer), np.where(past, root, high)
            if (open_ended | (np.minimum(np.abs(low - 1), np.abs(high - 1)) < TOLERANCE) | (outer - inner < TOLERANCE)).all():
                break
        nearest = np.where(np.abs(low - 1) < np.minimum(np.abs(high - 1), TOLERANCE), inner, outer)
        ends = np.where(open_ended, side * np.inf, center + nearest * unit)
        return np.minimum(ends, 0.0) if self.name == "gamma" else ends


def profile_intervals(
    cells: Cells, losses: NDArray[np.float64], model: ResidualModel, fits: LossFits
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Ends of the 95 % interval of every parameter of the one-stage fit, [problems] each, by the names of the covariance."""
    return {name: Profiler(cells, losses, model, fits, name).ends() for name in NAMES[model]}
