"""Levenshtein distances between sequences of ids, in compiled code."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np


def all_distances(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """The Levenshtein distance of every pair: the fewest tokens to insert, delete or replace (Levenshtein 1965).

    Args:
        sequences: n arrays of ids.

    Returns:
        int64 [n (n - 1) / 2]: (0, 1), (0, 2), ..., (1, 2), ...
    """
    offsets = np.concatenate([[0], np.cumsum([len(sequence) for sequence in sequences])]).astype(np.int64)
    joined = np.concatenate(sequences).astype(np.int64) if len(sequences) else np.zeros(0, np.int64)
    return distances_of_pairs(joined, offsets)


def edit_distance(one: np.ndarray, other: np.ndarray) -> int:
    """The Levenshtein distance of two sequences of ids."""
    return int(all_distances([one, other])[0])


@numba.njit(cache=True)
def distances_of_pairs(joined: np.ndarray, offsets: np.ndarray) -> np.ndarray:  # pragma: no cover - compiled
    count = len(offsets) - 1
    found = np.empty(count * (count - 1) // 2, np.int64)
    place = 0
    for first in range(count):
        for second in range(first + 1, count):
            one = joined[offsets[first] : offsets[first + 1]]
            other = joined[offsets[second] : offsets[second + 1]]
            found[place] = distance_of(one, other)
            place += 1
    return found


@numba.njit(cache=True)
def distance_of(one: np.ndarray, other: np.ndarray) -> int:  # pragma: no cover - compiled
    # What two sequences share at either end costs nothing in some best alignment.
    start, end, other_end = 0, len(one), len(other)
    while start < end and start < other_end and one[start] == other[start]:
        start += 1
    while end > start and other_end > start and one[end - 1] == other[other_end - 1]:
        end -= 1
        other_end -= 1
    costs = np.arange(other_end - start + 1)
    for row in range(start, end):
        corner = costs[0]
        costs[0] = row - start + 1
        for column in range(1, len(costs)):
            replaced = corner + (1 if one[row] != other[start + column - 1] else 0)
            corner = costs[column]
            costs[column] = min(replaced, corner + 1, costs[column - 1] + 1)
    return costs[-1]
