"""Picture files where there is a browser, and no failure where there is none."""

from __future__ import annotations

import logging
import struct
from typing import TYPE_CHECKING

import pytest
from plotly.graph_objects import Figure, Scatter

from uniscale_assets.figures.export import find_browser, write_all_images, write_images
from uniscale_assets.figures.study_figures import study_figures

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets.figures.report import ReportInputs

FIGURE = Figure(Scatter(x=[1, 2], y=[3, 4]), {"width": 300, "height": 200})


@pytest.mark.browser
def test_one_figure_becomes_a_png_at_twice_its_size_and_an_svg(browser: Path, tmp_path: Path) -> None:
    written = write_images(FIGURE, tmp_path / "new" / "loss.0.06M")
    assert [path.name for path in written] == ["loss.0.06M.png", "loss.0.06M.svg"]
    assert struct.unpack(">II", written[0].read_bytes()[16:24]) == (600, 400)
    assert written[1].read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.browser
def test_every_figure_of_every_study_is_drawn(
    browser: Path, tmp_path: Path, trial: ReportInputs, partial: ReportInputs, tiny: ReportInputs
) -> None:
    studies = {"trial": trial, "partial": partial, "tiny": tiny}
    figures = {tmp_path / study / name: figure for study, inputs in studies.items() for name, figure in study_figures(inputs).items()}
    written = write_all_images(figures, ["svg"])
    assert {str(path).removesuffix(".svg") for path in written} == {str(path) for path in figures}


def test_without_a_browser_nothing_is_written_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with caplog.at_level(logging.WARNING):
        assert write_images(FIGURE, tmp_path / "loss") == []
    assert "no Chrome or Chromium found" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_browser_path_names_the_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = tmp_path / "my-chrome"
    chosen.write_text("#!/bin/sh\n")
    monkeypatch.setenv("BROWSER_PATH", str(chosen))
    assert find_browser() is None
    chosen.chmod(0o755)
    assert find_browser() == chosen


def test_a_browser_that_does_not_start_costs_the_pictures_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "chrome"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(broken))
    (tmp_path / "loss.png").write_bytes(b"of an earlier run")
    with caplog.at_level(logging.WARNING):
        assert write_images(FIGURE, tmp_path / "loss") == []
    assert "could not draw" in caplog.text
    assert not (tmp_path / "loss.png").exists()
