"""Bytes, GZip and arithmetic coding: any bytes come back, and other tools read the streams."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniscale_assets.errors import TokenizerError
from uniscale_assets.neural_compression.arithmetic_coding import CHUNK_BYTES, ModelTokenizer, StaticTokenizer
from uniscale_assets.neural_compression.deflate import DeflateTokenizer
from uniscale_assets.neural_compression.families import ByteAlphabet
from uniscale_assets.neural_compression.integer_model import IntegerByteModel, cumulative_after
from uniscale_assets.neural_compression.probabilities import cumulative_parts
from uniscale_assets.neural_compression.streams import ByteTokenizer
from uniscale_assets_tests.neural_compression.test_windows import EDGES, holds, sentences

LONG = [b"x" * 25_000, np.random.default_rng(0).bytes(2 * CHUNK_BYTES), np.random.default_rng(1).bytes(CHUNK_BYTES + 1)]


@cache
def static(token_bits: int) -> StaticTokenizer:
    counts = np.bincount(np.frombuffer(b"".join(sentences()), np.uint8), minlength=256) + 1
    return StaticTokenizer(cumulative_parts(counts.astype(np.int64)), token_bits)


def cheap() -> list[ByteTokenizer]:
    """Tokenizers that run no model."""
    deflates = [DeflateTokenizer(bits, header=header) for bits in (8, 16) for header in (True, False)]
    return [ByteAlphabet(), *deflates, static(8), static(16)]


@pytest.mark.parametrize("tokenizer", cheap(), ids=lambda tokenizer: f"{type(tokenizer).__name__}-{tokenizer.vocab_size}")
def test_edges_and_long_documents(tokenizer: ByteTokenizer) -> None:
    holds(tokenizer, [*EDGES, *sentences(), *LONG])


@given(text=st.binary(max_size=2000))
@settings(max_examples=40, deadline=None)
def test_any_bytes(text: bytes) -> None:
    for tokenizer in cheap():
        holds(tokenizer, [text])


@pytest.mark.parametrize("token_bits", [8, 16])
def test_arithmetic_coding_with_a_model(byte_model: IntegerByteModel, token_bits: int) -> None:
    documents = [*EDGES[:4], *EDGES[-4:], *sentences()[:4], np.random.default_rng(3).bytes(150)]
    holds(ModelTokenizer(byte_model, token_bits), documents)


@given(text=st.binary(max_size=150))
@settings(max_examples=15, deadline=None)
def test_any_bytes_with_a_model(byte_model: IntegerByteModel, text: bytes) -> None:
    holds(ModelTokenizer(byte_model, 8), [text])


def test_a_model_codes_at_its_information(byte_model: IntegerByteModel) -> None:
    text = sentences()[2][:600]
    information = 0.0
    for first in range(0, len(text), byte_model.context):
        piece = np.frombuffer(text[first : first + byte_model.context], np.uint8)
        parts = np.diff(cumulative_after(byte_model, piece[None, :-1])[0])
        information += -np.log2(parts[np.arange(len(piece)), piece] / 2**14).sum()
    bits = 8 * (len(ModelTokenizer(byte_model, 8).encode_bytes([text])[0].ids) - 2)
    assert information <= bits <= information * 1.001 + 2 + 7


def test_zlib_reads_the_stream() -> None:
    text = b"".join(sentences())[:9000]
    ids = DeflateTokenizer(8, header=True).encode_bytes([text])[0].ids
    assert zlib.decompress(bytes((ids - 1).tolist())) == text
    bare = DeflateTokenizer(8, header=False).encode_bytes([text])[0].ids
    assert len(ids) - len(bare) == 6


def test_bytes_are_bytes() -> None:
    assert ByteAlphabet().encode_bytes([b"\x00A\xff"])[0].ids.tolist() == [1, 66, 256]


@pytest.mark.parametrize("bits", [8, 16])
def test_cut_and_foreign_streams_are_refused(byte_model: IntegerByteModel, bits: int) -> None:
    text = sentences()[0][:120]
    for tokenizer in (DeflateTokenizer(bits, header=True), static(bits), ModelTokenizer(byte_model, bits)):
        ids = tokenizer.encode_bytes([text])[0].ids
        with pytest.raises(TokenizerError, match="foreign or damaged"):
            tokenizer.decode(ids[: len(ids) // 2])
        with pytest.raises(TokenizerError, match="outside the vocabulary"):
            tokenizer.decode([tokenizer.vocab_size])
    with pytest.raises(TokenizerError, match="foreign or damaged"):
        DeflateTokenizer(bits, header=True).decode(np.full(9, 200))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_stream_that_is_read_is_the_one_that_its_text_has(byte_model: IntegerByteModel, bits: int) -> None:
    """Nearly any bits are the code of some text; those that no text has are refused, and so is nearly every flipped bit."""
    text = sentences()[0][:60]
    for tokenizer in (static(bits), ModelTokenizer(byte_model, bits)):
        ids = tokenizer.encode_bytes([text])[0].ids
        refused = 0
        for place in range(len(ids) * bits):
            damaged = ids.copy()
            damaged[place // bits] = ((damaged[place // bits] - 1) ^ (1 << (bits - 1 - place % bits))) + 1
            try:
                read = tokenizer.decode(damaged)
            except TokenizerError:
                refused += 1
                continue
            assert read != text
            assert (tokenizer.encode_bytes([read])[0].ids == damaged).all()
        assert refused > 0.9 * len(ids) * bits
