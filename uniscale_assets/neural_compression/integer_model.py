"""A byte model in integers: the same distributions on every machine, in every batch shape, with any number of threads.

A model in floating point gives other last bits on another machine or in another batch, and a coder that decodes with other
distributions than it encoded with gives back other text. Here every matrix product is of integers small enough that float64 sums them
without rounding, in any order; everything else is addition, multiplication, division, square root and rounding of single
numbers, which IEEE 754 fixes to the last bit, and table look-ups. Weights have 16 bits; activations are rounded to fixed grids.
The architecture is Llama's (arXiv 2307.09288): rotary positions, SiLU-gated MLP, RMS norms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from uniscale_assets.neural_compression import exact_arithmetic as exact
from uniscale_assets.neural_compression.exact_tables import LOG2_E, powers_of_two, rotary_tables
from uniscale_assets.neural_compression.probabilities import cumulative_parts

if TYPE_CHECKING:
    import numpy as np

SEPARATOR = 0
"""the id that every context starts with; byte b has the id b + 1"""
WEIGHT_LIMIT = 2**15 - 1
MATRICES = ("query", "key", "value", "output", "gate", "up", "down")

# Grids as powers of two: the unit, and the largest value. A sum of K products of two such integers must stay below 2^53.
STREAM = (16, 8)
"""residual stream: at most 2^24; its squares are summed as int64, exact up to a width of 2^14"""
ACTIVATION = (14, 10)
"""inputs of matrices: at most 2^24; with weights below 2^15, sums over 2^13 inputs stay below 2^52"""
ATTENTION = (14, 8)
"""queries, keys and values: at most 2^22, exact in float32 where they are kept; products summed over heads of 2^8 stay below 2^52"""
SHARE_BITS = 20
"""of an attention weight: times values of 2^22, summed over 2^10 positions, at most 2^52"""
MASS_BITS = 30
"""of an unnormalized probability"""
TABLE_BITS = 10
"""of the table of powers of two, with linear interpolation: relative error below 6e-8"""


@dataclass(frozen=True)
class Layer:
    """Weights of one decoder layer; matrices as integers [inputs, outputs], each with the power of two of its unit."""

    query: Matrix
    key: Matrix
    value: Matrix
    output: Matrix
    gate: Matrix
    up: Matrix
    down: Matrix
    attention_norm: np.ndarray
    feed_forward_norm: np.ndarray


@dataclass(frozen=True)
class Matrix:
    """Integers held as float64 [inputs, outputs]; the weight is integer * 2^-unit."""

    integers: np.ndarray
    unit: int

    @property
    def scale(self) -> float:
        """What turns a product with activations into numbers."""
        return 2.0 ** -(self.unit + ACTIVATION[0])


@dataclass
class Past:
    """Keys and values of some lanes as integers: float32 [layers, lanes, capacity, heads * head_dim], and each lane's positions."""

    keys: np.ndarray
    values: np.ndarray
    lengths: np.ndarray

    def make_room(self, positions: int, limit: int) -> None:
        """Grow to hold at least some positions."""
        import numpy as np

        capacity = self.keys.shape[2]
        if positions > capacity:
            padding = [(0, 0), (0, 0), (0, min(max(positions, 2 * capacity), limit) - capacity), (0, 0)]
            self.keys, self.values = np.pad(self.keys, padding), np.pad(self.values, padding)


class IntegerByteModel:
    """A byte model whose distributions are integers."""

    def __init__(
        self, layers: list[Layer], embedding: np.ndarray, head: Matrix, final_norm: np.ndarray, *, heads: int, context: int, epsilon: float
    ) -> None:
        self.layers, self.embedding, self.head, self.final_norm = layers, embedding, head, final_norm
        self.heads, self.context, self.epsilon = heads, context, epsilon
        self.width = embedding.shape[1]

    @property
    def parameters(self) -> int:
        """All weights, embeddings and head among them."""
        matrices = [getattr(layer, name).integers.size for layer in self.layers for name in MATRICES]
        return sum(matrices) + (2 * len(self.layers) + 1) * self.width + self.embedding.size + self.head.integers.size

    @property
    def flops_per_byte(self) -> float:
        """Of running it over one byte: 2 for each weight but those of the input embeddings, which are looked up."""
        return 2.0 * (self.parameters - self.embedding.size)

    @cached_property
    def rotary(self) -> tuple[np.ndarray, np.ndarray]:
        """Cosines and sines [context, head_dim / 2]."""
        return rotary_tables(self.context, self.width // self.heads)

    def empty_past(self, lanes: int, capacity: int) -> Past:
        """No positions yet, and room for some."""
        import numpy as np

        shape = (len(self.layers), lanes, capacity, self.width)
        return Past(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(lanes, np.int64))

    def advance(self, symbols: np.ndarray, past: Past) -> np.ndarray:
        """Feed symbols to every lane; the past grows by them.

        Args:
            symbols: int64 [lanes, Q], ids 0 to 256.
            past: of these lanes; each needs room for Q positions, and takes at most ``context`` in all.

        Returns:
            int64 [lanes, Q, 256]: unnormalized probability masses of the byte that follows each symbol.
        """
        import numpy as np

        lanes, count = symbols.shape
        places = past.lengths[:, None] + np.arange(count)
        stream = np.ldexp(self.embedding[symbols.reshape(-1)], STREAM[0])
        for number, layer in enumerate(self.layers):
            normed = self._norm(stream, layer.attention_norm)
            self._remember(past, number, layer, normed, places)
            query = self._rotate(layer.query, normed, places)
            mixed = self._attend(query.reshape(lanes, count, -1), past, number, places)
            self._add(stream, layer.output, mixed.reshape(lanes * count, -1))
            normed = self._norm(stream, layer.feed_forward_norm)
            gate, up = normed @ layer.gate.integers, normed @ layer.up.integers
            scales = (layer.gate.scale, layer.up.scale)
            self._add(stream, layer.down, exact.gated(gate, up, scales, *tables(), *limits(ACTIVATION)))
        past.lengths += count
        logits = self._norm(stream, self.final_norm) @ self.head.integers[:, 1:]
        return exact.masses(logits, self.head.scale, *tables(), 2.0**MASS_BITS).reshape(lanes, count, -1)

    def distributions(self, symbols: np.ndarray, past: Past) -> np.ndarray:
        """As `advance`, as cumulative parts: int64 [lanes, Q, 257]."""
        return cumulative_parts(self.advance(symbols, past))

    def _norm(self, stream: np.ndarray, gain: np.ndarray) -> np.ndarray:
        return exact.normalize(stream, gain, 2.0 ** STREAM[0], self.epsilon, *limits(ACTIVATION))

    def _add(self, stream: np.ndarray, matrix: Matrix, inputs: np.ndarray) -> None:
        exact.add_to_stream(stream, inputs @ matrix.integers, matrix.scale * 2.0 ** STREAM[0], limits(STREAM)[1])

    def _rotate(self, matrix: Matrix, normed: np.ndarray, places: np.ndarray) -> np.ndarray:
        cosines, sines = (table[places.reshape(-1)] for table in self.rotary)
        return exact.rotated(normed @ matrix.integers, cosines, sines, self.heads, matrix.scale, *limits(ATTENTION))

    def _remember(self, past: Past, number: int, layer: Layer, normed: np.ndarray, places: np.ndarray) -> None:
        """Keys and values of the new positions."""
        import numpy as np

        shape, rows = (*places.shape, self.width), np.arange(len(places))[:, None]
        unit, largest = limits(ATTENTION)
        values = exact.snap(normed @ layer.value.integers, layer.value.scale * unit, largest)
        past.keys[number][rows, places] = self._rotate(layer.key, normed, places).reshape(shape)
        past.values[number][rows, places] = values.reshape(shape)

    def _attend(self, query: np.ndarray, past: Past, number: int, places: np.ndarray) -> np.ndarray:
        """Causal attention, as integers of the activations' grid: float64 [lanes, Q, width]."""
        import numpy as np

        (lanes, count, width), reach = query.shape, int(places.max()) + 1
        by_head = (lanes, -1, self.heads, width // self.heads)
        keys = past.keys[number][:, :reach].reshape(by_head).astype(np.float64).transpose(0, 2, 3, 1)
        values = past.values[number][:, :reach].reshape(by_head).astype(np.float64).transpose(0, 2, 1, 3)
        scores = (query.reshape(by_head).transpose(0, 2, 1, 3) @ keys).reshape(-1, reach)
        visible = np.repeat(places[:, None] + 1, self.heads, axis=1).reshape(-1)
        scale = 2.0 ** (-2 * ATTENTION[0]) / math.sqrt(width // self.heads)
        exact.shares_of(scores, visible, scale, *tables(), 2.0**SHARE_BITS)
        shares = scores.reshape(lanes, self.heads, count, reach)
        mixed = (shares @ values) / shares.sum(axis=-1, keepdims=True)
        unit, largest = limits(ACTIVATION)
        return exact.snap(mixed.transpose(0, 2, 1, 3).reshape(-1, width), 2.0 ** -ATTENTION[0] * unit, largest).reshape(lanes, count, width)


def tables() -> tuple[np.ndarray, float, int]:
    """What `exact_arithmetic.exponential` needs."""
    return powers_of_two(TABLE_BITS), LOG2_E * 2**TABLE_BITS, TABLE_BITS


def limits(grid: tuple[int, int]) -> tuple[float, float]:
    """Steps to one, and the largest integer of a grid."""
    return 2.0 ** grid[0], 2.0 ** (grid[0] + grid[1])


def cumulative_after(model: IntegerByteModel, contexts: np.ndarray) -> np.ndarray:
    """Cumulative distributions after every prefix of some byte strings of one length, the empty one included.

    Args:
        model: the byte model.
        contexts: uint8 [lanes, L], L below ``model.context``.

    Returns:
        int64 [lanes, L + 1, 257].
    """
    import numpy as np

    lanes, length = contexts.shape
    symbols = np.concatenate([np.full((lanes, 1), SEPARATOR, np.int64), contexts.astype(np.int64) + 1], axis=1)
    return model.distributions(symbols, model.empty_past(lanes, length + 1))
