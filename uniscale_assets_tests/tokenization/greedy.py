"""A tokenizer whose cuts can be counted by hand: the longest piece that fits, from left to right. Its ids are laid out as none of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from uniscale_assets.corpus.storage import DocumentWriter
from uniscale_assets.tokenization.protocol import Encoding


@dataclass
class GreedyTokenizer:
    """Satisfies ``protocol.Tokenizer``: learned pieces, then the bytes, an id that is never emitted, a silent one, the separator last.

    silent: a token that accounts for no byte stands before each of these pieces.
    """

    pieces: Sequence[str]
    silent: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        learned = [piece.encode() for piece in self.pieces]
        self.content = [*learned, *(bytes([value]) for value in range(256)), b"never emitted", b"", b""]
        self.vocab_size = len(self.content)
        self.separator_id = self.vocab_size - 1
        self.silent_id = self.vocab_size - 2
        self.ids = {content: index for index, content in reversed(list(enumerate(self.content[:-3])))}
        self.longest = max(map(len, self.ids))

    def encode_batch(self, texts: Sequence[str]) -> list[Encoding]:
        """Encode documents."""
        return [self.encode(text.encode()) for text in texts]

    def encode(self, content: bytes) -> Encoding:
        """Encode one document."""
        ids: list[int] = []
        ends: list[int] = []
        place = 0
        while place < len(content):
            size = next(size for size in range(min(self.longest, len(content) - place), 0, -1) if content[place : place + size] in self.ids)
            piece = content[place : place + size]
            if piece.decode(errors="replace") in self.silent:
                ids.append(self.silent_id)
                ends.append(place)
            place += size
            ids.append(self.ids[piece])
            ends.append(place)
        return Encoding(np.array(ids, dtype=np.int32), np.array(ends, dtype=np.int64))

    def decode(self, ids: Sequence[int] | np.ndarray) -> bytes:
        """The bytes that ids stand for."""
        return b"".join(self.content[index] for index in np.asarray(ids).tolist())


def write_mixture(directory: Path, **splits: Sequence[tuple[str, str]]) -> Path:
    """A mixture of documents by split, each language and text; a split that is not given is one letter of English."""
    directory.mkdir()
    for split in ("tokenizer", "train", "validation", "test"):
        with DocumentWriter(directory / f"{split}.parquet", with_language=True) as writer:
            for number, (language, text) in enumerate(splits.get(split, [("eng_Latn", "a")])):
                size = len(text.encode())
                writer.add((language, f"{split}/{number}", text, size, len(text)), size)
    return directory
