"""An integer range coder: 32-bit range, one bit at a time, carries resolved in the bits already written.

The state is an interval [low, low + range) in units of 2^-(written + 32). A symbol with the parts [first, last) of 2^14
narrows it: low += (range >> 14) * first, and the range becomes (range >> 14) * (last - first), where the last symbol takes
what the division leaves. Then the range is doubled until it is 2^31 or more, and each doubling writes the top bit of
low. Section 3.3 of arXiv 2404.03626 uses the range coder of TensorFlow Compression; this one spends less than 2^-17 of a symbol's
probability on rounding. The integers are the definition: exact rationals give other codes here and there.

All functions are compiled by numba; they take and return plain integers and arrays.
"""

from __future__ import annotations

import numba
import numpy as np  # noqa: TC002 - numba compiles with it

from uniscale_assets.neural_compression.probabilities import PRECISION, TOTAL

FULL_RANGE = 1 << 32
HALF_RANGE = 1 << 31


@numba.njit(cache=True)
def narrowed(low: int, size: int, first: int, last: int) -> tuple[int, int]:
    """The interval after a symbol, not yet doubled: (low, range); low may reach 2^32, which is a carry."""
    unit = size >> PRECISION
    low = low + unit * first
    size = size - unit * first if last == TOTAL else unit * (last - first)
    return low, size


@numba.njit(cache=True)
def carry(bits: np.ndarray, written: int) -> None:
    """Add one to the number that the first ``written`` bits spell."""
    at = written - 1
    while bits[at] == 1:
        bits[at] = 0
        at -= 1
    bits[at] = 1


@numba.njit(cache=True)
def push(bits: np.ndarray, written: int, low: int, size: int, first: int, last: int) -> tuple[int, int, int]:
    """Code a symbol: (written, low, range) after it. ``bits`` uint8 has room for 32 more."""
    low, size = narrowed(low, size, first, last)
    if low >= FULL_RANGE:
        carry(bits, written)
        low -= FULL_RANGE
    while size < HALF_RANGE:
        bits[written] = low >> 31
        written += 1
        low = (low << 1) & (FULL_RANGE - 1)
        size <<= 1
    return written, low, size


@numba.njit(cache=True)
def closing_bits(low: int, size: int) -> tuple[int, int]:
    """The fewest bits that name a binary interval inside [low, low + range): how many (0 to 2), and their number (it may carry)."""
    for count in range(3):
        shift = 32 - count
        number = (low + (1 << shift) - 1) >> shift
        if (number + 1) << shift <= low + size:
            return count, number
    return 2, (low + (1 << 30) - 1) >> 30


@numba.njit(cache=True)
def close(bits: np.ndarray, written: int, low: int, size: int) -> int:
    """Write the closing bits; how many bits there are then."""
    count, number = closing_bits(low, size)
    if number >= 1 << count and written > 0:
        carry(bits, written)
        number -= 1 << count
    for place in range(count):
        bits[written + place] = (number >> (count - 1 - place)) & 1
    return written + count


@numba.njit(cache=True)
def encode_symbols(firsts: np.ndarray, lasts: np.ndarray, bits: np.ndarray, ends: np.ndarray) -> int:
    """Code a sequence; returns the number of bits.

    Args:
        firsts: int64 [n], parts before each symbol.
        lasts: int64 [n], parts up to its end.
        bits: uint8 with room for 14 n + 64; receives the bits.
        ends: int64 [n]; receives the bits that are written once each symbol is coded.
    """
    written, low, size = 0, 0, FULL_RANGE
    for index in range(len(firsts)):
        written, low, size = push(bits, written, low, size, firsts[index], lasts[index])
        ends[index] = written
    return close(bits, written, low, size)


@numba.njit(cache=True)
def bits_with(written: int, low: int, size: int, first: int, last: int) -> int:
    """How many bits the code would have, closed, with one more symbol; nothing is written."""
    low, size = narrowed(low, size, first, last)
    while size < HALF_RANGE:
        low <<= 1
        size <<= 1
        written += 1
    return written + closing_bits(low & (FULL_RANGE - 1), size)[0]


@numba.njit(cache=True)
def decode_symbols(cumulative: np.ndarray, bits: np.ndarray, symbols: np.ndarray) -> int:
    """Decode symbols that all have one distribution; -1, or how many bits were read where the code names no symbol.

    Args:
        cumulative: int64 [257].
        bits: uint8, the code; zeros are read behind its end.
        symbols: uint8 [n]; receives them.
    """
    written, low, size, offset = 0, 0, FULL_RANGE, 0
    for place in range(32):
        offset = offset << 1 | (bits[place] if place < len(bits) else 0)
    for index in range(len(symbols)):
        symbol = symbol_at(cumulative, offset, size)
        if symbol < 0:
            return written
        symbols[index] = symbol
        offset -= (size >> PRECISION) * cumulative[symbol]
        low, size = narrowed(low, size, cumulative[symbol], cumulative[symbol + 1])
        low &= FULL_RANGE - 1
        while size < HALF_RANGE:
            place = written + 32
            offset = offset << 1 | (bits[place] if place < len(bits) else 0)
            low = (low << 1) & (FULL_RANGE - 1)
            size <<= 1
            written += 1
    return -1


@numba.njit(cache=True)
def symbol_at(cumulative: np.ndarray, offset: int, size: int) -> int:
    """The symbol whose part of the interval holds ``offset`` (code - low); -1 where none does: the code is foreign."""
    if offset < 0 or offset >= size:
        return -1
    part = min(offset // (size >> PRECISION), TOTAL - 1)
    first, last = 0, len(cumulative) - 1
    while last - first > 1:
        middle = (first + last) // 2
        if cumulative[middle] <= part:
            first = middle
        else:
            last = middle
    return first
