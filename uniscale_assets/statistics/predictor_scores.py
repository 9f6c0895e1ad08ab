"""How well a predictor orders the tokenizers: against the largest size, with intervals, and against chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from uniscale_assets.statistics.agreement import FEWEST_TOKENIZERS, decision_accuracy
from uniscale_assets.statistics.decisions import Regret, regret_interval, winners
from uniscale_assets.statistics.intervals import Interval, concordance_of_orders, intervals_for_these
from uniscale_assets.statistics.noise import SizeNoise
from uniscale_assets.statistics.orders import CONFIDENCE, SEARCH_DRAWS, distance_limits, possible_orders
from uniscale_assets.statistics.rank_agreement import pair_signs, spearman_of_rows
from uniscale_assets.statistics.ranking import paired_differences
from uniscale_assets.statistics.scores import mean_of_finite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.orders import PossibleOrders
    from uniscale_assets.statistics.predictor_kinds import Predictor
    from uniscale_assets.statistics.predictor_sources import StudyTables


@dataclass(frozen=True)
class Accuracy:
    """A share of pairs with its 95 % interval, which is None where no noise is known."""

    value: float
    interval: Interval | None


@dataclass(frozen=True)
class Trial:
    """A predictor and the truth that it is held against, over the tokenizers that both have."""

    predictor: Predictor
    tables: StudyTables

    @property
    def defined(self) -> bool:
        """Whether there is a ranking of 3 tokenizers or more."""
        return len(self.predictor.rankings) > 0 and len(self.predictor.tokenizers) >= FEWEST_TOKENIZERS

    @cached_property
    def truth(self) -> SizeNoise:
        """Means and noise at the largest size."""
        return self.tables.noise.at(self.tables.truth_size, self.tables.places(self.predictor.tokenizers))

    @cached_property
    def targets(self) -> NDArray[np.float64]:
        """[rankings, tokenizers]: for each ranking the values it is held against, without the seed of the same run."""
        import numpy as np

        if not self.predictor.left_out:
            return np.broadcast_to(self.truth.means, self.predictor.rankings.shape)
        seeds = self.tables.noise.grid.seeds
        values = self.tables.values(self.tables.truth_size, self.predictor.tokenizers)
        return np.stack([mean_of_finite(np.delete(values, seeds.index(seed), axis=1)) for seed in self.predictor.left_out])

    @cached_property
    def separated(self) -> NDArray[np.bool_]:
        """[tokenizers, tokenizers]: pairs that the largest size itself tells apart, as in the ranking."""
        import numpy as np

        found = paired_differences(self.truth).separated
        return np.zeros((len(self.truth.means),) * 2, dtype=bool) if found is None else found

    @property
    def spearman(self) -> float | None:
        """Mean over the rankings; None where one is constant."""
        import numpy as np

        found = float(np.mean(spearman_of_rows(self.predictor.rankings, self.targets)))
        return found if np.isfinite(found) else None

    @cached_property
    def accuracy(self) -> Accuracy:
        """Decision accuracy over all pairs."""
        pairs = list(zip(self.predictor.rankings, self.targets, strict=True))
        value = sum(decision_accuracy(*pair) for pair in pairs) / len(pairs)
        return Accuracy(value, holding(self.interval(None), value))

    @cached_property
    def separated_accuracy(self) -> Accuracy | None:
        """Decision accuracy over the pairs that the truth tells apart; None where there are none."""
        if not self.separated.any():
            return None
        rankings = self.predictor.rankings
        value = sum(decision_accuracy(ranking, self.truth.means, self.separated) for ranking in rankings) / len(rankings)
        return Accuracy(value, holding(self.interval(self.separated), value))

    def interval(self, pairs: NDArray[np.bool_] | None) -> Interval | None:
        """Of decision accuracy over some pairs.

        A smaller size errs by itself: its noise and the truth's are independent. A point of the largest size's own curves errs with
        the truth. What is counted and not estimated is taken as the ranking that it is, and the truth's noise alone leaves its
        accuracy open; so are the seeds of the ceiling.
        """
        noise = self.predictor.noise
        if noise is None:
            return interval_of_rankings(self.predictor.rankings, self.truth, pairs)
        if self.predictor.own_runs:
            return interval_of_dependent(noise, self.truth, pairs)
        found = intervals_for_these(noise, self.truth, pairs)
        return None if found is None else found.decision_accuracy

    @cached_property
    def regret(self) -> Regret:
        """Bits per byte lost at the largest size by taking the predictor's winner, mean over the rankings."""
        import numpy as np

        places = [winners(ranking) for ranking in self.predictor.rankings]
        losses = [(target[chosen] - target.min()).mean() for chosen, target in zip(places, self.targets, strict=True)]
        value = float(np.mean(losses))
        if not self.truth.known:
            return Regret(value, None, None)
        ends = [regret_interval(self.truth, int(place)) for place in {int(place) for chosen in places for place in chosen}]
        return Regret(value, min(value, *(low for low, _ in ends)), max(value, *(high for _, high in ends)))

    @property
    def order(self) -> bytes:
        """What makes two predictors of equal order equal."""
        return pair_signs(self.predictor.rankings).tobytes()


def holding(interval: Interval | None, value: float) -> Interval | None:
    """An interval that holds the observed value: with a seed left out it may lie a pair beside the interval."""
    return None if interval is None else Interval(min(interval.low, value), max(interval.high, value))


def exact(values: NDArray[np.float64]) -> SizeNoise:
    """Values without noise."""
    import numpy as np

    count = len(values)
    # The search for orders pairs the first draws of both sides.
    draws = np.zeros((SEARCH_DRAWS, count))
    return SizeNoise("", values, np.zeros((count, count)), float("inf"), 0.0, draws, True, "")


def interval_of_rankings(rankings: NDArray[np.float64], truth: SizeNoise, pairs: NDArray[np.bool_] | None) -> Interval | None:
    """Range of the mean decision accuracy of given rankings over the true orders that the data leave possible.

    A tie of a ranking counts half. The confidence set of true orders does not look at the rankings, so the interval covers
    for all of them at once, also for one that was picked for doing well. None where no noise of the truth is known.

    Args:
        rankings: [rankings, tokenizers].
        truth: means and noise of the same tokenizers.
        pairs: [tokenizers, tokenizers], pairs that count; None is all.
    """
    import numpy as np

    if not truth.known:
        return None
    counted = np.triu(np.ones((len(truth.means),) * 2, dtype=bool) if pairs is None else pairs, 1)
    signs = pair_signs(rankings)[:, counted].astype(np.float64).mean(axis=0)

    def accuracies(found: PossibleOrders) -> NDArray[np.float64]:
        of_orders = 0.5 + pair_signs(found.large.ranks)[:, counted] @ signs / (2 * counted.sum())
        return np.broadcast_to(of_orders, found.possible.shape)

    orders = possible_orders(exact(distinct(rankings[0])), truth, measure=accuracies)
    values = accuracies(orders)[orders.possible]
    return Interval(round(float(values.min()), 12), round(float(values.max()), 12))


def interval_of_dependent(small: SizeNoise, large: SizeNoise, pairs: NDArray[np.bool_] | None) -> Interval | None:
    """Interval of decision accuracy where the two err together, in whatever way: each side's orders are tested by themselves.

    Each true order is refused with a chance of 2.5 % at most, so both are kept in 95 % of cases (Bonferroni). None where no noise is
    known.

    Args:
        small: means and noise of the predictor.
        large: of the truth, the same tokenizers.
        pairs: [tokenizers, tokenizers], pairs that count; None is all.
    """
    if not (small.known or large.known):
        return None
    found = possible_orders(small, large, measure=lambda orders: concordance_of_orders(orders, pairs))
    kept: list[NDArray[np.bool_]] = []
    for noise, side in ((small, found.small), (large, found.large)):
        limits = distance_limits(len(noise.means) - 1, noise.degrees_of_freedom, (1 + CONFIDENCE) / 2)
        kept.append(side.distances <= limits[side.ties])
    values = concordance_of_orders(found, pairs)[kept[0]][:, kept[1]]
    return Interval(round(float(values.min()), 12), round(float(values.max()), 12))


def distinct(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks with ties broken by place: the search for orders starts from them, and a tie would loosen its test."""
    import numpy as np

    return np.argsort(np.argsort(values, kind="stable")).astype(np.float64)


@lru_cache
def orders_by_inversions(items: int) -> tuple[int, ...]:
    """How many orders of so many items have 0, 1, 2, ... pairs turned round (the Mahonian numbers)."""
    counts = [1]
    for added in range(1, items):
        longer = [0] * (len(counts) + added)
        for place, count in enumerate(counts):
            for shift in range(added + 1):
                longer[place + shift] += count
        counts = longer
    return tuple(counts)


def chance(accuracy: float, items: int, tried: int = 1) -> float:
    """Probability that the best of so many random orders gets a decision accuracy of at least so much.

    Exact for one order; several are taken as independent, so metrics that resemble one another count as more than they are.

    Args:
        accuracy: over all pairs, 0 to 1.
        items: tokenizers.
        tried: different orders that were tried.
    """
    import math

    counts = orders_by_inversions(items)
    pairs = len(counts) - 1
    turned = math.floor(pairs * (1 - accuracy) + 1e-9)
    single = sum(counts[: turned + 1]) / math.factorial(items)
    return 1 - (1 - single) ** tried
