"""What differs between seeds: the variance within a size, and the ceiling that it sets to agreement between sizes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from uniscale_assets.statistics.rank_agreement import spearman_of_rows
from uniscale_assets.statistics.scores import mean_of_finite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class SeedVariance:
    """Variance of one seed's value about its tokenizer's mean; None where no tokenizer has two seeds."""

    variance: float | None
    """bits per byte, squared"""
    degrees_of_freedom: int

    @property
    def known(self) -> bool:
        """Whether some tokenizer has two seeds or more."""
        return self.variance is not None


def pooled_seed_variance(values: NDArray[np.float64]) -> SeedVariance:
    """Seed variance at one size, pooled over tokenizers: sum of squares within tokenizers / sum of (seeds - 1).

    The one-way analysis of variance's mean square within. Two or three seeds are too few for a bootstrap over seeds,
    which would understate the variance by (seeds - 1) / seeds; pooling six tokenizers with two seeds gives 6 degrees of
    freedom. Where seeds share an order of documents between tokenizers, part of this variance is common to all and
    cancels in comparisons: then it overstates their noise, never understates it.

    Args:
        values: [tokenizers, seeds], bits per byte; NaN where missing.
    """
    import numpy as np

    finite = np.isfinite(values)
    counts = finite.sum(axis=1)
    freedom = int((counts[counts > 0] - 1).sum())
    if freedom == 0:
        return SeedVariance(None, 0)
    deviations = np.where(finite, values - mean_of_finite(values)[:, None], 0.0)
    return SeedVariance(float((deviations**2).sum() / freedom), freedom)


def seed_agreement(values: NDArray[np.float64]) -> float | None:
    """Spearman's rho between two seeds at one size, mean over pairs of seeds that have 3 tokenizers in common.

    None where no pair does, or where a seed's values are all equal.

    Args:
        values: [tokenizers, seeds], bits per byte; NaN where missing.
    """
    import numpy as np

    found: list[float] = []
    for first, second in combinations(range(values.shape[1]), 2):
        both = np.isfinite(values[:, first]) & np.isfinite(values[:, second])
        if both.sum() >= 3:
            found.append(float(spearman_of_rows(values[both, first], values[both, second])))
    finite = [value for value in found if np.isfinite(value)]
    return sum(finite) / len(finite) if finite else None


def reliability_of_mean(agreement: float, seeds: float) -> float:
    """Agreement expected between two means over so many seeds, from that between single seeds (Spearman-Brown 1910)."""
    return seeds * agreement / (1 + (seeds - 1) * agreement)


@dataclass(frozen=True)
class SeedCeiling:
    """The agreement that two sizes would show if the seeds' noise were all that parts them."""

    small_agreement: float | None
    """between single seeds at the small size"""
    large_agreement: float | None
    ceiling: float | None
    """of means over the seeds there are; None where it is not defined"""
    note: str

    def corrected(self, value: float | None) -> float | None:
        """A correlation with the seeds' attenuation removed, at most 1 in size (Spearman 1904)."""
        if value is None or self.ceiling is None:
            return None
        return max(-1.0, min(1.0, value / self.ceiling))


def seed_ceiling(small: NDArray[np.float64], large: NDArray[np.float64]) -> SeedCeiling:
    """Agreement between seeds at each of two sizes, and the geometric mean of the reliabilities of their seed means.

    Spearman's correction for attenuation holds exactly for Pearson's correlation and nearly for rank correlations.

    Args:
        small: [tokenizers, seeds] at the small size, bits per byte; NaN where missing.
        large: the same tokenizers at the large size.
    """
    import numpy as np

    agreements = [seed_agreement(values) for values in (small, large)]
    if agreements[0] is None or agreements[1] is None:
        return SeedCeiling(agreements[0], agreements[1], None, "needs two seeds with 3 tokenizers at both sizes")
    if min(agreements[0], agreements[1]) <= 0:
        return SeedCeiling(agreements[0], agreements[1], None, "seeds of one size do not agree with one another: nothing to correct by")
    seeds = [float(np.isfinite(values).sum(axis=1).mean()) for values in (small, large)]
    product = reliability_of_mean(agreements[0], seeds[0]) * reliability_of_mean(agreements[1], seeds[1])
    return SeedCeiling(agreements[0], agreements[1], float(np.sqrt(product)), "from agreement between seeds (Spearman-Brown)")
