"""What a sample of tokenizers says about others like them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from uniscale_assets.statistics.population import (
    agreement_of_correlation,
    population_limits,
    same_winner_limits,
    simulated_samples,
)


def test_agreement_of_a_gaussian_copula() -> None:
    random = np.random.default_rng(0)
    first, other = random.standard_normal((2, 20_000))
    second = 0.8 * first + 0.6 * other
    assert agreement_of_correlation("spearman", 0.8) == pytest.approx(stats.spearmanr(first, second).statistic, abs=0.02)
    assert agreement_of_correlation("kendall", 0.8) == pytest.approx(stats.kendalltau(first, second).statistic, abs=0.02)
    assert agreement_of_correlation("decision_accuracy", 0.8) == pytest.approx((1 + agreement_of_correlation("kendall", 0.8)) / 2)
    for measure in ("spearman", "kendall"):
        assert agreement_of_correlation(measure, 1.0) == pytest.approx(1)


def test_simulated_samples_agree_with_exact_chances() -> None:
    """Without correlation six tokenizers come in the same order once in 720, and share the winner once in 6."""
    simulated = simulated_samples(6)
    middle = len(simulated.correlations) // 2
    assert simulated.correlations[middle] == pytest.approx(0)
    assert simulated.same_winner[middle] == pytest.approx(1 / 6, abs=0.02)
    assert simulated.spearman[middle].std() == pytest.approx(1 / math.sqrt(5), abs=0.02)
    assert simulated.kendall[middle].std() == pytest.approx(math.sqrt(2 * (2 * 6 + 5) / (9 * 6 * 5)), abs=0.02)


def test_many_tokenizers_give_fishers_interval() -> None:
    """Spearman's z has variance (1 + rho^2 / 2) / (n - 3): Bonett and Wright 2000."""
    low, high = population_limits("spearman", np.array([0.6]), 30, 0.95)
    reach = 1.96 * math.sqrt((1 + 0.6**2 / 2) / 27)
    assert low == pytest.approx(math.tanh(math.atanh(0.6) - reach), abs=0.05)
    assert high == pytest.approx(math.tanh(math.atanh(0.6) + reach), abs=0.05)


def test_perfect_agreement_of_six_is_not_proof_for_others() -> None:
    low, high = population_limits("spearman", np.array([1.0]), 6, 0.95)
    assert 0.4 < low < 0.8
    assert high == pytest.approx(1, abs=1e-3)


def test_limits_turn_round_with_the_sign() -> None:
    low, high = population_limits("kendall", np.array([0.6]), 6, 0.95)
    turned = population_limits("kendall", np.array([-0.6]), 6, 0.95)
    assert turned == (pytest.approx(-high, abs=0.05), pytest.approx(-low, abs=0.05))


def test_noisy_draws_widen() -> None:
    sure = population_limits("spearman", np.array([0.5]), 6, 0.95)
    unsure = population_limits("spearman", np.array([-0.3, 0.5, 0.9]), 6, 0.95)
    assert unsure[0] < sure[0] < sure[1] < unsure[1]


def test_same_winner_is_a_probability_that_grows_with_agreement() -> None:
    weak, strong = (same_winner_limits(np.array([tau]), 6, 0.95) for tau in (0.0, 1.0))
    assert 0 <= weak[0] < strong[0] < strong[1] <= 1
    assert weak[1] < strong[1]
