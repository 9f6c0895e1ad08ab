"""Arithmetic coding as a tokenizer (arXiv 2404.03626, section 3.3): chunks of 10,240 bytes, each with its length before its code."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numba
import numpy as np

from uniscale_assets.neural_compression.contexts import ByteModel, Contexts, flops_per_byte_of
from uniscale_assets.neural_compression.integer_model import SEPARATOR
from uniscale_assets.neural_compression.range_coder import FULL_RANGE, decode_symbols, encode_symbols, narrowed, symbol_at
from uniscale_assets.neural_compression.streams import FIRST_ID, ByteTokenizer, refuse_stream, stream_of, tokens_of, vocabulary_of
from uniscale_assets.tokenization.protocol import Encoding

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

CHUNK_BYTES = 10_240
LENGTH_BYTES = 2
SLACK_BYTES = 8
"""read beyond a chunk's longest code, which has 14 bits a byte"""
POSITIONS_AT_ONCE = 128
LANES = 16


class ArithmeticTokenizer(ByteTokenizer):
    """Codes chunks with distributions that a subclass gives."""

    def __init__(self, token_bits: int) -> None:
        super().__init__(vocabulary_of(token_bits))
        self.token_bits = token_bits

    @abstractmethod
    def parts(self, chunks: list[bytes]) -> list[tuple[Integers, Integers]]:
        """For each byte of each chunk, the parts of 2^14 before it and up to its end."""

    @abstractmethod
    def reader(self) -> Reader:
        """The distributions of one chunk, byte by byte."""

    def encode_bytes(self, documents: Sequence[bytes]) -> list[Encoding]:
        chunks = [cut(document) for document in documents]
        coded = iter(self.parts([chunk for part in chunks for chunk in part]))
        return [self._encoding([(chunk, *next(coded)) for chunk in part]) for part in chunks]

    def _encoding(self, chunks: list[tuple[bytes, Integers, Integers]]) -> Encoding:
        """One document. A byte is accounted for by the token in which the bits end that it let the coder write."""
        ids, ends, before = [np.empty(0, np.int32)], [np.empty(0, np.int64)], 0
        for chunk, firsts, lasts in chunks:
            stream, written = code_of(firsts, lasts)
            tokens = tokens_of(len(chunk).to_bytes(LENGTH_BYTES, "big") + stream, self.token_bits)
            bits = np.arange(1, len(tokens) + 1) * self.token_bits - 8 * LENGTH_BYTES
            done = np.searchsorted(written, bits, side="right")
            done[bits <= 0], done[-1] = 0, len(chunk)
            ids.append((tokens + FIRST_ID).astype(np.int32))
            ends.append(before + done)
            before += len(chunk)
        return Encoding(np.concatenate(ids), np.concatenate(ends))

    def decode_tokens(self, tokens: np.ndarray) -> bytes:
        stream, found = stream_of(tokens, self.token_bits), bytearray()
        while stream:
            length = int.from_bytes(stream[:LENGTH_BYTES], "big")
            if len(stream) < LENGTH_BYTES or not 0 < length <= CHUNK_BYTES:
                raise refuse_stream(f"a chunk of {length} bytes at byte {len(found)} of the text")
            text, code = self._decode_chunk(stream[LENGTH_BYTES:][: 2 * length + SLACK_BYTES], length)
            code += bytes((len(code) + LENGTH_BYTES) % (self.token_bits // 8))
            # Nearly any bits are some text's code; but only one code is its own, to the last bit.
            if stream[LENGTH_BYTES:][: len(code)] != code:
                raise refuse_stream(f"the code of the chunk at byte {len(found)} of the text does not end as it would")
            found += text
            stream = stream[LENGTH_BYTES + len(code) :]
        return bytes(found)

    def _decode_chunk(self, stream: bytes, length: int) -> tuple[bytes, bytes]:
        """The bytes of a chunk, and the code that they have."""
        bits = np.unpackbits(np.frombuffer(stream, np.uint8))
        decoder, reader, text = ChunkDecoder(bits), self.reader(), bytearray()
        firsts, lasts = np.empty(length, np.int64), np.empty(length, np.int64)
        for place in range(length):
            cumulative = reader.cumulative
            byte = decoder.next_byte(cumulative)
            firsts[place], lasts[place] = cumulative[byte], cumulative[byte + 1]
            text.append(byte)
            reader.feed(byte)
        return bytes(text), code_of(firsts, lasts)[0]


class Reader:
    """One distribution after another."""

    cumulative: Integers

    def feed(self, byte: int) -> None:
        """Say what followed."""


class ChunkDecoder:
    """The state of decoding: offset of the code in the interval, and the encoder's state beside it."""

    def __init__(self, bits: np.ndarray) -> None:
        self.bits = bits
        self.low, self.size, self.written = 0, FULL_RANGE, 0
        self.offset = int("".join(map(str, bits[:32].tolist())).ljust(32, "0"), 2)

    def next_byte(self, cumulative: Integers) -> int:
        """The byte that the code names under a distribution.

        Raises:
            TokenizerError: it names none.
        """
        byte = int(symbol_at(cumulative, self.offset, self.size))
        if byte < 0:
            raise refuse_stream(f"the code names no byte after {self.written} bits")
        first, last = int(cumulative[byte]), int(cumulative[byte + 1])
        self.offset -= (self.size >> 14) * first
        low, self.size = narrowed(self.low, self.size, first, last)
        shift = max(0, 32 - int(self.size).bit_length())
        for place in range(self.written + 32, self.written + 32 + shift):
            self.offset = self.offset << 1 | (int(self.bits[place]) if place < len(self.bits) else 0)
        self.low, self.size = (int(low) << shift) & (FULL_RANGE - 1), int(self.size) << shift
        self.written += shift
        return byte


def cut(document: bytes) -> list[bytes]:
    """A document in chunks."""
    return [document[first : first + CHUNK_BYTES] for first in range(0, len(document), CHUNK_BYTES)]


def code_of(firsts: Integers, lasts: Integers) -> tuple[bytes, Integers]:
    """The code of a chunk, filled up to whole bytes, and the bits written after each symbol."""
    bits, ends = np.zeros(14 * len(firsts) + 64, np.uint8), np.empty(len(firsts), np.int64)
    count = encode_symbols(firsts, lasts, bits, ends)
    return np.packbits(bits[:count]).tobytes(), ends


class StaticTokenizer(ArithmeticTokenizer):
    """``static_ac``: the same distribution for every byte."""

    def __init__(self, cumulative: Integers, token_bits: int) -> None:
        super().__init__(token_bits)
        self.cumulative = cumulative

    def parts(self, chunks: list[bytes]) -> list[tuple[Integers, Integers]]:
        texts = [np.frombuffer(chunk, np.uint8).astype(np.int64) for chunk in chunks]
        return [(self.cumulative[text], self.cumulative[text + 1]) for text in texts]

    def reader(self) -> Reader:
        reader = Reader()
        reader.cumulative = self.cumulative
        return reader

    def _decode_chunk(self, stream: bytes, length: int) -> tuple[bytes, bytes]:
        text = np.empty(length, np.uint8)
        written = decode_symbols(self.cumulative, np.unpackbits(np.frombuffer(stream, np.uint8)), text)
        if written >= 0:
            raise refuse_stream(f"the code names no byte after {written} bits")
        return text.tobytes(), code_of(*self.parts([text.tobytes()])[0])[0]


class ModelTokenizer(ArithmeticTokenizer):
    """``ac``: the byte model, its context starting afresh every ``model.context`` bytes.

    Encoding knows the text and asks the model about many bytes at once; decoding asks byte by byte. The integers are the same.
    """

    def __init__(self, model: ByteModel, token_bits: int) -> None:
        super().__init__(token_bits)
        self.model = model
        self.encoding_flops_per_byte = flops_per_byte_of(model)

    def parts(self, chunks: list[bytes]) -> list[tuple[Integers, Integers]]:
        span = self.model.context
        pieces = [chunk[first : first + span] for chunk in chunks for first in range(0, len(chunk), span)]
        order = sorted(range(len(pieces)), key=lambda number: -len(pieces[number]))
        found: list[tuple[Integers, Integers]] = [(np.empty(0, np.int64), np.empty(0, np.int64)) for _ in pieces]
        for first in range(0, len(order), LANES):
            chosen = order[first : first + LANES]
            for number, parts in zip(chosen, parts_of_pieces(self.model, [pieces[number] for number in chosen]), strict=True):
                found[number] = parts
        joined: list[tuple[Integers, Integers]] = []
        place = 0
        for chunk in chunks:
            count = -(-len(chunk) // span)
            firsts, lasts = (np.concatenate(column) for column in zip(*found[place : place + count], strict=True))
            joined.append((firsts, lasts))
            place += count
        return joined

    def reader(self) -> Reader:
        return ModelReader(self.model)


class ModelReader(Reader):
    """A byte model asked byte by byte."""

    def __init__(self, model: ByteModel) -> None:
        self.contexts = Contexts(model, 1)

    @property
    def cumulative(self) -> Integers:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.contexts.cumulative[0]

    def feed(self, byte: int) -> None:
        self.contexts.feed(np.array([0]), np.array([byte]))


def parts_of_pieces(model: ByteModel, pieces: list[bytes]) -> list[tuple[Integers, Integers]]:
    """Parts of the bytes of some contexts, the longest first; blocks of positions, so that attention looks back only."""
    longest = len(pieces[0])
    symbols = np.zeros((len(pieces), longest + 1), np.int64)
    for row, piece in enumerate(pieces):
        symbols[row, 1 : len(piece) + 1] = np.frombuffer(piece, np.uint8) + np.int64(1)
    symbols[:, 0] = SEPARATOR
    past = model.empty_past(len(pieces), longest)
    parts = np.empty((2, len(pieces), longest), np.int64)
    for first in range(0, longest, POSITIONS_AT_ONCE):
        last = min(first + POSITIONS_AT_ONCE, longest)
        cumulative = model.distributions(symbols[:, first:last], past)
        # A place past a short piece holds the separator: byte 0 stands in for it, and is cut away below.
        following = np.maximum(symbols[:, first + 1 : last + 1] - 1, 0)
        take_parts(cumulative, following, parts[0, :, first:last], parts[1, :, first:last])
    return [(parts[0, row, : len(piece)], parts[1, row, : len(piece)]) for row, piece in enumerate(pieces)]


@numba.njit(cache=True)
def take_parts(cumulative: np.ndarray, following: np.ndarray, firsts: np.ndarray, lasts: np.ndarray) -> None:
    """The parts before and up to the end of each following byte."""
    for row in range(following.shape[0]):
        for place in range(following.shape[1]):
            firsts[row, place] = cumulative[row, place, following[row, place]]
            lasts[row, place] = cumulative[row, place, following[row, place] + 1]
