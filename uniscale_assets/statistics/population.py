"""What a sample of tokenizers says about tokenizers like them.

Resampling six tokenizers with replacement cannot do it: where the six agree perfectly, so does every resample, and the
interval has no width. So the sampling of tokenizers is simulated instead: tokenizers are taken to be independent draws whose
values at two sizes have a Gaussian copula (any distribution at each size, since only ranks count), and an interval is the
set of copula correlations under which the observed agreement is not extreme (Neyman's inversion of a test).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Measure = Literal["spearman", "kendall", "decision_accuracy"]

SAMPLES = 4000
"""Simulated samples of tokenizers at each correlation; a tail of 2.5 % is known to 0.25 points."""
CORRELATIONS = 101


@dataclass(frozen=True)
class Simulated:
    """Samples of so many tokenizers from Gaussian copulas of a grid of correlations."""

    correlations: NDArray[np.float64]
    """[correlations], ascending from near -1 to near 1"""
    spearman: NDArray[np.float64]
    """[correlations, samples], sorted along samples"""
    kendall: NDArray[np.float64]
    same_winner: NDArray[np.float64]
    """[correlations], share of samples whose best tokenizer is the same at both sizes"""


def population_limits(measure: Measure, drawn: NDArray[np.float64], items: int, confidence: float) -> tuple[float, float]:
    """Least and greatest agreement of the population that the sample leaves possible.

    Args:
        measure: which agreement.
        drawn: [draws], the sample's agreement; several draws where noise leaves it open. NaN is left out.
        items: tokenizers in the sample.
        confidence: of the interval.
    """
    low, high = copula_limits(measure, drawn, items, confidence)
    return agreement_of_correlation(measure, low), agreement_of_correlation(measure, high)


def copula_limits(measure: Measure, drawn: NDArray[np.float64], items: int, confidence: float) -> tuple[float, float]:
    """Least and greatest correlation of the copula under which the drawn agreement is not extreme.

    With several draws their tail probabilities are averaged.
    """
    import numpy as np

    simulated = simulated_samples(items)
    table = simulated.spearman if measure == "spearman" else simulated.kendall
    values = 2 * drawn - 1 if measure == "decision_accuracy" else drawn
    values, counts = np.unique(np.round(values[np.isfinite(values)], 9), return_counts=True)
    share = counts / counts.sum()
    below = np.array([np.searchsorted(row, values + 1e-6, side="right") for row in table]) / SAMPLES @ share
    above = 1 - np.array([np.searchsorted(row, values - 1e-6, side="left") for row in table]) / SAMPLES @ share
    tail = (1 - confidence) / 2
    return crossing(simulated.correlations, above, tail, -1.0), crossing(-simulated.correlations[::-1], below[::-1], tail, -1.0) * -1.0


def crossing(correlations: NDArray[np.float64], probabilities: NDArray[np.float64], tail: float, without: float) -> float:
    """Where a rising tail probability first exceeds ``tail``, by linear interpolation; ``without`` where it always does."""
    import numpy as np

    rising = np.maximum.accumulate(probabilities)
    place = int(np.searchsorted(rising, tail, side="right"))
    if place == 0:
        return without
    if place == len(rising):
        return float(correlations[-1])
    step = (tail - rising[place - 1]) / (rising[place] - rising[place - 1])
    return float(correlations[place - 1] + step * (correlations[place] - correlations[place - 1]))


def agreement_of_correlation(measure: Measure, correlation: float) -> float:
    """The population's agreement under a Gaussian copula: Kendall 2/pi asin(r), Spearman 6/pi asin(r/2) (Kruskal 1958)."""
    import math

    if measure == "spearman":
        return 6 / math.pi * math.asin(correlation / 2)
    kendall = 2 / math.pi * math.asin(correlation)
    return kendall if measure == "kendall" else (1 + kendall) / 2


def same_winner_limits(drawn_kendall: NDArray[np.float64], items: int, confidence: float) -> tuple[float, float]:
    """Probability that another such sample of tokenizers has the same best one at both sizes: least and greatest.

    Args:
        drawn_kendall: [draws], Kendall's tau of the sample.
        items: tokenizers in each sample.
        confidence: of the interval.
    """
    import numpy as np

    simulated = simulated_samples(items)
    low, high = copula_limits("kendall", drawn_kendall, items, confidence)
    correlations = np.concatenate([[-1.0], simulated.correlations, [1.0]])
    chances = np.concatenate([[0.0], simulated.same_winner, [1.0]])
    return float(np.interp(low, correlations, chances)), float(np.interp(high, correlations, chances))


@lru_cache(maxsize=64)
def simulated_samples(items: int) -> Simulated:
    """Agreement of simulated samples of so many tokenizers; the same numbers at every call."""
    import numpy as np

    # Even in Fisher's z, so that correlations near 1, where samples of a few tokenizers differ most, stand close together.
    correlations = np.tanh(np.linspace(-4.0, 4.0, CORRELATIONS))
    random = np.random.default_rng(items)
    first, other = random.standard_normal((2, SAMPLES, items))
    spearman, kendall = (np.empty((CORRELATIONS, SAMPLES)) for _ in range(2))
    same_winner = np.empty(CORRELATIONS)
    for row, correlation in enumerate(correlations):
        second = correlation * first + np.sqrt(1 - correlation**2) * other
        spearman[row], kendall[row] = agreement_of_samples(first, second)
        same_winner[row] = (first.argmin(axis=1) == second.argmin(axis=1)).mean()
    return Simulated(correlations, np.sort(spearman), np.sort(kendall), same_winner)


def agreement_of_samples(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Spearman and Kendall of rows without ties: shapes [samples, items] to [samples]."""
    import numpy as np

    samples, items = first.shape
    ranks = [np.argsort(np.argsort(values, axis=1), axis=1) - (items - 1) / 2 for values in (first, second)]
    spearman = np.einsum("si,si->s", ranks[0], ranks[1]) / (items * (items**2 - 1) / 12)
    agreeing = np.zeros(samples, dtype=np.int64)
    columns = [np.ascontiguousarray(values.T) for values in (first, second)]
    for one, other in zip(*np.triu_indices(items, 1), strict=True):
        agreeing += (columns[0][one] < columns[0][other]) == (columns[1][one] < columns[1][other])
    return spearman, 4 * agreeing / (items * (items - 1)) - 1
