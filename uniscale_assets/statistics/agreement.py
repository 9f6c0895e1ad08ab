"""Agreement between two sizes over one group of tokenizers: every statistic, one row each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from uniscale_assets.statistics.decisions import regret, winner_probability, winners
from uniscale_assets.statistics.intervals import (
    AgreementIntervals,
    Interval,
    intervals_for_population,
    intervals_for_these,
)
from uniscale_assets.statistics.orders import CONFIDENCE
from uniscale_assets.statistics.population import same_winner_limits
from uniscale_assets.statistics.rank_agreement import Correlation, concordance_of_rows, correlation, kendall_of_rows, pair_signs
from uniscale_assets.statistics.seeds import SeedCeiling, seed_ceiling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.groups import Group
    from uniscale_assets.statistics.noise import GridNoise, SizeNoise

FEWEST_TOKENIZERS = 3


@dataclass(frozen=True)
class AgreementRow:
    """One row of `rank_correlations`, without the study; the fields mean what the table's columns say."""

    budget: str
    language: str
    small_size: str
    large_size: str
    group_name: str
    tokenizers: int
    statistic: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    population_low: float | None = None
    population_high: float | None = None
    p_value: float | None = None
    unit: str = ""
    note: str = ""
    metric: str = "bits_per_byte"


@dataclass(frozen=True)
class SizePair:
    """Two sizes over the tokenizers of a group that both have."""

    noise: GridNoise
    small_size: str
    large_size: str
    group: Group
    seed: int
    """of sampled permutations"""

    @cached_property
    def members(self) -> list[int]:
        """Places in the grid of the group's tokenizers that both sizes have."""
        import numpy as np

        grid = self.noise.grid
        both = grid.counts[:, [grid.sizes.index(self.small_size), grid.sizes.index(self.large_size)]].all(axis=1)
        present = [grid.tokenizers[place] for place in np.flatnonzero(both)]
        return [grid.tokenizers.index(name) for name in self.group.members(present)]

    @property
    def names(self) -> list[str]:
        """Tokenizers of `members`."""
        return [self.noise.grid.tokenizers[place] for place in self.members]

    @cached_property
    def small(self) -> SizeNoise:
        """Means and noise at the small size."""
        return self.noise.at(self.small_size, self.members)

    @cached_property
    def large(self) -> SizeNoise:
        """Means and noise at the large size."""
        return self.noise.at(self.large_size, self.members)

    @cached_property
    def pairs(self) -> NDArray[np.bool_] | None:
        """Pairs of members that count; None is all."""
        return self.group.counted_pairs(self.names)

    @cached_property
    def these(self) -> AgreementIntervals | None:
        """Intervals for these tokenizers."""
        return intervals_for_these(self.small, self.large, self.pairs)

    @cached_property
    def population(self) -> AgreementIntervals:
        """Intervals for tokenizers like these."""
        return intervals_for_population(self.small, self.large, self.these)

    @cached_property
    def ceiling(self) -> SeedCeiling:
        """What the seeds allow."""
        grid = self.noise.grid
        values = [grid.values[self.members, grid.sizes.index(size)] for size in (self.small_size, self.large_size)]
        return seed_ceiling(values[0], values[1])

    @cached_property
    def note(self) -> str:
        """What the intervals leave out."""
        notes = [self.small.note, self.large.note]
        if self.these is not None and not self.these.complete:
            notes.append("the ends of the interval were searched, not all orders tried")
        return "; ".join(note for note in notes if note)

    @property
    def blank(self) -> AgreementRow:
        """The row that the statistics fill in."""
        grid = self.noise.grid
        count = len(self.members)
        return AgreementRow(grid.budget, grid.language, self.small_size, self.large_size, self.group.name, count, statistic="")


def agreement_rows(pair: SizePair) -> Iterator[AgreementRow]:
    """Every statistic of a pair of sizes; with fewer than 3 tokenizers rows that say so and have no value."""
    if len(pair.members) < FEWEST_TOKENIZERS:
        yield from undefined_rows(pair)
    elif pair.group.only_pairs_within:
        yield decision_row(pair)
    else:
        spearman, kendall = (correlation(name, pair.small.means.tolist(), pair.large.means.tolist(), seed=pair.seed) for name in NAMES)
        yield correlation_row(pair, "spearman", spearman)
        yield correlation_row(pair, "kendall", kendall)
        yield decision_row(pair)
        yield winner_row(pair)
        yield regret_row(pair)
        yield from ceiling_rows(pair, spearman)


NAMES = ("spearman", "kendall")
UNITS = {
    "spearman": "correlation",
    "kendall": "correlation",
    "decision_accuracy": "share of pairs",
    "winner_probability": "probability",
    "regret": "bits per byte",
}


def undefined_rows(pair: SizePair) -> Iterator[AgreementRow]:
    """The main statistics without a value."""
    note = f"not defined: {len(pair.members)} tokenizers have both sizes, and it takes {FEWEST_TOKENIZERS}"
    for statistic in ("decision_accuracy",) if pair.group.only_pairs_within else UNITS:
        yield replace(pair.blank, statistic=statistic, unit=UNITS[statistic], note=note)


def joined(*notes: str) -> str:
    """Notes that say something, one after another."""
    return "; ".join(note for note in notes if note)


def correlation_row(pair: SizePair, statistic: str, found: Correlation) -> AgreementRow:
    """Spearman or Kendall with intervals and p-value."""
    row = replace(pair.blank, statistic=statistic, unit=UNITS[statistic], value=found.value, p_value=found.p_value)
    if found.value is None:
        return replace(row, note=found.note)
    these = pair.these and getattr(pair.these, statistic)
    return with_intervals(replace(row, note=joined(found.note, pair.note)), these, getattr(pair.population, statistic))


def with_intervals(row: AgreementRow, these: Interval | None, population: Interval | None) -> AgreementRow:
    """A row with the ends of its intervals."""
    if these is not None:
        row = replace(row, low=these.low, high=these.high)
    if population is not None:
        row = replace(row, population_low=population.low, population_high=population.high)
    return row


def decision_row(pair: SizePair) -> AgreementRow:
    """Decision accuracy: share of pairs of tokenizers that the small size orders as the large one does."""
    value = decision_accuracy(pair.small.means, pair.large.means, pair.pairs)
    counted = len(pair.members) * (len(pair.members) - 1) // 2 if pair.pairs is None else int(pair.pairs.sum()) // 2
    note = joined(f"{counted} pairs", pair.note)
    row = replace(pair.blank, statistic="decision_accuracy", unit=UNITS["decision_accuracy"], value=value, note=note)
    population = None if pair.group.only_pairs_within else pair.population.decision_accuracy
    return with_intervals(row, pair.these and pair.these.decision_accuracy, population)


def decision_accuracy(small: NDArray[np.float64], large: NDArray[np.float64], pairs: NDArray[np.bool_] | None = None) -> float:
    """Share of pairs that two vectors order alike; a tie in either counts half.

    Args:
        small: [tokenizers].
        large: [tokenizers].
        pairs: [tokenizers, tokenizers], symmetric, the pairs that count; None is all.
    """
    if pairs is None:
        return float(concordance_of_rows(small, large))
    return float(0.5 + (pair_signs(small) * pair_signs(large))[pairs].mean() / 2)


def winner_row(pair: SizePair) -> AgreementRow:
    """Probability that the small size's winner is the large size's, and who won as observed."""
    best = {pair.names[int(place)] for place in winners(pair.small.means)}, {pair.names[int(place)] for place in winners(pair.large.means)}
    said = f"observed winners: {', '.join(sorted(best[0]))} at {pair.small_size}, {', '.join(sorted(best[1]))} at {pair.large_size}"
    drawn = kendall_of_rows(pair.small.means + pair.small.draws, pair.large.means + pair.large.draws)
    low, high = same_winner_limits(drawn, len(pair.members), CONFIDENCE)
    row = replace(pair.blank, statistic="winner_probability", unit=UNITS["winner_probability"])
    value = winner_probability(pair.small, pair.large)
    reason = "not defined: no noise is known" if value is None else "a probability, so it has no interval for these tokenizers"
    note = joined(said, reason, pair.large.note)
    return replace(row, value=value, population_low=low, population_high=high, note=note)


def regret_row(pair: SizePair) -> AgreementRow:
    """Regret in bits per byte."""
    found = regret(pair.small, pair.large)
    note = joined("no interval for tokenizers like these: it depends on the best of them", pair.large.note)
    row = replace(pair.blank, statistic="regret", unit=UNITS["regret"], note=note)
    return replace(row, value=found.value, low=found.low, high=found.high)


def ceiling_rows(pair: SizePair, spearman: Correlation) -> Iterator[AgreementRow]:
    """Agreement between seeds at each size, the ceiling it sets, and the correlation corrected by it."""
    found = pair.ceiling
    unit = UNITS["spearman"]
    between = {"small": (found.small_agreement, pair.small_size), "large": (found.large_agreement, pair.large_size)}
    for name, (value, size) in between.items():
        note = f"Spearman between two seeds at {size}, mean over pairs of seeds"
        note = note if value is not None else f"not defined: needs two seeds of 3 tokenizers at {size}"
        yield replace(pair.blank, statistic=f"seed_agreement_{name}", value=value, unit=unit, note=note)
    yield replace(pair.blank, statistic="seed_ceiling", value=found.ceiling, unit=unit, note=found.note)
    corrected = found.corrected(spearman.value)
    note = "Spearman / seed_ceiling, at most 1" if corrected is not None else joined("not defined", found.note)
    yield replace(pair.blank, statistic="noise_corrected_spearman", value=corrected, unit=unit, note=note)


def compute_row(pair: SizePair, flops: Mapping[tuple[str, str, str], float]) -> AgreementRow:
    """Training FLOPs of the small size as a share of the large one's, over the tokenizers that both have.

    Args:
        pair: the sizes.
        flops: mean training FLOPs of one model by budget, tokenizer and size.
    """
    budget = pair.noise.grid.budget
    totals = [[flops.get((budget, name, size)) for name in pair.names] for size in (pair.small_size, pair.large_size)]
    known = [(small, large) for small, large in zip(*totals, strict=True) if small is not None and large is not None]
    value = sum(small for small, _ in known) / sum(large for _, large in known) if known else None
    note = "training FLOPs of one seed" if known else "not defined: no training runs of these tokenizers"
    return replace(pair.blank, statistic="compute_share", value=value, unit="share of FLOPs", note=note)
