"""Nonlinear least squares in which some parameters enter linearly: they are solved for, the few others searched.

Source: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
separate", SIAM Journal on Numerical Analysis 10 (1973). Many problems with one design are solved at once, as batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEPS = 80
LEAST_DAMPING, MOST_DAMPING = 1e-12, 1e10
TOLERANCE = 1e-13
"""relative change of the objective that still counts"""


class Basis(Protocol):
    """The functions whose linear combinations are fitted, and how they move with the nonlinear parameters."""

    def columns(self, nonlinear: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems, rows, linear] at [problems, nonlinear]."""
        ...

    def of(self, problems: NDArray[np.intp]) -> Basis:
        """The same for some of the problems, by their numbers."""
        ...

    def offsets(self, nonlinear: NDArray[np.float64]) -> NDArray[np.float64] | float:
        """[problems, rows] that is added with no coefficient of its own, or 0."""
        ...

    def slopes(self, nonlinear: NDArray[np.float64], linear: NDArray[np.float64]) -> NDArray[np.float64]:
        """[problems, rows, nonlinear]: derivatives of all of it by the nonlinear parameters."""
        ...


@dataclass(frozen=True)
class Solutions:
    """Where each problem came to rest."""

    nonlinear: NDArray[np.float64]
    """[problems, nonlinear]"""
    linear: NDArray[np.float64]
    """[problems, linear]"""
    objectives: NDArray[np.float64]
    """[problems]: sum of squared residuals"""


@dataclass(frozen=True)
class State:
    """A batch of problems with their linear parameters solved for."""

    nonlinear: NDArray[np.float64]
    linear: NDArray[np.float64]
    orthogonal: NDArray[np.float64]
    """[problems, rows, linear]: an orthonormal basis of the columns"""
    residuals: NDArray[np.float64]
    objectives: NDArray[np.float64]

    def of(self, problems: NDArray[np.intp]) -> State:
        """Some of the problems."""
        return State(
            self.nonlinear[problems],
            self.linear[problems],
            self.orthogonal[problems],
            self.residuals[problems],
            self.objectives[problems],
        )

    def put(self, problems: NDArray[np.intp], other: State) -> None:
        """Take over other states for some of the problems."""
        self.nonlinear[problems] = other.nonlinear
        self.linear[problems] = other.linear
        self.orthogonal[problems] = other.orthogonal
        self.residuals[problems] = other.residuals
        self.objectives[problems] = other.objectives


def solve(basis: Basis, values: NDArray[np.float64], starts: NDArray[np.float64]) -> Solutions:
    """Least squares from each start, by Levenberg and Marquardt's steps in the nonlinear parameters alone.

    Args:
        basis: the functions.
        values: [rows] for all problems, or [problems, rows].
        starts: [problems, nonlinear].
    """
    import numpy as np

    with np.errstate(all="ignore"):
        state = project(basis, values, starts.copy())
        active = np.arange(len(starts))
        damping = np.full(len(starts), 1e-3)
        for _ in range(STEPS):
            here = state.of(active)
            some = basis.of(active)
            tried = project(some, values if values.ndim == 1 else values[active], here.nonlinear + steps_of(some, here, damping))
            better = tried.objectives <= here.objectives
            fall = (here.objectives - tried.objectives) / here.objectives
            # A step that changes nothing but rounding errors, or none that is small enough to gain.
            settled = (np.abs(fall) < TOLERANCE) | (~better & (damping >= MOST_DAMPING))
            state.put(active[better], tried.of(np.flatnonzero(better)))
            damping = np.clip(np.where(better, damping / 10, damping * 10), LEAST_DAMPING, MOST_DAMPING)[~settled]
            active = active[~settled]
            if not len(active):
                break
    return Solutions(state.nonlinear, state.linear, state.objectives)


def project(basis: Basis, values: NDArray[np.float64], nonlinear: NDArray[np.float64]) -> State:
    """Solve for the linear parameters; an objective that is not a number becomes infinite."""
    import numpy as np

    columns = np.nan_to_num(basis.columns(nonlinear), nan=0.0, posinf=1e150, neginf=-1e150)
    orthogonal, triangle = np.linalg.qr(columns)
    # A column that another makes up leaves a zero on the diagonal: let it count for nothing instead of raising.
    diagonal = np.einsum("kii->ki", triangle)
    triangle = triangle + np.eye(triangle.shape[-1]) * np.where(diagonal == 0, 1e-300, 0.0)[:, :, None]
    wanted = np.nan_to_num(np.broadcast_to(values - basis.offsets(nonlinear), columns.shape[:2]), nan=0.0, posinf=1e150, neginf=-1e150)
    inside = np.einsum("knp,kn->kp", orthogonal, wanted)
    linear = np.linalg.solve(triangle, inside[..., None])[..., 0]
    residuals = wanted - np.einsum("knp,kp->kn", orthogonal, inside)
    objectives = np.nan_to_num((residuals**2).sum(axis=1), nan=np.inf, posinf=np.inf)
    return State(nonlinear, linear, orthogonal, residuals, objectives)


def steps_of(basis: Basis, state: State, damping: NDArray[np.float64]) -> NDArray[np.float64]:
    """Damped Gauss-Newton steps, with what the linear parameters can do taken out of the slopes."""
    import numpy as np

    slopes = basis.slopes(state.nonlinear, state.linear)
    slopes = slopes - state.orthogonal @ (np.swapaxes(state.orthogonal, 1, 2) @ slopes)
    curvature = np.nan_to_num(np.einsum("kni,knj->kij", slopes, slopes), posinf=1e150)
    diagonal = np.maximum(np.einsum("kii->ki", curvature), 1e-300)
    # In units of each parameter's own curvature, so that neither units nor scales matter.
    scale = 1 / np.sqrt(diagonal)
    scaled = curvature * scale[:, :, None] * scale[:, None, :] + np.eye(diagonal.shape[1]) * damping[:, None, None]
    gradient = np.nan_to_num(np.einsum("kni,kn->ki", slopes, state.residuals)) * scale
    return np.linalg.solve(scaled, gradient[..., None])[..., 0] * scale
