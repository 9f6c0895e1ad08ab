"""Linear least squares, its uncertainty, and a bootstrap of its residuals; all of it in a few array operations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONFIDENCE = 0.95
NORMAL_QUANTILE = 1.959963984540054
DRAWS = 2000
SEED = 20605


@dataclass(frozen=True)
class LinearFit:
    """Unweighted least squares of y on the columns of a design."""

    coefficients: NDArray[np.float64]
    residuals: NDArray[np.float64]
    unscaled_covariance: NDArray[np.float64]
    """inverse of X'X"""
    leverages: NDArray[np.float64]
    """diagonal of the projection on the columns"""
    pseudoinverse: NDArray[np.float64]
    """[columns, rows]"""
    degrees_of_freedom: int
    """rows less columns"""
    r_squared: float

    @property
    def sum_of_squares(self) -> float:
        """Of the residuals: the objective."""
        return float(self.residuals @ self.residuals)

    @property
    def deviation(self) -> float:
        """Standard deviation of the residuals, over the degrees of freedom; NaN where there are none."""
        return math.sqrt(self.sum_of_squares / self.degrees_of_freedom) if self.degrees_of_freedom > 0 else math.nan

    @property
    def rmse(self) -> float:
        """Root of the mean square residual, over the rows."""
        return math.sqrt(self.sum_of_squares / len(self.residuals))


def fit_linear(design: NDArray[np.float64], values: NDArray[np.float64]) -> LinearFit:
    """Least squares by an orthogonal decomposition.

    Args:
        design: [rows, columns], of full column rank.
        values: [rows].
    """
    import numpy as np

    orthogonal, triangle = np.linalg.qr(design)
    inverse = np.linalg.inv(triangle)
    pseudoinverse = inverse @ orthogonal.T
    coefficients = pseudoinverse @ values
    residuals = values - design @ coefficients
    return LinearFit(
        coefficients=coefficients,
        residuals=residuals,
        unscaled_covariance=inverse @ inverse.T,
        leverages=(orthogonal**2).sum(axis=1),
        pseudoinverse=pseudoinverse,
        degrees_of_freedom=design.shape[0] - design.shape[1],
        r_squared=r_squared_of(values, residuals),
    )


def r_squared_of(values: NDArray[np.float64], residuals: NDArray[np.float64]) -> float:
    """1 - sum of squared residuals / sum of squared deviations from the mean."""
    away = values - values.mean()
    total = float(away @ away)
    return 1.0 - float(residuals @ residuals) / total if total > 0 else math.nan


def student_quantile(degrees_of_freedom: int) -> float:
    """Standard errors in half a 95 % interval."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, (1 + CONFIDENCE) / 2))


def coefficient_draws(fit: LinearFit, draws: int = DRAWS, seed: int = SEED) -> NDArray[np.float64]:
    """Coefficients that other draws of the runs' noise would have given: a bootstrap over runs, of their residuals.

    Each residual is first divided by root(1 - leverage), and all are stretched by the ratio of Student's t to the normal
    quantile, so that percentiles cover with as few as 4 runs; whole runs drawn with replacement would not leave enough
    different ones to fit a curve to.

    Returns:
        [draws, columns]; the fit itself repeated where it has no degrees of freedom.
    """
    import numpy as np

    if fit.degrees_of_freedom < 1:
        return np.tile(fit.coefficients, (draws, 1))
    # A run that alone decides a coefficient has leverage 1 and residual 0.
    noise = fit.residuals / np.sqrt(np.maximum(1 - fit.leverages, 1e-9))
    noise -= noise.mean()
    # Dividing by the leverages leaves the spread a little off where they differ.
    spread = math.sqrt(float(noise @ noise) / len(noise))
    stretch = student_quantile(fit.degrees_of_freedom) / NORMAL_QUANTILE * (fit.deviation / spread if spread > 0 else 0.0)
    picks = np.random.default_rng(seed).integers(0, len(noise), size=(draws, len(noise)))
    return fit.coefficients + stretch * noise[picks] @ fit.pseudoinverse.T


def percentile_ends(draws: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Ends of the central 95 %; None where an end is not bounded."""
    import numpy as np

    ends = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], method="inverted_cdf")
    low, high = (float(end) if math.isfinite(end) else None for end in ends)
    return low, high
