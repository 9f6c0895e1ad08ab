"""Spearman's rho and Kendall's tau-b of two rankings, with permutation p-values.

Both are sums over pairs of items of the signs in which two vectors order them, so ties need no special case and
every score that a p-value compares is an exact integer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Statistic = Literal["spearman", "kendall"]

LARGEST_EXACT = 9
"""Items up to which every permutation is tried; 9! = 362,880."""
SAMPLED_PERMUTATIONS = 99_999
"""Permutations above that; with the observed one they make a round 100,000."""


@dataclass(frozen=True)
class Correlation:
    """A rank correlation; ``value`` and ``p_value`` are None where it is not defined, and ``note`` says why."""

    value: float | None
    p_value: float | None
    note: str


def pair_signs(values: ArrayLike) -> NDArray[np.int8]:
    """Sign of ``values[..., i] - values[..., j]``: shape [..., items] to [..., items, items]."""
    import numpy as np

    array = np.asarray(values, dtype=np.float64)
    first, second = array[..., :, None], array[..., None, :]
    return (first > second).astype(np.int8) - (first < second).astype(np.int8)


def spearman_of_rows(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Spearman's rho over the last axis, mid-ranks for ties; NaN where a row is constant. Shapes broadcast."""
    import numpy as np

    # Twice the centred mid-rank of an item is the sum of its signs against the others.
    ranks = [pair_signs(values).sum(axis=-1, dtype=np.int64) for values in (first, second)]
    return correlation_of_scores(ranks[0], ranks[1])


def kendall_of_rows(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Kendall's tau-b over the last axis; NaN where a row is constant. Shapes broadcast."""
    signs = [pair_signs(values) for values in (first, second)]
    return correlation_of_scores(*(sign.reshape(*sign.shape[:-2], -1) for sign in signs))


def correlation_of_scores(first: NDArray[np.integer], second: NDArray[np.integer]) -> NDArray[np.float64]:
    """Sum of products over the root of the product of sums of squares: Kendall's general coefficient (Daniels 1944)."""
    import numpy as np

    def summed(one: NDArray[np.integer], other: NDArray[np.integer]) -> NDArray[np.float64]:
        return np.einsum("...i,...i->...", one.astype(np.float64), other.astype(np.float64))

    scale = np.sqrt(summed(first, first) * summed(second, second))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(scale > 0, summed(*np.broadcast_arrays(first, second)) / scale, np.nan)


def concordance_of_rows(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Share of pairs that both vectors order alike, over the last axis; a tie in either counts half. Shapes broadcast."""
    import numpy as np

    signs = pair_signs(first) * pair_signs(second)
    items = signs.shape[-1]
    return 0.5 + signs.sum(axis=(-1, -2), dtype=np.int64) / (2 * items * (items - 1))


def spearman(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> Correlation:
    """Spearman's rho of two vectors with its two-sided permutation p-value; see `correlation`."""
    return correlation("spearman", first, second, seed=seed)


def kendall(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> Correlation:
    """Kendall's tau-b of two vectors with its two-sided permutation p-value; see `correlation`."""
    return correlation("kendall", first, second, seed=seed)


def correlation(statistic: Statistic, first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> Correlation:
    """A rank correlation and the share of permutations with an absolute value at least as large.

    Exact to `LARGEST_EXACT` items; the observed order and its reverse are among the permutations, so without ties the
    least p-value of n items is 2/n! (6 items: 1/360). Above, ``seed`` samples and p is (k + 1) / (m + 1), which never
    understates (Phipson and Smyth 2010).
    """
    import numpy as np

    items = len(first)
    if items < 3:
        return Correlation(None, None, f"not defined for {items} tokenizers: fewer than 3 have no rank correlation")
    value = (spearman_of_rows if statistic == "spearman" else kendall_of_rows)(first, second)
    if np.isnan(value):
        return Correlation(None, None, "not defined: all values of a size are equal")
    return Correlation(float(value), p_value(statistic, first, second, seed), permutation_note(items))


def permutation_note(items: int) -> str:
    """How the p-value of so many items was got."""
    return "exact p-value" if items <= LARGEST_EXACT else f"p-value from {SAMPLED_PERMUTATIONS:,} sampled permutations"


def p_value(statistic: Statistic, first: Sequence[float], second: Sequence[float], seed: int) -> float:
    """Two-sided permutation p-value; a constant vector gives 1."""
    import numpy as np

    ranks = [doubled_ranks(values) for values in (first, second)]
    observed = abs(int(permuted_scores(statistic, ranks[0], ranks[1], np.arange(len(first))[None, :])[0]))
    # The distribution over permutations does not depend on the order of the items: sorted ranks share one entry.
    null = null_distribution(statistic, tuple(sorted(ranks[0])), tuple(sorted(ranks[1])), seed)
    beyond = int(null.size - np.searchsorted(null, observed))
    return beyond / null.size if len(first) <= LARGEST_EXACT else (beyond + 1) / (null.size + 1)


def doubled_ranks(values: Sequence[float]) -> tuple[int, ...]:
    """Twice the centred mid-ranks, as exact integers."""
    import numpy as np

    return tuple(pair_signs(values).sum(axis=-1, dtype=np.int64).tolist())


@lru_cache(maxsize=64)
def null_distribution(statistic: Statistic, first: tuple[int, ...], second: tuple[int, ...], seed: int) -> NDArray[np.int64]:
    """Absolute scores of all permutations (or of a sample), sorted."""
    import numpy as np

    items = len(first)
    permutations = all_permutations(items) if items <= LARGEST_EXACT else sampled_permutations(items, seed)
    return np.sort(np.abs(permuted_scores(statistic, first, second, permutations)))


def permuted_scores(
    statistic: Statistic, first: tuple[int, ...], second: tuple[int, ...], permutations: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Numerator of the statistic for each row of ``permutations`` [count, items] applied to ``second``."""
    import numpy as np

    if statistic == "spearman":
        return np.asarray(second, dtype=np.int64)[permutations] @ np.asarray(first, dtype=np.int64)
    signs = [pair_signs(ranks) for ranks in (first, second)]
    scores = np.zeros(len(permutations), dtype=np.int64)
    for row, column in zip(*np.triu_indices(len(first), 1), strict=True):
        if signs[0][row, column]:
            scores += signs[0][row, column] * signs[1][permutations[:, row], permutations[:, column]]
    return scores


@lru_cache(maxsize=LARGEST_EXACT)
def all_permutations(items: int) -> NDArray[np.int8]:
    """Every permutation of ``range(items)``: shape [items!, items]."""
    import numpy as np

    if items == 1:
        return np.zeros((1, 1), dtype=np.int8)
    shorter = all_permutations(items - 1)
    return np.concatenate([np.insert(shorter, place, items - 1, axis=1) for place in range(items)])


def sampled_permutations(items: int, seed: int) -> NDArray[np.int64]:
    """Uniform random permutations: shape [SAMPLED_PERMUTATIONS, items]."""
    import numpy as np

    rows = np.tile(np.arange(items), (SAMPLED_PERMUTATIONS, 1))
    return np.random.default_rng(seed).permuted(rows, axis=1)
