"""MinHash signatures on disk, and the documents that share a band of them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self

from uniscale_assets.corpus.shingles import mixed
from uniscale_assets.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy import int64, uint32, uint64
    from numpy.typing import NDArray

# rensa computes the signatures: on one core about 40 times as fast as datasketch, without state of its own between batches.
ALGORITHM = 2
"""rensa's version of them; another one would estimate other similarities for the same text"""
SEED = 1
FOUND = 0.99
"""share of the pairs just at the threshold that bands have to find"""
BATCH_SHINGLES = 1 << 19
BATCH_DOCUMENTS = 1 << 11


def band_rows(threshold: float, permutations: int) -> int:
    """Rows of a band: the most with which a pair at the threshold shares a band with a probability of ``FOUND``.

    Signatures are cut into bands of so many values. Two documents with similarity s agree in a band of r values with
    probability s^r, and in one of b bands with 1 - (1 - s^r)^b. Source: Leskovec, Rajaraman & Ullman, "Mining of Massive
    Datasets", 3.4. More rows give fewer pairs to compare.
    """
    rows = range(permutations, 1, -1)
    return next((r for r in rows if 1 - (1 - threshold**r) ** (permutations // r) >= FOUND), 1)


@dataclass(frozen=True)
class Bands:
    """How signatures are cut."""

    permutations: int
    rows: int

    @property
    def count(self) -> int:
        """Bands; a rest of fewer values than a band has is not looked at."""
        return self.permutations // self.rows

    def keys(self, signatures: NDArray[uint32]) -> NDArray[uint64]:
        """A 64-bit key for each band and signature [bands, signatures]: equal for equal values."""
        import numpy as np

        values = signatures[:, : self.count * self.rows].reshape(len(signatures), self.count, self.rows)
        keys = np.zeros((self.count, len(signatures)), np.uint64)
        for row in range(self.rows):
            keys = mixed(keys ^ values[:, :, row].T) + np.uint64(row + 1)
        return keys


class SignatureWriter:
    """Signs sets of shingles and writes signatures and band keys to files; holds one batch in memory."""

    def __init__(self, directory: Path, bands: Bands) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.bands = bands
        self.rows = 0
        self._open = ExitStack()
        self._signatures = self._stream("signatures")
        self._keys = [self._stream(f"band-{band:04}") for band in range(bands.count)]
        self._batch: list[NDArray[uint64]] = []
        self._shingles = 0

    def _stream(self, name: str) -> IO[bytes]:
        return self._open.enter_context((self.directory / name).open("wb"))

    def add(self, shingles: NDArray[uint64]) -> None:
        """Sign one document; it has at least one shingle."""
        self._batch.append(shingles)
        self._shingles += len(shingles)
        self.rows += 1
        if self._shingles >= BATCH_SHINGLES or len(self._batch) >= BATCH_DOCUMENTS:
            self._flush()

    def _flush(self) -> None:
        if self._batch:
            signatures = sign(self._batch, self.bands.permutations)
            signatures.tofile(self._signatures)
            for stream, keys in zip(self._keys, self.bands.keys(signatures), strict=True):
                keys.tofile(stream)
        self._batch.clear()
        self._shingles = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with self._open:
            if error[0] is None:
                self._flush()


def sign(shingles: list[NDArray[uint64]], permutations: int) -> NDArray[uint32]:
    """MinHash signatures [documents, permutations]: two agree in a value with the probability of their Jaccard similarity.

    Each depends on its own shingles alone, however many are signed together and on however many threads.

    Raises:
        CorpusError: the library computes signatures of another kind than these.
    """
    import numpy as np
    import rensa

    signer: Any = rensa.RMinHash  # pyright: ignore[reportAttributeAccessIssue]
    if signer.ALGORITHM_VERSION != ALGORITHM:
        raise CorpusError(
            f"near_duplicates: rensa computes version {signer.ALGORITHM_VERSION} of its signatures, these are of version {ALGORITHM};"
            " install the version in constraints.txt"
        )
    offsets = np.cumsum([0, *map(len, shingles)]).astype(np.uint64)
    matrix = signer.digest_matrix_from_flat_token_hashes(np.concatenate(shingles), offsets, permutations, SEED)
    return np.array(matrix.to_rows(), np.uint32)


@dataclass(frozen=True)
class SharedBands:
    """Groups of documents that agree in a band, and each document's groups."""

    rows: NDArray[int64]
    """documents that are in a group, ascending"""
    ends: NDArray[int64]
    """where the groups of each of them end in ``groups``"""
    groups: NDArray[int64]
    sizes: NDArray[int64]
    """documents of each group"""

    def each(self) -> Iterator[tuple[int, NDArray[int64]]]:
        """Every document that is in a group, in document order, with its groups."""
        start = 0
        for row, end in zip(self.rows.tolist(), self.ends.tolist(), strict=True):
            yield row, self.groups[start:end]
            start = end


def shared_bands(directory: Path, bands: Bands) -> SharedBands:
    """Find the documents that agree in at least one band.

    Memory: about 40 bytes a document while one band is sorted, and 40 bytes for each band that a document shares.
    """
    import numpy as np

    rows: list[NDArray[int64]] = [np.empty(0, np.int64)]
    groups: list[NDArray[int64]] = [np.empty(0, np.int64)]
    count = 0
    for band in range(bands.count):
        members, numbers = equal_keys(np.fromfile(directory / f"band-{band:04}", np.uint64))
        rows.append(members)
        groups.append(numbers + count)
        count += int(numbers[-1]) + 1 if len(numbers) else 0
    row, group = np.concatenate(rows), np.concatenate(groups)
    order = np.argsort(row, kind="stable")
    distinct, counts = np.unique(row, return_counts=True)
    return SharedBands(distinct, np.cumsum(counts), group[order], np.bincount(group, minlength=count))


def equal_keys(keys: NDArray[uint64]) -> tuple[NDArray[int64], NDArray[int64]]:
    """Documents whose key another one has too, and the number of their group, from 0."""
    import numpy as np

    order = np.argsort(keys, kind="stable")
    same = np.zeros(len(keys) + 1, bool)
    same[1:-1] = keys[order[1:]] == keys[order[:-1]]
    shared = same[1:] | same[:-1]
    first = shared & ~same[:-1]
    return order[shared], np.cumsum(first[shared]) - 1
