"""Which orders of the tokenizers the data leave possible: a confidence set of orders at two sizes.

The truth is an order at each size (of the values without noise). Any way of drawing "true" values as observed values plus
noise doubles the noise, pulls agreement towards zero and misses the truth where it is 1 or where values nearly tie.
So every pair of orders is tested instead: the test statistic is the squared distance, in units of the noise, from the observed
means to the nearest values that have these orders (isotonic regression under the noise's covariance), and a pair of orders
is refused where the distance exceeds the quantile of chi-squared with as many degrees of freedom as neighbours had to be
tied to get there. This conditional chi-squared test has the stated size however many values tie, near or exactly
(Cox and Shi 2023, "Simple Adaptive Size-Exact Testing for Full-Vector and Subvector Inference in Moment Inequality Models";
Mohamad, van Zwet, Cator and Goeman 2020). F stands in for chi-squared as the noise is estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.statistics.order_distances import OrderDistances, estimation_factor, joined_distances, order_distances

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.noise import SizeNoise

MOST_ORDERS = 800
"""Orders of one size that are all tried; above (more than 6 tokenizers whose order is open) they are searched."""
SEARCH_DRAWS = 60
"""Draws from which the search starts."""
SEARCH_ROUNDS = 6
"""Times, at most, that the search swaps neighbours in the orders that agree most and least."""
SEARCH_ENDS = 60
"""Pairs of orders at each end that it starts from."""
SEARCH_WEIGHTS = (0.0, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""How strongly the search pulls one size's order towards, or away from, the other's."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class PossibleOrders:
    """The confidence set: pairs of an order at the small size and one at the large."""

    small: OrderDistances
    large: OrderDistances
    possible: NDArray[np.bool_]
    """[orders of small, orders of large]"""
    complete: bool
    """False where the orders were searched, not all tried"""


Measured = Callable[[PossibleOrders], "NDArray[np.float64]"]
"""A value of every order of the small size with every one of the large."""


def possible_orders(small: SizeNoise, large: SizeNoise, confidence: float = CONFIDENCE, measure: Measured | None = None) -> PossibleOrders:
    """The pairs of orders that the data do not refuse; the true pair is among them with the given confidence.

    The errors of the two sizes are taken as independent. Both are scored on the same documents, so where documents are
    most of the noise they are not; benchmarks/interval_coverage.py has such studies, and the set still covers.

    Args:
        small: means and noise at one size, of 2 tokenizers or more.
        large: the same tokenizers at the other.
        confidence: of the set.
        measure: what a search, where it takes one, looks for the ends of: a value for every pair of orders; None is Spearman's rho.
    """
    limits = distance_limits(2 * (len(small.means) - 1), min(small.degrees_of_freedom, large.degrees_of_freedom), confidence)
    listed = [listed_orders(noise, float(limits[-1])) for noise in (small, large)]
    if listed[0] is None or listed[1] is None:
        return searched_pairs((small, large), (listed[0], listed[1]), limits, measure or spearman_of_orders)
    return accepted(order_distances(small, listed[0]), order_distances(large, listed[1]), limits, complete=True)


def accepted(small: OrderDistances, large: OrderDistances, limits: NDArray[np.float64], *, complete: bool) -> PossibleOrders:
    """Pairs of orders whose distances together stay within the limit for their ties."""
    summed = small.distances[:, None] + large.distances[None, :]
    ties = small.ties[:, None] + large.ties[None, :]
    return PossibleOrders(small, large, summed <= limits[ties], complete)


def spearman_of_orders(orders: PossibleOrders) -> NDArray[np.float64]:
    """Spearman's rho of every order of the small size with every one of the large."""
    ranks = [side.ranks - (side.ranks.shape[1] - 1) / 2 for side in (orders.small, orders.large)]
    return ranks[0] @ ranks[1].T / (ranks[0][0] @ ranks[0][0])


def distance_limits(most_ties: int, degrees_of_freedom: float, confidence: float) -> NDArray[np.float64]:
    """Largest distance that is not refused, for 0, 1, ... tied neighbours: ties x F quantile (chi-squared's for infinite freedom)."""
    import numpy as np
    from scipy import stats

    ties = np.arange(1, most_ties + 1)
    if np.isinf(degrees_of_freedom):
        return np.concatenate([[0.0], stats.chi2.ppf(confidence, ties)])
    return np.concatenate([[0.0], ties * stats.f.ppf(confidence, ties, max(degrees_of_freedom, 1.0))])


def listed_orders(noise: SizeNoise, limit: float) -> NDArray[np.int64] | None:
    """Every order that could lie within the limit, or None where there are more than `MOST_ORDERS`.

    A pair that lies further apart than the limit by itself cannot be turned round in any such order.
    """
    import numpy as np

    gaps = noise.means[None, :] - noise.means[:, None]
    reach = limit / estimation_factor(noise, np.array(len(noise.means) - 1))
    before = (gaps > 0) & (gaps**2 > reach * noise.difference_variances)
    found: list[list[int]] = []
    for order in linear_extensions(before):
        found.append(order)
        if len(found) > MOST_ORDERS:
            return None
    return np.asarray(found, dtype=np.int64)


def linear_extensions(before: NDArray[np.bool_]) -> Iterator[list[int]]:
    """Every order of ``range(n)`` in which i stands before j wherever ``before[i, j]``."""
    predecessors = [sum(1 << item for item, first in enumerate(column) if first) for column in before.T.tolist()]

    def extend(order: list[int], placed: int) -> Iterator[list[int]]:
        if len(order) == len(predecessors):
            yield list(order)
        for item, needed in enumerate(predecessors):
            if not placed >> item & 1 and needed & ~placed == 0:
                yield from extend([*order, item], placed | 1 << item)

    yield from extend([], 0)


def searched_pairs(
    noises: tuple[SizeNoise, SizeNoise],
    listed: tuple[NDArray[np.int64] | None, NDArray[np.int64] | None],
    limits: NDArray[np.float64],
    measure: Measured,
) -> PossibleOrders:
    """The confidence set as far as a search finds it: likely ends, then swaps of neighbours in the pairs that agree least and most.

    Every round keeps the first orders, the ends so far and their neighbours, so that it does not grow; it stops when two
    rounds find nothing beyond the ends.
    """
    others = (noises[1], noises[0])
    first = [likely_orders(noise, other) if orders is None else orders for noise, other, orders in zip(noises, others, listed, strict=True)]
    start = [order_distances(noise, orders) for noise, orders in zip(noises, first, strict=True)]
    sides, reached = start, list[tuple[float, float]]()
    for _ in range(SEARCH_ROUNDS):
        found = accepted(sides[0], sides[1], limits, complete=False)
        values = measure(found)
        ends = float(values[found.possible].min()), float(values[found.possible].max())
        if reached[-2:] == [ends, ends]:
            break
        reached.append(ends)
        sides = [
            side if orders is not None else joined_distances(side, noise, with_neighbours(end))
            for side, noise, end, orders in zip(start, noises, end_orders(found, values), listed, strict=True)
        ]
    return accepted(sides[0], sides[1], limits, complete=False)


def end_orders(found: PossibleOrders, values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Orders of the small and of the large size in the accepted pairs with the least and the greatest values."""
    import numpy as np

    low, high = (np.where(found.possible, values, np.inf), np.where(found.possible, -values, np.inf))
    count = min(SEARCH_ENDS, int(found.possible.sum()))
    ends = np.concatenate([np.argpartition(side, count - 1, axis=None)[:count] for side in (low, high)])
    rows, columns = np.unravel_index(ends, values.shape)
    return found.small.orders[np.unique(rows)], found.large.orders[np.unique(columns)]


def with_neighbours(orders: NDArray[np.int64]) -> NDArray[np.int64]:
    """These orders and every order that differs from one of them by a swap of neighbours."""
    import numpy as np

    swapped = [orders]
    for place in range(orders.shape[1] - 1):
        swap = np.arange(orders.shape[1])
        swap[[place, place + 1]] = place + 1, place
        swapped.append(orders[:, swap])
    return np.concatenate(swapped)


def likely_orders(noise: SizeNoise, other: SizeNoise) -> NDArray[np.int64]:
    """Likely ends of the confidence set: orders of noisy values, pulled towards the other size's values and away from them."""
    import numpy as np

    own, across = standardized(noise), standardized(other)
    weights = np.array([sign * weight for weight in SEARCH_WEIGHTS for sign in (1, -1)])
    mixed = own[:, None, :] + weights[None, :, None] * across[:, None, :]
    candidates = np.concatenate([mixed.reshape(-1, own.shape[1]), across, -across])
    return np.unique(np.argsort(candidates, axis=1, kind="stable"), axis=0)


def standardized(noise: SizeNoise) -> NDArray[np.float64]:
    """Observed means, then some noisy ones, in units of the noise: [1 + draws, tokenizers]."""
    import numpy as np

    scale = np.sqrt(np.median(noise.difference_variances[np.triu_indices(len(noise.means), 1)])) or 1.0
    noisy = noise.means + noise.draws[:SEARCH_DRAWS]
    return np.concatenate([noise.means[None, :], noisy]) / scale - noise.means.mean() / scale
