"""The verdict in words: who wins, whether small sizes can tell, how sure that is, and what would make it surer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from uniscale_assets.size_names import parameters_of_size_name
from uniscale_assets.statistics import wording
from uniscale_assets.statistics.firmer import seeds_to_separate
from uniscale_assets.statistics.groups import EVERY_TOKENIZER, WITHIN_VOCABULARIES
from uniscale_assets.statistics.scores import ALL_LANGUAGES

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.statistics.coverage import Coverage
    from uniscale_assets.statistics.firmer import SeedsNeeded
    from uniscale_assets.statistics.noise import GridNoise

Strength = Literal["strong", "moderate", "weak or cannot tell", "not defined"]
STRONG, MODERATE = 0.8, 0.5
"""Bands on the lower end of the interval for these tokenizers of Spearman's rho."""


@dataclass(frozen=True)
class Winner:
    """The best tokenizer at one size."""

    budget: str
    size: str
    tokenizers: int
    best: str
    bits_per_byte: float
    not_separated: tuple[str, ...] | None
    """others that the noise does not tell from it, best first; None where no noise is known"""
    runner_up: str | None
    difference: float | None
    """of the runner-up to the best, bits per byte"""
    difference_low: float | None
    difference_high: float | None
    seeds_known: bool
    """whether the noise between seeds is known; with one seed nothing is sure"""
    seeds_needed: SeedsNeeded | None
    """to separate the two, where they are not"""

    @property
    def clear(self) -> bool:
        """Whether every other tokenizer is separated from the best, by more than the noise of seeds and documents."""
        return self.seeds_known and self.not_separated == ()


@dataclass(frozen=True)
class Agreement:
    """Whether one size orders the tokenizers as the largest does."""

    budget: str
    small_size: str
    large_size: str
    tokenizers: int
    spearman: float | None
    low: float | None
    high: float | None
    population_low: float | None
    population_high: float | None
    p_value: float | None
    decision_accuracy: Share | None
    within_vocabularies: Share | None
    """decision accuracy over pairs of equal vocabulary size"""
    ceiling: float | None
    noise_corrected: float | None
    winner_probability: float | None
    regret: float | None
    regret_high: float | None
    compute_share: float | None
    seeds_known: bool
    """whether the noise between seeds is known at both sizes"""

    @property
    def strength(self) -> Strength:
        """The band of the interval's lower end; an interval that leaves out the seeds' noise claims nothing."""
        if self.spearman is None:
            return "not defined"
        if self.low is None or self.low < MODERATE or not self.seeds_known:
            return "weak or cannot tell"
        return "strong" if self.low >= STRONG else "moderate"


@dataclass(frozen=True)
class Share:
    """A share of pairs with its interval for these tokenizers."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Verdict:
    """What a study says, for reading and for use."""

    headline: str
    sentences: tuple[str, ...]
    winners: tuple[Winner, ...]
    """by budget and size, sizes ascending"""
    agreements: tuple[Agreement, ...]
    """every smaller size with the largest that has 3 tokenizers, by budget"""
    coverage: str
    """such as "31 of 36"; empty where the expected grid was not given"""

    def __str__(self) -> str:
        return "\n".join((self.headline, *self.sentences))


def verdict_of(noises: Sequence[GridNoise], correlations: pl.DataFrame, ranking: pl.DataFrame, coverage: Coverage | None = None) -> Verdict:
    """The verdict over all languages.

    Args:
        noises: the grids.
        correlations: of `rank_correlations`.
        ranking: of `ranking`.
        coverage: of the study's grid, where it is known.
    """
    whole = [noise for noise in noises if noise.grid.language == ALL_LANGUAGES]
    winners = tuple(winner_at(noise, size, ranking) for noise in whole for size in noise.grid.sizes)
    agreements = tuple(agreement for noise in whole for agreement in agreements_of(noise, correlations))
    budgets = [noise.grid.budget for noise in whole]
    sentences: list[str] = []
    for budget in budgets:
        prefix = wording.budget_prefix(budget)
        own = [winner for winner in winners if winner.budget == budget], [item for item in agreements if item.budget == budget]
        sentences += [prefix + sentence for sentence in wording.sentences(*own)]
    headline = wording.headline(winners, agreements)
    said = (wording.coverage_sentence(coverage),) if coverage is not None else ()
    return Verdict(headline, (*sentences, *said), winners, agreements, "" if coverage is None else str(coverage))


def winner_at(noise: GridNoise, size: str, ranking: pl.DataFrame) -> Winner:
    """The best tokenizer at one size and what it can be told from."""
    import polars as pl

    rows = ranking.filter(pl.col("budget") == noise.grid.budget, pl.col("language") == ALL_LANGUAGES, pl.col("size") == size)
    best, others = rows.row(0, named=True), list(rows.iter_rows(named=True))[1:]
    second = others[0] if others else None
    known = all(row["separated"] is not None for row in others)
    needed = None
    if second is not None and second["separated"] is False:
        places = [noise.grid.tokenizers.index(row["tokenizer"]) for row in (best, second)]
        needed = seeds_to_separate(noise, size, places[0], places[1])
    return Winner(
        budget=noise.grid.budget,
        size=size,
        tokenizers=len(rows),
        best=best["tokenizer"],
        bits_per_byte=best["bits_per_byte"],
        not_separated=tuple(row["tokenizer"] for row in others if not row["separated"]) if known else None,
        runner_up=None if second is None else second["tokenizer"],
        difference=None if second is None else second["difference_to_best"],
        difference_low=None if second is None else second["difference_low"],
        difference_high=None if second is None else second["difference_high"],
        seeds_known=noise.seed_variances[noise.grid.sizes.index(size)].known,
        seeds_needed=needed,
    )


def agreements_of(noise: GridNoise, correlations: pl.DataFrame) -> list[Agreement]:
    """Every smaller size of a grid with its largest that has enough tokenizers."""
    import polars as pl

    largest = reference_size(noise)
    rows = correlations.filter(pl.col("budget") == noise.grid.budget, pl.col("language") == ALL_LANGUAGES, pl.col("large_size") == largest)
    known = {size: variance.known for size, variance in zip(noise.grid.sizes, noise.seed_variances, strict=True)}
    return [
        agreement_of(rows.filter(pl.col("small_size") == small), seeds_known=known[small] and known[largest])
        for small in noise.grid.sizes
        if parameters_of_size_name(small) < parameters_of_size_name(largest)
    ]


def reference_size(noise: GridNoise) -> str:
    """The largest size with 3 tokenizers or more; where there is none, the largest."""
    counts = (noise.grid.counts > 0).sum(axis=0)
    enough = [size for size, count in zip(noise.grid.sizes, counts, strict=True) if count >= wording.FEWEST_TOKENIZERS]
    return (enough or noise.grid.sizes)[-1]


def agreement_of(rows: pl.DataFrame, *, seeds_known: bool) -> Agreement:
    """The rows of one pair of sizes as one agreement."""
    found = {(row["group_name"], row["statistic"]): row for row in rows.iter_rows(named=True)}
    everyone = {statistic: row for (group, statistic), row in found.items() if group == EVERY_TOKENIZER}
    spearman, lost = everyone["spearman"], everyone["regret"]
    within = found.get((WITHIN_VOCABULARIES, "decision_accuracy"))

    def value(statistic: str) -> float | None:
        return everyone[statistic]["value"] if statistic in everyone else None

    return Agreement(
        budget=spearman["budget"],
        small_size=spearman["small_size"],
        large_size=spearman["large_size"],
        tokenizers=spearman["tokenizers"],
        spearman=spearman["value"],
        low=spearman["low"],
        high=spearman["high"],
        population_low=spearman["population_low"],
        population_high=spearman["population_high"],
        p_value=spearman["p_value"],
        decision_accuracy=share_of(everyone["decision_accuracy"]),
        within_vocabularies=share_of(within),
        ceiling=value("seed_ceiling"),
        noise_corrected=value("noise_corrected_spearman"),
        winner_probability=value("winner_probability"),
        regret=lost["value"],
        regret_high=lost["high"],
        compute_share=value("compute_share"),
        seeds_known=seeds_known,
    )


def share_of(row: dict[str, float | None] | None) -> Share | None:
    """A row's value and interval; None where it has no value."""
    if row is None or row["value"] is None:
        return None
    return Share(row["value"], row["low"], row["high"])
