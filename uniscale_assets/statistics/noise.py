"""The noise of a grid's means: seeds, parametric, and documents, resampled; as draws and as covariances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.statistics.seeds import SeedVariance, pooled_seed_variance

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.documents import DocumentNoise
    from uniscale_assets.statistics.scores import ScoreGrid


@dataclass(frozen=True)
class SizeNoise:
    """Observed means of some tokenizers at one size, and how they are expected to err."""

    size: str
    means: NDArray[np.float64]
    """[tokenizers], bits per byte"""
    covariance: NDArray[np.float64]
    """[tokenizers, tokenizers], of the means, bits per byte squared; zero where no noise is known"""
    degrees_of_freedom: float
    """of that covariance (Welch-Satterthwaite over seeds and documents); infinite where it is zero"""
    document_share: float
    """of the variance of differences; 0 to 1. The seeds' part of the covariance has one estimated number, the documents'
    part is estimated as a whole"""
    draws: NDArray[np.float64]
    """[draws, tokenizers], errors; heavy-tailed as the covariance is itself estimated. The same draw of two sizes
    resamples the same documents."""
    seeds_known: bool
    """whether the seeds' noise is part of it"""
    note: str
    """which noise is left out"""

    @property
    def known(self) -> bool:
        """Whether any noise is known."""
        return bool(self.covariance.any())

    @property
    def difference_variances(self) -> NDArray[np.float64]:
        """Variance of the difference of two means: [tokenizers, tokenizers]."""
        import numpy as np

        own = np.diag(self.covariance)
        return np.maximum(own[:, None] + own[None, :] - 2 * self.covariance, 0.0)


@dataclass(frozen=True)
class GridNoise:
    """The noise of every mean of a grid."""

    grid: ScoreGrid
    seed_variances: tuple[SeedVariance, ...]
    """by size"""
    documents: DocumentNoise | None
    draws: NDArray[np.float64]
    """[draws, tokenizers, sizes], bits per byte"""

    def at(self, size: str, tokenizers: Sequence[int]) -> SizeNoise:
        """The noise at one size of the tokenizers at these places of the grid."""
        import numpy as np

        place = self.grid.sizes.index(size)
        chosen = np.asarray(tokenizers, dtype=np.int64)
        seeds = self._seed_covariance(place, chosen)
        documents = self._document_covariance(place, chosen)
        return SizeNoise(
            size=size,
            means=self.grid.means[chosen, place],
            covariance=seeds + documents,
            degrees_of_freedom=self._degrees_of_freedom(place, seeds, documents),
            document_share=contrast_variance(documents) / (contrast_variance(seeds + documents) or 1.0),
            draws=self.draws[:, chosen, place],
            seeds_known=self.seed_variances[place].known,
            note=self._note(place, documents),
        )

    def _seed_covariance(self, place: int, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        import numpy as np

        return np.diag((self.seed_variances[place].variance or 0.0) / self.grid.counts[chosen, place])

    def _document_covariance(self, place: int, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        import numpy as np

        nothing = np.zeros((len(chosen), len(chosen)))
        if self.documents is None:
            return nothing
        deviations = self.documents.deviations[:, chosen, place]
        return np.cov(deviations, rowvar=False).reshape(nothing.shape) if np.isfinite(deviations).all() else nothing

    def _degrees_of_freedom(self, place: int, seeds: NDArray[np.float64], documents: NDArray[np.float64]) -> float:
        parts = [(contrast_variance(seeds), float(self.seed_variances[place].degrees_of_freedom))]
        if self.documents is not None:
            parts.append((contrast_variance(documents), self.documents.degrees_of_freedom))
        below = sum(variance**2 / freedom for variance, freedom in parts if variance > 0)
        return sum(variance for variance, _ in parts) ** 2 / below if below > 0 else float("inf")

    def _note(self, place: int, documents: NDArray[np.float64]) -> str:
        size = self.grid.sizes[place]
        notes = [] if self.seed_variances[place].known else [f"{size} has one seed: seed noise is unknown and left out"]
        if not documents.any():
            notes.append(f"no scores of documents for {size}: their noise is left out")
        return "; ".join(notes)


def contrast_variance(covariance: NDArray[np.float64]) -> float:
    """Half the mean variance of a difference of two of the values: what is left when a common part cancels."""
    size = len(covariance)
    if size < 2:
        return float(covariance.sum())
    return max(0.0, float((covariance.trace() - covariance.sum() / size) / (size - 1)))


def grid_noise(grid: ScoreGrid, documents: DocumentNoise | None, draws: int, random: np.random.Generator) -> GridNoise:
    """Joint draws of seed noise and document noise for every tokenizer and size.

    Seed noise is normal with the pooled variance of its size; that variance is drawn anew each time as
    variance x freedom / chi-squared(freedom), so that one mean's error has Student's t distribution. Document noise is
    the bootstrap's deviation, scaled likewise for the effective number of documents.

    Args:
        grid: the values.
        documents: their bootstrap with as many draws, or None.
        draws: joint draws.
        random: source of the draws.
    """
    import numpy as np

    variances = tuple(pooled_seed_variance(grid.values[:, place]) for place in range(len(grid.sizes)))
    total = np.zeros((draws, len(grid.tokenizers), len(grid.sizes)))
    for place, variance in enumerate(variances):
        spread = scale_draws(variance.degrees_of_freedom, draws, random) * np.sqrt(variance.variance or 0.0)
        normal = random.standard_normal((draws, len(grid.tokenizers)))
        total[:, :, place] += spread[:, None] * normal / np.sqrt(np.maximum(grid.counts[:, place], 1))
    if documents is not None:
        inflation = scale_draws(documents.degrees_of_freedom, draws, random)
        total += inflation[:, None, None] * np.nan_to_num(documents.deviations)
    return GridNoise(grid, variances, documents, total)


def scale_draws(degrees_of_freedom: float, draws: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Draws of the true standard deviation over the estimated one: sqrt(freedom / chi-squared(freedom))."""
    import numpy as np

    freedom = max(degrees_of_freedom, 1.0)
    return np.sqrt(freedom / random.chisquare(freedom, draws))
