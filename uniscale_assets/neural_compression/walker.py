"""Encoding and decoding with a codebook, compiled by numba; no byte model anywhere.

``steps`` is the table that a window walks: for a string with extensions and a byte, the string that follows (0: there is none). Strings
with extensions come first, so the table has only their rows and stays in the processor's cache; a string without ends its window without
another byte being read.
"""

from __future__ import annotations

import numba
import numpy as np  # noqa: TC002 - numba compiles with it


@numba.njit(cache=True, nogil=True)
def walk(
    text: np.ndarray,
    offsets: np.ndarray,
    steps: np.ndarray,
    inner: int,
    emitted: np.ndarray,
    taken: np.ndarray,
    tokens: np.ndarray,
    ends: np.ndarray,
    counts: np.ndarray,
) -> int:
    """Windows of many documents, one after another; returns how many there are.

    Args:
        text: uint8, the documents joined.
        offsets: int64 [documents + 1], where each begins in ``text``.
        steps: int32 [inner * 256].
        inner: strings with extensions.
        emitted: int32 [strings], the token that a window ending at each string emits.
        taken: int32 [strings], the bytes that this token stands for.
        tokens: int32 with room for a window a byte; receives the tokens.
        ends: int64 with room for as many; receives the bytes of the document that are accounted for.
        counts: int64 [documents]; receives the windows of each.
    """
    at = 0
    for document in range(len(counts)):
        begin, end, first = offsets[document], offsets[document + 1], at
        position = begin
        while position < end:
            node, reader = 0, position
            while reader < end:
                following = steps[(node << 8) | text[reader]]
                if following == 0:
                    break
                node = following
                reader += 1
                if node >= inner:
                    break
            position += taken[node]
            tokens[at] = emitted[node]
            ends[at] = position - begin
            at += 1
        counts[document] = at - first
    return at


@numba.njit(cache=True, nogil=True)
def spell(tokens: np.ndarray, starts: np.ndarray, letters: np.ndarray, output: np.ndarray) -> int:
    """Write the bytes of tokens one after another; -1, or the place of the first token that stands for nothing.

    Args:
        tokens: int [n], each below the number of tokens.
        starts: int64 [tokens + 1], where each token's bytes lie in ``letters``.
        letters: uint8.
        output: uint8, as long as the bytes of all tokens.
    """
    at = 0
    for index in range(len(tokens)):
        first, last = starts[tokens[index]], starts[tokens[index] + 1]
        if first == last:
            return index
        for place in range(first, last):
            output[at] = letters[place]
            at += 1
    return -1
