"""Studies whose truth is known: values without noise, plus the noise of seeds and documents.

Used by the tests of coverage and, with larger draws, by `benchmarks/interval_coverage.py`. Bits per byte are in units of one
seed's standard deviation, so a gap of 1 between neighbours is a near tie and one of 10 is plain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from uniscale_assets.statistics.documents import ClusterTotals, noise_of_totals
from uniscale_assets.statistics.noise import SizeNoise, grid_noise
from uniscale_assets.statistics.scores import NATS_PER_BIT, ScoreGrid

Values = NDArray[np.float64]
SIZES = ("1M", "2M")


@dataclass(frozen=True)
class Documents:
    """Noise of the documents that a study is scored on."""

    count: int
    deviation: float
    """standard deviation of a mean over all documents, in units of a seed's"""
    length_spread: float
    """standard deviation of the logarithm of their lengths"""
    shared: float
    """correlation between the two sizes of what a document does to a tokenizer"""


@dataclass(frozen=True)
class Regime:
    """A kind of study."""

    name: str
    truth: Callable[[np.random.Generator], Values]
    """[2, tokenizers]: true values at the small and the large size"""
    seeds: int
    documents: Documents | None = None


@dataclass(frozen=True)
class SimulatedStudy:
    """What was true and what was seen."""

    truth: Values
    small: SizeNoise
    large: SizeNoise


def evenly(gap: float, tokenizers: int = 6, order: str = "same") -> Callable[[np.random.Generator], Values]:
    """Tokenizers one gap apart, at the large size in the same order, the reverse, or any."""

    def truth(random: np.random.Generator) -> Values:
        small = gap * np.arange(tokenizers)
        large = {"same": small, "reversed": small[::-1], "any": random.permutation(small)}[order]
        return np.stack([small, large])

    return truth


def separated_then(gap: float, tokenizers: int = 6, order: str = "same") -> Callable[[np.random.Generator], Values]:
    """Plain order at the small size, one gap apart at the large."""

    def truth(random: np.random.Generator) -> Values:
        return np.stack([10.0 * np.arange(tokenizers), evenly(gap, tokenizers, order)(random)[1]])

    return truth


def twins(gap: float, tokenizers: int = 6) -> Callable[[np.random.Generator], Values]:
    """The demo's shape: plain differences between vocabulary sizes; within one the large size turns the pair round, by a gap."""

    def truth(_: np.random.Generator) -> Values:
        groups, members = 20.0 * (np.arange(tokenizers) // 2), np.arange(tokenizers) % 2
        return np.stack([groups + 5 * members, groups - gap * members])

    return truth


def population(spread: float, correlation: float, tokenizers: int = 6) -> Callable[[np.random.Generator], Values]:
    """Tokenizers drawn from a bivariate normal population."""

    def truth(random: np.random.Generator) -> Values:
        first, other = random.standard_normal((2, tokenizers))
        return spread * np.stack([first, correlation * first + np.sqrt(1 - correlation**2) * other])

    return truth


def studies(regime: Regime, count: int, seed: int = 0, draws: int = 400) -> Iterator[SimulatedStudy]:
    """So many independent studies of a regime."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        yield study_of(regime, random, draws)


def study_of(regime: Regime, random: np.random.Generator, draws: int) -> SimulatedStudy:
    """One study: truth, seeds, documents."""
    truth = regime.truth(random)
    tokenizers = truth.shape[1]
    values = truth.T[:, :, None] + random.standard_normal((tokenizers, 2, regime.seeds))
    totals = None if regime.documents is None else document_totals(regime.documents, values, random)
    if totals is not None:
        values = (totals.nats.sum(axis=0) / totals.bytes.sum(axis=0) / NATS_PER_BIT).reshape(values.shape)
    names = tuple(f"t{place:02}" for place in range(tokenizers))
    grid = ScoreGrid("", "all", names, SIZES, tuple(range(regime.seeds)), values)
    documents = None if totals is None else noise_of_totals(totals, grid, draws, random)
    noise = grid_noise(grid, documents, draws, random)
    return SimulatedStudy(truth, *(noise.at(size, range(tokenizers)) for size in SIZES))


def document_totals(documents: Documents, values: Values, random: np.random.Generator) -> ClusterTotals:
    """Nats and bytes by document: each document is hard for everyone, and harder for some tokenizers than for others."""
    count, tokenizers, seeds = documents.count, values.shape[0], values.shape[2]
    common, own = random.standard_normal((count, tokenizers, 1)), random.standard_normal((count, tokenizers, 2))
    effect = np.sqrt(documents.shared) * common + np.sqrt(1 - documents.shared) * own + 3 * random.standard_normal((count, 1, 1))
    size = 1000 * np.exp(documents.length_spread * random.standard_normal(count))
    bits = values[None] + documents.deviation * np.sqrt(count) * effect[..., None]
    nats = (bits * NATS_PER_BIT * size[:, None, None, None]).reshape(count, -1)
    return ClusterTotals(model_columns(tokenizers, seeds), nats, np.repeat(size[:, None], nats.shape[1], axis=1))


@lru_cache
def model_columns(tokenizers: int, seeds: int) -> pl.DataFrame:
    """Which column of the totals is which model."""
    rows = [(f"t{place:02}", size, seed) for place in range(tokenizers) for size in SIZES for seed in range(seeds)]
    return pl.DataFrame(rows, schema=["tokenizer", "size", "seed"], orient="row").with_row_index("model")


REGIMES = (
    Regime("plain differences, 2 seeds", evenly(10, order="any"), seeds=2),
    Regime("differences of 2 seeds' deviations, same order, 2 seeds", evenly(2), seeds=2),
    Regime("near ties in the same order, 2 seeds", evenly(0.3), seeds=2),
    Regime("near ties in reverse, 3 seeds", evenly(0.3, order="reversed"), seeds=3),
    Regime("ties at the large size, 3 seeds", separated_then(0.001), seeds=3),
    Regime("twins that turn round by little, 2 seeds", twins(0.3), seeds=2),
    Regime("twins that tie, 3 seeds", twins(0.001), seeds=3),
    Regime("ties at the large size, mostly 40 documents", separated_then(0.001), seeds=2, documents=Documents(40, 2.0, 0.7, 0.3)),
    Regime("twins, mostly 150 documents shared by both sizes", twins(0.3), seeds=2, documents=Documents(150, 2.0, 0.7, 0.9)),
    Regime("9 tokenizers, ties at the large size, 2 seeds", separated_then(0.001, tokenizers=9), seeds=2),
)
