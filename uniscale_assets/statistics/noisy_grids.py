"""The grids of a study, each with its noise: what every other number here starts from."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from uniscale_assets.statistics.documents import document_noise
from uniscale_assets.statistics.noise import grid_noise
from uniscale_assets.statistics.scores import ALL_LANGUAGES, checked, score_grids

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from uniscale_assets.statistics.noise import GridNoise
    from uniscale_assets.statistics.scores import ScoreGrid

DRAWS = 2000
"""Joint draws of seeds and documents; a tail of 2.5 % is known to 0.35 points."""


def noisy_grids(bits_per_byte: pl.DataFrame, document_scores: pl.DataFrame, *, seed: int = 0, draws: int = DRAWS) -> list[GridNoise]:
    """Every budget and language, with joint draws of its noise.

    Each grid has a random source of its own, from ``seed``, its budget and its language: adding a language changes no
    other's numbers, and the order of the rows changes none.

    Args:
        bits_per_byte: rows of the metric table.
        document_scores: rows of the metric table; empty leaves the documents' noise out.
        seed: of every draw.
        draws: joint draws of each grid.

    Raises:
        BadInputError: rows of several studies or splits, or a model that stands twice.
    """
    grids = score_grids(bits_per_byte)
    parts = scores_by_language(document_scores)
    return [noisy_grid(grid, parts, seed, draws) for grid in grids]


def scores_by_language(document_scores: pl.DataFrame) -> dict[tuple[str, str], pl.DataFrame]:
    """Document scores of each budget and language, and of each budget under 'all'."""
    scores = checked(document_scores, "document_scores", ("language", "document"))
    parts = {(str(key[0]), str(key[1])): part for key, part in scores.partition_by("budget", "language", as_dict=True).items()}
    whole = {(str(key[0]), ALL_LANGUAGES): part for key, part in scores.partition_by("budget", as_dict=True).items()}
    return parts | whole


def noisy_grid(grid: ScoreGrid, scores: dict[tuple[str, str], pl.DataFrame], seed: int, draws: int) -> GridNoise:
    """One grid with its noise."""
    random = random_source(seed, grid.budget, grid.language)
    rows = scores.get((grid.budget, grid.language))
    documents = None if rows is None else document_noise(rows, grid, draws, random)
    return grid_noise(grid, documents, draws, random)


def random_source(seed: int, *labels: str) -> np.random.Generator:
    """A random source of a seed and some labels."""
    import numpy as np

    return np.random.default_rng([seed, *(zlib.crc32(label.encode()) for label in labels)])
