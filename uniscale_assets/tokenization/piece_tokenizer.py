"""Tokenizers of other makers behind our protocol: an encoder of ids, and the bytes that each id stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from uniscale_assets.tokenization.batching import batches
from uniscale_assets.tokenization.pretokenizers import segments
from uniscale_assets.tokenization.protocol import Encoding

if TYPE_CHECKING:
    import numpy as np

CHARACTERS_AT_ONCE = 2**20
# SentencePiece writes a space with this character, and so cannot tell one from the other.
SPACE_MARK = "\u2581"

Encode = Callable[[list[str]], Iterable[Sequence[int]]]


class PieceTokenizer:
    """Satisfies ``protocol.Tokenizer``.

    Args:
        encode: ids of each text; adds nothing at its ends, and takes what spells a special token as text.
        pieces: bytes of every id, none for special ones.
        separator_id: one that stands for no bytes.
        marks_spaces: whether pieces spell a space with U+2581. That character is then written in byte tokens, as it would
            come back as a space; the text between two of them is encoded by itself.
    """

    def __init__(self, encode: Encode, pieces: list[bytes], separator_id: int, *, marks_spaces: bool = False) -> None:
        self.encode = encode
        self.pieces = pieces
        self.vocab_size = len(pieces)
        self.separator_id = separator_id
        places = {piece: index for index, piece in reversed(list(enumerate(pieces)))}
        mark = [bytes([byte]) for byte in SPACE_MARK.encode()]
        self.mark_ids = [places[byte] for byte in mark] if marks_spaces and all(byte in places for byte in mark) else []

    @cached_property
    def lengths(self) -> np.ndarray:
        """int64 [vocab_size]: bytes of every id."""
        import numpy as np

        return np.fromiter(map(len, self.pieces), dtype=np.int64, count=self.vocab_size)

    def encode_batch(self, texts: Sequence[str]) -> list[Encoding]:
        """Encode documents; long ones in parts."""
        import numpy as np

        parts = [list(self._parts(text)) for text in texts]
        encoded = self._encode_parts(chain.from_iterable(parts))
        encodings: list[Encoding] = []
        for count in map(len, parts):
            ids = np.concatenate([next(encoded) for _ in range(count)])
            encodings.append(Encoding(ids, np.cumsum(self.lengths[ids])))
        return encodings

    def _parts(self, text: str) -> Iterator[str]:
        """What is encoded by itself: bounded segments, and the character that marks a space."""
        for segment in segments(text):
            if not self.mark_ids or SPACE_MARK not in segment:
                yield segment
                continue
            first, *others = segment.split(SPACE_MARK)
            yield first
            for other in others:
                yield from (SPACE_MARK, other)

    def _encode_parts(self, parts: Iterable[str]) -> Iterator[np.ndarray]:
        import numpy as np

        for batch in batches(parts, len, CHARACTERS_AT_ONCE):
            for part, ids in zip(batch, self.encode(batch), strict=True):
                yield np.array(self.mark_ids if self.mark_ids and part == SPACE_MARK else ids, dtype=np.int32)

    def decode(self, ids: Sequence[int] | np.ndarray) -> bytes:
        """The bytes that ids stand for."""
        import numpy as np

        return b"".join(map(self.pieces.__getitem__, np.asarray(ids).tolist()))


def text_of(piece: str) -> bytes:
    """The bytes of a SentencePiece piece."""
    return piece.replace(SPACE_MARK, " ").encode()
