"""How far a stream of bits is from uniform: entropy of its n-grams and of its n-bit tokens (arXiv 2404.03626, section 5.1 and D.6)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from uniscale_assets.errors import BadInputError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

Segmentation = Literal["n-grams", "tokens"]
Estimator = Literal["plug-in", "miller-madow"]
LONGEST = 16
"""bits of the longest segments"""
PARTITIONS = 20
QUANTILES = (0.05, 0.5, 0.95)
CONTROL_SEED = 20240404


@dataclass(frozen=True)
class UniformityRow:
    """Kullback-Leibler divergence of segments of some bits from the uniform distribution, over partitions of one stream."""

    segmentation: str
    """`n-grams`: at every bit; `tokens`: end to end, ``bits`` dividing 16"""
    bits: int
    estimator: str
    partitions: int
    segments: int
    """of each partition"""
    low: float
    """5 % of the partitions lie below, bits"""
    median: float
    high: float
    """95 % of the partitions lie below, bits"""


def uniformity(stream: bytes, partitions: int = PARTITIONS) -> pl.DataFrame:
    """Divergence from uniform of every segmentation of a stream, by both estimators.

    Args:
        stream: tokens end to end, without separators.
        partitions: disjoint parts of equal length, one after the other; what is left over is not counted.

    Returns:
        Columns of `UniformityRow`.

    Raises:
        BadInputError: a partition has fewer than ``LONGEST`` bits.
    """
    import polars as pl

    bits = partitioned_bits(stream, partitions)
    rows = [row for segmentation, size, counts in segment_counts(bits) for row in rows_of(segmentation, size, counts)]
    return pl.DataFrame(rows)


def random_stream(size: int) -> bytes:
    """The control: as many bytes, independent and uniform, the same each time."""
    import numpy as np

    return np.random.default_rng(CONTROL_SEED).bytes(size)


def partitioned_bits(stream: bytes, partitions: int) -> np.ndarray:
    """uint8 [partitions, bits]: the most significant bit of each byte first."""
    import numpy as np

    length = len(stream) // partitions // 2 * 2
    if 8 * length < LONGEST:
        raise BadInputError(f"a stream of {len(stream)} bytes is too short for {partitions} partitions of {LONGEST} bits: take more text")
    whole = np.frombuffer(stream[: length * partitions], np.uint8)
    return np.unpackbits(whole.reshape(partitions, length), axis=1)


def segment_counts(bits: np.ndarray) -> Iterator[tuple[Segmentation, int, np.ndarray]]:
    """Segmentation, bits of a segment, and how often each value occurs in each partition: int64 [partitions, 2^bits].

    Args:
        bits: uint8 [partitions, bits].
    """
    import numpy as np

    values = np.zeros((len(bits), bits.shape[1] + 1), dtype=np.int32)
    for size in range(1, LONGEST + 1):
        values = values[:, :-1] * 2 + bits[:, size - 1 :]
        yield "n-grams", size, counted(values, size)
        if LONGEST % size == 0:
            yield "tokens", size, counted(values[:, ::size], size)


def counted(values: np.ndarray, size: int) -> np.ndarray:
    """How often each of 2^size values occurs in each row: int64 [rows, 2^size]."""
    import numpy as np

    rows = np.arange(len(values))[:, None] << size
    return np.bincount((values + rows).ravel(), minlength=len(values) << size).reshape(len(values), 1 << size)


def rows_of(segmentation: Segmentation, size: int, counts: np.ndarray) -> Iterator[UniformityRow]:
    """The divergence by both estimators."""
    import numpy as np

    segments = int(counts[0].sum())
    plug_in = size - entropies(counts)
    found: dict[Estimator, np.ndarray] = {"plug-in": plug_in, "miller-madow": plug_in - miller_madow_bits(size, segments)}
    for estimator, values in found.items():
        low, median, high = (float(value) for value in np.quantile(values, QUANTILES))
        yield UniformityRow(segmentation, size, estimator, len(counts), segments, low, median, high)


def entropies(counts: np.ndarray) -> np.ndarray:
    """Plug-in (maximum likelihood) entropy of each row, -sum p log2 p in bits: float64 [rows]. Too low by about ``miller_madow_bits``."""
    import numpy as np

    shares = counts / counts.sum(axis=1, keepdims=True)
    return -(shares * np.log2(np.where(shares > 0, shares, 1.0))).sum(axis=1)


def miller_madow_bits(size: int, segments: int) -> float:
    """What Miller and Madow (1955) add to the plug-in entropy: (V - 1) / 2m nats, here in bits; V = 2^size, m segments.

    The divergence may come out below zero, above all where there are fewer segments than values.
    """
    return (2**size - 1) / (2 * segments * math.log(2))
