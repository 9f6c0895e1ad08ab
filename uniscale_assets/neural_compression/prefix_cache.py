"""The trie of a window's strings, filled while text is encoded: what 24 and 32 bits can share, where nobody can list all strings.

A string is known once the model was asked what follows it. Text that meets it again is coded without the model, by
the same integers, so the tokens are those of `stepwise`. Every window has to start with a fresh context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from uniscale_assets.neural_compression.integer_model import SEPARATOR, IntegerByteModel
from uniscale_assets.neural_compression.stepwise import DocumentWindows
from uniscale_assets.neural_compression.windows import State, WindowRule

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

LANES = 64
MOST_BYTES = 2**28
"""of memory that a cache keeps; a full one is emptied"""
FIRST_ROOM = 1024


@dataclass
class Known:
    """Strings that the model was asked about.

    Attributes:
        extensions: for each string, the byte that follows to (the longer string or -1 where the model was not asked about it, its
            state, its number); None where the byte does not fit.
        lengths: bytes of each string.
        parents: the string that each extends.
    """

    extensions: list[dict[int, tuple[int, State, int] | None]] = field(default_factory=list[dict[int, tuple[int, State, int] | None]])
    lengths: list[int] = field(default_factory=list[int])
    parents: list[int] = field(default_factory=list[int])


@dataclass
class Lane:
    """A document on its way: where its window began, and the window's string so far."""

    text: bytes
    found: DocumentWindows
    start: int = 0
    strings: list[int] = field(default_factory=list[int])
    """after each byte, -1 for one that the model was not asked about"""
    states: list[State] = field(default_factory=list["State"])
    values: list[int] = field(default_factory=list[int])

    @property
    def place(self) -> int:
        """Of the byte that comes next."""
        return self.start + len(self.states)


class PrefixCache:
    """Encodes windows with what it knows, and asks the model about the rest, many documents at once.

    Attributes:
        asked: strings that the model was asked about.
        looked_up: bytes for which a distribution was needed.
    """

    def __init__(self, model: IntegerByteModel, rule: WindowRule, most_bytes: int = MOST_BYTES) -> None:
        self.model, self.rule = model, rule
        layers, width = len(model.layers), model.width
        self.most_strings = max(FIRST_ROOM, most_bytes // (2 * layers * width * 4 + 257 * 2))
        self.asked = self.looked_up = 0
        self._empty()

    @property
    def hit_rate(self) -> float:
        """Share of bytes that were coded without asking the model."""
        return 1 - self.asked / self.looked_up if self.looked_up else 0.0

    def encode(self, documents: Sequence[bytes]) -> list[DocumentWindows]:
        """Windows of documents, those of `stepwise.WindowEncoder` with `reset: every`."""
        found = [DocumentWindows() for _ in documents]
        waiting = [Lane(text, windows) for text, windows in zip(documents, found, strict=True) if text]
        lanes: list[Lane] = []
        while waiting or lanes:
            while waiting and len(lanes) < LANES:
                lanes.append(waiting.pop())
            lanes = [lane for lane in lanes if self._walk(lane)]
            self._ask(lanes)
        return found

    def _walk(self, lane: Lane) -> bool:
        """Go as far as strings are known; False at the end of the document."""
        while True:
            string = lane.strings[-1] if lane.strings else 0
            if string < 0:
                return True
            extension = self._extension(lane, string)
            if extension is None:
                self._close(lane)
                if lane.start == len(lane.text):
                    return False
                continue
            longer, state, value = extension
            lane.strings.append(longer)
            lane.states.append(state)
            lane.values.append(value)
            if lane.place == len(lane.text) or len(lane.states) == self.model.context:
                # Nothing follows in this window, so nobody has to know what would.
                self._close(lane)
                if lane.start == len(lane.text):
                    return False

    def _extension(self, lane: Lane, string: int) -> tuple[int, State, int] | None:
        """What the byte that comes next makes of a known string."""
        byte = lane.text[lane.place]
        known = self.known.extensions[string]
        self.looked_up += 1
        if byte not in known:
            cumulative = self.cumulative[string]
            before = lane.states[-1] if lane.states else self.rule.start
            state = self.rule.extended(before, int(cumulative[byte]), int(cumulative[byte + 1]))
            known[byte] = None if state is None else (-1, state, self.rule.value(state))
        return known[byte]

    def _close(self, lane: Lane) -> None:
        """Write a window's number and begin the next one."""
        taken = self.rule.taken(lane.states)
        lane.found.values.append(lane.values[-1])
        lane.start += taken
        lane.found.ends.append(lane.start)
        lane.strings, lane.states, lane.values = [], [], []

    def _ask(self, lanes: list[Lane]) -> None:
        """Ask the model about the strings that lanes stand at, each once, and let the lanes know."""
        if self.size + len(lanes) > self.most_strings:
            self._empty()
            for lane in lanes:
                lane.strings, lane.states, lane.values = [], [], []
            return
        stands: dict[tuple[int, int], list[Lane]] = {}
        for lane in lanes:
            before = lane.strings[-2] if len(lane.strings) > 1 else 0
            stands.setdefault((before, lane.text[lane.place - 1]), []).append(lane)
        by_length: dict[int, list[tuple[int, int]]] = {}
        for key in stands:
            by_length.setdefault(self.known.lengths[key[0]], []).append(key)
        for keys in by_length.values():
            numbers = self._learn(np.array([key[0] for key in keys]), np.array([key[1] + 1 for key in keys]))
            for key, number in zip(keys, numbers, strict=True):
                extension = self.known.extensions[key[0]][key[1]]
                assert extension is not None
                self.known.extensions[key[0]][key[1]] = (number, *extension[1:])
                for lane in stands[key]:
                    lane.strings[-1] = number

    def _learn(self, parents: Integers, symbols: Integers) -> list[int]:
        """Ask about strings that extend known ones of one length; their numbers."""
        length, count = self.known.lengths[int(parents[0])] + 1, len(parents)
        paths, at = np.empty((count, length), np.int64), parents
        for column in range(length - 1, -1, -1):
            paths[:, column] = at
            at = np.array([self.known.parents[number] for number in at])
        past = self.model.empty_past(count, length + 1)
        past.keys[:, :, :length], past.values[:, :, :length] = self.keys[:, paths], self.values[:, paths]
        past.lengths[:] = length
        self._store(self.model.distributions(symbols[:, None], past)[:, 0], past.keys[:, :, length], past.values[:, :, length])
        self.known.extensions += [{} for _ in range(count)]
        self.known.lengths += [length] * count
        self.known.parents += parents.tolist()
        self.asked += count
        return list(range(self.size - count, self.size))

    def _store(self, cumulative: Integers, keys: np.ndarray, values: np.ndarray) -> None:
        """Keep what the model said of some strings, in arrays that double as they fill."""
        first, last = self.size, self.size + len(cumulative)
        if last > len(self.cumulative):
            room = min(max(last, 2 * len(self.cumulative)), self.most_strings) - len(self.cumulative)
            self.cumulative = np.pad(self.cumulative, [(0, room), (0, 0)])
            self.keys, self.values = (np.pad(part, [(0, 0), (0, room), (0, 0)]) for part in (self.keys, self.values))
        self.cumulative[first:last], self.keys[:, first:last], self.values[:, first:last] = cumulative, keys, values
        self.size = last

    def _empty(self) -> None:
        """Forget all strings but the empty one."""
        shape = (len(self.model.layers), FIRST_ROOM, self.model.width)
        self.known, self.size = Known([{}], [0], [-1]), 0
        self.cumulative = np.zeros((FIRST_ROOM, 257), np.uint16)
        self.keys, self.values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        past = self.model.empty_past(1, 1)
        cumulative = self.model.distributions(np.array([[SEPARATOR]]), past)[:, 0]
        self._store(cumulative, past.keys[:, :, 0], past.values[:, :, 0])
