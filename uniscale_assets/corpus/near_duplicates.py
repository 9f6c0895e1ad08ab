"""Near-duplicates within a language: dropped, counted and listed, in bounded memory, whatever the order of the input.

A document is dropped where its estimated Jaccard similarity with an earlier document that stays reaches the threshold.
"Earlier" is the order in which documents are stored. So every dropped document resembles one that is there, which it need
not where whole chains of similar documents are put together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.corpus.deduplication import StoredDocument
from uniscale_assets.corpus.ledger import Tally
from uniscale_assets.corpus.shingles import Shingles, joined
from uniscale_assets.corpus.signatures import Bands, SignatureWriter, band_rows, shared_bands
from uniscale_assets.corpus.spill import Part, write_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy import int64, uint32, uint64
    from numpy.typing import NDArray

    from uniscale_assets.corpus.signatures import SharedBands
    from uniscale_assets.corpus.spec import NearDuplicatesSpec

NEAR_DUPLICATES_FILE = "near_duplicates.parquet"
SIGNED, UNSIGNED = b"\1", b"\0"
MOST_COMPARED = 1000
"""documents of one group that a document is compared with: a hundred thousand pages of one template, each a little too
different, must not become their square"""


@dataclass(frozen=True)
class Resemblance:
    """What a dropped document resembles most: a signed document by its number, and the estimated similarity."""

    kept: int
    similarity: float


class NearDuplicates:
    """Drops near-duplicates from documents in order. Text waits on disk; signatures are 4 bytes a permutation, on disk too."""

    def __init__(self, spec: NearDuplicatesSpec, language: str, scratch: Path) -> None:
        self.spec = spec
        self.shingles = Shingles.of_language(language, spec.shingle)
        self.scratch = scratch
        self.bands = Bands(spec.permutations, band_rows(spec.threshold, spec.permutations))
        self.dropped = Tally()

    def run(self, documents: Iterable[StoredDocument], wanted: Callable[[str], bool], listing: Path) -> Iterator[StoredDocument]:
        """The documents that stay, in their order.

        Args:
            documents: in the order of ``order_key``.
            wanted: whether a document is in a split, by its id; others stay and make nothing a near-duplicate.
            listing: a Parquet file to write: kept, dropped (ids) and similarity, in the order of the dropped.
        """
        waiting = Part(self.scratch / "waiting", 0)
        with waiting.path.open("wb") as stream, SignatureWriter(self.scratch / "signatures", self.bands) as signatures:
            for document in documents:
                shingles = self._signed(document) if wanted(document.id) else None
                write_row(stream, UNSIGNED if shingles is None else SIGNED, document.pack())
                if shingles is not None:
                    signatures.add(shingles)
        dropped = find_near_duplicates(self.scratch / "signatures", self.bands, self.spec.threshold, signatures.rows)
        yield from self._remaining(waiting, dropped, listing)
        waiting.path.unlink()

    def _signed(self, document: StoredDocument) -> NDArray[uint64] | None:
        """The shingles of a document; of a shorter one, all of its words as one shingle; None where it has no word."""
        units = self.shingles.units(document.text.decode())
        return joined(units, min(self.shingles.size, len(units))) if len(units) else None

    def _remaining(self, waiting: Part, dropped: dict[int, Resemblance], listing: Path) -> Iterator[StoredDocument]:
        kept_ids: dict[int, str] = dict.fromkeys((found.kept for found in dropped.values()), "")
        rows: list[tuple[str, str, float]] = []
        number = -1
        for key, body in waiting.read():
            document = StoredDocument.unpack(body)
            number += key == SIGNED
            found = dropped.get(number) if key == SIGNED else None
            if found is None:
                if key == SIGNED and number in kept_ids:
                    kept_ids[number] = document.id
                yield document
            else:
                self.dropped.add(len(document.text), len(document.text.decode()))
                rows.append((kept_ids[found.kept], document.id, found.similarity))
        write_listing(listing, rows)


def find_near_duplicates(directory: Path, bands: Bands, threshold: float, rows: int) -> dict[int, Resemblance]:
    """Go through the signed documents in order and drop each that resembles one that stays.

    Args:
        directory: of a ``SignatureWriter``.
        bands: how its signatures are cut.
        threshold: similarity from which a document is dropped.
        rows: documents that were signed.

    Returns:
        What each dropped document resembles most, the earliest of equals, by the dropped one's number.
    """
    import numpy as np

    if not rows:
        return {}
    signatures = np.memmap(directory / "signatures", np.uint32, "r", shape=(rows, bands.permutations))
    shared = shared_bands(directory, bands)
    kept = KeptMembers(shared)
    dropped: dict[int, Resemblance] = {}
    for row, groups in shared.each():
        found = most_similar(signatures, row, kept.of(groups))
        if found is not None and found.similarity >= threshold:
            dropped[row] = found
        else:
            kept.add(groups, row)
    return dropped


class KeptMembers:
    """The documents of each group that stay, as far as they have been gone through."""

    def __init__(self, shared: SharedBands) -> None:
        import numpy as np

        rooms = np.minimum(shared.sizes, MOST_COMPARED)
        self._starts = np.cumsum(rooms) - rooms
        self._rooms = rooms
        self._counts = np.zeros_like(rooms)
        self._members = np.zeros(int(rooms.sum()), np.int64)

    def of(self, groups: NDArray[int64]) -> NDArray[int64]:
        """Members of some groups, each once, ascending."""
        import numpy as np

        starts, counts = self._starts[groups].tolist(), self._counts[groups].tolist()
        found = [self._members[start : start + count] for start, count in zip(starts, counts, strict=True) if count]
        return np.unique(np.concatenate(found)) if found else self._members[:0]

    def add(self, groups: NDArray[int64], row: int) -> None:
        """One more document that stays."""
        open_groups = groups[self._counts[groups] < self._rooms[groups]]
        self._members[self._starts[open_groups] + self._counts[open_groups]] = row
        self._counts[open_groups] += 1


def most_similar(signatures: NDArray[uint32], row: int, others: NDArray[int64]) -> Resemblance | None:
    """The document whose signature agrees with ``row``'s in the largest share of values; None where there is none to compare."""
    if not len(others):
        return None
    similarities = (signatures[others] == signatures[row]).mean(axis=1)
    best = int(similarities.argmax())
    return Resemblance(int(others[best]), float(similarities[best]))


def write_listing(path: Path, rows: list[tuple[str, str, float]]) -> None:
    """Write the pairs as Parquet."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    schema = pa.schema([("kept", pa.string()), ("dropped", pa.string()), ("similarity", pa.float64())])
    columns = [[row[place] for row in rows] for place in range(3)]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="zstd")
