"""The ranking of tokenizers at each size, and which differences are larger than the noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.statistics.frames import frame_of_rows
from uniscale_assets.statistics.noisy_grids import DRAWS, noisy_grids
from uniscale_assets.statistics.orders import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from uniscale_assets.statistics.information_capacity import Capacities
    from uniscale_assets.statistics.noise import GridNoise, SizeNoise


@dataclass(frozen=True)
class RankingRow:
    """One tokenizer at one size; intervals are 95 %, None where no noise is known."""

    budget: str
    language: str
    size: str
    tokenizer: str
    seeds: int
    bits_per_byte: float
    """mean over seeds"""
    low: float | None
    """of the value itself; documents that are hard for every tokenizer make it wide"""
    high: float | None
    rank: float
    """1 is the least bits per byte; ties share the mean of their ranks"""
    best: str
    """the tokenizer with the least bits per byte at this size"""
    difference_to_best: float
    difference_low: float | None
    """paired, and simultaneous over all pairs of this size, since the best was chosen by looking"""
    difference_high: float | None
    separated: bool | None
    """whether the difference to the best is above the noise that is known"""
    information_capacity: float | None
    """bits saved against uniform bytes for each FLOP of inference, tokenizer included, mean over seeds; None where not known"""
    note: str
    """which noise is left out"""


@dataclass(frozen=True)
class SeparationRow:
    """How many pairs of tokenizers differ by more than the noise at one size."""

    budget: str
    language: str
    size: str
    tokenizers: int
    pairs: int
    above_seed_spread: int | None
    """pairs whose difference is significant at 5 % against the seeds alone, each by itself; None with one seed"""
    share_above_seed_spread: float | None
    separated: int | None
    """pairs that differ under simultaneous 95 % intervals with seeds and documents"""
    share_separated: float | None
    seed_standard_deviation: float | None
    """of one seed's value, pooled over tokenizers, bits per byte"""


@dataclass(frozen=True)
class PairedDifferences:
    """Differences between tokenizers at one size with simultaneous 95 % intervals."""

    differences: NDArray[np.float64]
    """[tokenizers, tokenizers]: row minus column, bits per byte"""
    half_widths: NDArray[np.float64] | None
    """[tokenizers, tokenizers]; None where no noise is known"""

    @property
    def separated(self) -> NDArray[np.bool_] | None:
        """Pairs whose interval leaves out zero."""
        import numpy as np

        return None if self.half_widths is None else np.abs(self.differences) > self.half_widths


def ranking(bits_per_byte: pl.DataFrame, document_scores: pl.DataFrame, *, seed: int = 0, draws: int = DRAWS) -> pl.DataFrame:
    """The ranking at every budget, language and size: the columns of `RankingRow`, best first.

    Args:
        bits_per_byte: rows of the metric table, of one study and split.
        document_scores: rows of the metric table.
        seed: of every draw.
        draws: joint draws of seeds and documents.

    Raises:
        BadInputError: rows of several studies or splits, or a model that stands twice.
    """
    return ranking_of(noisy_grids(bits_per_byte, document_scores, seed=seed, draws=draws))


def ranking_of(noises: Sequence[GridNoise], capacities: Capacities | None = None) -> pl.DataFrame:
    """`ranking` of grids whose noise is there already, with the information capacities where they are given."""
    rows = (row for noise in noises for size in noise.grid.sizes for row in ranking_rows(noise, size, capacities or {}))
    return frame_of_rows(rows, RankingRow)


def separations_of(noises: Sequence[GridNoise]) -> pl.DataFrame:
    """Pairs above the noise at every budget, language and size: the columns of `SeparationRow`."""
    return frame_of_rows((separation_row(noise, size) for noise in noises for size in noise.grid.sizes), SeparationRow)


def present_at(noise: GridNoise, size: str) -> list[int]:
    """Places of the tokenizers that have a model of this size."""
    return noise.grid.counts[:, noise.grid.sizes.index(size)].nonzero()[0].tolist()


def paired_differences(at: SizeNoise) -> PairedDifferences:
    """All differences with simultaneous intervals: half width = quantile of the largest studentized error x its scale.

    With seeds alone and equally many of them this is Tukey's studentized range; unequal seeds and correlated documents
    need no other formula, as the quantile is read off the joint draws (single-step max-t: Hothorn, Bretz and Westfall 2008).
    """
    import numpy as np

    differences = at.means[:, None] - at.means[None, :]
    if not at.known or len(at.means) < 2:
        return PairedDifferences(differences, None)
    scales = np.sqrt(at.difference_variances)
    first, second = np.triu_indices(len(at.means), 1)
    errors = np.abs(at.draws[:, first] - at.draws[:, second]) / np.where(scales > 0, scales, np.inf)[first, second]
    return PairedDifferences(differences, scales * np.quantile(errors.max(axis=1), CONFIDENCE))


def ranking_rows(noise: GridNoise, size: str, capacities: Capacities) -> Iterator[RankingRow]:
    """Rows of one size, best first."""
    import numpy as np
    from scipy import stats

    grid, places = noise.grid, present_at(noise, size)
    at = noise.at(size, places)
    paired = paired_differences(at)
    tails = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    ends = at.means + np.quantile(at.draws, tails, axis=0) if at.known else None
    best = int(at.means.argmin())
    ranks = stats.rankdata(at.means)
    for item in np.argsort(at.means, kind="stable"):
        difference = float(paired.differences[item, best])
        reach = None if paired.half_widths is None else float(paired.half_widths[item, best])
        yield RankingRow(
            budget=grid.budget,
            language=grid.language,
            size=size,
            tokenizer=grid.tokenizers[places[item]],
            seeds=int(grid.counts[places[item], grid.sizes.index(size)]),
            bits_per_byte=float(at.means[item]),
            low=None if ends is None else float(ends[0, item]),
            high=None if ends is None else float(ends[1, item]),
            rank=float(ranks[item]),
            best=grid.tokenizers[places[best]],
            difference_to_best=difference,
            difference_low=None if reach is None else difference - reach,
            difference_high=None if reach is None else difference + reach,
            separated=None if reach is None else difference > reach,
            information_capacity=capacities.get((grid.budget, grid.language, size, grid.tokenizers[places[item]])),
            note=at.note,
        )


def separation_row(noise: GridNoise, size: str) -> SeparationRow:
    """Pairs above the noise at one size."""
    import numpy as np

    places = present_at(noise, size)
    at = noise.at(size, places)
    upper = np.triu_indices(len(places), 1)
    pairs = len(upper[0])
    above = pairs_above_seed_spread(noise, size, places)
    separated = paired_differences(at).separated
    apart = None if separated is None else int(separated[upper].sum())
    variance = noise.seed_variances[noise.grid.sizes.index(size)].variance
    return SeparationRow(
        budget=noise.grid.budget,
        language=noise.grid.language,
        size=size,
        tokenizers=len(places),
        pairs=pairs,
        above_seed_spread=above,
        share_above_seed_spread=None if above is None or not pairs else above / pairs,
        separated=apart,
        share_separated=None if apart is None or not pairs else apart / pairs,
        seed_standard_deviation=None if variance is None else variance**0.5,
    )


def pairs_above_seed_spread(noise: GridNoise, size: str, places: list[int]) -> int | None:
    """Pairs whose difference exceeds Student's t (5 %, two-sided) x the seeds' standard error of a difference."""
    import numpy as np
    from scipy import stats

    place = noise.grid.sizes.index(size)
    variance = noise.seed_variances[place]
    if variance.variance is None:
        return None
    first, second = np.triu_indices(len(places), 1)
    means, counts = noise.grid.means[places, place], noise.grid.counts[places, place]
    errors = np.sqrt(variance.variance * (1 / counts[first] + 1 / counts[second]))
    limit = stats.t.ppf((1 + CONFIDENCE) / 2, variance.degrees_of_freedom)
    return int((np.abs(means[first] - means[second]) > limit * errors).sum())
