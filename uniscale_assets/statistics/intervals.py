"""Intervals of rank agreement between two sizes: for these tokenizers, and for tokenizers like these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.statistics.orders import CONFIDENCE, possible_orders, spearman_of_orders
from uniscale_assets.statistics.population import Measure, population_limits
from uniscale_assets.statistics.rank_agreement import concordance_of_rows, kendall_of_rows, pair_signs, spearman_of_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.noise import SizeNoise
    from uniscale_assets.statistics.orders import PossibleOrders


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class AgreementIntervals:
    """Intervals of three measures of agreement, of the values without noise."""

    spearman: Interval
    kendall: Interval
    decision_accuracy: Interval
    complete: bool
    """False where the possible orders were searched, not all tried: the ends are then approximate"""


def intervals_for_these(small: SizeNoise, large: SizeNoise, pairs: NDArray[np.bool_] | None = None) -> AgreementIntervals | None:
    """Range of each measure over the orders that the data leave possible; None where no noise is known.

    Covers the agreement between the noise-free values of these tokenizers at least 95 times in 100, whether they lie far
    apart or nearly tie; see `orders` for how and why. One set of orders serves all three measures.

    Args:
        small: means and noise at the small size.
        large: the same tokenizers at the large size.
        pairs: [tokenizers, tokenizers], pairs that count for decision accuracy; None is all.
    """
    if not (small.known or large.known):
        return None
    orders = possible_orders(small, large, measure=None if pairs is None else lambda found: concordance_of_orders(found, pairs))
    concordance = concordance_of_orders(orders, pairs)
    everything = concordance if pairs is None else concordance_of_orders(orders, None)
    return AgreementIntervals(
        spearman=range_over(orders, spearman_of_orders(orders)),
        kendall=range_over(orders, 2 * everything - 1),
        decision_accuracy=range_over(orders, concordance),
        complete=orders.complete,
    )


def range_over(orders: PossibleOrders, values: NDArray[np.float64]) -> Interval:
    """Least and greatest value over the possible pairs of orders; rounding errors of the last digits removed."""
    possible = values[orders.possible]
    return Interval(round(float(possible.min()), 12), round(float(possible.max()), 12))


def concordance_of_orders(orders: PossibleOrders, pairs: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    """Share of pairs of tokenizers in the same order, of every order of the small size with every one of the large."""
    import numpy as np

    items = orders.small.orders.shape[1]
    counted = np.triu(np.ones((items, items), dtype=bool) if pairs is None else pairs, 1)
    signs = [pair_signs(side.ranks)[:, counted].astype(np.float64) for side in (orders.small, orders.large)]
    return 0.5 + signs[0] @ signs[1].T / (2 * counted.sum())


def intervals_for_population(small: SizeNoise, large: SizeNoise, these: AgreementIntervals | None) -> AgreementIntervals:
    """Intervals for tokenizers like these: noise, and the chance of which tokenizers were picked.

    Each draw of the noise gives an agreement; the population's that such a sample leaves possible is added by inverting
    the test of `population`. The interval for these tokenizers is always inside it.
    """
    first, second = small.means + small.draws, large.means + large.draws
    if these is None:
        first, second = first[:1], second[:1]
    items = len(small.means)

    def interval(measure: Measure, drawn: NDArray[np.float64], within: Interval | None) -> Interval:
        low, high = population_limits(measure, drawn, items, CONFIDENCE)
        return Interval(low, high) if within is None else Interval(min(low, within.low), max(high, within.high))

    return AgreementIntervals(
        spearman=interval("spearman", spearman_of_rows(first, second), these and these.spearman),
        kendall=interval("kendall", kendall_of_rows(first, second), these and these.kendall),
        decision_accuracy=interval("decision_accuracy", concordance_of_rows(first, second), these and these.decision_accuracy),
        complete=these is None or these.complete,
    )
