"""Whether a law's residuals are within what its interval claims: the share of cells inside the 95 % prediction interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.scaling_laws.least_squares import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polars import DataFrame

    from uniscale_assets.scaling_laws.results import AllocationLaw, LossLaw

LEAST_PROBABILITY = 0.01
"""cells outside that are less probable than this under the claimed 95 % speak against the law"""


@dataclass(frozen=True)
class Within:
    """How many cells lie inside the 95 % prediction interval of a law that was fitted to them."""

    inside: int
    cells: int

    @property
    def share(self) -> float:
        """Of the cells, those inside."""
        return self.inside / self.cells

    @property
    def bound(self) -> float:
        """The least share that a right interval leaves with a probability above 1 %."""
        from scipy.stats import binom

        return float(binom.ppf(LEAST_PROBABILITY, self.cells, CONFIDENCE)) / self.cells

    @property
    def holds(self) -> bool:
        """Whether the residuals are within what the interval claims."""
        return self.share >= self.bound

    def __str__(self) -> str:
        verdict = "as they should be" if self.holds else "too few: the law misses something"
        return f"{self.inside} of {self.cells} cells are inside the law's 95 % prediction interval, {verdict}"


def allocation_within(law: AllocationLaw, cells: DataFrame) -> dict[str, Within]:
    """For `optimal_bytes` and `optimal_parameters`: the cells inside.

    Args:
        law: as it was fitted.
        cells: the rows of optima that it was fitted to.
    """
    compute = "global_compute_flops" if law.compute == "approximated" else "compute_flops"
    parameters = "optimal_total_parameters" if law.parameters == "total" else "optimal_parameters"
    columns = {"optimal_bytes": ("optimal_bytes", law.optimal_bytes), "optimal_parameters": (parameters, law.optimal_parameters)}
    found: dict[str, Within] = {}
    for quantity, (column, power) in columns.items():
        rows = cells.select(compute, "bytes_per_token", column).rows()
        found[quantity] = counted(power.estimate(budget, rate, prediction=True).covers(value) for budget, rate, value in rows)
    return found


def loss_within(law: LossLaw, cells: DataFrame) -> Within:
    """The cells whose optimal bits per byte are inside."""
    rows = cells.select("compute_flops", "bytes_per_token", "optimal_bits_per_byte").rows()
    return counted(law.loss_estimate(budget, rate, prediction=True).covers(value) for budget, rate, value in rows)


def counted(inside: Iterable[bool]) -> Within:
    """How many of some."""
    listed = list(inside)
    return Within(sum(listed), len(listed))
