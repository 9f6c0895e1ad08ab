"""What the fits give: laws that predict, with their uncertainty. Logarithms are natural."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from uniscale_assets.errors import LawError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Parameters = Literal["global", "total"]
Compute = Literal["nominal", "approximated"]
Conventions = Literal["correct", "paper"]
ResidualModel = Literal["compute-dependent-t", "constant-t", "intercept"]
Axis = Literal["rho", "B", "N"]


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    standard_error: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, standard_error: float, quantile: float) -> Estimate:
        """A value whose interval is symmetric."""
        reach = quantile * standard_error
        return cls(value, standard_error, value - reach, value + reach)

    @classmethod
    def of_logarithm(cls, logarithm: float, standard_error: float, quantile: float) -> Estimate:
        """exp of a value whose interval is symmetric; the standard error is carried over by the delta method."""
        reach, value = quantile * standard_error, exponential(logarithm)
        return cls(value, value * standard_error, exponential(logarithm - reach), exponential(logarithm + reach))

    def covers(self, value: float) -> bool:
        """Whether a value is inside the interval."""
        return self.low <= value <= self.high


def exponential(value: float) -> float:
    """exp, infinite where it is too large for a number."""
    return math.exp(value) if value < 709 else math.inf


@dataclass(frozen=True)
class PowerLaw:
    """y = scale C^compute_exponent T^compression_exponent."""

    scale: Estimate
    """its standard error is by the delta method, its interval that of its logarithm"""
    compute_exponent: Estimate
    compression_exponent: Estimate
    r_squared: float
    """of ln y"""
    rmse: float
    """of ln y, over the cells"""
    covariance: tuple[tuple[float, ...], ...]
    """[3, 3] of ln scale and the two exponents, in the chosen convention"""
    quantile: float
    """standard errors in half an interval"""
    residual_deviation: float
    """of ln y: root of the sum of squares over the degrees of freedom"""

    def at(self, compute_flops: ArrayLike, bytes_per_token: ArrayLike) -> NDArray[np.float64]:
        """y at budgets and compression rates, broadcast together."""
        import numpy as np

        logarithm = self.compute_exponent.value * np.log(compute_flops) + self.compression_exponent.value * np.log(bytes_per_token)
        return np.asarray(np.exp(math.log(self.scale.value) + logarithm))

    def estimate(self, compute_flops: float, bytes_per_token: float, *, prediction: bool = False) -> Estimate:
        """y at one place with its interval.

        Args:
            compute_flops: budget C.
            bytes_per_token: compression rate T.
            prediction: of one new cell, with its own scatter, not of the law's curve.
        """
        import numpy as np

        place = np.array([1.0, math.log(compute_flops), math.log(bytes_per_token)])
        variance = float(place @ np.array(self.covariance) @ place) + prediction * self.residual_deviation**2
        logarithm = place @ [math.log(self.scale.value), self.compute_exponent.value, self.compression_exponent.value]
        return Estimate.of_logarithm(float(logarithm), math.sqrt(max(variance, 0.0)), self.quantile)


@dataclass(frozen=True)
class AllocationLaw:
    """Law I: how bytes and parameters share a budget, B* = B_0 C^alpha T^beta and N* = N_0 C^alpha_N T^beta_N.

    Source: arXiv 2605.01188.
    """

    method: str
    evaluation: str
    parameters: Parameters
    """global: without embeddings; total: with them"""
    compute: Compute
    """what C is: the nominal budget, or the approximation 6 N* B* / T of the global module's share"""
    optimal_bytes: PowerLaw
    optimal_parameters: PowerLaw
    cells: int
    compute_range: tuple[float, float]
    """least and greatest C of the cells, in this law's meaning of C"""
    compression_range: tuple[float, float]
    conventions: Conventions

    def bytes_at(self, compute_flops: ArrayLike, bytes_per_token: ArrayLike) -> NDArray[np.float64]:
        """B*: the bytes to train on."""
        return self.optimal_bytes.at(compute_flops, bytes_per_token)

    def parameters_at(self, compute_flops: ArrayLike, bytes_per_token: ArrayLike) -> NDArray[np.float64]:
        """N*: the parameters to train."""
        return self.optimal_parameters.at(compute_flops, bytes_per_token)


@dataclass(frozen=True)
class LossLaw:
    """Law II: the loss at the optimum, L* = L_0 C^gamma + F ln(C^delta T / T_0)^2 + E, in bits per byte.

    C is the nominal budget. `constant-t` has delta = 0, `intercept` neither F, delta nor T_0. Source: arXiv 2605.01188.
    """

    method: str
    evaluation: str
    residual_model: ResidualModel
    two_stage: bool
    L_0: Estimate
    gamma: Estimate
    E: Estimate
    F: Estimate | None
    delta: Estimate | None
    T_0: Estimate | None
    r_squared: float
    rmse: float
    """bits per byte, over the cells"""
    cells: int
    degrees_of_freedom: int
    residual_deviation: float
    """bits per byte: root of the sum of squares over the degrees of freedom"""
    compute_range: tuple[float, float]
    compression_range: tuple[float, float]
    conventions: Conventions
    quantile: float
    """standard errors in half an interval"""
    parameter_names: tuple[str, ...]
    """of the covariance: ln L_0, gamma, E, F, ln T_0, delta, as far as the model has them"""
    covariance: tuple[tuple[float, ...], ...]

    @property
    def adjusted_r_squared(self) -> float:
        """1 - (1 - R^2) (n - 1) / (n - k - 1), with the paper's count of k parameters (Table 7); NaN with too few cells."""
        freedom = self.cells - len(self.parameter_names) - 1
        return 1 - (1 - self.r_squared) * (self.cells - 1) / freedom if freedom > 0 else math.nan

    @property
    def has_optimum(self) -> bool:
        """Whether there is a best compression rate: the profile against ln T opens upward."""
        return self.F is not None and self.F.value > 0

    def loss_at(self, compute_flops: ArrayLike, bytes_per_token: ArrayLike) -> NDArray[np.float64]:
        """Bits per byte at budgets and compression rates, broadcast together."""
        import numpy as np

        logarithm, rate = np.log(np.asarray(compute_flops, dtype=float)), np.log(np.asarray(bytes_per_token, dtype=float))
        loss = np.exp(math.log(self.L_0.value) + self.gamma.value * logarithm) + self.E.value
        if self.F is None or self.T_0 is None:
            return np.asarray(loss + 0 * rate)
        return np.asarray(loss + self.F.value * (self.slope * logarithm + rate - math.log(self.T_0.value)) ** 2)

    @property
    def slope(self) -> float:
        """delta, zero where the model has none."""
        return self.delta.value if self.delta is not None else 0.0

    def optimal_compression_rate(self, compute_flops: ArrayLike) -> NDArray[np.float64]:
        """T*(C) = T_0 C^-delta: the bytes per token with the least loss.

        Raises:
            LawError: the model has none.
        """
        import numpy as np

        return np.asarray(np.exp(math.log(self.optimum()[1].value) - self.slope * np.log(np.asarray(compute_flops, dtype=float))))

    def optimum(self) -> tuple[Estimate, Estimate]:
        """F and T_0.

        Raises:
            LawError: the loss has no least value over compression rates.
        """
        if self.F is None or self.T_0 is None:
            raise LawError(f"residual model {self.residual_model}: it has no compression rate; fit compute-dependent-t or constant-t")
        if not self.has_optimum:
            raise LawError(f"{self.method}: F = {self.F.value:.4g}, so the fitted loss has no least value over compression rates")
        return self.F, self.T_0

    def loss_estimate(self, compute_flops: float, bytes_per_token: float, *, prediction: bool = False) -> Estimate:
        """The loss at one place with its interval, by the delta method.

        Args:
            compute_flops: budget C.
            bytes_per_token: compression rate T.
            prediction: of one new cell, with its own scatter, not of the law's curve.
        """
        logarithm, rate = math.log(compute_flops), math.log(bytes_per_token)
        scaling = math.exp(math.log(self.L_0.value) + self.gamma.value * logarithm)
        slopes = {"ln L_0": scaling, "gamma": scaling * logarithm, "E": 1.0}
        if self.F is not None and self.T_0 is not None:
            away = self.slope * logarithm + rate - math.log(self.T_0.value)
            slopes |= {"F": away**2, "ln T_0": -2 * self.F.value * away, "delta": 2 * self.F.value * away * logarithm}
        variance = self.variance(slopes) + prediction * self.residual_deviation**2
        return Estimate.of(float(self.loss_at(compute_flops, bytes_per_token)), math.sqrt(variance), self.quantile)

    def optimal_compression_rate_estimate(self, compute_flops: float) -> Estimate:
        """T*(C) with its interval, by the delta method on ln T*.

        Raises:
            LawError: the model has none.
        """
        logarithm = math.log(compute_flops)
        place = math.log(self.optimum()[1].value) - self.slope * logarithm
        return Estimate.of_logarithm(place, math.sqrt(self.variance({"ln T_0": 1.0, "delta": -logarithm})), self.quantile)

    def variance(self, slopes: dict[str, float]) -> float:
        """Variance of what has these slopes in the parameters; a slope in one that the model lacks counts nothing."""
        import numpy as np

        row = np.array([slopes.get(name, 0.0) for name in self.parameter_names])
        with np.errstate(invalid="ignore"):  # a parameter that is open has infinite variance
            return max(float(row @ np.array(self.covariance) @ row), 0.0)


@dataclass(frozen=True)
class Paraboloid:
    """3D isoFLOP of one budget: bits per byte = quadratic in t = ln T and x = ln of B, N or rho = B / N."""

    method: str
    evaluation: str
    compute_flops: float
    axis: Axis
    coefficients: tuple[float, float, float, float, float, float]
    """of 1, t, x, t^2, x^2, t x"""
    t_star: float
    """T at the minimum, bytes per token; NaN where the surface has no minimum"""
    x_star: float
    """rho, B or N at the minimum; NaN where there is none"""
    minimum: float
    """bits per byte there; NaN where there is none"""
    r_squared: float
    rmse: float
    """bits per byte, over the runs"""
    runs: int
    compression_range: tuple[float, float]
    axis_range: tuple[float, float]

    @property
    def has_minimum(self) -> bool:
        """Whether the surface opens upward in every direction."""
        return not math.isnan(self.minimum)

    @property
    def inside(self) -> bool:
        """Whether the minimum lies within the runs' ranges."""
        ranges = ((self.t_star, self.compression_range), (self.x_star, self.axis_range))
        return all(low <= value <= high for value, (low, high) in ranges)

    def loss_at(self, bytes_per_token: ArrayLike, axis_value: ArrayLike) -> NDArray[np.float64]:
        """Bits per byte at compression rates and values of the axis, broadcast together."""
        import numpy as np

        t, x = np.log(np.asarray(bytes_per_token, dtype=float)), np.log(np.asarray(axis_value, dtype=float))
        terms = (np.ones_like(t * x), t, x, t**2, x**2, t * x)
        return np.asarray(sum(coefficient * term for coefficient, term in zip(self.coefficients, terms, strict=True)))

    def best_at(self, bytes_per_token: ArrayLike) -> NDArray[np.float64]:
        """The value of the axis with the least loss at given compression rates."""
        import numpy as np

        _, _, x, _, xx, tx = self.coefficients
        return np.asarray(np.exp(-(x + tx * np.log(np.asarray(bytes_per_token, dtype=float))) / (2 * xx)))
