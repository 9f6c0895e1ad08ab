"""Homes that the tests of the command copy instead of making them again."""

from __future__ import annotations

from pathlib import Path

import pytest

from uniscale_assets_tests.end_to_end.commands import Told, copy_without_models, uniscale

TINY = Path(__file__).with_name("tiny.yaml")


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """A home that was empty, and what `uniscale run` said in it: an uninterrupted run."""
    home = tmp_path_factory.mktemp("finished") / "home"
    return home, uniscale("run", TINY, home=home)


@pytest.fixture(scope="module")
def finished(first_run: tuple[Path, Told]) -> Path:
    """A home with everything in it."""
    home, told = first_run
    assert told.code == 0, told.text
    return home


@pytest.fixture
def without_models(finished: Path, tmp_path: Path) -> Path:
    """A home of one's own with text and tokens in it, and no model yet."""
    return copy_without_models(finished, tmp_path / "home")
