"""The studies that figures are drawn of, each computed once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from uniscale_assets.figures.export import find_browser

from . import frames

if TYPE_CHECKING:
    from uniscale_assets.figures.report import ReportInputs

MISSING = frozenset({("bpe_1k", "0.8M", 1), ("bpe_1k", "0.8M", 2), ("bpe_2k", "0.2M", 1)})


@pytest.fixture(scope="session")
def trial() -> ReportInputs:
    """Six tokenizers, three sizes, two seeds, all there."""
    grid = frames.trial_grid()
    return frames.report_inputs(grid, frames.statistics(grid))


@pytest.fixture(scope="session")
def partial() -> ReportInputs:
    """The same with three models missing, one tokenizer's largest size among them."""
    grid = frames.trial_grid(MISSING)
    return frames.report_inputs(grid, frames.statistics(grid))


@pytest.fixture(scope="session")
def tiny() -> ReportInputs:
    """Two tokenizers, one size, one seed."""
    grid = frames.tiny_grid()
    return frames.report_inputs(grid, frames.statistics(grid))


@pytest.fixture(scope="session")
def browser() -> Path:
    """A Chrome or Chromium; without one a test skips, but in CI it fails."""
    found = find_browser()
    if found is None:
        message = "no Chrome or Chromium found (on PATH, or named by BROWSER_PATH)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return found
