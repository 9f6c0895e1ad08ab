"""Compiling a byte model: every string that a window can hold, level by level, the model asked once for each string."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from uniscale_assets.neural_compression.integer_model import SEPARATOR, IntegerByteModel, Past
from uniscale_assets.neural_compression.probabilities import cumulative_parts
from uniscale_assets.neural_compression.schemes import Scheme

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

LANES = 1024
"""strings that the model sees at once; any number gives the same codebook"""
POSITIONS_AT_ONCE = 2**14
"""of keys and values that are gathered for them"""


@dataclass(frozen=True)
class Strings:
    """The strings of a window, the empty one first, each after the one that it extends.

    Attributes:
        parents: int64 [strings]; -1 for the empty one.
        bytes: int64 [strings], the last byte of each.
        tokens: int64 [strings], -1 where it has none.
        evaluations: how many strings the model was asked about.
    """

    parents: Integers
    bytes: Integers
    tokens: Integers
    evaluations: int


class PrefixTree:
    """Keys and values of every string that was fed to a model, so that each string costs one step."""

    def __init__(self, model: IntegerByteModel, lanes: int = LANES) -> None:
        self.model, self.lanes = model, lanes
        shape = (len(model.layers), 0, model.width)
        self.keys, self.values = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self.evaluations = 0

    def cumulative(self, paths: Integers, symbols: Integers) -> tuple[Integers, Integers]:
        """Distributions after strings of one length.

        Args:
            paths: int64 [strings, length], for each string the places of its shorter beginnings in this tree, the empty one first.
            symbols: int64 [strings], the model's id of the last byte (the separator for the empty string).

        Returns:
            int64 [strings, 257], and the places of these strings in the tree, int64 [strings].
        """
        count, length = paths.shape
        parts = [np.empty((0, 257), np.int64)]
        keys, values = [self.keys], [self.values]
        step = max(1, min(self.lanes, POSITIONS_AT_ONCE // (length + 1)))
        for start in range(0, count, step):
            chosen = paths[start : start + step]
            past = self._past(chosen)
            masses = self.model.advance(symbols[start : start + step, None], past)
            parts.append(cumulative_parts(masses[:, 0]))
            keys.append(past.keys[:, :, length])
            values.append(past.values[:, :, length])
        places = np.arange(self.evaluations, self.evaluations + count)
        self.keys, self.values = np.concatenate(keys, axis=1), np.concatenate(values, axis=1)
        self.evaluations += count
        return np.concatenate(parts), places

    def _past(self, paths: Integers) -> Past:
        """The past of some strings, with room for one more position."""
        lanes, length = paths.shape
        past = self.model.empty_past(lanes, length + 1)
        past.keys[:, :, :length] = self.keys[:, paths]
        past.values[:, :, :length] = self.values[:, paths]
        past.lengths[:] = length
        return past


class Growing:
    """All strings found so far, in the order in which they were found."""

    def __init__(self, root: np.ndarray) -> None:
        self.parents, self.bytes, self.depths = np.array([-1]), np.array([0]), np.array([0])
        self.states = root
        self.places = np.array([-1])
        """of each string in the prefix tree, -1 for one that the model was not asked about"""

    def add(self, parents: Integers, symbols: Integers, states: np.ndarray) -> None:
        """Strings that extend others."""
        self.parents, self.bytes = np.concatenate([self.parents, parents]), np.concatenate([self.bytes, symbols])
        self.depths = np.concatenate([self.depths, self.depths[parents] + 1])
        self.states = np.concatenate([self.states, states])
        self.places = np.concatenate([self.places, np.full(len(parents), -1)])

    def paths(self, strings: Integers) -> Integers:
        """Places of all shorter beginnings of strings of one length, the empty one first: int64 [strings, length]."""
        length = int(self.depths[strings[0]])
        paths, at = np.empty((len(strings), length), np.int64), strings
        for column in range(length - 1, -1, -1):
            at = self.parents[at]
            paths[:, column] = self.places[at]
        return paths


def compile_strings(model: IntegerByteModel, scheme: Scheme, lanes: int = LANES) -> Strings:
    """Every string of a window under a rule.

    Args:
        model: the byte model, in integers: the result does not depend on the machine, ``lanes`` or threads.
        scheme: the rule; its state changes.
        lanes: strings evaluated at once.
    """
    tree, found = PrefixTree(model, lanes), Growing(scheme.root())
    while True:
        open_ = np.flatnonzero((found.places < 0) & (found.depths < model.context))
        chosen = open_[scheme.choose(found.states[open_])]
        if not len(chosen):
            break
        for depth in np.unique(found.depths[chosen]):
            level = chosen[found.depths[chosen] == depth]
            symbols = np.where(level > 0, found.bytes[level] + 1, SEPARATOR)
            cumulative, found.places[level] = tree.cumulative(found.paths(level), symbols)
            extensions = scheme.extend(found.states[level], cumulative)
            found.add(level[extensions.parents], extensions.bytes, extensions.states)
    return kept_strings(found, scheme, tree.evaluations)


def kept_strings(found: Growing, scheme: Scheme, evaluations: int) -> Strings:
    """The strings that get a token, in breadth-first order; they hold the beginnings of every string among them."""
    order = breadth_first(found)
    tokens = scheme.tokens(found.states[order])
    kept = np.flatnonzero((tokens >= 0) | (np.arange(len(tokens)) == 0))
    number = np.full(len(found.parents), -1)
    number[order[kept]] = np.arange(len(kept))
    parents = found.parents[order[kept]]
    return Strings(np.where(parents >= 0, number[parents], -1), found.bytes[order[kept]], tokens[kept], evaluations)


def breadth_first(found: Growing) -> Integers:
    """Strings by length, then by the order of what they extend, then by their last byte."""
    ranks = np.zeros(len(found.parents), np.int64)
    levels = [np.array([0])]
    for depth in range(1, int(found.depths.max()) + 1):
        level = np.flatnonzero(found.depths == depth)
        level = level[np.lexsort((found.bytes[level], ranks[found.parents[level]]))]
        ranks[level] = np.arange(len(level))
        levels.append(level)
    return np.concatenate(levels)
