"""Equal-Info windows as tokenizers (arXiv 2404.03626, section 3.3): by a codebook where there is one, else by the byte model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from uniscale_assets.neural_compression.choices import Reset
from uniscale_assets.neural_compression.codebook import Codebook
from uniscale_assets.neural_compression.integer_model import IntegerByteModel
from uniscale_assets.neural_compression.prefix_cache import PrefixCache
from uniscale_assets.neural_compression.stepwise import DocumentWindows, WindowEncoder, decode_windows
from uniscale_assets.neural_compression.streams import FIRST_ID, ByteTokenizer, refuse_stream, stream_of, tokens_of, vocabulary_of
from uniscale_assets.neural_compression.windows import WindowRule
from uniscale_assets.tokenization.protocol import Encoding

CACHED_BITS = (24, 32)
"""windows whose strings come back often enough to be kept: of longer ones few do"""


class CompiledWindows(ByteTokenizer):
    """Windows of 16 bits by a codebook."""

    def __init__(self, codebook: Codebook, token_bits: int) -> None:
        super().__init__(vocabulary_of(token_bits))
        self.codebook, self.token_bits = codebook, token_bits
        self.lossy = codebook.scheme == "greedy"
        self.spells_by_token = token_bits == 16

    def encode_bytes(self, documents: Sequence[bytes]) -> list[Encoding]:
        windows = self.codebook.encode(documents)
        ids, ends = self._cut(windows.tokens, windows.ends, windows.counts)
        limits = np.cumsum(windows.counts * (16 // self.token_bits))[:-1]
        return [Encoding(*parts) for parts in zip(np.split(ids, limits), np.split(ends, limits), strict=True)]

    def count_lost(self, documents: Sequence[bytes]) -> tuple[int, int]:
        """Windows whose token decodes to another string than it was made from, and all windows.

        Strings with one token lie on one branch, so another string is one of another length.
        """
        windows = self.codebook.encode(documents)
        starts, _ = self.codebook.spelling
        lengths = np.diff(windows.ends, prepend=0)
        begins = (np.cumsum(windows.counts) - windows.counts)[windows.counts > 0]
        lengths[begins] = windows.ends[begins]
        return int((starts[windows.tokens + 1] - starts[windows.tokens] != lengths).sum()), len(lengths)

    def _cut(self, tokens: np.ndarray, ends: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ids and byte ends; of two tokens the second accounts for the window's bytes."""
        if self.token_bits == 16:
            return tokens + np.int32(FIRST_ID), ends
        ids = np.stack([(tokens >> 8) + FIRST_ID, (tokens & 255) + FIRST_ID], axis=1).astype(np.int32)
        before = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        before[(np.cumsum(counts) - counts)[counts > 0]] = 0
        return ids.reshape(-1), np.stack([before, ends], axis=1).reshape(-1)

    def decode_tokens(self, tokens: np.ndarray) -> bytes:
        if self.token_bits == 8:
            if len(tokens) % 2:
                raise refuse_stream(f"{len(tokens)} tokens of 8 bits are no whole windows of 16")
            tokens = tokens[::2] * 256 + tokens[1::2]
        return self.codebook.decode(tokens)


class StepwiseWindows(ByteTokenizer):
    """Windows of any number of bits by the byte model itself.

    Where tokens are longer than windows divide into (24 bits in tokens of 16), they cross window ends, and a document's last token
    is filled up with zeros.
    """

    def __init__(self, model: IntegerByteModel, rule: WindowRule, reset: Reset, token_bits: int) -> None:
        super().__init__(vocabulary_of(token_bits))
        self.model, self.rule, self.token_bits = model, rule, token_bits
        self.reset: Reset = reset
        self.cache = PrefixCache(model, rule) if reset == "every" and rule.bits in CACHED_BITS else None
        self.encoding_flops_per_byte = model.flops_per_byte
        self.lossy = rule.greedy
        self.spells_by_token = rule.bits == token_bits and reset == "every"

    def encode_bytes(self, documents: Sequence[bytes]) -> list[Encoding]:
        size = self.rule.bits // 8
        encodings: list[Encoding] = []
        for windows in self._windows(documents):
            stream = b"".join(value.to_bytes(size, "big") for value in windows.values)
            tokens = tokens_of(stream, self.token_bits)
            done = (np.arange(1, len(tokens) + 1) * self.token_bits // 8) // size
            ends = np.concatenate([[0], windows.ends]).astype(np.int64)[np.minimum(done, len(windows.ends))]
            encodings.append(Encoding((tokens + FIRST_ID).astype(np.int32), ends))
        return encodings

    def _windows(self, documents: Sequence[bytes]) -> list[DocumentWindows]:
        """Windows of documents, out of the cache where strings come back often enough."""
        encoder = self.cache or WindowEncoder(self.model, self.rule, self.reset)
        return encoder.encode(documents)

    def count_lost(self, documents: Sequence[bytes]) -> tuple[int, int]:
        """Windows that decode to another string than they were made from, and all windows."""
        lost = count = 0
        for windows in self._windows(documents):
            lengths = np.diff(windows.ends, prepend=0)
            decoded = decode_windows(self.model, self.rule, self.reset, windows.values)
            lost += sum(len(text) != length for text, length in zip(decoded, lengths.tolist(), strict=True))
            count += len(windows.values)
        return lost, count

    def decode_tokens(self, tokens: np.ndarray) -> bytes:
        size, stream = self.rule.bits // 8, stream_of(tokens, self.token_bits)
        left = len(stream) % size
        if left and (self.token_bits == 8 or left != 1 or stream[-1]):
            raise refuse_stream(f"{len(tokens)} tokens are no whole windows of {self.rule.bits} bits")
        values = [int.from_bytes(stream[first : first + size], "big") for first in range(0, len(stream) - left, size)]
        return b"".join(decode_windows(self.model, self.rule, self.reset, values))
