"""Seconds and memory of a block."""

from __future__ import annotations

import time

import pytest

from uniscale_assets.tokenization.measure import measured


def test_a_block_is_measured() -> None:
    with measured() as small:
        time.sleep(0.05)
    with measured() as large:
        filled = bytearray(b"x") * 200_000_000
        del filled
    assert small.seconds >= 0.05
    assert small.cpu_seconds < small.seconds
    assert large.cpu_seconds > 0
    assert large.peak_memory_bytes >= 200_000_000


def test_a_block_that_fails_is_measured_too() -> None:
    with pytest.raises(ValueError, match="stop"), measured() as measurement:
        time.sleep(0.01)
        raise ValueError("stop")
    assert measurement.seconds >= 0.01
    assert measurement.peak_memory_bytes > 0
