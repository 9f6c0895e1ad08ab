"""Equal-Info windows of any number of bits, one byte at a time, in plain integers: the definition.

A window holds a string; its rule says whether one more byte fits, and what number of ``bits`` bits stands for the string. `schemes`
applies the same rules to all strings of 16 bits at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from uniscale_assets.neural_compression.probabilities import BYTES, PRECISION, TOTAL

if TYPE_CHECKING:
    import numpy as np

State: TypeAlias = tuple[int, int, int]


class WindowRule(Protocol):
    """A rule; a state is three integers."""

    @property
    def bits(self) -> int:
        """Of a window."""
        ...

    @property
    def greedy(self) -> bool:
        """Whether it is the paper's rule, which loses text."""
        ...

    @property
    def start(self) -> State:
        """The state of the empty string."""
        ...

    def extended(self, state: State, first: int, last: int) -> State | None:
        """The state after a byte with the parts [first, last) of 2^14, or None where it does not fit."""
        ...

    def value(self, state: State) -> int:
        """The number of the window, below 2^bits."""
        ...

    def next_byte(self, state: State, value: int, cumulative: np.ndarray) -> int | None:
        """The byte that follows in every string of a window of this value; None where none can."""
        ...

    def taken(self, states: list[State]) -> int:
        """How many bytes of a window's string its value stands for; ``states`` are those after each byte."""
        ...


@dataclass(frozen=True)
class IntervalRule:
    """Arithmetic coding, closed and filled up with zeros: ``delay`` (arXiv 2404.03626, A.5), or the paper's ``greedy`` (section 3.3).

    A state is (low, range, bits written); low counts units of 2^-(written + 32) and carries by itself.
    """

    bits: int
    greedy: bool
    start: State = (0, 1 << 32, 0)

    def extended(self, state: State, first: int, last: int) -> State | None:
        low, size, written = state
        unit = size >> PRECISION
        low, size = low + unit * first, size - unit * first if last == TOTAL else unit * (last - first)
        shift = max(0, 32 - size.bit_length())
        after = (low << shift, size << shift, written + shift)
        return after if after[2] + closing(after)[0] <= self.bits else None

    def value(self, state: State) -> int:
        count, number = closing(state)
        return number << (self.bits - state[2] - count)

    def next_byte(self, state: State, value: int, cumulative: np.ndarray) -> int | None:
        import numpy as np

        low, size, written = state
        shift = written + 32 - self.bits
        offset = (value << shift if shift >= 0 else value >> -shift) - low
        if not 0 <= offset < size:
            return None
        part = min(offset // (size >> PRECISION), TOTAL - 1)
        return int(np.searchsorted(cumulative, part, side="right")) - 1

    def taken(self, states: list[State]) -> int:
        if self.greedy:
            return len(states)
        values = [self.value(state) for state in states]
        return values.index(values[-1]) + 1


@dataclass(frozen=True)
class OwnedCellRule:
    """A string holds n of 2^bits cells in a row, owns the first and shares the rest among its extensions. A state is (first, n, 0)."""

    bits: int
    greedy: bool = False

    @property
    def start(self) -> State:
        """All cells."""
        return (0, 1 << self.bits, 0)

    def extended(self, state: State, first: int, last: int) -> State | None:
        cell, count, _ = state
        left, right = ((count - 1) * edge >> PRECISION for edge in (first, last))
        return (cell + 1 + left, right - left, 0) if right > left else None

    def value(self, state: State) -> int:
        return state[0]

    def next_byte(self, state: State, value: int, cumulative: np.ndarray) -> int | None:
        cell, count, _ = state
        place = value - cell - 1
        if not 0 <= place < count - 1:
            return None
        edges = [(count - 1) * int(edge) >> PRECISION for edge in cumulative]
        return next(byte for byte in range(BYTES) if edges[byte] <= place < edges[byte + 1])

    def taken(self, states: list[State]) -> int:
        return len(states)


def closing(state: State) -> tuple[int, int]:
    """The fewest bits beyond those written that name a binary interval inside the state's: how many, and the number of all bits."""
    low, size, _ = state
    for count in range(3):
        shift = 32 - count
        number = (low + (1 << shift) - 1) >> shift
        if (number + 1) << shift <= low + size:
            return count, number
    raise AssertionError("an interval of 2^31 of 2^32 holds a quarter of it")


def rule_of(scheme: str, bits: int) -> WindowRule:
    """The rule of a scheme; ``most_probable`` has none, its strings are known only all together."""
    return OwnedCellRule(bits) if scheme == "owned_cell" else IntervalRule(bits, greedy=scheme == "greedy")
