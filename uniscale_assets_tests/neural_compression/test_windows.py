"""Equal-Info windows: nothing is lost, and a compiled codebook says what the model said byte by byte."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniscale_assets.corpus.parity import read_parity
from uniscale_assets.errors import BadInputError, TokenizerError
from uniscale_assets.neural_compression.codebook import FILE, Codebook, codebook_of, read_codebook, write_codebook
from uniscale_assets.neural_compression.compilation import compile_strings
from uniscale_assets.neural_compression.equal_info import CompiledWindows, StepwiseWindows
from uniscale_assets.neural_compression.integer_model import IntegerByteModel
from uniscale_assets.neural_compression.schemes import scheme_of
from uniscale_assets.neural_compression.streams import ByteTokenizer
from uniscale_assets.neural_compression.windows import rule_of
from uniscale_assets.tokenization.protocol import Encoding

LOSSLESS = ("delay", "owned_cell", "most_probable")
SCHEMES = ("greedy", *LOSSLESS)
EDGES = [b"", *(bytes([byte]) for byte in range(256)), b"a" * 500, b"\0" * 300, b"\xff" * 300, "déjà vu 日本".encode()[:-1]]


@pytest.fixture(scope="session")
def codebooks(byte_model: IntegerByteModel) -> dict[str, Codebook]:
    return {name: codebook_of(compile_strings(byte_model, scheme_of(name)), name, "model") for name in SCHEMES}


@cache
def sentences() -> tuple[bytes, ...]:
    """Real text in several scripts."""
    frame = read_parity()
    return tuple(text.encode() for text in frame["text"].to_list()[::97] if text)[:30]


def holds(tokenizer: ByteTokenizer, documents: list[bytes]) -> list[Encoding]:
    """Encodings of documents that are given back, every byte accounted for."""
    encodings = tokenizer.encode_bytes(documents)
    for document, encoding in zip(documents, encodings, strict=True):
        assert tokenizer.decode(encoding.ids) == document
        assert len(encoding.ids) == len(encoding.byte_ends)
        assert (np.diff(encoding.byte_ends) >= 0).all()
        assert not document or encoding.byte_ends[-1] == len(document)
        assert not len(encoding.ids) or (encoding.ids.min() >= 1 and encoding.ids.max() < tokenizer.vocab_size)
    return encodings


@pytest.mark.parametrize("token_bits", [8, 16])
@pytest.mark.parametrize("scheme", LOSSLESS)
def test_compiled_schemes_lose_nothing(codebooks: dict[str, Codebook], scheme: str, token_bits: int) -> None:
    tokenizer = CompiledWindows(codebooks[scheme], token_bits)
    holds(tokenizer, [*EDGES, *sentences()])
    assert tokenizer.takes_bytes
    assert not tokenizer.lossy
    assert tokenizer.vocab_size == 2**token_bits + 1


@given(text=st.binary(max_size=400))
@settings(max_examples=50, deadline=None)
def test_any_bytes(codebooks: dict[str, Codebook], text: bytes) -> None:
    for scheme in LOSSLESS:
        holds(CompiledWindows(codebooks[scheme], 8), [text])


@pytest.mark.parametrize("scheme", ["greedy", "delay", "owned_cell"])
def test_compiled_windows_are_those_of_the_model_itself(byte_model: IntegerByteModel, codebooks: dict[str, Codebook], scheme: str) -> None:
    documents = [*EDGES, *sentences(), np.random.default_rng(0).bytes(700)]
    compiled = CompiledWindows(codebooks[scheme], 16)
    stepwise = StepwiseWindows(byte_model, rule_of(scheme, 16), "every", 16)
    for fast, slow in zip(compiled.encode_bytes(documents), stepwise.encode_bytes(documents), strict=True):
        assert (fast.ids == slow.ids).all()
        assert (fast.byte_ends == slow.byte_ends).all()
    chosen = compiled.encode_bytes(documents[-8:])
    assert [compiled.decode(item.ids) for item in chosen] == [stepwise.decode(item.ids) for item in chosen]


@pytest.mark.parametrize("reset", ["every", "every_other", "never"])
@pytest.mark.parametrize("bits", [24, 32, 64, 128])
@pytest.mark.parametrize("scheme", ["delay", "owned_cell"])
def test_longer_windows_lose_nothing(byte_model: IntegerByteModel, scheme: str, bits: int, reset: str) -> None:
    documents = [b"", b"\0", b"x", "Größe und ".encode() * 4, sentences()[0][:90], sentences()[7][:70], b"\0" * 90]
    for token_bits in (8, 16):
        holds(StepwiseWindows(byte_model, rule_of(scheme, bits), reset, token_bits), documents)  # pyright: ignore[reportArgumentType]


@given(text=st.binary(max_size=60), bits=st.sampled_from([16, 24, 64]), reset=st.sampled_from(["every", "every_other", "never"]))
@settings(max_examples=25, deadline=None)
def test_any_bytes_in_longer_windows(byte_model: IntegerByteModel, text: bytes, bits: int, reset: str) -> None:
    for scheme in ("delay", "owned_cell"):
        holds(StepwiseWindows(byte_model, rule_of(scheme, bits), reset, 8), [text, text[::-1]])  # pyright: ignore[reportArgumentType]


def test_greedy_loses_text_and_says_so(byte_model: IntegerByteModel, codebooks: dict[str, Codebook]) -> None:
    tokenizer = CompiledWindows(codebooks["greedy"], 16)
    assert tokenizer.lossy
    documents = list(sentences())
    wrong = [
        document
        for document, item in zip(documents, tokenizer.encode_bytes(documents), strict=True)
        if tokenizer.decode(item.ids) != document
    ]
    assert wrong
    assert StepwiseWindows(byte_model, rule_of("greedy", 16), "every", 8).lossy


def test_delay_cuts_to_the_shortest_string_with_the_same_token(codebooks: dict[str, Codebook]) -> None:
    codebook = codebooks["delay"]
    shortest: dict[int, bytes] = {}
    for number in range(1, len(codebook.parents)):
        text, token = codebook.string(number), int(codebook.tokens[number])
        assert token not in shortest or text.startswith(shortest[token])
        shortest.setdefault(token, text)
    for token, text in list(shortest.items())[::101]:
        assert codebook.decode(np.array([token])) == text


def test_owned_cells_are_dealt_without_gap_or_overlap(codebooks: dict[str, Codebook]) -> None:
    tokens = codebooks["owned_cell"].tokens[1:]
    assert len(set(tokens.tolist())) == len(tokens)
    assert tokens.min() >= 1
    assert len(tokens) == 2**16 - 1


def test_the_most_probable_strings_are_the_most_probable(byte_model: IntegerByteModel, codebooks: dict[str, Codebook]) -> None:
    codebook = codebooks["most_probable"]
    assert len(codebook.parents) == 2**16 + 1
    probabilities = string_probabilities(byte_model, [codebook.string(number) for number in (*range(1, 257), *range(257, 65537, 997))])
    kept = probabilities[256:].min()
    left_out = [text + bytes([byte]) for text in list(map(codebook.string, range(257, 65537, 9973))) for byte in range(0, 256, 51)]
    known = {codebook.string(number) for number in range(1, len(codebook.parents))}
    left_out = [text for text in left_out if text not in known]
    assert left_out
    assert string_probabilities(byte_model, left_out).max() <= kept
    assert codebook.depths[1:257].max() == 1


def string_probabilities(model: IntegerByteModel, texts: list[bytes]) -> np.ndarray:
    """Probability of each string under the parts that a model gives."""
    from uniscale_assets.neural_compression.integer_model import cumulative_after

    found = []
    for text in texts:
        cumulative = cumulative_after(model, np.frombuffer(text, np.uint8)[None])[0]
        found.append(np.prod([(cumulative[place, byte + 1] - cumulative[place, byte]) / 2**14 for place, byte in enumerate(text)]))
    return np.array(found)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_hash_does_not_depend_on_the_batch(byte_model: IntegerByteModel, codebooks: dict[str, Codebook], scheme: str) -> None:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        other = codebook_of(compile_strings(byte_model, scheme_of(scheme), lanes=173), scheme, "model")
    assert other.content_hash == codebooks[scheme].content_hash


def test_codebooks_are_read_back_and_damage_is_seen(codebooks: dict[str, Codebook], tmp_path: Path) -> None:
    write_codebook(codebooks["delay"], tmp_path)
    again = read_codebook(tmp_path)
    assert again.content_hash == codebooks["delay"].content_hash
    content = bytearray((tmp_path / FILE).read_bytes())
    content[-3] ^= 1
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(TokenizerError, match="hash"):
        read_codebook(tmp_path)
    (tmp_path / FILE).write_bytes(content[:1000])
    with pytest.raises(TokenizerError, match="damaged"):
        read_codebook(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(TokenizerError, match="missing"):
        read_codebook(tmp_path)


def test_a_codebook_is_the_same_file_each_time(codebooks: dict[str, Codebook], tmp_path: Path) -> None:
    contents = set()
    for _ in range(8):
        write_codebook(codebooks["owned_cell"], tmp_path)
        contents.add((tmp_path / FILE).read_bytes())
    assert len(contents) == 1


def test_foreign_streams_are_refused(byte_model: IntegerByteModel, codebooks: dict[str, Codebook]) -> None:
    compiled = CompiledWindows(codebooks["delay"], 16)
    unused = next(token for token in range(2**16) if codebooks["delay"].text_of_token[token] < 0)
    with pytest.raises(TokenizerError, match="stands for no string"):
        compiled.decode([unused + 1])
    with pytest.raises(TokenizerError, match="outside the vocabulary"):
        compiled.decode([70_000])
    with pytest.raises(TokenizerError, match="whole windows"):
        CompiledWindows(codebooks["delay"], 8).decode([1, 2, 3])
    stepwise = StepwiseWindows(byte_model, rule_of("owned_cell", 32), "every", 8)
    with pytest.raises(TokenizerError, match="stands for no string"):
        stepwise.decode([1, 1, 1, 1])


def test_unknown_schemes_are_refused() -> None:
    with pytest.raises(BadInputError, match="owned_cell"):
        scheme_of("huffman")
    assert json.dumps(sorted(SCHEMES))
