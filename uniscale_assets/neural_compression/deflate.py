"""GZip as a tokenizer (arXiv 2404.03626, section 3.3 and A.4): DEFLATE of 10,240-byte chunks, with zlib's header and checksum or without.

Encoding depends on the zlib that Python was built with; decoding does not.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from uniscale_assets.neural_compression.arithmetic_coding import cut
from uniscale_assets.neural_compression.streams import FIRST_ID, ByteTokenizer, refuse_stream, stream_of, tokens_of, vocabulary_of
from uniscale_assets.tokenization.protocol import Encoding

if TYPE_CHECKING:
    import numpy as np

DEFAULT_LEVEL = -1


class DeflateTokenizer(ByteTokenizer):
    """Each chunk is a stream of its own, filled up to whole tokens."""

    def __init__(self, token_bits: int, *, header: bool) -> None:
        super().__init__(vocabulary_of(token_bits))
        self.token_bits = token_bits
        self.window_bits = zlib.MAX_WBITS if header else -zlib.MAX_WBITS

    def encode_bytes(self, documents: Sequence[bytes]) -> list[Encoding]:
        return [self._encoding(document) for document in documents]

    def _encoding(self, document: bytes) -> Encoding:
        """One document. A token accounts for the bytes that can be inflated once it is there."""
        import numpy as np

        ids, ends, before = [np.empty(0, np.int32)], [np.empty(0, np.int64)], 0
        for chunk in cut(document):
            packer = zlib.compressobj(DEFAULT_LEVEL, zlib.DEFLATED, self.window_bits)
            stream = packer.compress(chunk) + packer.flush()
            tokens = tokens_of(stream, self.token_bits)
            ids.append((tokens + FIRST_ID).astype(np.int32))
            ends.append(before + self._inflated(stream, len(tokens), len(chunk)))
            before += len(chunk)
        return Encoding(np.concatenate(ids), np.concatenate(ends))

    def _inflated(self, stream: bytes, tokens: int, size: int) -> np.ndarray:
        """Bytes that are known after each token of a chunk."""
        import numpy as np

        unpacker, width, known = zlib.decompressobj(self.window_bits), self.token_bits // 8, 0
        found = np.empty(tokens, np.int64)
        for token in range(tokens):
            known += len(unpacker.decompress(stream[token * width : (token + 1) * width]))
            found[token] = known
        found[-1] = size
        return found

    def decode_tokens(self, tokens: np.ndarray) -> bytes:
        stream, found = stream_of(tokens, self.token_bits), bytearray()
        while stream:
            unpacker: Any = zlib.decompressobj(self.window_bits)
            try:
                found += unpacker.decompress(stream) + unpacker.flush()
            except zlib.error as error:
                raise refuse_stream(f"chunk at byte {len(found)} of the text: {error}") from error
            if not unpacker.eof:
                raise refuse_stream(f"chunk at byte {len(found)} of the text is cut off")
            used = len(stream) - len(unpacker.unused_data)
            stream = stream[used + used % (self.token_bits // 8) :]
        return bytes(found)
