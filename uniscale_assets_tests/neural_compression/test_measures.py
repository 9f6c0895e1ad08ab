"""Stability and uniformity of token streams, against values that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from uniscale_assets.errors import BadInputError
from uniscale_assets.neural_compression.edit_distance import all_distances, edit_distance
from uniscale_assets.neural_compression.families import ByteAlphabet
from uniscale_assets.neural_compression.measures_stability import (
    SENTENCE,
    pieces_of,
    prefix_distances,
    prefix_words,
    readable,
    segmentation,
)
from uniscale_assets.neural_compression.measures_texts import frequent_everywhere, texts_by_position
from uniscale_assets.neural_compression.measures_uniformity import (
    entropies,
    miller_madow_bits,
    partitioned_bits,
    random_stream,
    segment_counts,
    uniformity,
)
from uniscale_assets.tokenization.protocol import Encoding

SEQUENCES = st.lists(st.integers(0, 3), max_size=12).map(lambda values: np.array(values, dtype=np.int64))


def letters(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def by_definition(one: list[int], other: list[int]) -> int:
    """Levenshtein's recursion, without any short cut."""
    if not one or not other:
        return len(one) + len(other)
    replaced = by_definition(one[:-1], other[:-1]) + (one[-1] != other[-1])
    return min(replaced, by_definition(one[:-1], other) + 1, by_definition(one, other[:-1]) + 1)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("flaw", "lawn", 2), ("same", "same", 0), ("intention", "execution", 5), ("ab", "ba", 2)],
)
def test_known_distances(one: str, other: str, distance: int) -> None:
    assert edit_distance(letters(one), letters(other)) == edit_distance(letters(other), letters(one)) == distance


@given(st.lists(st.integers(0, 2), max_size=6), st.lists(st.integers(0, 2), max_size=6))
@settings(deadline=None, max_examples=60)
def test_distances_are_those_of_the_definition(one: list[int], other: list[int]) -> None:
    assert edit_distance(np.array(one, dtype=np.int64), np.array(other, dtype=np.int64)) == by_definition(one, other)


@given(SEQUENCES, SEQUENCES, SEQUENCES)
@settings(deadline=None, max_examples=60)
def test_distances_are_a_metric(one: np.ndarray, other: np.ndarray, third: np.ndarray) -> None:
    there, across, back = all_distances([one, other, third])
    assert across <= there + back
    assert (there == 0) == (one.tolist() == other.tolist())
    assert abs(len(one) - len(other)) <= there <= max(len(one), len(other))


def test_prefixes_are_common_words_and_the_same_each_time() -> None:
    words = prefix_words()
    assert len(set(words)) == len(words) == 500
    assert words == prefix_words()
    assert all(word.isascii() and word.isalpha() for word in words)


def test_distances_under_prefixes_of_bytes_are_those_of_the_prefixes() -> None:
    found = prefix_distances(ByteAlphabet(), ["cat", "car", "dog"], "sat.")
    assert found.select("distance", "pairs").rows() == [(1, 1), (3, 2)]
    assert found["share"].to_list() == pytest.approx([1 / 3, 2 / 3])
    assert set(found["mean_tokens"]) == {8.0}


def test_pieces_take_tokens_that_account_for_nothing_with_them() -> None:
    ids, ends = np.array([5, 6, 7, 8, 9]), np.array([0, 2, 2, 3, 3])
    assert pieces_of(ids, ends, b"abc") == [("5 6", "ab"), ("7 8 9", "c")]


def test_a_segmentation_joined_is_the_sentence() -> None:
    found = segmentation(ByteAlphabet())
    assert "".join(found["text"]) == SENTENCE
    assert found["ids"][0] == str(ord("T") + 1)


def test_bytes_are_readable() -> None:
    assert readable("é\n".encode() + b"\xff\x91" + "\x85".encode()) == "é\\n\\xff\\x91\\x85"


def test_texts_by_position() -> None:
    # Windows (1, 2) "le", (1, 3) "la", (4, 2) "xy", (1, 2) "le".
    ids = np.array([1, 2, 1, 3, 4, 2, 1, 2], dtype=np.int32)
    ends = np.array([0, 2, 2, 4, 4, 6, 6, 8])
    found = texts_by_position([b"lelaxyle"], [Encoding(ids, ends)], 2, shown=2)
    rows = {(row["token"], row["position"]): row for row in found.iter_rows(named=True)}
    assert (rows[1, 1]["windows"], rows[1, 1]["distinct_texts"], rows[1, 1]["texts"]) == (3, 2, "[le] / [la]")
    assert rows[1, 1]["first_byte_share"] == 1.0
    assert rows[None, 1]["first_byte_share"] == 1.0
    assert (rows[2, 2]["windows"], rows[2, 2]["texts"]) == (3, "[le] / [xy]")
    assert rows[2, 2]["first_byte_share"] == pytest.approx(2 / 3)
    assert rows[None, 2]["first_byte_share"] == pytest.approx(3 / 4)
    assert (1, 2) not in rows


def test_tokens_that_occur_everywhere_come_first() -> None:
    assert frequent_everywhere(np.array([[7, 7], [7, 7], [9, 9], [3, 4], [3, 4], [3, 4]]), 3) == [7, 9, 3]


def test_a_part_of_a_window_is_refused() -> None:
    with pytest.raises(BadInputError, match="3 tokens has no whole windows of 2"):
        texts_by_position([b"abc"], [Encoding(np.array([1, 2, 3]), np.array([1, 2, 3]))], 2)


def test_entropies_are_scipys() -> None:
    counts = np.array([[1, 2, 3, 0], [5, 5, 5, 5]])
    assert entropies(counts) == pytest.approx([entropy(row, base=2) for row in counts])


def test_miller_and_madow() -> None:
    # (V - 1) / 2m nats, from the paper's D.6: V = 4, m = 10.
    assert miller_madow_bits(2, 10) == pytest.approx(3 / 20 / math.log(2))
    found = uniformity(b"\x1b" * 40, partitions=1).filter(bits=2, segmentation="tokens")
    plug_in, corrected = (found.filter(estimator=name)["median"].item() for name in ("plug-in", "miller-madow"))
    assert plug_in == pytest.approx(0)
    assert corrected == pytest.approx(-3 / 320 / math.log(2))


def test_a_stream_of_one_pattern() -> None:
    # 10101010...: half of the bits are ones, every token of two bits is 10, n-grams are 10 and 01 by turns.
    found = uniformity(b"\xaa" * 40, partitions=2).filter(estimator="plug-in")
    values = {(row["segmentation"], row["bits"]): row["median"] for row in found.iter_rows(named=True)}
    assert values["tokens", 1] == values["n-grams", 1] == pytest.approx(0)
    assert [values["tokens", bits] for bits in (2, 4, 8, 16)] == pytest.approx([2, 4, 8, 16])
    assert values["n-grams", 16] == pytest.approx(15, abs=0.001)
    assert {row["segments"] for row in found.filter(bits=16, segmentation="n-grams").iter_rows(named=True)} == {160 - 15}


def test_values_are_read_most_significant_bit_first() -> None:
    counts = {(kind, size): rows for kind, size, rows in segment_counts(partitioned_bits(bytes(range(1, 5)) * 2, 1))}
    assert np.flatnonzero(counts["tokens", 8][0]).tolist() == [1, 2, 3, 4]
    assert np.flatnonzero(counts["tokens", 16][0]).tolist() == [0x0102, 0x0304]
    assert {int(rows.sum()) for (kind, size), rows in counts.items() if kind == "n-grams" and size == 3} == {62}


@given(st.binary(min_size=8, max_size=64), st.integers(1, 4))
@settings(deadline=None, max_examples=30)
def test_divergences_lie_between_none_and_all_bits(stream: bytes, partitions: int) -> None:
    found = uniformity(stream, partitions).filter(estimator="plug-in")
    assert (found["low"] <= found["median"] + 1e-12).all()
    assert (found["median"] <= found["high"] + 1e-12).all()
    assert (found["low"] >= -1e-9).all()
    assert (found["high"] <= found["bits"] + 1e-9).all()


def test_random_bits_are_uniform_after_correction() -> None:
    assert random_stream(100) == random_stream(100)
    found = uniformity(random_stream(80_000), partitions=10).filter(estimator="miller-madow", bits=8)
    assert (found["low"] < 0).all()
    assert (found["high"] > 0).all()


def test_a_stream_that_is_too_short_is_refused() -> None:
    with pytest.raises(BadInputError, match="too short for 20 partitions"):
        uniformity(b"abc")
