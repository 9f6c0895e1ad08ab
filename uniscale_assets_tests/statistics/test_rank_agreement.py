"""Rank correlations and their permutation p-values, against hand counts and scipy."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from uniscale_assets.statistics.rank_agreement import (
    concordance_of_rows,
    correlation,
    kendall,
    kendall_of_rows,
    pair_signs,
    spearman,
    spearman_of_rows,
)

FEW_VALUES = st.lists(st.integers(0, 4), min_size=3, max_size=8)


def test_hand_values() -> None:
    # Ranks 1 2 3 4 5 against 2 1 3 5 4: sum of squared differences 4, two of ten pairs turned round.
    first, second = [1, 2, 3, 4, 5], [2, 1, 3, 5, 4]
    assert spearman(first, second).value == pytest.approx(1 - 6 * 4 / (5 * 24))
    assert kendall(first, second).value == pytest.approx((8 - 2) / 10)
    assert float(concordance_of_rows(first, second)) == pytest.approx(0.8)


def test_a_tie_counts_half_in_decision_accuracy() -> None:
    assert float(concordance_of_rows([1, 1, 2], [1, 2, 3])) == pytest.approx((0.5 + 1 + 1) / 3)


@given(st.tuples(FEW_VALUES, st.randoms(use_true_random=False)))
@settings(max_examples=100, deadline=None)
def test_values_equal_scipys_with_ties(drawn: tuple[list[int], object]) -> None:
    first = drawn[0]
    second = [(7 * value + 3 * place) % 5 for place, value in enumerate(first)]
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert spearman(first, second).value is None
        return
    assert spearman(first, second).value == pytest.approx(stats.spearmanr(first, second).statistic)
    assert kendall(first, second).value == pytest.approx(stats.kendalltau(first, second).statistic)


def test_six_tokenizers_in_one_order_give_one_in_360() -> None:
    # The order itself and its reverse, of 720: scipy's asymptotic p prints 0.0 here.
    for found in (spearman(range(6), range(6)), kendall(range(6), range(6)), spearman(range(6), range(5, -1, -1))):
        assert found.p_value == pytest.approx(1 / 360)


def test_six_tokenizers_are_significant_from_the_published_values() -> None:
    """Critical values of the printed tables (Zar 1972; Kendall 1970), two-sided 5 %: rho 0.886, tau 0.867."""
    base = np.arange(6)
    orders = np.array(list(permutations(range(6))))
    for statistic, values, critical in (
        ("spearman", spearman_of_rows(base, orders), 0.886),
        ("kendall", kendall_of_rows(base, orders), 0.867),
    ):
        significant = [
            value for value, order in zip(values, orders, strict=True) if (correlation(statistic, base, order).p_value or 1) < 0.05
        ]
        assert min(abs(value) for value in significant) == pytest.approx(critical, abs=5e-4)


@pytest.mark.parametrize(
    ("first", "second"),
    [([3, 1, 4, 2, 5], [2, 1, 5, 3, 4]), ([1, 1, 2, 3, 3], [2, 1, 3, 3, 5]), ([1, 2, 3, 4, 5, 6], [1, 3, 2, 5, 4, 4])],
)
def test_exact_p_values_equal_an_enumeration(first: list[float], second: list[float]) -> None:
    for ours, scipys in ((spearman, stats.spearmanr), (kendall, stats.kendalltau)):
        observed = abs(scipys(first, second).statistic)
        drawn = [abs(scipys(first, order).statistic) for order in permutations(second)]
        assert ours(first, second).p_value == pytest.approx(np.mean(np.array(drawn) >= observed - 1e-9))


@pytest.mark.parametrize("items", [4, 7, 9])
def test_exact_p_values_equal_scipys(items: int) -> None:
    random = np.random.default_rng(items)
    for _ in range(5):
        first, second = random.permutation(items), random.permutation(items)
        assert kendall(first, second).p_value == pytest.approx(stats.kendalltau(first, second, method="exact").pvalue)
    if items < 9:
        sampled = stats.permutation_test(
            (second,), lambda order: stats.spearmanr(first, order).statistic, permutation_type="pairings", n_resamples=math.inf
        )
        assert spearman(first, second).p_value == pytest.approx(min(1, sampled.pvalue))


def test_above_nine_p_values_are_sampled_and_never_zero() -> None:
    first = list(range(12))
    second = [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]
    close = kendall([0, 2, 1, 4, 3, 6, 5, 9, 7, 8, 10, 11], [3, 0, 6, 1, 2, 9, 4, 5, 11, 7, 8, 10], seed=3)
    exact = stats.kendalltau([0, 2, 1, 4, 3, 6, 5, 9, 7, 8, 10, 11], [3, 0, 6, 1, 2, 9, 4, 5, 11, 7, 8, 10], method="exact").pvalue
    assert close.p_value == pytest.approx(exact, abs=4 * math.sqrt(exact / 1e5))
    assert "sampled" in close.note
    assert spearman(first, first).p_value == pytest.approx(1e-5)
    assert spearman(first, second, seed=1) == spearman(first, second, seed=1)


def test_constant_or_short_vectors_are_not_defined_and_say_why() -> None:
    assert spearman([1, 1, 1], [1, 2, 3]).value is None
    assert "equal" in kendall([1, 2, 3], [2, 2, 2]).note
    assert spearman([1, 2], [1, 2]).value is None
    assert "3" in spearman([1, 2], [1, 2]).note
    assert spearman([1, 1, 1], [1, 2, 3]).p_value is None


@given(st.permutations(range(7)), st.permutations(range(7)))
@settings(max_examples=30, deadline=None)
def test_names_and_scales_change_nothing(second: list[int], names: list[int]) -> None:
    first = list(range(7))
    plain = spearman(first, second), kendall(first, second)
    relabelled = [[values[name] for name in names] for values in (first, second)]
    assert (spearman(*relabelled), kendall(*relabelled)) == plain
    stretched = [math.exp(value) for value in second]
    assert (spearman(first, stretched), kendall(first, stretched)) == plain
    assert (spearman(second, first), kendall(second, first)) == plain


def test_rows_are_computed_as_one_by_one() -> None:
    random = np.random.default_rng(0)
    first, second = random.integers(0, 5, (2, 50, 6))
    for ours, scipys in ((spearman_of_rows, stats.spearmanr), (kendall_of_rows, stats.kendalltau)):
        expected = [scipys(one, other).statistic for one, other in zip(first, second, strict=True)]
        np.testing.assert_allclose(ours(first, second), expected)
    assert pair_signs(first).shape == (50, 6, 6)
