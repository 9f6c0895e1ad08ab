"""The lazily filled trie: the tokens of the model itself, whatever it knows and forgets."""

from __future__ import annotations

import pytest

from uniscale_assets.neural_compression.equal_info import StepwiseWindows
from uniscale_assets.neural_compression.integer_model import IntegerByteModel
from uniscale_assets.neural_compression.prefix_cache import FIRST_ROOM, PrefixCache
from uniscale_assets.neural_compression.stepwise import WindowEncoder
from uniscale_assets.neural_compression.windows import rule_of
from uniscale_assets_tests.neural_compression.test_windows import EDGES, sentences

TEXTS = [*EDGES[::9], *sentences()[:12], *sentences()[:3], b"a" * 200]


@pytest.mark.parametrize("bits", [24, 32])
@pytest.mark.parametrize("scheme", ["greedy", "delay", "owned_cell"])
def test_windows_are_those_of_the_model(byte_model: IntegerByteModel, scheme: str, bits: int) -> None:
    rule = rule_of(scheme, bits)
    expected = [(item.values, item.ends) for item in WindowEncoder(byte_model, rule, "every").encode(TEXTS)]
    cache = PrefixCache(byte_model, rule)
    assert [(item.values, item.ends) for item in cache.encode(TEXTS)] == expected
    first = cache.hit_rate
    asked = cache.asked
    assert [(item.values, item.ends) for item in cache.encode(TEXTS)] == expected
    assert cache.asked == asked
    assert cache.hit_rate > first > 0


def test_a_full_cache_forgets_and_stays_right(byte_model: IntegerByteModel) -> None:
    rule = rule_of("delay", 32)
    texts = [text[:300] for text in sentences()]
    expected = [(item.values, item.ends) for item in WindowEncoder(byte_model, rule, "every").encode(texts)]
    cache = PrefixCache(byte_model, rule, most_bytes=0)
    assert cache.most_strings == FIRST_ROOM
    assert [(item.values, item.ends) for item in cache.encode(texts)] == expected
    assert cache.asked > FIRST_ROOM
    assert cache.size <= FIRST_ROOM
    assert len(cache.cumulative) == FIRST_ROOM


def test_windows_end_with_the_context(byte_model: IntegerByteModel) -> None:
    text = b"\0" * (3 * byte_model.context)
    for scheme in ("delay", "owned_cell"):
        rule = rule_of(scheme, 32)
        expected = WindowEncoder(byte_model, rule, "every").encode([text])[0]
        found = PrefixCache(byte_model, rule).encode([text])[0]
        assert (found.values, found.ends) == (expected.values, expected.ends)


def test_tokenizers_of_24_and_32_bits_keep_one(byte_model: IntegerByteModel) -> None:
    assert StepwiseWindows(byte_model, rule_of("delay", 24), "every", 8).cache is not None
    assert StepwiseWindows(byte_model, rule_of("delay", 24), "never", 8).cache is None
    assert StepwiseWindows(byte_model, rule_of("delay", 64), "every", 8).cache is None
