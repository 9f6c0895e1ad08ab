"""Numbers as people read them, and round ticks."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniscale_assets.figures.quantities import (
    format_bytes,
    format_count,
    format_flops,
    format_seconds,
    log_ticks,
    quantity,
    round_values,
    tick_format,
    trimmed,
)


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (format_bytes, 340_000, "340 kB"),
        (format_bytes, 1.5e9, "1.5 GB"),
        (format_bytes, 12, "12 B"),
        (format_flops, 3.21e12, "3.2 × 10¹²"),
        (format_flops, 1e18, "10¹⁸"),
        (format_flops, 9.98e11, "10¹²"),
        (format_flops, 9.94e11, "9.9 × 10¹¹"),
        (format_flops, 0.0, "0"),
        (format_seconds, 42, "42 s"),
        (format_seconds, 9_000, "2.5 h"),
        (format_count, 1_300_000, "1.3M"),
        (format_count, 3.1e9, "3.1B"),
        (trimmed, 0.00123456, "0.00123"),
        (trimmed, 2400.0, "2400"),
    ],
)
def test_numbers_read_well(form: object, value: float, text: str) -> None:
    assert callable(form)
    assert form(value) == text


def test_each_ruler_has_its_unit() -> None:
    assert quantity(340_000, "bytes") == "340 kB"
    assert quantity(1e12, "FLOPs") == "10¹² FLOPs"
    assert quantity(910_000, "parameters") == "910K parameters"


@given(low=st.floats(1e-3, 1e18), factor=st.floats(1.001, 1e9), most=st.integers(3, 8))
def test_logarithmic_ticks_are_few_and_within_the_data(low: float, factor: float, most: int) -> None:
    values, texts = log_ticks(low, low * factor, format_flops, most)
    assert 1 <= len(values) <= most
    assert len(texts) == len(values)
    assert all(low * 0.998 <= value <= low * factor * 1.002 for value in values)
    assert values == sorted(values)


def test_a_narrow_logarithmic_axis_has_more_than_one_tick() -> None:
    assert log_ticks(1.6, 2.9, trimmed, 8)[1] == ["1.6", "1.8", "2", "2.2", "2.4", "2.6", "2.8"]


@given(low=st.floats(-1e6, 1e6), width=st.floats(1e-3, 1e6))
def test_round_values_lie_within_and_at_equal_distances(low: float, width: float) -> None:
    values = round_values(low, low + width)
    assert 1 <= len(values) <= 7
    assert all(low - width * 1e-6 <= value <= low + width * (1 + 1e-6) for value in values)
    steps = [second - first for first, second in itertools.pairwise(values)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-6) for step in steps)


def test_ticks_have_as_many_decimals_as_they_need() -> None:
    assert tick_format(2.3, 2.5) == ".2f"
    assert tick_format(2.31, 2.32) == ".3f"
    assert tick_format(0, 50) == ".0f"
