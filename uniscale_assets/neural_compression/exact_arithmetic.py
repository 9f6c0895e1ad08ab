"""Single numbers rounded, exponentiated and normalized, the same bits on every machine; compiled by numba.

Only additions, multiplications, divisions, square roots, rounding and table look-ups, one after another: numba fuses none of them
unless asked to. All arrays are contiguous and two-dimensional, one row a position.
"""

from __future__ import annotations

import math

import numba
import numpy as np

SMALLEST_EXPONENT = -700.0


@numba.njit(cache=True, inline="always")
def exponential(value: float, table: np.ndarray, scale: float, bits: int) -> float:
    """e^value for value <= 0, from 2^(i / 2^bits) with linear interpolation; ``scale`` is log2(e) * 2^bits."""
    scaled = max(value, SMALLEST_EXPONENT) * scale
    whole = math.floor(scaled)
    step = int(whole)
    place = step & ((1 << bits) - 1)
    between = table[place] + (scaled - whole) * (table[place + 1] - table[place])
    return math.ldexp(between, step >> bits)


@numba.njit(cache=True, inline="always")
def snapped(value: float, unit: float, largest: float) -> float:
    """The nearest integer to value * unit, at most ``largest`` in size; ties to even."""
    return min(max(np.rint(value * unit), -largest), largest)


@numba.njit(cache=True)
def snap(values: np.ndarray, unit: float, largest: float) -> np.ndarray:
    """``snapped`` of every number."""
    found = np.empty_like(values)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            found[row, column] = snapped(values[row, column], unit, largest)
    return found


@numba.njit(cache=True)
def add_to_stream(stream: np.ndarray, sums: np.ndarray, scale: float, largest: float) -> None:
    """stream += sums * scale in place, both as integers of the stream's grid; ``scale`` is a power of two."""
    for row in range(stream.shape[0]):
        for column in range(stream.shape[1]):
            stream[row, column] = snapped(stream[row, column] + sums[row, column] * scale, 1.0, largest)


@numba.njit(cache=True)
def normalize(stream: np.ndarray, gain: np.ndarray, grid: float, epsilon: float, unit: float, largest: float) -> np.ndarray:
    """RMS norm of a stream of integers (units of 1 / grid), as integers of the activations' grid. The sum of squares is exact."""
    rows, width = stream.shape
    found = np.empty_like(stream)
    for row in range(rows):
        total = np.int64(0)
        for column in range(width):
            integer = np.int64(stream[row, column])
            total += integer * integer
        root = math.sqrt(float(total) / (grid * grid) / width + epsilon)
        for column in range(width):
            value = stream[row, column] / grid / root
            found[row, column] = snapped(value * gain[column], unit, largest)
    return found


@numba.njit(cache=True)
def gated(
    gate: np.ndarray, up: np.ndarray, scales: tuple[float, float], table: np.ndarray, scale: float, bits: int, unit: float, largest: float
) -> np.ndarray:
    """silu(gate) * up as integers of the activations' grid; ``scales`` turn the integers of gate and up into numbers."""
    found = np.empty_like(gate)
    for row in range(gate.shape[0]):
        for column in range(gate.shape[1]):
            value = gate[row, column] * scales[0]
            shrunk = exponential(-abs(value), table, scale, bits)
            share = 1.0 / (1.0 + shrunk) if value >= 0 else shrunk / (1.0 + shrunk)
            found[row, column] = snapped(value * share * (up[row, column] * scales[1]), unit, largest)
    return found


@numba.njit(cache=True)
def rotated(
    vectors: np.ndarray, cosines: np.ndarray, sines: np.ndarray, heads: int, scale: float, unit: float, largest: float
) -> np.ndarray:
    """Rotary positions of vectors [rows, heads * d], halves paired; ``cosines`` and ``sines`` [rows, d / 2]; integers of a grid."""
    rows, width = vectors.shape
    half = width // heads // 2
    found = np.empty_like(vectors)
    for row in range(rows):
        for head in range(heads):
            start = head * 2 * half
            for pair in range(half):
                first = vectors[row, start + pair] * scale
                second = vectors[row, start + half + pair] * scale
                turned = first * cosines[row, pair] - second * sines[row, pair]
                found[row, start + pair] = snapped(turned, unit, largest)
                turned = second * cosines[row, pair] + first * sines[row, pair]
                found[row, start + half + pair] = snapped(turned, unit, largest)
    return found


@numba.njit(cache=True)
def shares_of(scores: np.ndarray, visible: np.ndarray, scale: float, table: np.ndarray, log_scale: float, bits: int, whole: float) -> None:
    """Scores [rows, positions] to integer softmax weights in place: the first ``visible[row]`` count, the rest are 0."""
    for row in range(scores.shape[0]):
        best = -np.inf
        for place in range(visible[row]):
            best = max(best, scores[row, place] * scale)
        for place in range(scores.shape[1]):
            if place < visible[row]:
                scores[row, place] = np.rint(exponential(scores[row, place] * scale - best, table, log_scale, bits) * whole)
            else:
                scores[row, place] = 0.0


@numba.njit(cache=True)
def masses(logits: np.ndarray, scale: float, table: np.ndarray, log_scale: float, bits: int, whole: float) -> np.ndarray:
    """Integer logits [rows, symbols] to unnormalized probabilities as int64."""
    found = np.empty(logits.shape, np.int64)
    for row in range(logits.shape[0]):
        best = -np.inf
        for symbol in range(logits.shape[1]):
            best = max(best, logits[row, symbol] * scale)
        for symbol in range(logits.shape[1]):
            found[row, symbol] = np.int64(np.rint(exponential(logits[row, symbol] * scale - best, table, log_scale, bits) * whole))
    return found
