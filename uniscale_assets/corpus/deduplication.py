"""Exact duplicates within a language: dropped, counted, in bounded memory, whatever the order of the input."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from uniscale_assets.corpus.documents import place_of
from uniscale_assets.corpus.ledger import Tally
from uniscale_assets.corpus.spill import Part, spilled
from uniscale_assets.corpus.splits import order_key
from uniscale_assets.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from uniscale_assets.corpus.documents import SourceDocument

BODY = struct.Struct("<IIQ")
# 128 bits: among a billion texts two different ones agree with a probability of 1e-21.
DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document on disk. ``file`` is the number of its file in the order of reading."""

    id: str
    text: bytes
    file: int
    row: int

    def pack(self) -> bytes:
        """As bytes."""
        name = self.id.encode()
        return BODY.pack(len(name), self.file, self.row) + name + self.text

    @classmethod
    def unpack(cls, body: bytes) -> Self:
        """From ``pack``."""
        length, file, row = BODY.unpack_from(body)
        start = BODY.size
        return cls(body[start : start + length].decode(), body[start + length :], file, row)


class Deduplicator:
    """Drops exact duplicates and puts documents into the order of ``order_key``.

    Of equal texts the one with the smallest id (by code point) survives. Text goes to disk twice and is never held in
    memory as a whole: once by a hash of the text, where equal texts meet, and once by the order.
    """

    def __init__(self, language: str, scratch: Path) -> None:
        self.language = language
        self.scratch = scratch
        self.read = Tally()
        self.duplicates = Tally()
        self.empty_documents = 0
        self._files: dict[str, int] = {}

    def run(self, documents: Iterable[SourceDocument]) -> Iterator[StoredDocument]:
        """The documents that stay, in order.

        Raises:
            CorpusError: one id stands for two different texts, which no split or score could tell apart.
        """
        with spilled(self.scratch / "ordered") as ordered:
            with spilled(self.scratch / "by_text") as by_text:
                for document in documents:
                    self._take(document, by_text.add)
                for part in by_text.parts():
                    for survivor in self._survivors(part):
                        ordered.add(order_key(self.language, survivor.id), survivor.pack())
            for part in ordered.parts():
                yield from self._distinct(part)

    def _take(self, document: SourceDocument, add: Callable[[bytes, bytes], None]) -> None:
        text = document.text.encode()
        if not text:
            self.empty_documents += 1
            return
        self.read.add(len(text), len(document.text))
        file = self._files.setdefault(document.file, len(self._files))
        digest = hashlib.blake2b(text, digest_size=DIGEST_BYTES).digest()
        add(digest, StoredDocument(document.id, text, file, document.row).pack())

    def _survivors(self, part: Part) -> Iterator[StoredDocument]:
        smallest: dict[bytes, str] = {}
        for digest, body in part.read():
            document_id = StoredDocument.unpack(body).id
            smallest[digest] = min(document_id, smallest.get(digest, document_id))
        for digest, body in part.read():
            document = StoredDocument.unpack(body)
            if smallest.get(digest) == document.id:
                del smallest[digest]
                yield document
            else:
                self.duplicates.add(len(document.text), len(document.text.decode()))

    def _distinct(self, part: Part) -> Iterator[StoredDocument]:
        before: StoredDocument | None = None
        for _, body in part.read_sorted():
            document = StoredDocument.unpack(body)
            if before is not None and before.id == document.id:
                places = " and at ".join(sorted(self._place(one) for one in (before, document)))
                raise CorpusError(
                    f"{self.language}: the id {document.id!r} stands for two different texts, at {places};"
                    " give each document an id of its own, or leave the ids out"
                )
            yield document
            before = document

    def _place(self, document: StoredDocument) -> str:
        return place_of(list(self._files)[document.file], document.row)
