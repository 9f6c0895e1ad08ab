"""Intervals cover what they claim: shown on studies whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from uniscale_assets.statistics import orders
from uniscale_assets.statistics.decisions import regret
from uniscale_assets.statistics.intervals import intervals_for_population, intervals_for_these
from uniscale_assets.statistics.population import agreement_of_correlation
from uniscale_assets.statistics.rank_agreement import concordance_of_rows, kendall_of_rows, spearman_of_rows
from uniscale_assets_tests.statistics.simulated_studies import REGIMES, Regime, evenly, population, studies

STUDIES = 200
LEAST_COVERAGE = 0.93
ROUNDING = 1e-9


@pytest.mark.parametrize("regime", REGIMES, ids=lambda regime: regime.name)
def test_intervals_for_these_tokenizers_cover_the_truth(regime: Regime) -> None:
    covered = []
    for study in studies(regime, STUDIES):
        found = intervals_for_these(study.small, study.large)
        assert found is not None
        true = spearman_of_rows(*study.truth), kendall_of_rows(*study.truth), concordance_of_rows(*study.truth)
        ends = (found.spearman, found.kendall, found.decision_accuracy)
        covered.append([end.low - ROUNDING <= value <= end.high + ROUNDING for end, value in zip(ends, true, strict=True)])
    assert np.mean(covered, axis=0).min() >= LEAST_COVERAGE


@pytest.mark.parametrize("regime", [REGIMES[1], REGIMES[2], REGIMES[5], REGIMES[7]], ids=lambda regime: regime.name)
def test_intervals_of_regret_cover_the_truth(regime: Regime) -> None:
    covered = []
    for study in studies(regime, 2 * STUDIES):
        found = regret(study.small, study.large)
        true = study.truth[1][study.small.means.argmin()] - study.truth[1].min()
        assert found.low is not None
        assert found.high is not None
        covered.append(found.low - ROUNDING <= true <= found.high + ROUNDING)
    assert np.mean(covered) >= LEAST_COVERAGE


@pytest.mark.parametrize("correlation", [0.0, 0.7, 0.95])
@pytest.mark.parametrize("spread", [100.0, 3.0])
def test_intervals_for_tokenizers_like_these_cover_the_population(correlation: float, spread: float) -> None:
    regime = Regime("", population(spread, correlation), seeds=2)
    true = agreement_of_correlation("spearman", correlation), agreement_of_correlation("kendall", correlation)
    covered = []
    for study in studies(regime, 150):
        found = intervals_for_population(study.small, study.large, intervals_for_these(study.small, study.large))
        covered.append([end.low <= value <= end.high for end, value in zip((found.spearman, found.kendall), true, strict=True)])
    assert np.mean(covered, axis=0).min() >= LEAST_COVERAGE


def test_plain_differences_leave_one_order() -> None:
    for study in studies(Regime("", evenly(100, order="any"), seeds=2), 10):
        found = intervals_for_these(study.small, study.large)
        true = float(spearman_of_rows(*study.truth))
        assert found is not None
        assert (found.spearman.low, found.spearman.high) == (pytest.approx(true), pytest.approx(true))


def test_more_seeds_narrow_the_interval_until_agreement_is_strong() -> None:
    lows = []
    for seeds in (2, 4, 8):
        found = [intervals_for_these(study.small, study.large) for study in studies(Regime("", evenly(2), seeds=seeds), 30)]
        lows.append(np.mean([interval.spearman.low for interval in found if interval]))
    assert lows == sorted(lows)
    assert lows[-1] > 0.9


def test_no_noise_known_gives_no_interval() -> None:
    (study,) = studies(Regime("", evenly(2), seeds=1), 1)
    assert intervals_for_these(study.small, study.large) is None
    alone = intervals_for_population(study.small, study.large, None)
    assert alone.spearman.low < alone.spearman.high == pytest.approx(1)


def test_the_interval_for_the_population_contains_that_for_these() -> None:
    for study in studies(REGIMES[1], 10):
        these = intervals_for_these(study.small, study.large)
        assert these is not None
        wider = intervals_for_population(study.small, study.large, these)
        for narrow, wide in ((these.spearman, wider.spearman), (these.kendall, wider.kendall)):
            assert wide.low <= narrow.low <= narrow.high <= wide.high


def test_searched_orders_reach_the_ends_that_trying_all_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    regimes = [Regime("", evenly(gap, order=order), seeds=3) for gap in (0.3, 1.0, 2.0) for order in ("same", "any")]
    found = [study for regime in regimes for study in studies(regime, 5)]
    tried = [intervals_for_these(study.small, study.large) for study in found]
    monkeypatch.setattr(orders, "MOST_ORDERS", 0)
    searched = [intervals_for_these(study.small, study.large) for study in found]
    assert not any(interval.complete for interval in searched if interval)
    pairs = [(one.spearman, other.spearman) for one, other in zip(searched, tried, strict=True) if one and other]
    short = [max(one.low - other.low, other.high - one.high) for one, other in pairs]
    assert min(short) >= -ROUNDING, "a search cannot find more than there is"
    assert np.mean(np.array(short) < ROUNDING) >= 0.9
    assert max(short) < 0.12, "a swap of neighbours among 6 at both sizes moves Spearman by 0.114"
