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

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.noise import SizeNoise

MOST_ORDERS = 800
"""Orders of one size that are all tried; above (more than 6 tokenizers whose order is open) they are searched."""
SEARCH_DRAWS = 60
"""Draws from which the search starts."""
SEARCH_WEIGHTS = (0.0, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""How strongly the search pulls one size's order towards, or away from, the other's."""
CONFIDENCE = 0.95
LEAST_FACTOR = 0.05
"""Keeps a distance above zero where there are fewer documents than ties."""


@dataclass(frozen=True)
class OrderDistances:
    """Orders of one size, each with its distance from the observed means."""

    orders: NDArray[np.int64]
    """[orders, tokenizers]: places of the tokenizers, least value first"""
    distances: NDArray[np.float64]
    """[orders], squared, in units of the noise's covariance"""
    ties: NDArray[np.int64]
    """[orders], neighbours that the nearest values in this order tie"""

    @property
    def ranks(self) -> NDArray[np.int64]:
        """[orders, tokenizers]: each tokenizer's rank, from 0."""
        import numpy as np

        return np.argsort(self.orders, axis=1)


@dataclass(frozen=True)
class PossibleOrders:
    """The confidence set: pairs of an order at the small size and one at the large."""

    small: OrderDistances
    large: OrderDistances
    possible: NDArray[np.bool_]
    """[orders of small, orders of large]"""
    complete: bool
    """False where the orders were searched, not all tried"""


def possible_orders(small: SizeNoise, large: SizeNoise, confidence: float = CONFIDENCE) -> PossibleOrders:
    """The pairs of orders that the data do not refuse; the true pair is among them with the given confidence.

    The errors of the two sizes are taken as independent; that both were scored on the same documents makes the set
    cover a little less where documents are most of the noise (measured in benchmarks/interval_coverage.py).

    Args:
        small: means and noise at one size, of 2 tokenizers or more.
        large: the same tokenizers at the other.
        confidence: of the set.
    """
    limits = distance_limits(2 * (len(small.means) - 1), min(small.degrees_of_freedom, large.degrees_of_freedom), confidence)
    listed = [listed_orders(noise, float(limits[-1])) for noise in (small, large)]
    complete = listed[0] is not None and listed[1] is not None
    distances = [
        order_distances(noise, searched_orders(noise, other) if orders is None else orders)
        for noise, other, orders in zip((small, large), (large, small), listed, strict=True)
    ]
    summed = distances[0].distances[:, None] + distances[1].distances[None, :]
    ties = distances[0].ties[:, None] + distances[1].ties[None, :]
    return PossibleOrders(distances[0], distances[1], summed <= limits[ties], complete)


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
    before = (gaps > 0) & (gaps**2 > limit * noise.difference_variances)
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


def searched_orders(noise: SizeNoise, other: SizeNoise) -> NDArray[np.int64]:
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


def order_distances(noise: SizeNoise, orders: NDArray[np.int64]) -> OrderDistances:
    """Squared distance from the observed means to the nearest values in each order, and the ties of those.

    Args:
        noise: means and their covariance.
        orders: [orders, tokenizers].
    """
    import numpy as np

    covariance = noise.covariance[orders[:, :, None], orders[:, None, :]]
    gaps = np.diff(noise.means[orders], axis=1)
    spread = np.diff(np.diff(covariance, axis=1), axis=2)
    # Two tokenizers with equal scores on every document leave no variance between them.
    ridge = 1e-9 * np.einsum("kii->k", spread) / spread.shape[-1] + np.finfo(float).tiny
    multipliers = nonnegative_multipliers(spread + ridge[:, None, None] * np.eye(spread.shape[-1]), -gaps)
    ties = (multipliers > 0).sum(axis=1)
    return OrderDistances(orders, np.einsum("ki,ki->k", multipliers, -gaps) * estimation_factor(noise, ties), ties)


def estimation_factor(noise: SizeNoise, ties: NDArray[np.int64]) -> NDArray[np.float64]:
    """What a distance shrinks by because a covariance of several dimensions was estimated: Hotelling's 1 - (ties - 1) / freedom.

    Only the documents' share of the variance counts; the seeds' covariance has a single estimated number, which F allows for.
    """
    import numpy as np

    return np.maximum(1 - noise.document_share * np.maximum(ties - 1, 0) / noise.degrees_of_freedom, LEAST_FACTOR)


def nonnegative_multipliers(matrices: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve many small problems: x >= 0, Ax - b >= 0, x'(Ax - b) = 0, by block principal pivoting (Portugal et al. 1994).

    These are the conditions of the nearest ordered values; at the solution the squared distance is x'b.

    Args:
        matrices: [problems, n, n], positive definite.
        targets: b, [problems, n].

    Returns:
        x, [problems, n]; exactly zero where a constraint is slack.
    """
    import numpy as np

    count, size = targets.shape
    active = np.zeros((count, size), dtype=bool)
    solution = np.zeros((count, size))
    tolerance = 1e-10 * np.abs(targets).max(initial=0.0)
    for attempt in range(50 + 2**size):
        both = active[:, :, None] & active[:, None, :]
        solution = np.linalg.solve(np.where(both, matrices, np.eye(size)), np.where(active, targets, 0.0)[:, :, None])[:, :, 0]
        slack = np.einsum("kij,kj->ki", matrices, solution) - targets
        wrong = np.where(active, solution < 0, slack < -tolerance)
        if not wrong.any():
            break
        # Exchanging all wrong indices at once is fast but may cycle; exchanging only the last one never does (Murty 1974).
        last = wrong & (np.cumsum(wrong[:, ::-1], axis=1)[:, ::-1] == 1)
        active ^= wrong if attempt < 3 * size else last
    return np.where(active, solution, 0.0)
