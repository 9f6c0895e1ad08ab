"""The report on compute-optimal tokenization: one page, answer first, nothing loaded from anywhere, built from whatever exists."""

from __future__ import annotations

import math
import re
import struct
import subprocess
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import polars
import pytest

from uniscale_assets.figures.scaling_report import ScalingInputs, export_scaling_figures, scaling_report_page, write_scaling_report
from uniscale_assets.figures.scaling_report_tables import flag_table, plain, trial_table
from uniscale_assets.figures.scaling_words import sentences
from uniscale_assets.scaling_laws.analysis import analyse
from uniscale_assets.scaling_laws.spec import ScalingSpec

from . import scaling_frames as frames
from .test_report import COUNTER, HOSTILE, Page, plotly_js

if TYPE_CHECKING:
    from pathlib import Path

FACTS: dict[str, Any] = {"description": "A trial.", "text": "budgets: 3", "fingerprint": "abc123", "versions": {"numpy": "2.0"}}


@cache
def whole() -> ScalingInputs:
    """A method with everything that a report can have."""
    return frames.inputs(frames.demo(), multilingual=frames.languages(), end_tasks=frames.end_tasks(), **FACTS)


@cache
def html() -> str:
    """Its page."""
    return scaling_report_page(whole())


def words_of(inputs: ScalingInputs) -> str:
    """The text of a page."""
    return Page(scaling_report_page(inputs)).words


def test_the_answer_comes_first_then_laws_with_intervals() -> None:
    words, laws = Page(html()).words, frames.demo()
    first, last = (laws.losses[0].optimal_compression_rate_estimate(budget).value for budget in (frames.BUDGETS[0], frames.BUDGETS[-1]))
    assert f"bpe: the best compression rate falls from {first:.3g}" in words
    assert words.index(f"{last:.3g}") < words.index("How a budget is best split")
    law = laws.allocation
    assert law is not None
    for estimate in (law.optimal_bytes.compute_exponent, law.optimal_bytes.compression_exponent, law.optimal_parameters.compute_exponent):
        assert f"{estimate.value:.3g}".rstrip("0") in words
        assert f"{estimate.low:.3g}".rstrip("0") + " to " in words
    for model in ("compute-dependent-t", "constant-t", "intercept"):
        assert model in words
    assert words.count("No cell is kept out of the laws.") == 1
    assert "10 times the largest fitted budget" in words


def test_extrapolation_shows_every_residual_model() -> None:
    laws = frames.laws_of(frames.points(budgets=(1e15, 2e15, 5e15, 1e16)))
    assert laws.trial is not None
    rows = [[cell.text for cell in row] for row in trial_table([laws]).rows]
    assert [row[1] for row in rows] == ["compute-dependent-t", "constant-t", "intercept"]
    for cells, row in zip(rows, laws.trial.results.iter_rows(named=True), strict=True):
        assert cells[2:6] == ["5 × 10¹⁵", "12", "4", f"{row['rmse']:.4f}"]
    chosen = laws.trial.results.row(0, named=True)
    assert f"the law predicts the 4 cells above it to {chosen['rmse']:.4f} bits per byte" in " ".join(sentences([laws]))


def test_flagged_cells_are_listed_with_the_reason() -> None:
    rows = [[cell.text for cell in row] for row in flag_table([frames.flagged()]).rows]
    assert rows == [["bpe", "10¹⁵", "1", "4", "outside the runs"]]
    assert "12 cells of 3 budgets and 4 compression rates; 1 of them are kept out" in " ".join(sentences([frames.flagged()]))


def test_losses_that_cannot_be_bounded_are_said_to_be_so() -> None:
    assert [plain(value) for value in (0.0589, 17.5, 1.2e9, -0.21, math.inf, -math.inf, math.nan, None)] == [
        "0.0589",
        "17.5",
        "1.2 × 10⁹",
        "−0.21",
        "∞",
        "−∞",
        "–",
        "–",
    ]


def test_every_optimum_stands_in_its_table() -> None:
    words = Page(html()).words
    for row in frames.demo().optima.iter_rows(named=True):
        assert f"{row['optimal_bits_per_byte']:.4f}" in words


def test_the_page_loads_nothing_and_forbids_itself_to() -> None:
    page = Page(html())
    assert all(address.startswith("#") for address in page.addresses)
    assert not {"link", "iframe", "object", "embed", "base"} & set(page.tags)
    assert "default-src 'none'" in html()
    outside_plotly = html().replace(plotly_js(), "")
    assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org/[a-z0-9/]+", "", outside_plotly)
    assert html().count(plotly_js()) == 1


def test_every_link_of_the_page_has_its_section() -> None:
    targets = {address.removeprefix("#") for address in Page(html()).addresses}
    assert targets == set(re.findall(r'<section id="([^"]+)"', html()))


def test_the_same_inputs_give_the_same_page(tmp_path: Path) -> None:
    write_scaling_report(whole(), tmp_path / "scaling.html")
    assert (tmp_path / "scaling.html").read_text(encoding="utf-8") == html()


def test_no_button_sends_a_figure_to_a_server() -> None:
    plots = html().count("Plotly.newPlot(")
    assert plots == html().count('"modeBarButtons": [["toImage", "') >= 14


def test_missing_parts_are_left_out_and_missing_laws_say_why() -> None:
    laws = frames.tiny()
    words = words_of(frames.inputs(laws))
    assert "The runs do not tell a best compression rate" in words
    assert "bpe: no allocation law." in words
    assert laws.notes["allocation"][1:] in words
    assert "End tasks" not in words
    assert "Languages" not in words
    assert words.count("too few runs") >= 2


def test_a_page_of_nothing_says_so() -> None:
    assert "There are no runs at equal compute yet" in words_of(ScalingInputs(name="trial", laws=()))


def test_given_optima_alone_make_a_page_without_runs() -> None:
    laws = analyse(None, frames.demo().optima, ScalingSpec(), languages=None)
    words = words_of(frames.inputs(*laws))
    assert "Only optima are known of this method" in words
    assert "Runs of each budget" not in words
    assert "falls from" in words


def test_several_methods_and_evaluations_have_parts_of_their_own_and_two_of_them_turn() -> None:
    few = [("bpe", "c4"), ("bpe", "wiki"), ("unigram", "c4")]
    runs = polars.concat([frames.points(frames.BUDGETS[:1], frames.RATES[:2], method=method, evaluation=name) for method, name in few])
    page = scaling_report_page(frames.inputs(*analyse(runs, None, ScalingSpec(), languages=None)))
    assert re.findall(r"<h2>(.*?, .*?)</h2>", page) == ["bpe, c4", "bpe, wiki", "unigram, c4"]
    starts = [page.index(f'id="method-{place}"') for place in (1, 2, 3)]
    solid = [match.start() for match in re.finditer('"type":"scatter3d"', page[starts[0] :])]
    assert solid
    assert max(solid) < starts[2] - starts[0]


def test_names_from_outside_stay_text() -> None:
    laws = frames.laws_of(frames.points(frames.BUDGETS[:1], frames.RATES[:2], method=HOSTILE, evaluation=HOSTILE))
    facts = {"description": HOSTILE, "text": HOSTILE, "fingerprint": HOSTILE, "versions": {HOSTILE: HOSTILE}}
    page = scaling_report_page(replace(frames.inputs(laws, **facts), name=HOSTILE))
    assert HOSTILE not in page
    assert "<img" not in page.replace(plotly_js(), "")
    assert HOSTILE in Page(page).words


def test_figures_are_exported_as_pages_that_share_one_library(tmp_path: Path) -> None:
    written = export_scaling_figures(whole(), tmp_path / "figures", ("html",))
    names = {path.name for path in written}
    assert {"bpe_loss_profile.html", "bpe_optima_turning.html", "bpe_map_1e16.html", "languages_1.html", "end_tasks.html"} <= names
    assert (tmp_path / "figures" / "plotly.min.js").read_text(encoding="utf-8") == plotly_js()
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r'<script[^>]* src="([^"]*)"', text) == ["plotly.min.js"]
        assert len(text) < 1_000_000
    assert "bpe: What is optimal" in (tmp_path / "figures" / "bpe_optima.html").read_text(encoding="utf-8")
    turning = (tmp_path / "figures" / "bpe_optima_turning.html").read_text(encoding="utf-8")
    assert "Plotly.addFrames" in turning
    assert "Plotly.animate(" not in turning


@pytest.mark.browser
def test_pictures_are_drawn_where_there_is_a_browser(browser: Path, tmp_path: Path) -> None:
    inputs = frames.inputs(frames.tiny())
    written = export_scaling_figures(inputs, tmp_path, ("html", "png"))
    drawn = [path for path in written if path.suffix == ".png"]
    assert {path.stem for path in drawn} == {path.stem for path in written if path.suffix == ".html" and "turning" not in path.stem}
    curves = tmp_path / "bpe_curves_B_separate.png"
    assert struct.unpack(">II", curves.read_bytes()[16:24]) == (1360, 780)


@pytest.mark.browser
def test_a_browser_without_a_network_draws_every_figure(browser: Path, tmp_path: Path) -> None:
    (tmp_path / "scaling.html").write_text(html().replace("</body>", f"{COUNTER}</body>"), encoding="utf-8")
    offline = ["--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}", "--enable-unsafe-swiftshader"]
    command = [str(browser), "--headless", "--no-sandbox", *offline, "--virtual-time-budget=30000", "--dump-dom"]
    process = subprocess.run([*command, (tmp_path / "scaling.html").as_uri()], capture_output=True, text=True, timeout=180)
    asked = html().count("Plotly.newPlot(")
    assert f'data-drawn="{asked}"' in process.stdout, re.findall(r'data-[a-z]+="[^"]*"', process.stdout[-5000:])
    assert 'data-errors=""' in process.stdout
