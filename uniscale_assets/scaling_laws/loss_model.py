"""The loss at the optimum as a function to fit: its parts that enter linearly, and those that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.scaling_laws.results import ResidualModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAMES: dict[ResidualModel, tuple[str, ...]] = {
    "compute-dependent-t": ("ln L_0", "gamma", "E", "F", "ln T_0", "delta"),
    "constant-t": ("ln L_0", "gamma", "E", "F", "ln T_0"),
    "intercept": ("ln L_0", "gamma", "E"),
}
"""free parameters of each residual model"""


@dataclass(frozen=True)
class Cells:
    """The usable optima: compute and compression rate of each, in logarithms."""

    compute: NDArray[np.float64]
    """ln C less its mean, so that scale and exponent are not tangled up"""
    center: float
    """that mean"""
    rates: NDArray[np.float64]
    """ln T"""

    @classmethod
    def of(cls, compute_flops: NDArray[np.float64], bytes_per_token: NDArray[np.float64]) -> Cells:
        """Cells at budgets and compression rates."""
        import numpy as np

        logarithm = np.log(compute_flops)
        center = float(logarithm.mean())
        return cls(logarithm - center, center, np.log(bytes_per_token))


@dataclass(frozen=True)
class Scaling:
    """A exp(gamma c) plus a column for each group of cells: nonlinear (gamma), linear (A, one offset a group)."""

    cells: Cells
    groups: NDArray[np.float64]
    """[cells, groups], ones and zeros"""

    def columns(self, nonlinear: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems, cells, 1 + groups]."""
        import numpy as np

        with np.errstate(over="ignore"):  # a trial too steep for numbers is no candidate
            scaling = np.exp(nonlinear[:, :1] * self.cells.compute)[..., None]
        return np.concatenate([scaling, np.broadcast_to(self.groups, (len(nonlinear), *self.groups.shape))], axis=2)

    def of(self, problems: NDArray[np.intp]) -> Scaling:  # noqa: ARG002 - part of the protocol
        """Itself: every problem has the same functions."""
        return self

    def offsets(self, nonlinear: NDArray[np.float64]) -> float:  # noqa: ARG002 - part of the protocol
        """Nothing."""
        return 0.0

    def slopes(self, nonlinear: NDArray[np.float64], linear: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems, cells, 1]."""
        import numpy as np

        return (linear[:, :1] * self.cells.compute * np.exp(nonlinear[:, :1] * self.cells.compute))[..., None]


@dataclass(frozen=True)
class Profile:
    """F (delta c + t - tau)^2: nonlinear (tau, and delta where the optimum moves), linear (F)."""

    cells: Cells
    moving: bool

    def away(self, nonlinear: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems, cells]: how far ln T is from its optimum."""
        distance = self.cells.rates - nonlinear[:, :1]
        return distance + nonlinear[:, 1:2] * self.cells.compute if self.moving else distance

    def columns(self, nonlinear: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems, cells, 1]."""
        return self.away(nonlinear)[..., None] ** 2

    def of(self, problems: NDArray[np.intp]) -> Profile:  # noqa: ARG002 - part of the protocol
        """Itself: every problem has the same functions."""
        return self

    def offsets(self, nonlinear: NDArray[np.float64]) -> float:  # noqa: ARG002 - part of the protocol
        """Nothing."""
        return 0.0

    def slopes(self, nonlinear: NDArray[np.float64], linear: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems, cells, 1 or 2]."""
        import numpy as np

        slope = 2 * linear[:, -1:] * self.away(nonlinear)
        return np.stack([-slope, slope * self.cells.compute] if self.moving else [-slope], axis=2)


@dataclass(frozen=True)
class Whole:
    """All of the loss at once: nonlinear (gamma, tau, delta), linear (A, E, F)."""

    scaling: Scaling
    profile: Profile

    def columns(self, nonlinear: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems, cells, 3]."""
        import numpy as np

        return np.concatenate([self.scaling.columns(nonlinear[:, :1]), self.profile.columns(nonlinear[:, 1:])], axis=2)

    def of(self, problems: NDArray[np.intp]) -> Whole:  # noqa: ARG002 - part of the protocol
        """Itself: every problem has the same functions."""
        return self

    def offsets(self, nonlinear: NDArray[np.float64]) -> float:  # noqa: ARG002 - part of the protocol
        """Nothing."""
        return 0.0

    def slopes(self, nonlinear: NDArray[np.float64], linear: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems, cells, 2 or 3]."""
        import numpy as np

        return np.concatenate([self.scaling.slopes(nonlinear[:, :1], linear), self.profile.slopes(nonlinear[:, 1:], linear)], axis=2)


@dataclass(frozen=True)
class LossParameters:
    """Fitted values, one or many at once: [problems] each."""

    logarithm_of_L_0: NDArray[np.float64]  # noqa: N815 - the paper's letters
    gamma: NDArray[np.float64]
    E: NDArray[np.float64]
    F: NDArray[np.float64] | None = None
    logarithm_of_T_0: NDArray[np.float64] | None = None  # noqa: N815
    delta: NDArray[np.float64] | None = None

    def named(self) -> dict[str, NDArray[np.float64]]:
        """By the names of the covariance, those the model has."""
        values = (self.logarithm_of_L_0, self.gamma, self.E, self.F, self.logarithm_of_T_0, self.delta)
        return {name: value for name, value in zip(NAMES["compute-dependent-t"], values, strict=True) if value is not None}


def slopes_of(parameters: LossParameters, cells: Cells) -> NDArray[np.float64]:
    """[problems, cells, parameters]: derivatives of the loss by each parameter, in the order of `NAMES`."""
    import numpy as np

    logarithm = cells.compute + cells.center
    with np.errstate(over="ignore"):
        scaling = np.exp(parameters.logarithm_of_L_0[:, None] + parameters.gamma[:, None] * logarithm)
    columns = [scaling, scaling * logarithm, np.ones_like(scaling)]
    if parameters.F is not None and parameters.logarithm_of_T_0 is not None:
        delta = np.zeros_like(parameters.F) if parameters.delta is None else parameters.delta
        away = delta[:, None] * logarithm + cells.rates - parameters.logarithm_of_T_0[:, None]
        columns += [away**2, -2 * parameters.F[:, None] * away]
        if parameters.delta is not None:
            columns.append(2 * parameters.F[:, None] * away * logarithm)
    return np.stack(columns, axis=2)


def covariances_of(slopes: NDArray[np.float64]) -> NDArray[np.float64]:
    """[problems, parameters, parameters]: inverse of J'J; infinite where the cells leave a parameter open."""
    import numpy as np

    # Columns differ by many powers of ten (ln C is about 45): scale them before the inversion.
    with np.errstate(over="ignore", invalid="ignore"):  # a law too steep for numbers leaves its parameters open
        lengths = np.sqrt((slopes**2).sum(axis=1))
        _, triangle = np.linalg.qr(slopes / lengths[:, None, :])
    least = np.abs(np.einsum("kii->ki", triangle)).min(axis=1)
    known = np.isfinite(least) & (least > 1e-12)
    inverse = np.linalg.inv(np.where(known[:, None, None], triangle, np.eye(triangle.shape[-1]))) / lengths[:, :, None]
    return np.where(known[:, None, None], inverse @ np.swapaxes(inverse, 1, 2), np.inf)
