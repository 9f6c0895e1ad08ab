"""Byte quotas by language: the rule by hand, and what must hold of any."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniscale_assets.corpus.mixing import language_limits, quotas
from uniscale_assets.errors import CorpusError

SIZES = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 10**9), min_size=1, max_size=12)


def test_proportional_to_the_root_of_the_size() -> None:
    # 8, 1 and 1 under temperature 3: cube roots 2, 1, 1, so a half and two quarters.
    assert quotas({"a": 8_000, "b": 1_000, "c": 1_000}, 3, 1, 400) == {"a": 200, "b": 100, "c": 100}


def test_temperature_one_is_proportional_to_the_size() -> None:
    assert quotas({"a": 900, "b": 100}, 1, 1, 100) == {"a": 90, "b": 10}


def test_a_large_temperature_is_even() -> None:
    assert quotas({"a": 10**9, "b": 10**6}, 1e9, 1, 1000) == {"a": 500, "b": 500}


def test_what_a_language_cannot_give_the_others_share() -> None:
    # Even shares of 400 would be 100 each; d has 10, so the others share 390.
    assert quotas({"a": 10**6, "b": 10**6, "c": 10**6, "d": 10}, 1e9, 1, 400) == {"a": 130, "b": 130, "c": 130, "d": 10}


def test_the_largest_share_is_capped_and_the_rest_shared() -> None:
    # By size it would be 80, 10, 10; a is capped at half, and b and c share the other half.
    assert quotas({"a": 800, "b": 100, "c": 100}, 1, 0.5, 100) == {"a": 50, "b": 25, "c": 25}


def test_the_cap_does_not_forbid_an_even_share() -> None:
    assert quotas({"a": 800}, 1, 0.1, 100) == {"a": 100}
    assert quotas({"a": 800, "b": 100}, 1, 0.1, 100) == {"a": 50, "b": 50}


def test_parts_of_a_byte_go_to_the_largest_fractions_then_by_name() -> None:
    assert quotas({"b": 100, "a": 100, "c": 100}, 1, 1, 100) == {"b": 33, "a": 34, "c": 33}


def test_more_than_there_is_says_what_there_is() -> None:
    with pytest.raises(CorpusError, match=r"asked are 1,001 bytes, available 1,000$"):
        quotas({"a": 900, "b": 100}, 1, 1, 1001)


def test_a_cap_that_cannot_be_met_is_named() -> None:
    with pytest.raises(CorpusError, match=r"available 350 under mixing.largest_share 0.5, of 1,000 that there are"):
        quotas({"a": 900, "b": 100}, 1, 0.5, 500)


@given(sizes=SIZES, temperature=st.floats(1, 100), largest_share=st.floats(0.01, 1), part=st.floats(0, 1))
def test_whatever_is_asked(sizes: dict[str, int], temperature: float, largest_share: float, part: float) -> None:
    total = int(part * sum(sizes.values()))
    limits = language_limits(sizes, largest_share, total)
    if sum(limits.values()) < total:
        with pytest.raises(CorpusError):
            quotas(sizes, temperature, largest_share, total)
        return
    shares = quotas(sizes, temperature, largest_share, total)
    assert sum(shares.values()) == total
    assert list(shares) == list(sizes)
    assert all(0 <= shares[language] <= limits[language] for language in sizes)
    assert shares == quotas(dict(sorted(sizes.items())), temperature, largest_share, total)
    # Whoever has more text gives no less (up to the byte that rounding moves).
    ordered = sorted(sizes, key=lambda language: sizes[language])
    assert all(shares[small] <= shares[large] + 1 for small, large in itertools.pairwise(ordered))


@given(sizes=SIZES, temperature=st.floats(1, 100), largest_share=st.floats(0.01, 1), parts=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_asking_for_more_takes_from_no_language(
    sizes: dict[str, int], temperature: float, largest_share: float, parts: tuple[float, float]
) -> None:
    small, large = sorted(int(part * sum(sizes.values())) for part in parts)
    if (
        sum(language_limits(sizes, largest_share, small).values()) < small
        or sum(language_limits(sizes, largest_share, large).values()) < large
    ):
        return
    before, after = (quotas(sizes, temperature, largest_share, total) for total in (small, large))
    assert all(before[language] <= after[language] + 1 for language in sizes)
