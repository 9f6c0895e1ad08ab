"""What would make a verdict firmer: more seeds, more documents, more tokenizers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.statistics.orders import CONFIDENCE

if TYPE_CHECKING:
    from uniscale_assets.statistics.noise import GridNoise

MOST_SEEDS = 100
MOST_TOKENIZERS = 200
FEWEST_TOKENIZERS_FOR_SIGNIFICANCE = 5
"""2/4! = 0.083, 2/5! = 0.017"""


@dataclass(frozen=True)
class SeedsNeeded:
    """Seeds of each tokenizer that would separate two of them, if the difference seen is the true one."""

    seeds: int | None
    """all together; None where no number up to `MOST_SEEDS` would do"""
    documents_alone: bool
    """whether the documents' noise alone hides the difference, so that more test text is needed"""


def seeds_to_separate(noise: GridNoise, size: str, first: int, second: int) -> SeedsNeeded | None:
    """How many seeds would separate two tokenizers under the simultaneous 95 % intervals of `ranking`; None where one seed says nothing.

    The difference and the pooled seed variance are taken at their observed values: with so many seeds the chance to
    separate them is about one half.

    Args:
        noise: the grid.
        size: the size.
        first: place of a tokenizer in the grid.
        second: place of the other.
    """
    from scipy import stats

    variance = noise.seed_variances[noise.grid.sizes.index(size)].variance
    if variance is None:
        return None
    tokenizers = int((noise.grid.counts[:, noise.grid.sizes.index(size)] > 0).sum())
    difference, documents = difference_and_document_variance(noise, size, first, second)

    def separated(seeds: float) -> bool:
        freedom = tokenizers * (seeds - 1)
        ranged = math.sqrt(2) * difference / math.sqrt(2 * variance / seeds + documents)
        return bool(stats.studentized_range.sf(ranged, tokenizers, freedom) < 1 - CONFIDENCE)

    if not separated(MOST_SEEDS):
        return SeedsNeeded(None, documents_alone=not separated(1e9))
    low, high = 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if separated(middle) else (middle, high)
    return SeedsNeeded(high, documents_alone=False)


def difference_and_document_variance(noise: GridNoise, size: str, first: int, second: int) -> tuple[float, float]:
    """Size of an observed difference, and the part of its variance that is the documents'."""
    at = noise.at(size, [first, second])
    share = float(at.difference_variances[0, 1])
    variance = noise.seed_variances[noise.grid.sizes.index(size)].variance or 0.0
    seeds = sum(variance / noise.grid.counts[place, noise.grid.sizes.index(size)] for place in (first, second))
    return abs(float(at.means[0] - at.means[1])), max(0.0, share - float(seeds))


def least_p_value(tokenizers: int) -> float:
    """The least two-sided permutation p-value that so many tokenizers without ties can give: 2 / n!."""
    return min(1.0, 2 / math.factorial(tokenizers))


def tokenizers_for_significance(spearman: float) -> int | None:
    """Fewest tokenizers at which such a rho has p < 0.05, by Student's t; None for none up to `MOST_TOKENIZERS`.

    At least 5, since fewer cannot reach p < 0.05 at all.
    """
    from scipy import stats

    value = min(abs(spearman), 1 - 1e-9)
    for tokenizers in range(FEWEST_TOKENIZERS_FOR_SIGNIFICANCE, MOST_TOKENIZERS + 1):
        score = value * math.sqrt((tokenizers - 2) / (1 - value**2))
        if score > stats.t.ppf(0.975, tokenizers - 2):
            return tokenizers
    return None
