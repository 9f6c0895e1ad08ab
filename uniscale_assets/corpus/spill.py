"""Rows too many for memory, set down on disk by the leading bits of a key."""

from __future__ import annotations

import shutil
import struct
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

# 64 open files at a time; three levels of them hold a quarter of a million parts.
BITS = 6
# A part is held in memory as keys and offsets, about 200 bytes a row, never as text.
ROWS_IN_MEMORY = 50_000
# Only rows whose keys agree in every bit that is looked at stay together in a larger part.
DEEPEST = 8
HEADER = struct.Struct("<IQ")


def write_row(stream: IO[bytes], key: bytes, body: bytes) -> None:
    """Append one row as ``Part`` reads it."""
    stream.write(HEADER.pack(len(key), len(body)))
    stream.write(key)
    stream.write(body)


@dataclass
class Part:
    """Rows of one file: their keys begin with the same ``depth`` x ``BITS`` bits."""

    path: Path
    depth: int
    rows: int = 0

    def read(self) -> Iterator[tuple[bytes, bytes]]:
        """Keys and bodies, in the order in which they were added."""
        with self.path.open("rb") as stream:
            while header := stream.read(HEADER.size):
                key_length, body_length = HEADER.unpack(header)
                yield stream.read(key_length), stream.read(body_length)

    def read_sorted(self) -> Iterator[tuple[bytes, bytes]]:
        """Keys and bodies, by key; only keys and offsets are held in memory."""
        with self.path.open("rb") as stream:
            index: list[tuple[bytes, int, int]] = []
            while header := stream.read(HEADER.size):
                key_length, body_length = HEADER.unpack(header)
                key = stream.read(key_length)
                index.append((key, stream.tell(), body_length))
                stream.seek(body_length, 1)
            index.sort()
            for key, offset, length in index:
                stream.seek(offset)
                yield key, stream.read(length)


class Spill:
    """A directory of parts. Keys are uniform hashes of at least 8 bytes; concatenated, parts are in key order."""

    def __init__(self, directory: Path, depth: int = 0) -> None:
        self.directory = directory
        self.depth = depth
        self._open = ExitStack()
        self._streams: dict[int, IO[bytes]] = {}
        self._parts: dict[int, Part] = {}
        directory.mkdir(parents=True)

    def add(self, key: bytes, body: bytes) -> None:
        """Set one row down."""
        place = int.from_bytes(key[:8], "big") >> (64 - BITS * (self.depth + 1)) & (1 << BITS) - 1
        if place not in self._streams:
            part = Part(self.directory / f"{place:02}", self.depth + 1)
            self._streams[place] = self._open.enter_context(part.path.open("wb"))
            self._parts[place] = part
        self._parts[place].rows += 1
        write_row(self._streams[place], key, body)

    def parts(self) -> Iterator[Part]:
        """Every part in key order, each small enough to index in memory; a part is gone once the next one is asked for."""
        self._open.close()
        for place in sorted(self._parts):
            yield from self._fitting(self._parts[place])

    def _fitting(self, part: Part) -> Iterator[Part]:
        if part.rows <= ROWS_IN_MEMORY or part.depth >= DEEPEST:
            yield part
            part.path.unlink()
            return
        with spilled(part.path.with_suffix(".finer"), part.depth) as finer:
            for key, body in part.read():
                finer.add(key, body)
            part.path.unlink()
            yield from finer.parts()

    def close(self) -> None:
        """Close the files and remove the directory."""
        try:
            self._open.close()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)


@contextmanager
def spilled(directory: Path, depth: int = 0) -> Generator[Spill]:
    """A spill that is removed at the end, whatever happens."""
    spill = Spill(directory, depth)
    try:
        yield spill
    finally:
        spill.close()
