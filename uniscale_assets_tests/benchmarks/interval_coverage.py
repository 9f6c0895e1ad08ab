"""Do the intervals cover what they claim? Simulated studies whose truth is known; prints shares, no times.

`naive` is the 95 % percentile interval of observed values plus noise, for comparison: it doubles the noise. `low` and `high`
are mean ends of the interval for Spearman's rho. The tests run the same with fewer studies.

    python -m uniscale_assets_tests.benchmarks.interval_coverage [studies]
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from uniscale_assets.statistics.decisions import regret
from uniscale_assets.statistics.intervals import intervals_for_population, intervals_for_these
from uniscale_assets.statistics.population import agreement_of_correlation
from uniscale_assets.statistics.rank_agreement import concordance_of_rows, kendall_of_rows, spearman_of_rows
from uniscale_assets_tests.statistics.simulated_studies import (
    REGIMES,
    Documents,
    Regime,
    SimulatedStudy,
    evenly,
    population,
    separated_then,
    studies,
    twins,
)

ROUNDING = 1e-9
FURTHER = (
    *(Regime(f"{count} tokenizers {gap} apart, 2 seeds", evenly(gap, count), 2) for count in (3, 4, 6, 9, 12) for gap in (1, 3)),
    *(Regime(f"6 tokenizers 1 apart, {seeds} seeds", evenly(1), seeds) for seeds in (3, 5)),
    *(Regime(f"ties at the large size, {seeds} seeds", separated_then(0.001), seeds) for seeds in (2, 5)),
    *(Regime(f"twins {gap} apart in reverse, 3 seeds", twins(gap), 3) for gap in (0.3, 1.0)),
    Regime("12 tokenizers, ties at the large size, 2 seeds", separated_then(0.001, 12), 2),
    *(
        Regime(f"ties at the large size, {count} documents, lengths {spread}", separated_then(0.001), 3, Documents(count, 3.0, spread, 0.3))
        for count in (10, 30, 300)
        for spread in (0.0, 1.0)
    ),
    Regime("ties at both sizes, documents shared wholly, one seed", evenly(0.001), 1, Documents(200, 3.0, 0.7, 0.99)),
    Regime("ties at the large size, documents shared wholly, one seed", separated_then(0.001), 1, Documents(200, 3.0, 0.7, 0.99)),
)


def main(count: int = 400) -> None:
    """Print coverage of every regime."""
    print(f"{count} studies a regime; a true 95 % shows between {0.95 - margin(count):.3f} and {0.95 + margin(count):.3f}\n")
    print("for these tokenizers".ljust(70), "spearman kendall accuracy regret naive   low  high")
    for regime in (*REGIMES, *FURTHER):
        print(regime.name.ljust(70), *these_tokenizers(regime, count), flush=True)
    print("\n" + "for tokenizers like these".ljust(70), "spearman kendall   low  high")
    for tokenizers in (4, 6, 12):
        for spread in (100.0, 5.0, 1.0):
            for correlation in (0.0, 0.5, 0.9, 0.99):
                regime = Regime("", population(spread, correlation, tokenizers), 2)
                name = f"{tokenizers} from a normal population, spread {spread}, correlation {correlation}"
                print(name.ljust(70), *like_these(regime, correlation, count // 2), flush=True)
    heavy = Regime("", heavy_tailed(0.9), 2)
    print("6 from a heavy-tailed population, spread 100, correlation 0.9".ljust(70), *like_these(heavy, 0.9, count // 2))


def margin(count: int) -> float:
    """Two standard errors of a share of 95 %."""
    return 2 * float(np.sqrt(0.95 * 0.05 / count))


def these_tokenizers(regime: Regime, count: int) -> list[str]:
    """Coverage of the intervals for these tokenizers."""
    rows = np.array([covered_by_these(study) for study in studies(regime, count, seed=1)])
    means = rows.mean(axis=0)
    return [*(f"{share:7.3f}" for share in means[:5]), *(f"{end:5.2f}" for end in means[5:])]


def covered_by_these(study: SimulatedStudy) -> list[float]:
    """Whether each interval covers its truth, and the ends of Spearman's."""
    found, lost = intervals_for_these(study.small, study.large), regret(study.small, study.large)
    assert found is not None
    assert lost.low is not None
    assert lost.high is not None
    true = [float(measure(*study.truth)) for measure in (spearman_of_rows, kendall_of_rows, concordance_of_rows)]
    ends = [(found.spearman.low, found.spearman.high), (found.kendall.low, found.kendall.high)]
    ends += [(found.decision_accuracy.low, found.decision_accuracy.high), (lost.low, lost.high), naive_interval(study)]
    true += [study.truth[1][study.small.means.argmin()] - study.truth[1].min(), true[0]]
    covered = [float(low - ROUNDING <= value <= high + ROUNDING) for (low, high), value in zip(ends, true, strict=True)]
    return [*covered, found.spearman.low, found.spearman.high]


def naive_interval(study: SimulatedStudy) -> tuple[float, float]:
    """Percentiles of Spearman's rho over observed values plus noise."""
    drawn = spearman_of_rows(study.small.means + study.small.draws, study.large.means + study.large.draws)
    low, high = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def like_these(regime: Regime, correlation: float, count: int) -> list[str]:
    """Coverage of the intervals for tokenizers like these."""
    true = [agreement_of_correlation(measure, correlation) for measure in ("spearman", "kendall")]
    rows = []
    for study in studies(regime, count, seed=1):
        found = intervals_for_population(study.small, study.large, intervals_for_these(study.small, study.large))
        covered = [interval.low <= value <= interval.high for interval, value in zip((found.spearman, found.kendall), true, strict=True)]
        rows.append([*covered, found.spearman.low, found.spearman.high])
    means = np.mean(rows, axis=0)
    return [*(f"{share:7.3f}" for share in means[:2]), *(f"{end:5.2f}" for end in means[2:])]


def heavy_tailed(correlation: float) -> Callable[[np.random.Generator], np.ndarray]:
    """Values with the ranks of a Gaussian copula's relative with heavy tails: Student's t with 3 degrees of freedom."""
    normal = population(100.0, correlation)

    def truth(random: np.random.Generator) -> np.ndarray:
        return normal(random) / np.sqrt(random.chisquare(3, 6) / 3)

    return truth


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
