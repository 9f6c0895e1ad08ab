"""What a byte model is asked while text goes by: many contexts side by side, each begun afresh when its rule says so."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from uniscale_assets.neural_compression.integer_model import SEPARATOR

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

FIRST_ROOM = 64


class ByteModel(Protocol):
    """What is asked of a byte model, in integers or in floating point."""

    context: int

    def empty_past(self, lanes: int, capacity: int) -> Any:
        """No positions yet, and room for some."""
        ...

    def distributions(self, symbols: np.ndarray, past: Any) -> np.ndarray:
        """Cumulative parts after each of some symbols: int64 [lanes, Q, 257]."""
        ...


def flops_per_byte_of(model: ByteModel) -> float:
    """Of running a model over one byte, where it says so."""
    return float(getattr(model, "flops_per_byte", 0.0))


class Contexts:
    """Contexts of a byte model, one a lane. Each starts with the separator; one that is full starts afresh.

    Attributes:
        cumulative: int64 [lanes, 257], the distribution of the byte that follows in each lane.
    """

    def __init__(self, model: ByteModel, lanes: int) -> None:
        self.model = model
        self.past = model.empty_past(lanes, min(FIRST_ROOM, model.context))
        self.cumulative = np.repeat(self.root, lanes, axis=0)
        self.past.keys[:, :, 0], self.past.values[:, :, 0] = self._separator
        self.past.lengths[:] = 1

    @cached_property
    def root(self) -> Integers:
        """The distribution of a context's first byte: int64 [1, 257]."""
        past = self.model.empty_past(1, 1)
        found = self.model.distributions(np.array([[SEPARATOR]]), past)[:, 0]
        self._separator = (past.keys[:, :, 0], past.values[:, :, 0])
        return found

    def begin(self, lanes: Integers) -> None:
        """Start some lanes afresh."""
        self.past.lengths[lanes] = 1
        self.cumulative[lanes] = self.root

    def bytes_seen(self, lane: int) -> int:
        """Bytes in a lane's context."""
        return int(self.past.lengths[lane]) - 1

    def go_back(self, lane: int, bytes_seen: int, cumulative: Integers) -> None:
        """Forget the last bytes of a lane, to where it had seen some and this distribution followed."""
        self.past.lengths[lane] = bytes_seen + 1
        self.cumulative[lane] = cumulative

    def feed(self, lanes: Integers, following: Integers) -> None:
        """Give some lanes the byte that follows in each."""
        full = self.past.lengths[lanes] >= self.model.context
        self.begin(lanes[full])
        lanes, following = lanes[~full], following[~full]
        if not len(lanes):
            return
        self.past.make_room(int(self.past.lengths[lanes].max()) + 1, self.model.context)
        chosen = self.model.empty_past(len(lanes), 0)
        whole = len(lanes) == len(self.past.lengths)
        if whole:
            distributions = self.model.distributions(following[:, None] + 1, self.past)
        else:
            reach = int(self.past.lengths[lanes].max()) + 1
            chosen.keys, chosen.values = self.past.keys[:, lanes, :reach], self.past.values[:, lanes, :reach]
            chosen.lengths = self.past.lengths[lanes]
            places = chosen.lengths.copy()
            distributions = self.model.distributions(following[:, None] + 1, chosen)
            rows = np.arange(len(lanes))
            self.past.keys[:, lanes, places], self.past.values[:, lanes, places] = (
                chosen.keys[:, rows, places],
                chosen.values[:, rows, places],
            )
            self.past.lengths[lanes] = chosen.lengths
        self.cumulative[lanes] = distributions[:, 0]
