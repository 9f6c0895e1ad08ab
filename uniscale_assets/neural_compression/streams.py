"""Bit streams as tokens: what every compressing family shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from uniscale_assets.errors import TokenizerError

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.tokenization.protocol import Encoding

SEPARATOR_ID = 0
FIRST_ID = 1
"""token t of a stream has the id t + 1"""


class ByteTokenizer(ABC):
    """A tokenizer of raw bytes: it takes any bytes, not only UTF-8, and satisfies ``protocol.Tokenizer``.

    What it says of itself is described in `protocol.Tokenizer`.
    """

    takes_bytes = True
    lossy = False
    spells_by_token = False
    encoding_flops_per_byte = 0.0
    separator_id = SEPARATOR_ID

    def __init__(self, vocab_size: int) -> None:
        self.vocab_size = vocab_size

    @abstractmethod
    def encode_bytes(self, documents: Sequence[bytes]) -> list[Encoding]:
        """Encode documents of raw bytes."""

    @abstractmethod
    def decode_tokens(self, tokens: np.ndarray) -> bytes:
        """The bytes of a stream's tokens (ids less one), int64.

        Raises:
            TokenizerError: no document gives this stream.
        """

    def encode_batch(self, texts: Sequence[str]) -> list[Encoding]:
        """Encode documents of text."""
        return self.encode_bytes([text.encode() for text in texts])

    def decode(self, ids: Sequence[int] | np.ndarray) -> bytes:
        """The bytes that the ids of a document stand for; the separator stands for none.

        Raises:
            TokenizerError: an id outside the vocabulary, or a stream that no document gives.
        """
        import numpy as np

        numbers = np.asarray(ids, dtype=np.int64)
        numbers = numbers[numbers != SEPARATOR_ID]
        outside = numbers[(numbers < 0) | (numbers >= self.vocab_size)]
        if len(outside):
            raise TokenizerError(f"id {outside[0]} is outside the vocabulary of {self.vocab_size}")
        return self.decode_tokens(numbers - FIRST_ID) if len(numbers) else b""


def vocabulary_of(token_bits: int) -> int:
    """Ids of a stream cut into tokens of some bits, the separator among them."""
    return 2**token_bits + FIRST_ID


def tokens_of(stream: bytes, token_bits: int) -> np.ndarray:
    """A stream as tokens, the most significant byte first: int64; a stream of odd length is filled up with a zero byte."""
    import numpy as np

    if token_bits == 8:
        return np.frombuffer(stream, np.uint8).astype(np.int64)
    return np.frombuffer(stream + b"\0" * (len(stream) % 2), ">u2").astype(np.int64)


def stream_of(tokens: np.ndarray, token_bits: int) -> bytes:
    """The bytes of tokens."""
    return tokens.astype(">u2" if token_bits == 16 else "u1").tobytes()


def refuse_stream(reason: str) -> TokenizerError:
    """The error for a stream that no document gives."""
    return TokenizerError(f"{reason}: a foreign or damaged stream")
