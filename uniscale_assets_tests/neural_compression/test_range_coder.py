"""The range coder against fractions, and what it may cost."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from uniscale_assets.neural_compression.arithmetic_coding import ChunkDecoder, code_of
from uniscale_assets.neural_compression.probabilities import TOTAL, cumulative_of_probabilities, cumulative_parts
from uniscale_assets.neural_compression.range_coder import bits_with, closing_bits, encode_symbols
from uniscale_assets.neural_compression.windows import IntervalRule, closing


def code(cumulative: np.ndarray, text: bytes) -> tuple[str, np.ndarray]:
    """The bits of a text under one distribution, and the bits written after each byte."""
    letters = np.frombuffer(text, np.uint8).astype(np.int64)
    bits, ends = np.zeros(14 * len(text) + 64, np.uint8), np.empty(len(text), np.int64)
    count = encode_symbols(cumulative[letters], cumulative[letters + 1], bits, ends)
    return "".join(map(str, bits[:count])), ends


def skewed(seed: int, sharpness: float) -> np.ndarray:
    """A random distribution over bytes as cumulative parts."""
    weights = np.random.default_rng(seed).standard_normal(256) * sharpness
    return cumulative_parts(np.rint(np.exp(weights - weights.max()) * 2**30).astype(np.int64))


@given(st.lists(st.integers(0, 2**30), min_size=256, max_size=256).filter(any))
@settings(max_examples=60, deadline=None)
def test_parts_are_a_distribution_in_which_every_byte_can_be_coded(masses: list[int]) -> None:
    parts = np.diff(cumulative_parts(np.array(masses)))
    assert parts.min() >= 1
    assert parts.sum() == TOTAL
    exact = np.array([Fraction(mass * (TOTAL - 256), sum(masses)) + 1 for mass in masses])
    assert max(abs(exact - parts)) <= 1


def test_a_certain_byte_leaves_a_part_for_each_other() -> None:
    masses = np.zeros(256, np.int64)
    masses[65] = 7
    parts = np.diff(cumulative_parts(masses))
    assert parts[65] == TOTAL - 255
    assert set(np.delete(parts, 65)) == {1}


def test_probabilities_give_the_same_parts_as_their_masses() -> None:
    masses = np.rint(np.random.default_rng(0).dirichlet(np.ones(256), size=50) * 2**30).astype(np.int64)
    exact = cumulative_parts(masses)
    assert (np.abs(cumulative_of_probabilities(masses / masses.sum(-1, keepdims=True)) - exact) <= 1).all()


@given(st.binary(max_size=300), st.integers(0, 50), st.floats(0, 6))
@settings(max_examples=80, deadline=None)
def test_codes_are_read_back_whatever_follows(text: bytes, seed: int, sharpness: float) -> None:
    cumulative = skewed(seed, sharpness)
    letters = np.frombuffer(text, np.uint8).astype(np.int64)
    stream, _ = code_of(cumulative[letters], cumulative[letters + 1])
    decoder = ChunkDecoder(np.unpackbits(np.frombuffer(stream + b"\xff\xff", np.uint8)))
    assert bytes(decoder.next_byte(cumulative) for _ in text) == text


def test_a_long_text_costs_its_information_and_nothing_more() -> None:
    cumulative = skewed(3, 2.0)
    parts = np.diff(cumulative)
    letters = np.random.default_rng(1).choice(256, size=200_000, p=parts / TOTAL)
    information = -np.log2(parts[letters] / TOTAL).sum()
    bits, _ = code(cumulative, letters.astype(np.uint8).tobytes())
    assert information <= len(bits) <= information * 1.001 + 2


def test_the_code_names_a_binary_interval_inside_the_text_s_own() -> None:
    cumulative = skewed(7, 3.0)
    for letter in range(256):
        low, high = (Fraction(int(edge), TOTAL) for edge in cumulative[letter : letter + 2])
        bits, _ = code(cumulative, bytes([letter]))
        named = Fraction(int(bits, 2), 2 ** len(bits))
        assert low <= named
        assert named + Fraction(1, 2 ** len(bits)) <= high
        assert len(bits) <= -math.log2(high - low) + 2


@given(st.binary(min_size=1, max_size=60), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_plain_integers_and_compiled_code_agree(text: bytes, seed: int) -> None:
    cumulative = skewed(seed, 3.0)
    rule, state = IntervalRule(4096, greedy=False), (0, 1 << 32, 0)
    for letter in text:
        first, last = int(cumulative[letter]), int(cumulative[letter + 1])
        low, size, written = state
        expected = bits_with(written, low & (2**32 - 1), size, first, last)
        after = rule.extended(state, first, last)
        assert after is not None
        assert after[2] + closing(after)[0] == expected
        assert closing_bits(after[0] & (2**32 - 1), after[1])[0] == closing(after)[0]
        state = after
    bits, _ = code(cumulative, text)
    assert len(bits) == state[2] + closing(state)[0]
    assert int(bits, 2) == closing(state)[1]
