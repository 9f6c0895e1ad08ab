"""Which evaluation document holds an n-gram, asked for millions of n-grams at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import bool_, int64, uint8, uint32, uint64
    from numpy.typing import NDArray

    from uniscale_assets.corpus.shingles import Shingles

SLOTS_PER_NGRAM = 16
"""bits of the filter for each n-gram: one in sixteen of those that are nowhere passes it"""


@dataclass(frozen=True, slots=True)
class EvaluationDocument:
    """A document that nothing may be trained on."""

    source: str
    """a split, or the name of a file"""
    language: str
    """empty where it is not known"""
    id: str


@dataclass
class IndexBuilder:
    """Collects the n-grams of evaluation documents: 12 bytes each."""

    shingles: Shingles
    hashes: list[NDArray[uint64]] = field(default_factory=list)
    documents: list[NDArray[uint32]] = field(default_factory=list)

    def add(self, text: str, document: int) -> bool:
        """Add the n-grams of a document with a number of its own; whether it has any."""
        import numpy as np

        found = np.unique(self.shingles.hashes(text))
        self.hashes.append(found)
        self.documents.append(np.full(len(found), document, np.uint32))
        return len(found) > 0

    def build(self) -> OverlapIndex:
        """The index; an n-gram of several documents is the first one's."""
        import numpy as np

        hashes = np.concatenate([np.empty(0, np.uint64), *self.hashes])
        self.hashes.clear()
        distinct, first = np.unique(hashes, return_index=True)
        del hashes
        documents = np.concatenate([np.empty(0, np.uint32), *self.documents])[first]
        self.documents.clear()
        return OverlapIndex(self.shingles, distinct, documents, slots_of(distinct))


@dataclass(frozen=True)
class OverlapIndex:
    """The n-grams of evaluation text, sorted, with the number of the document that each is of."""

    shingles: Shingles
    hashes: NDArray[uint64]
    documents: NDArray[uint32]
    slots: NDArray[uint8]
    """a bit for each value of an n-gram's leading bits: whether there is one"""

    def find(self, hashes: NDArray[uint64]) -> tuple[NDArray[int64], NDArray[int64]]:
        """Places in ``hashes`` that hold an n-gram of an evaluation document, ascending, and that document's number."""
        import numpy as np

        if not len(self.hashes):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        slots = hashes >> np.uint64(64 - slot_bits(len(self.slots)))
        passed = np.flatnonzero(self.slots[slots >> np.uint64(3)] >> (slots & np.uint64(7)).astype(np.uint8) & 1)
        places = np.searchsorted(self.hashes, hashes[passed])
        found = self.hashes[np.minimum(places, len(self.hashes) - 1)] == hashes[passed]
        return passed[found], self.documents[places[found]].astype(np.int64)

    def without(self, common: NDArray[bool_]) -> OverlapIndex:
        """The index without some of its n-grams."""
        hashes = self.hashes[~common]
        return OverlapIndex(self.shingles, hashes, self.documents[~common], slots_of(hashes))

    def places(self, hashes: NDArray[uint64]) -> NDArray[int64]:
        """Where n-grams that the index holds stand in it."""
        import numpy as np

        return np.searchsorted(self.hashes, hashes)


def slot_bits(length: int) -> int:
    """Leading bits that address a filter of so many bytes."""
    return (length * 8).bit_length() - 1


def slots_of(hashes: NDArray[uint64]) -> NDArray[uint8]:
    """A filter of n-grams by their leading bits; spares most searches."""
    import numpy as np

    bits = max(3, (len(hashes) * SLOTS_PER_NGRAM).bit_length())
    slots = np.zeros((1 << bits) // 8, np.uint8)
    places = hashes >> np.uint64(64 - bits)
    np.bitwise_or.at(slots, (places >> np.uint64(3)).astype(np.int64), np.uint8(1) << (places & np.uint64(7)).astype(np.uint8))
    return slots
