"""Scores of predictors: intervals that cover, and chance, against brute force."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from uniscale_assets.statistics.agreement import decision_accuracy
from uniscale_assets.statistics.noise import SizeNoise
from uniscale_assets.statistics.predictor_scores import chance, exact, interval_of_dependent, interval_of_rankings, orders_by_inversions
from uniscale_assets.statistics.rank_agreement import concordance_of_rows
from uniscale_assets_tests.statistics.simulated_studies import Documents, Regime, evenly, separated_then, studies, twins

REGIMES = (
    Regime("plain differences", evenly(10, order="any"), seeds=2),
    Regime("near ties", evenly(0.3), seeds=2),
    Regime("ties at the large size", separated_then(0.001), seeds=3),
    Regime("9 tokenizers, ties at the large size", separated_then(0.001, tokenizers=9), seeds=2),
    Regime("twins, mostly documents", twins(0.3), seeds=2, documents=Documents(60, 2.0, 0.7, 0.3)),
)
STUDIES = 150


@pytest.mark.parametrize("regime", REGIMES, ids=lambda regime: regime.name)
def test_the_interval_of_a_given_ranking_covers_also_for_the_one_that_looks_best(regime: Regime) -> None:
    random, covered = np.random.default_rng(1), []
    for study in studies(regime, STUDIES, seed=11, draws=100):
        rankings = random.standard_normal((8, study.truth.shape[1]))
        best = rankings[np.argmax(concordance_of_rows(rankings, study.large.means))][None]
        found = interval_of_rankings(best, study.large, None)
        assert found is not None
        true = decision_accuracy(best[0], study.truth[1])
        covered.append(found.low - 1e-9 <= true <= found.high + 1e-9)
    # 95 in 100 and three standard errors of so many studies.
    assert np.mean(covered) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / STUDIES)


def test_random_rankings_get_half_of_the_pairs_on_average_and_their_intervals_hold_a_half_or_what_they_deserve() -> None:
    random, values, held = np.random.default_rng(2), [], []
    for study in studies(REGIMES[0], STUDIES, seed=3, draws=100):
        ranking = random.standard_normal((1, 6))
        found = interval_of_rankings(ranking, study.large, None)
        assert found is not None
        values.append(decision_accuracy(ranking[0], study.large.means))
        held.append(found.low - 1e-9 <= decision_accuracy(ranking[0], study.truth[1]) <= found.high + 1e-9)
    assert np.mean(values) == pytest.approx(0.5, abs=0.05)
    assert np.mean(held) >= 0.9


def test_a_tie_of_a_ranking_counts_half_and_leaves_nothing_open() -> None:
    truth = SizeNoise("1M", np.array([1.0, 2.0, 3.0]), 1e-12 * np.eye(3), np.inf, 0.0, np.zeros((10, 3)), True, "")
    found = interval_of_rankings(np.array([[1.0, 1.0, 2.0]]), truth, None)
    assert found is not None
    assert found.low == found.high == pytest.approx(2.5 / 3)
    several = interval_of_rankings(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), truth, None)
    assert several is not None
    assert several.low == several.high == 0.5
    assert interval_of_rankings(np.array([[1.0, 2.0, 3.0]]), exact(np.array([1.0, 2.0, 3.0])), None) is None


def test_only_counted_pairs_count() -> None:
    truth = SizeNoise("1M", np.array([1.0, 2.0, 2.001]), 1e-4 * np.eye(3), np.inf, 0.0, np.zeros((10, 3)), True, "")
    ranking = np.array([[1.0, 2.0, 3.0]])
    apart = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]], dtype=bool)
    everything, counted = interval_of_rankings(ranking, truth, None), interval_of_rankings(ranking, truth, apart)
    assert everything is not None
    assert counted is not None
    assert (everything.low, everything.high) == (pytest.approx(2 / 3), 1.0)
    assert (counted.low, counted.high) == (1.0, 1.0)


@pytest.mark.parametrize("shared", [0.0, 1.0, -1.0], ids=["independent", "the same errors", "opposite errors"])
def test_the_interval_of_dependent_values_covers_however_they_hang_together(shared: float) -> None:
    random, covered = np.random.default_rng(5), []
    truths = np.stack([np.arange(5) * 0.5, np.array([0.0, 0.001, 1.0, 1.001, 3.0])])
    for _ in range(STUDIES):
        error, other = random.standard_normal((2, 5))
        means = truths + np.stack([shared * error + np.sqrt(1 - shared**2) * other, error])
        sides = [SizeNoise("1M", mean, np.eye(5), np.inf, 0.0, random.standard_normal((100, 5)), True, "") for mean in means]
        found = interval_of_dependent(sides[0], sides[1], None)
        assert found is not None
        covered.append(found.low - 1e-9 <= decision_accuracy(truths[0], truths[1]) <= found.high + 1e-9)
    assert np.mean(covered) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / STUDIES)


def test_chance_is_the_share_of_orders_that_do_as_well() -> None:
    truth = np.arange(5.0)
    accuracies = [float(concordance_of_rows(np.array(order, dtype=float), truth)) for order in permutations(range(5))]
    for accuracy in sorted(set(accuracies)):
        expected = np.mean([other >= accuracy - 1e-9 for other in accuracies])
        assert chance(accuracy, 5) == pytest.approx(expected)
    # A tie lies between two orders and counts as the worse of them.
    assert chance(0.95, 5) == chance(1.0, 5)
    assert chance(0.5, 5, tried=3) == pytest.approx(1 - (1 - chance(0.5, 5)) ** 3)
    assert sum(orders_by_inversions(6)) == 720
