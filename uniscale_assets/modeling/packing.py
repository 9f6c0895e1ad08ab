"""Token shards as a stream of windows: permuted, packed and cut on the fly, from memory-mapped files.

The stream of one epoch is every document in an order that depends on the seed and the document's index alone, each
preceded by the separator. Window w has the inputs [wS, wS + S) of the stream and the labels one position later, so every
token but the first separator is a label exactly once. Nothing here copies the corpus: a batch gathers its own ids.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from uniscale_assets.errors import BudgetError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from uniscale_assets.tokenization.shards import TokenShard

    Integers = npt.NDArray[np.int64]

IGNORED = -100
"""the label of a position that is not trained on (PyTorch's `ignore_index`)"""


@dataclass(frozen=True)
class Prefix:
    """The part of the stream that a budget takes, counted exactly."""

    labels: int
    """text tokens and separators that are predicted"""
    text_tokens: int
    separator_tokens: int
    """separators among the labels; the first of the stream is none"""
    bytes: int
    """raw bytes of the text tokens"""
    overshoot_bytes: int
    """bytes of the last token that lie past a budget in bytes"""


@dataclass(frozen=True)
class Located:
    """Stream positions looked up: ids, whether each is a separator, raw bytes each accounts for; all of one shape."""

    ids: Integers
    is_separator: npt.NDArray[np.bool_]
    bytes: Integers


@dataclass(frozen=True)
class WindowBatch:
    """Some windows: inputs and labels int64 [windows, S]; text tokens and raw bytes among the labels."""

    inputs: Integers
    labels: Integers
    text_tokens: int
    bytes: int


@dataclass(frozen=True)
class Epoch:
    """One permutation of the documents."""

    order: Integers
    """document at each rank"""
    starts: Integers
    """stream position, within the epoch, of the separator of each rank; one more at the end"""
    bytes_before: Integers
    """raw bytes of the epoch before each rank; one more at the end"""


class PackedText:
    """The endless stream of one seed over a token shard."""

    def __init__(self, shard: TokenShard, separator_id: int, seed: int) -> None:
        import numpy as np

        # Views of the mapped files as plain arrays, whose indexing costs a fraction of a memmap's.
        self.ids, self.byte_ends = np.asarray(shard.ids), np.asarray(shard.byte_ends)
        self.offsets, self.document_bytes = np.asarray(shard.offsets), np.asarray(shard.document_bytes, dtype=np.int64)
        self.separator_id = separator_id
        self.seed = seed
        self.documents = len(self.offsets) - 1
        self.length = int(self.offsets[-1]) + self.documents
        self.bytes = int(self.document_bytes.sum())
        self._epochs: dict[int, Epoch] = {}

    def epoch(self, number: int) -> Epoch:
        """The permutation of an epoch; the last two are kept."""
        import numpy as np

        if number not in self._epochs:
            order = np.argsort(hashed(np.arange(self.documents), self.seed, number), kind="stable")
            lengths = np.diff(self.offsets)[order] + 1
            for older in sorted(self._epochs, key=lambda kept: abs(kept - number))[1:]:
                del self._epochs[older]
            self._epochs[number] = Epoch(order, before(lengths), before(self.document_bytes[order]))
        return self._epochs[number]

    def locate(self, positions: Integers) -> Located:
        """Look stream positions up, of any shape."""
        import numpy as np

        flat = positions.ravel()
        ids, separators, counts = np.empty(flat.shape, np.int64), np.empty(flat.shape, np.bool_), np.empty(flat.shape, np.int64)
        numbers = flat // self.length
        for number in np.unique(numbers):
            chosen = numbers == number
            ids[chosen], separators[chosen], counts[chosen] = self._locate_in(int(number), flat[chosen] - number * self.length)
        return Located(ids.reshape(positions.shape), separators.reshape(positions.shape), counts.reshape(positions.shape))

    def _locate_in(self, number: int, positions: Integers) -> tuple[Integers, npt.NDArray[np.bool_], Integers]:
        import numpy as np

        epoch = self.epoch(number)
        ranks = np.searchsorted(epoch.starts, positions, side="right") - 1
        within = positions - epoch.starts[ranks]
        separators = within == 0
        tokens = np.maximum(self.offsets[epoch.order[ranks]] + within - 1, 0)
        ids = np.where(separators, self.separator_id, self.ids[tokens].astype(np.int64))
        ends = self.byte_ends[tokens].astype(np.int64)
        starts = np.where(within > 1, self.byte_ends[np.maximum(tokens - 1, 0)].astype(np.int64), 0)
        return ids, separators, np.where(separators, 0, ends - starts)

    def prefix_of_bytes(self, budget: int) -> Prefix:
        """The shortest part of the stream whose text reaches ``budget`` bytes; the token across it is taken whole."""
        import numpy as np

        number, remaining = divmod(budget, self.bytes)
        if remaining == 0:
            number, remaining = number - 1, self.bytes
        epoch = self.epoch(number)
        rank = int(np.searchsorted(epoch.bytes_before, remaining, side="left")) - 1
        first, last = self.offsets[epoch.order[rank] : epoch.order[rank] + 2]
        inside = int(np.searchsorted(self.byte_ends[first:last], remaining - epoch.bytes_before[rank], side="left"))
        reached = int(epoch.bytes_before[rank]) + int(self.byte_ends[first + inside]) + number * self.bytes
        labels = number * self.length + int(epoch.starts[rank]) + 1 + inside
        separators = number * self.documents + rank
        return Prefix(labels, labels - separators, separators, reached, reached - budget)

    def prefix_of_labels(self, labels: int) -> Prefix:
        """The first ``labels`` labels of the stream: text tokens and separators together."""
        import numpy as np

        number, within = divmod(labels, self.length)
        epoch = self.epoch(number)
        rank = int(np.searchsorted(epoch.starts, within, side="right")) - 1
        inside = within - int(epoch.starts[rank])
        first = int(self.offsets[epoch.order[rank]])
        partial = int(self.byte_ends[first + inside - 1]) if inside else 0
        separators = number * self.documents + rank
        counted = number * self.bytes + int(epoch.bytes_before[rank]) + partial
        return Prefix(labels, labels - separators, separators, counted, 0)


class PackedWindows:
    """The windows of a prefix, in the order in which a seed trains on them."""

    def __init__(self, text: PackedText, prefix: Prefix, context_tokens: int, shuffle: bool) -> None:
        self.text = text
        self.prefix = prefix
        self.context_tokens = context_tokens
        self.shuffle = shuffle

    def __len__(self) -> int:
        return math.ceil(self.prefix.labels / self.context_tokens)

    @cached_property
    def order(self) -> Integers:
        """Window at each place: in sequence, or shuffled by the seed within each epoch."""
        import numpy as np

        windows = np.arange(len(self), dtype=np.int64)
        if not self.shuffle:
            return windows
        # Salted apart from the documents' hashes; an epoch's windows never come before those of an earlier epoch.
        keys = hashed(windows, self.text.seed, -1)
        return np.lexsort((keys, windows * self.context_tokens // self.text.length))

    def window_labels(self, windows: Integers) -> Integers:
        """How many labels each window has; the last window may have fewer than S, window -1 has none."""
        import numpy as np

        left = self.prefix.labels - windows * self.context_tokens
        return np.where(windows < 0, 0, np.minimum(left, self.context_tokens))

    def batch(self, windows: Integers) -> WindowBatch:
        """Gather windows; positions past the prefix, and all of window -1, are masked."""
        import numpy as np

        positions = windows[:, None] * self.context_tokens + np.arange(self.context_tokens + 1)
        inside = (positions <= self.prefix.labels) & (windows[:, None] >= 0)
        located = self.text.locate(np.where(inside, positions, 0))
        ids = np.where(inside, located.ids, self.text.separator_id)
        is_label = inside[:, 1:]
        labels = np.where(is_label, ids[:, 1:], IGNORED)
        text_tokens = int(np.count_nonzero(is_label & ~located.is_separator[:, 1:]))
        return WindowBatch(ids[:, :-1], labels, text_tokens, int(located.bytes[:, 1:][is_label].sum()))


def refuse_scarce_text(text: PackedText, prefix_epochs: float, wanted: str, repeat: bool) -> None:
    """Raise ``BudgetError`` where a budget is larger than the text and the study does not repeat it."""
    if text.documents == 0 or text.bytes == 0:
        raise BudgetError("training: the train split has no text; give corpus.bytes.train more, or another source")
    if prefix_epochs > 1 and not repeat:
        raise BudgetError(
            f"training.budget: {wanted} is more than the text has ({text.bytes:,} bytes, {text.length - 1:,} labels); it would take "
            f"{prefix_epochs:.2f} epochs: lower the budget, take more text, or set training.repeat to true"
        )


def before(counts: Integers) -> Integers:
    """Sums of all that stands before each element, and of everything at the end: int64 [n + 1]."""
    import numpy as np

    sums = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=sums[1:])
    return sums


def hashed(indices: npt.NDArray[np.int64], seed: int, stream: int) -> npt.NDArray[np.uint64]:
    """A uniform 64-bit key for each index: SplitMix64 (Steele, Lea, Flood 2014) of seed, stream and index.

    Sorting by it permutes; the key of an index does not depend on how many indices there are, nor on numpy's version.
    """
    import numpy as np

    state = np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)
    state = mixed(mixed(state) ^ np.array([stream & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64))
    return mixed(state ^ indices.astype(np.uint64))


def mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One step of SplitMix64, wrapping at 2^64."""
    import numpy as np

    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
