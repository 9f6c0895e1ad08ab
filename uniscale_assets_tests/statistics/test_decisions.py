"""Decisions taken at a small size."""

from __future__ import annotations

import numpy as np
import pytest

from uniscale_assets.statistics.agreement import decision_accuracy
from uniscale_assets.statistics.decisions import regret, winner_probability
from uniscale_assets.statistics.noise import SizeNoise

DRAWS = 20_000


def noise_of(means: list[float], deviation: float) -> SizeNoise:
    """Means that err independently by so much."""
    values = np.array(means)
    draws = deviation * np.random.default_rng(0).standard_normal((DRAWS, len(means)))
    return SizeNoise("1M", values, deviation**2 * np.eye(len(means)), np.inf, 0.0, draws, True, "")


def test_decision_accuracy_by_hand() -> None:
    small, large = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 1.0, 3.0, 3.0])
    # Six pairs: one turned round, one tied at the large size, four alike.
    assert decision_accuracy(small, large) == pytest.approx((4 + 0.5) / 6)
    within = np.zeros((4, 4), dtype=bool)
    within[0, 1] = within[1, 0] = within[2, 3] = within[3, 2] = True
    assert decision_accuracy(small, large, within) == pytest.approx((0 + 0.5) / 2)


def test_regret_by_hand() -> None:
    small, large = noise_of([1.0, 1.1, 1.2], 1e-6), noise_of([0.95, 0.90, 0.99], 1e-6)
    found = regret(small, large)
    assert found.value == pytest.approx(0.05)
    assert (found.low, found.high) == (pytest.approx(0.05, abs=1e-4), pytest.approx(0.05, abs=1e-4))
    assert winner_probability(small, large) == 0
    assert regret(large, large).value == 0
    assert winner_probability(large, large) == 1


def test_regret_of_two_is_the_normal_interval() -> None:
    """With one rival the interval is the difference plus or minus 1.96 standard errors, not below zero."""
    large = noise_of([0.4, 0.0], 0.1)
    found = regret(noise_of([0.0, 1.0], 0.1), large)
    reach = 1.96 * 0.1 * np.sqrt(2)
    assert (found.low, found.high) == (pytest.approx(0.4 - reach, abs=0.01), pytest.approx(0.4 + reach, abs=0.01))


def test_regret_is_never_negative_and_may_be_zero_where_all_tie() -> None:
    found = regret(noise_of([0.0, 1.0, 2.0], 1.0), noise_of([0.02, 0.0, 0.01], 1.0))
    assert found.low == 0
    assert found.high is not None
    assert found.high > found.value > 0


def test_winner_probability_of_ties_is_one_in_their_number() -> None:
    assert winner_probability(noise_of([0.0, 1.0, 2.0], 1.0), noise_of([0.0, 0.0, 0.0], 1.0)) == pytest.approx(1 / 3, abs=0.02)


def test_tied_winners_count_equally() -> None:
    small, large = noise_of([1.0, 1.0, 2.0], 1e-6), noise_of([0.5, 0.7, 0.9], 1e-6)
    assert regret(small, large).value == pytest.approx(0.1)
    assert winner_probability(small, large) == pytest.approx(0.5)


def test_without_noise_nothing_is_claimed() -> None:
    small, large = noise_of([1.0, 1.1], 0.0), noise_of([0.5, 0.4], 0.0)
    assert winner_probability(small, large) is None
    found = regret(small, large)
    assert (found.value, found.low, found.high) == (pytest.approx(0.1), None, None)
