"""Which strings a 16-bit window can hold, and the token of each: four rules over the same byte model.

Each rule sees the strings level by level. It holds a state for each string, makes the states of its 256 extensions from the cumulative
distribution that follows it, and says which of them exist.

- ``greedy`` (arXiv 2404.03626, section 3.3): the strings whose code, closed, fits in 16 bits; the token is the code, filled up
  with zeros. Several strings of one branch share a token, and the reader cannot know which was meant: lossy.
- ``delay`` (its appendix A.5): the same strings; an encoder that ends at a string falls back to the shortest one with its token.
- ``owned_cell``: a string holds n of 2^16 cells in a row; it owns the first, its extensions share the others in proportion to the model.
- ``most_probable``: the 2^16 likeliest strings, every single byte among them: a Tunstall code with a token for inner strings too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numba
import numpy as np

from uniscale_assets.errors import BadInputError
from uniscale_assets.neural_compression.probabilities import BYTES, PRECISION, TOTAL
from uniscale_assets.neural_compression.range_coder import FULL_RANGE, HALF_RANGE, closing_bits, narrowed

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

WINDOW_BITS = 16
CELLS = 2**WINDOW_BITS
ROUND, ROUND_SHARE = 4096, 8
"""strings that the most probable rule asks about at once: so many at least, and of more this part; any numbers give the same strings"""
LARGEST_SHARE = (TOTAL - BYTES + 1) / TOTAL
"""no byte is more probable than this"""


@dataclass(frozen=True)
class Extensions:
    """The extensions that exist, in order of string, then byte."""

    parents: Integers
    """rows of the strings that they extend"""
    bytes: Integers
    states: np.ndarray
    """one row each"""


class Scheme(Protocol):
    """A rule over strings; states are float64 or int64 rows."""

    lossy: bool

    def root(self) -> np.ndarray:
        """The state of the empty string, [1, columns]."""
        ...

    def choose(self, states: np.ndarray) -> npt.NDArray[np.bool_]:
        """Which of the strings that the model was not asked about to ask about now: none that cannot have extensions."""
        ...

    def extend(self, states: np.ndarray, cumulative: Integers) -> Extensions:
        """The extensions of some strings, given the distribution that follows each, [strings, 257]."""
        ...

    def tokens(self, states: np.ndarray) -> Integers:
        """Token of every string, -1 for one that has none; states of all strings, the empty one first."""
        ...


class IntervalScheme:
    """``greedy`` and ``delay``: states are (low, range, bits written) of the range coder, low in units of 2^-(written + 32)."""

    def __init__(self, *, lossy: bool) -> None:
        self.lossy = lossy

    def root(self) -> np.ndarray:
        return np.array([[0, FULL_RANGE, 0]], dtype=np.int64)

    def choose(self, states: np.ndarray) -> npt.NDArray[np.bool_]:
        # A binary interval of 2^-16 must fit inside what the likeliest byte would leave.
        return np.ldexp(states[:, 1].astype(np.float64) * LARGEST_SHARE, -32 - states[:, 2] + WINDOW_BITS) >= 1

    def extend(self, states: np.ndarray, cumulative: Integers) -> Extensions:
        return Extensions(*intervals_within(states, cumulative))

    def tokens(self, states: np.ndarray) -> Integers:
        return np.concatenate([[-1], window_values(states[1:])])


class OwnedCellScheme:
    """``owned_cell``: states are (first cell, cells)."""

    lossy = False

    def root(self) -> np.ndarray:
        return np.array([[0, CELLS]], dtype=np.int64)

    def choose(self, states: np.ndarray) -> npt.NDArray[np.bool_]:
        return states[:, 1] > 1

    def extend(self, states: np.ndarray, cumulative: Integers) -> Extensions:
        edges = (cumulative * (states[:, 1:] - 1)) >> PRECISION
        parents, symbols = np.nonzero(np.diff(edges))
        firsts = states[parents, 0] + 1 + edges[parents, symbols]
        return Extensions(parents, symbols, np.stack([firsts, edges[parents, symbols + 1] - edges[parents, symbols]], axis=1))

    def tokens(self, states: np.ndarray) -> Integers:
        return np.concatenate([[-1], states[1:, 0]])


class MostProbableScheme:
    """``most_probable``: a state is the probability of the string under the quantized model. Ties go to what was found first."""

    lossy = False

    def __init__(self) -> None:
        self.found = np.empty(0)
        """probabilities of all strings seen so far that may be among the likeliest"""

    def root(self) -> np.ndarray:
        return np.ones((1, 1))

    def choose(self, states: np.ndarray) -> npt.NDArray[np.bool_]:
        # The likeliest first: what they lead to rules most of the others out.
        hopeful = states[:, 0] * LARGEST_SHARE >= self.threshold
        likely = np.sort(states[hopeful, 0])
        return hopeful & (states[:, 0] >= likely[max(0, len(likely) - max(ROUND, len(likely) // ROUND_SHARE))]) if len(likely) else hopeful

    @property
    def threshold(self) -> float:
        """The smallest probability that can still be among the likeliest."""
        return 0.0 if len(self.found) < CELLS else float(self.found.min())

    def extend(self, states: np.ndarray, cumulative: Integers) -> Extensions:
        single = len(states) == 1 and states[0, 0] == 1.0
        probabilities = np.ldexp(states[:, :1] * np.diff(cumulative), -PRECISION)
        parents, symbols = np.nonzero((probabilities > self.threshold) | single)
        chosen = probabilities[parents, symbols]
        merged = np.concatenate([self.found, np.full(len(chosen), np.inf) if single else chosen])
        self.found = -np.partition(-merged, CELLS - 1)[:CELLS] if len(merged) > CELLS else merged
        return Extensions(parents, symbols, chosen[:, None])

    def tokens(self, states: np.ndarray) -> Integers:
        ranks = np.argsort(-states[1 + BYTES :, 0], kind="stable")[: CELLS - BYTES] + 1 + BYTES
        found = np.full(len(states), -1, dtype=np.int64)
        kept = np.sort(np.concatenate([np.arange(1, 1 + BYTES), ranks]))
        found[kept] = np.arange(len(kept))
        return found


@numba.njit(cache=True)
def intervals_within(states: np.ndarray, cumulative: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Extensions whose code fits in a window: (parents, bytes, states)."""
    count = 0
    parents = np.empty(len(states) * 256, np.int64)
    symbols = np.empty(len(states) * 256, np.int64)
    found = np.empty((len(states) * 256, 3), np.int64)
    for row in range(len(states)):
        for symbol in range(256):
            low, size = narrowed(states[row, 0], states[row, 1], cumulative[row, symbol], cumulative[row, symbol + 1])
            written = states[row, 2]
            while size < HALF_RANGE:
                low <<= 1
                size <<= 1
                written += 1
            if written + closing_bits(low & (FULL_RANGE - 1), size)[0] <= WINDOW_BITS:
                parents[count], symbols[count] = row, symbol
                found[count, 0], found[count, 1], found[count, 2] = low, size, written
                count += 1
    return parents[:count].copy(), symbols[:count].copy(), found[:count].copy()


@numba.njit(cache=True)
def window_values(states: np.ndarray) -> np.ndarray:
    """The code of each state, closed and filled up with zeros to a window: int64 [strings]."""
    values = np.empty(len(states), np.int64)
    for row in range(len(states)):
        low, written = states[row, 0], states[row, 2]
        count, number = closing_bits(low & (FULL_RANGE - 1), states[row, 1])
        code = ((low >> 32) << count) + number
        values[row] = code << (WINDOW_BITS - written - count)
    return values


def scheme_of(name: str) -> Scheme:
    """The rule of that name.

    Raises:
        BadInputError: no such rule.
    """
    if name in ("greedy", "delay"):
        return IntervalScheme(lossy=name == "greedy")
    if name == "owned_cell":
        return OwnedCellScheme()
    if name == "most_probable":
        return MostProbableScheme()
    raise BadInputError(f"options.scheme: {name!r} is not known; known are greedy, delay, owned_cell, most_probable")
