"""The part of the report on compressed streams: what its figures hold and what its tables say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from uniscale_assets.figures.neural_efficiency import bits_against_cost
from uniscale_assets.figures.neural_positions import accuracy_by_place
from uniscale_assets.figures.neural_report_tables import coder_table, cost_table, numerics_table, texts_table, welch_table
from uniscale_assets.figures.neural_sections import neural_figures, neural_sections
from uniscale_assets.figures.neural_streams import distance_ridges, divergence_from_uniform, stream_costs
from uniscale_assets.figures.report import ReportInputs, study_report
from uniscale_assets.figures.report_sections import Pictures
from uniscale_assets.figures.report_tables import Table
from uniscale_assets.figures.study_figures import study_figures
from uniscale_assets.figures.style import styles_of

from .neural_rows import NAMES, bit_uniformity, neural_frames, nothing

FRAMES = neural_frames()
STYLES = styles_of(NAMES)


def named(figure: Any, name: str) -> list[Any]:
    """Traces in the legend under a name."""
    return [trace for trace in figure.data if trace.name == name]


def texts(table: Table) -> list[list[str]]:
    """Cells as text."""
    return [[cell.text for cell in row] for row in table.rows]


def test_bits_against_cost() -> None:
    figure = bits_against_cost(FRAMES.inference_costs, STYLES)
    for against, trace in zip(("flops_per_byte", "bytes_per_step"), named(figure, "ac"), strict=True):
        rows = FRAMES.inference_costs.filter(tokenizer="ac")
        assert list(trace.x) == rows[against].to_list()
        assert list(trace.y) == rows["bits_per_byte"].to_list()
        assert list(trace.error_y.array) == [0.01, 0.01]
    baselines = [trace for trace in figure.data if trace.line.dash == "dash" and trace.name is None]
    assert sorted({trace.y[0] for trace in baselines}) == [2.0, 3.0, 4.0]
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    assert "5 × 10⁴ FLOPs a byte" in named(figure, "ac")[0].text[0] or "for encoding" in named(figure, "ac")[0].text[0]


def test_streams_show_uniform_open_and_unigram_filled() -> None:
    figure = stream_costs(FRAMES.compression, STYLES)
    assert [list(trace.x) for trace in figure.data] == [[4.0, 3.5], [3.0, 2.5], [2.0, 1.5]]
    assert list(figure.data[0].marker.symbol) == ["circle-open", "circle"]


def test_ridges_are_to_scale_within_a_row() -> None:
    figure = distance_ridges(FRAMES.prefix_distances, STYLES)
    heights = [max(trace.y) - min(trace.y) for trace in figure.data if trace.fill == "tonexty"]
    assert heights == pytest.approx([0.8] * 3)
    first = next(trace for trace in figure.data if trace.fill == "tonexty")
    assert list(first.x) == [2.5, 2.5, 3.5, 3.5, 4.5, 4.5, 5.5, 5.5]
    assert [y - first.y[0] for y in first.y] == pytest.approx([0, 0.8 / 3, 0.8 / 3, 0, 0, 0.8, 0.8, 0])
    assert "mean 4.5" in figure.layout.yaxis.ticktext[0]


def test_the_band_lies_about_the_median() -> None:
    figure = divergence_from_uniform(bit_uniformity(), STYLES, "plug-in")
    for trace in named(figure, "windows"):
        assert list(trace.x) == [1, 2, 4]
        assert list(trace.y) == pytest.approx([1e-4, 2e-4, 4e-4])
    areas = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(areas) == 2 * 3
    assert list(areas[0].y) == pytest.approx([0.5e-4, 1e-4, 2e-4, 8e-4, 4e-4, 2e-4])
    assert len(named(figure, "random bits")) == 2
    assert figure.layout.yaxis.type == "log"


def test_what_is_not_above_zero_is_not_drawn() -> None:
    figure = divergence_from_uniform(bit_uniformity(), STYLES, "miller-madow")
    assert named(figure, "random bits") == []
    assert len(named(figure, "ac")) == 2


def test_accuracies_are_means_over_seeds() -> None:
    figure = accuracy_by_place(FRAMES.position_accuracy, STYLES)
    assert list(named(figure, "windows")[0].y) == pytest.approx([0.12, 0.22])


def test_tables() -> None:
    costs = texts(cost_table(FRAMES.inference_costs, STYLES))
    assert costs[2][:3] == ["ac", "4", "5 × 10⁴"]
    assert costs[0][3] == "2.6000 ± 0.0100"
    tests = welch_table(FRAMES.welch_tests, STYLES)
    assert texts(tests)[0] == ["bpe_1k", "", "0.0121", "0.3100"]
    assert texts(tests)[2] == ["ac", "0.3100", "–", ""]
    assert [cell.level for cell in tests.rows[0]] == [False, False, False, True]
    assert tests.rows[1][1].below == "−0.2000"
    coders = texts(coder_table(FRAMES.coder_tasks, STYLES))
    assert coders[0][:3] == ["–", "bytes alone", "23.00 ± 1.41 %"]
    assert [row[1] for row in coders] == ["bytes alone", "decompress", "compress"]
    assert texts(numerics_table(FRAMES.numerical_stability))[0][3:] == ["9.1%", "–", "–", "–"]
    assert texts(texts_table(FRAMES.token_texts)) == [
        ["all", "1", "90", "–", "84%", ""],
        ["151", "1", "7", "2", "100%", "[le] / [la]"],
    ]


def test_a_study_that_does_not_compress_has_no_such_part(tiny: ReportInputs) -> None:
    assert neural_sections(None, STYLES, Pictures()) is None
    assert neural_figures(None, STYLES) == {}
    assert 'id="neural"' not in study_report(tiny)


@pytest.mark.parametrize("frames", [FRAMES, nothing()], ids=["full", "nothing yet"])
def test_the_page_holds_the_part(tiny: ReportInputs, frames: Any) -> None:
    page = study_report(replace(tiny, neural=frames))
    assert '<section id="neural">' in page
    assert "Can a transformer learn the coder?" in page
    assert ("<b>end" in page) is False
    assert ("&lt;b&gt;end" in page) == (frames is FRAMES)


def test_figures_have_names_of_their_own(tiny: ReportInputs) -> None:
    named_figures = neural_figures(FRAMES, STYLES)
    assert {"bits_against_inference_cost", "accuracy_by_place", "divergence_from_uniform"} <= set(named_figures)
    assert set(named_figures) <= set(study_figures(replace(tiny, neural=FRAMES)))
