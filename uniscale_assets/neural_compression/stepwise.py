"""Equal-Info windows with the byte model run at each byte: any number of bits, any rule about when its context starts afresh.

What cannot be compiled is encoded and decoded here, and a compiled codebook gives the same windows. Documents go side by side, one a
lane; the model is in integers, so how many lanes there are changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from uniscale_assets.errors import TokenizerError
from uniscale_assets.neural_compression.choices import Reset
from uniscale_assets.neural_compression.contexts import ByteModel, Contexts
from uniscale_assets.neural_compression.windows import State, WindowRule

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

LANES = 64


@dataclass
class Window:
    """A window under way in one lane."""

    start: int
    seen: int
    """bytes in the model's context when it began"""
    states: list[State] = field(default_factory=list["State"])
    """after each of its bytes"""
    distributions: list[Integers] = field(default_factory=list["Integers"])
    """the one that each of its bytes was coded with"""


@dataclass
class DocumentWindows:
    """One document: the numbers of its windows, and the bytes accounted for after each."""

    values: list[int] = field(default_factory=list[int])
    ends: list[int] = field(default_factory=list[int])


def starts_afresh(reset: Reset, windows: int) -> bool:
    """Whether the model forgets its context before the next window, ``windows`` of the document being done."""
    return reset == "every" or (reset == "every_other" and windows % 2 == 0)


class WindowEncoder:
    """Encodes documents side by side."""

    def __init__(self, model: ByteModel, rule: WindowRule, reset: Reset) -> None:
        self.model, self.rule = model, rule
        self.reset: Reset = reset

    def encode(self, documents: Sequence[bytes], lanes: int = LANES) -> list[DocumentWindows]:
        """Windows of documents; any number of them, so many side by side."""
        order = sorted(range(len(documents)), key=lambda number: -len(documents[number]))
        found = [DocumentWindows() for _ in documents]
        for first in range(0, len(order), lanes):
            chosen = [number for number in order[first : first + lanes] if documents[number]]
            if chosen:
                self._encode_lanes([documents[number] for number in chosen], [found[number] for number in chosen])
        return found

    def _encode_lanes(self, documents: list[bytes], found: list[DocumentWindows]) -> None:
        contexts = Contexts(self.model, len(documents))
        windows = [Window(0, 0) for _ in documents]
        active = list(range(len(documents)))
        while active:
            fed: list[int] = []
            following: list[int] = []
            for lane in active:
                byte = self._code(contexts, lane, documents[lane], windows, found[lane])
                if byte is not None:
                    fed.append(lane)
                    following.append(byte)
            contexts.feed(np.array(fed, dtype=np.int64), np.array(following, dtype=np.int64))
            active = [lane for lane in active if found[lane].ends[-1:] != [len(documents[lane])]]

    def _code(self, contexts: Contexts, lane: int, text: bytes, windows: list[Window], found: DocumentWindows) -> int | None:
        """Code one byte of a lane, after closing its window as often as that byte does not fit; None at the end of the text."""
        while True:
            window = windows[lane]
            place = window.start + len(window.states)
            state = None
            # A window ends where its context does: what a context forgot could not be gone back to.
            if place < len(text) and window.seen + len(window.states) < self.model.context:
                cumulative = contexts.cumulative[lane]
                before = window.states[-1] if window.states else self.rule.start
                state = self.rule.extended(before, int(cumulative[text[place]]), int(cumulative[text[place] + 1]))
            if state is not None:
                window.states.append(state)
                window.distributions.append(contexts.cumulative[lane].copy())
                return text[place]
            windows[lane] = self._close(contexts, lane, window, found)
            if windows[lane].start == len(text):
                return None

    def _close(self, contexts: Contexts, lane: int, window: Window, found: DocumentWindows) -> Window:
        """Write a window's number, and bring the lane to where the next one begins."""
        taken = self.rule.taken(window.states)
        found.values.append(self.rule.value(window.states[-1]))
        found.ends.append(window.start + taken)
        if starts_afresh(self.reset, len(found.values)):
            contexts.begin(np.array([lane]))
        elif taken < len(window.states):
            contexts.go_back(lane, window.seen + taken, window.distributions[taken])
        return Window(window.start + taken, contexts.bytes_seen(lane))


def decode_windows(model: ByteModel, rule: WindowRule, reset: Reset, values: Sequence[int]) -> list[bytes]:
    """The bytes of each window of one document.

    Windows that share no context go side by side.

    Raises:
        TokenizerError: a number that no string has; or a lossy rule whose windows share a context.
    """
    if rule.greedy and reset != "every":
        raise TokenizerError(f"greedy windows with reset: {reset} cannot be decoded: a text guessed wrong misleads the windows after it")
    if rule.greedy:
        return decode_greedy(model, rule, values)
    apart = {"every": 1, "every_other": 2, "never": max(len(values), 1)}[reset]
    found: list[bytearray] = [bytearray() for _ in values]
    groups = [list(range(first, min(first + apart, len(values)))) for first in range(0, len(values), apart)]
    for first in range(0, len(groups), LANES):
        decode_lanes(model, rule, reset, values, groups[first : first + LANES], found)
    return [bytes(text) for text in found]


def decode_lanes(
    model: ByteModel, rule: WindowRule, reset: Reset, values: Sequence[int], groups: list[list[int]], found: list[bytearray]
) -> None:
    """Decode some groups of windows, one a lane, each through its windows in order."""
    contexts = Contexts(model, len(groups))
    places, states = [0] * len(groups), [rule.start] * len(groups)
    active = list(range(len(groups)))
    while active:
        fed: list[int] = []
        following: list[int] = []
        for lane in active:
            number = groups[lane][places[lane]]
            byte, states[lane] = next_of(rule, states[lane], values[number], contexts.cumulative[lane], number)
            found[number].append(byte)
            fed.append(lane)
            following.append(byte)
            if rule.value(states[lane]) == values[number]:
                places[lane], states[lane] = places[lane] + 1, rule.start
        contexts.feed(np.array(fed, dtype=np.int64), np.array(following, dtype=np.int64))
        for lane in active:
            if states[lane] == rule.start and places[lane] < len(groups[lane]) and starts_afresh(reset, groups[lane][places[lane]]):
                contexts.begin(np.array([lane]))
        active = [lane for lane in active if places[lane] < len(groups[lane])]


def decode_greedy(model: ByteModel, rule: WindowRule, values: Sequence[int]) -> list[bytes]:
    """The longest string of each window: the paper's rule (D.5), which is not always what was encoded."""
    found: list[bytes] = []
    for first in range(0, len(values), LANES):
        found += decode_greedy_lanes(model, rule, values[first : first + LANES])
    return found


def decode_greedy_lanes(model: ByteModel, rule: WindowRule, values: Sequence[int]) -> list[bytes]:
    """Each window in a lane of its own, as far as bytes fit."""
    contexts = Contexts(model, len(values))
    states, texts, lengths = [rule.start] * len(values), [bytearray() for _ in values], [0] * len(values)
    active = list(range(len(values)))
    while active:
        going: list[int] = []
        for lane in active:
            cumulative = contexts.cumulative[lane]
            byte = rule.next_byte(states[lane], values[lane], cumulative) if len(texts[lane]) < model.context else None
            after = None if byte is None else rule.extended(states[lane], int(cumulative[byte]), int(cumulative[byte + 1]))
            if byte is None or after is None:
                continue
            states[lane] = after
            texts[lane].append(byte)
            lengths[lane] = len(texts[lane]) if rule.value(after) == values[lane] else lengths[lane]
            going.append(lane)
        contexts.feed(np.array(going, dtype=np.int64), np.array([texts[lane][-1] for lane in going], dtype=np.int64))
        active = going
    for number, length in enumerate(lengths):
        if not length:
            raise TokenizerError(f"window {number}: {values[number]} stands for no string of this byte model: a foreign or damaged stream")
    return [bytes(text[:length]) for text, length in zip(texts, lengths, strict=True)]


def next_of(rule: WindowRule, state: State, value: int, cumulative: Integers, number: int) -> tuple[int, State]:
    """The next byte of a window and the state after it.

    Raises:
        TokenizerError: there is none: the number is foreign.
    """
    byte = rule.next_byte(state, value, cumulative)
    after = None if byte is None else rule.extended(state, int(cumulative[byte]), int(cumulative[byte + 1]))
    if byte is None or after is None:
        raise TokenizerError(f"window {number}: {value} stands for no string of this byte model: a foreign or damaged stream")
    return byte, after
