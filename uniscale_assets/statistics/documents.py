"""How much bits per byte would move with other documents: a paired bootstrap, clustered by document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.statistics.scores import ALL_LANGUAGES, NATS_PER_BIT, fill_grid, mean_of_finite

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from uniscale_assets.statistics.scores import ScoreGrid

DRAWS_IN_MEMORY = 4_000_000
"""Weights (draws x documents) held at once; 32 MB."""
FEWEST_CLUSTERS = 2


@dataclass(frozen=True)
class DocumentNoise:
    """Deviations of bits per byte over resampled documents from that over the documents there are."""

    deviations: NDArray[np.float64]
    """[draws, tokenizers, sizes], bits per byte, mean over seeds; NaN where a model has no scores of documents.
    A draw resamples the same documents for every model."""
    clusters: int
    """documents; translations of one document count once"""
    degrees_of_freedom: float
    """effective documents, less one"""


@dataclass(frozen=True)
class ClusterTotals:
    """Nats and bytes of every cluster and model."""

    models: pl.DataFrame
    """tokenizer, size, seed and model: the model's column in the arrays"""
    nats: NDArray[np.float64]
    """[clusters, models]"""
    bytes: NDArray[np.float64]
    """[clusters, models]; zero where a model has not scored a document"""


def document_noise(scores: pl.DataFrame, grid: ScoreGrid, draws: int, random: np.random.Generator) -> DocumentNoise | None:
    """Paired bootstrap over documents of a grid's values; None where fewer than 2 documents are scored.

    Bits per byte is a ratio of sums, so each draw resamples documents with replacement and divides the sums anew; a
    cluster is a document id, so that translations of one document stay together (Efron and Tibshirani 1993; Cameron,
    Gelbach and Miller 2008). Deviations are enlarged by sqrt(clusters / (clusters - 1)), the bootstrap's known shortfall.
    The order of the rows changes nothing.

    Args:
        scores: rows of `document_scores` of the grid's budget, each document's language among its columns.
        grid: what is resampled; language 'all' takes every language's documents.
        draws: resamples.
        random: source of the resamples.
    """
    return noise_of_totals(cluster_totals(scores, grid), grid, draws, random)


def noise_of_totals(totals: ClusterTotals, grid: ScoreGrid, draws: int, random: np.random.Generator) -> DocumentNoise | None:
    """`document_noise` of sums by document."""
    import numpy as np

    clusters = len(totals.nats)
    if clusters < FEWEST_CLUSTERS:
        return None
    resampled = resampled_bits_per_byte(totals, draws, random)
    observed = bits_per_byte_of(totals.nats.sum(axis=0), totals.bytes.sum(axis=0))
    enlarged = (resampled - observed) * np.sqrt(clusters / (clusters - 1))
    return DocumentNoise(deviations_of_means(enlarged, totals.models, grid), clusters, effective_clusters(totals) - 1)


def cluster_totals(scores: pl.DataFrame, grid: ScoreGrid) -> ClusterTotals:
    """Sums over the languages of each document, for every model of the grid; clusters in order of their ids."""
    import polars as pl

    rows = scores if grid.language == ALL_LANGUAGES else scores.filter(pl.col("language") == grid.language)
    rows = rows.filter(pl.col("tokenizer").is_in(grid.tokenizers), pl.col("size").is_in(grid.sizes), pl.col("seed").is_in(grid.seeds))
    keys = ["tokenizer", "size", "seed"]
    # Sorted first: floating sums must not depend on the order of the rows.
    sums = (
        rows.select(*keys, "document", "language", "bytes", nats="negative_log_likelihood_nats")
        .sort("document", "language")
        .group_by(*keys, "document", maintain_order=True)
        .agg(pl.col("nats").sum(), pl.col("bytes").sum())
    )
    models = sums.select(keys).unique().sort(keys).with_row_index("model")
    documents = sums.select("document").unique().sort("document").with_row_index("cluster")
    placed = sums.join(models, on=keys).join(documents, on="document")
    shape = (len(documents), len(models))
    return ClusterTotals(models, scattered(placed, "nats", shape), scattered(placed, "bytes", shape))


def scattered(placed: pl.DataFrame, column: str, shape: tuple[int, int]) -> NDArray[np.float64]:
    """A column as a matrix [clusters, models]; zero where a model has not scored a document."""
    import numpy as np

    matrix = np.zeros(shape)
    matrix[placed["cluster"].to_numpy(), placed["model"].to_numpy()] = placed[column].to_numpy()
    return matrix


def resampled_bits_per_byte(totals: ClusterTotals, draws: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Bits per byte of every model over resampled documents: [draws, models]."""
    import numpy as np

    clusters = len(totals.nats)
    shared = bool((totals.bytes == totals.bytes[:, :1]).all())
    size = totals.bytes[:, :1] if shared else totals.bytes
    step = max(1, DRAWS_IN_MEMORY // clusters)
    parts = []
    for start in range(0, draws, step):
        weights = resampling_weights(min(step, draws - start), clusters, random)
        parts.append(bits_per_byte_of(weights @ totals.nats, weights @ size))
    return np.concatenate(parts)


def resampling_weights(draws: int, clusters: int, random: np.random.Generator) -> NDArray[np.float64]:
    """How often each draw takes each cluster, with replacement: [draws, clusters]; rows add up to ``clusters``."""
    import numpy as np

    taken = random.integers(0, clusters, (draws, clusters)) + clusters * np.arange(draws)[:, None]
    return np.bincount(taken.ravel(), minlength=draws * clusters).reshape(draws, clusters).astype(np.float64)


def bits_per_byte_of(nats: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nats / ln 2 / bytes; NaN where there are no bytes."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(size > 0, nats / size / NATS_PER_BIT, np.nan)


def effective_clusters(totals: ClusterTotals) -> float:
    """(sum of bytes)^2 / sum of squared bytes: as many documents of equal length (Kish 1965)."""
    size = totals.bytes.max(axis=1)
    return float(size.sum() ** 2 / (size**2).sum())


def deviations_of_means(deviations: NDArray[np.float64], models: pl.DataFrame, grid: ScoreGrid) -> NDArray[np.float64]:
    """From [draws, models] to the mean over seeds, [draws, tokenizers, sizes]."""
    import numpy as np

    places = fill_grid(models, (grid.tokenizers, grid.sizes, grid.seeds), models["model"].to_numpy().astype(np.float64))
    known = np.isfinite(places)
    by_seed = np.where(known, deviations[:, np.where(known, places, 0).astype(np.int64)], np.nan)
    # A draw without a single byte of a model says nothing of it; it counts as no deviation.
    return np.where(known.any(axis=-1), np.nan_to_num(mean_of_finite(by_seed)), np.nan)
