"""Small pictures for metadata: whole SVG, the frame's numbers, and nothing but a data: URI."""

from __future__ import annotations

import base64
import itertools
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from uniscale_assets.figures.inline import (
    inline_bytes_per_token,
    inline_file,
    inline_loss_curve,
    inline_ranking,
    inline_svg_bar_chart,
    inline_svg_line_chart,
)
from uniscale_assets.figures.style import styles_of

from . import frames

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets.figures.report import ReportInputs

SVG = "{http://www.w3.org/2000/svg}"


def picture(markdown: str) -> ElementTree.Element:
    """The SVG inside a Markdown image, parsed."""
    found = re.fullmatch(r"!\[([^\]]*)\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert found is not None
    return ElementTree.fromstring(base64.b64decode(found[2]))  # noqa: S314  we wrote it


def words(svg: ElementTree.Element) -> list[str]:
    """All text of a picture."""
    return [str(node.text) for node in svg.iter(f"{SVG}text")]


def points(svg: ElementTree.Element) -> list[tuple[float, float]]:
    """The points of the first line."""
    line = next(svg.iter(f"{SVG}polyline"))
    return [(float(pair.split(",")[0]), float(pair.split(",")[1])) for pair in line.attrib["points"].split()]


def test_a_loss_curve_names_its_axes_and_ends_at_the_last_loss() -> None:
    curve = frames.training_curves(frames.tiny_grid()).filter(tokenizer="bpe_1k")
    svg = picture(inline_loss_curve(curve, "bpe_1k 0.06M-seed1"))
    last = curve.sort("bytes")["bits_per_byte"][-1]
    assert {"bpe_1k 0.06M-seed1", "raw bytes trained on", "training loss (bits per byte)", "100 kB", f"{last:.3f}".rstrip("0")} <= set(
        words(svg)
    )
    line = points(svg)
    assert len(line) == curve.height
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    heights = {y: loss for (_, y), loss in zip(line, curve.sort("bytes")["bits_per_byte"].to_list(), strict=True)}
    assert heights[max(heights)] == min(heights.values())


def test_a_long_curve_is_thinned_and_keeps_its_end() -> None:
    curve = frames.training_curves(frames.tiny_grid(), points=5_000).filter(tokenizer="bpe_1k")
    whole, thin = (inline_loss_curve(curve, "curve", points=count) for count in (5_000, 100))
    assert len(points(picture(thin))) == 100
    assert words(picture(thin))[-1] == words(picture(whole))[-1]
    assert len(thin) < 6_000


def test_bars_are_as_long_as_their_values_say() -> None:
    svg = picture(inline_svg_bar_chart("rates", "bytes per token", [("eng_Latn", 4.0), ("jpn_Jpan", 2.0)]))
    widths = [float(node.attrib["width"]) for node in svg.iter(f"{SVG}rect") if node.attrib["width"] != "100%"]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.1)
    assert {"4.00", "2.00", "eng_Latn", "bytes per token"} <= set(words(svg))


def test_bytes_per_token_takes_that_metric_only() -> None:
    metrics = frames.tokenizer_metrics(frames.tiny_grid()).filter(tokenizer="bpe_1k")
    svg = picture(inline_bytes_per_token(metrics, "bpe_1k"))
    expected = metrics.filter(metric="bytes_per_token")
    assert {f"{value:.2f}" for value in expected["value"].to_list()} <= set(words(svg))
    assert "1000.00" not in words(svg)


def test_names_of_many_lines_do_not_lie_on_each_other() -> None:
    lines = [(f"line_{number}", [1e3, 1e5], [3.0, 2.0 + number / 1e4]) for number in range(10)]
    svg = picture(inline_svg_line_chart("many", "bytes", "loss (bits per byte)", lines))
    heights = sorted(float(node.attrib["y"]) for node in svg.iter(f"{SVG}text") if "line_" in str(node.text))
    assert len(heights) == 10
    assert all(second - first > 13 for first, second in itertools.pairwise(heights))


def test_the_ranking_is_drawn_in_the_studys_colours(trial: ReportInputs) -> None:
    styles = styles_of(trial.study.families)
    svg = picture(inline_ranking(trial.statistics.ranking.filter(language="all"), styles, "demo"))
    assert [node.attrib["stroke"] for node in svg.iter(f"{SVG}polyline")] == [style.colour for style in styles.values()]
    assert {"bits per byte", "size (non-embedding parameters)"} <= set(words(svg))


@pytest.mark.parametrize("values", [[2.5], [2.5, 2.5], [0.0, 0.0]])
def test_one_point_or_a_flat_line_is_drawn_too(values: list[float]) -> None:
    line = ("flat", [1000.0 * (number + 1) for number in range(len(values))], values)
    assert len(points(picture(inline_svg_line_chart("flat", "bytes", "loss", [line])))) == len(values)


def test_nothing_to_draw_says_so() -> None:
    empty = frames.training_curves(frames.tiny_grid()).head(0)
    assert inline_loss_curve(empty, "curve") == "*curve: nothing to draw yet.*"
    assert "nothing" in inline_svg_bar_chart("bars", "bytes", [])


def test_markup_in_names_stays_text() -> None:
    markdown = inline_svg_bar_chart("a](b) <script>", "x < y", [("<b>&", 1.0)])
    assert {"a](b) <script>", "x < y", "<b>&"} <= set(words(picture(markdown)))


def test_a_file_goes_into_markdown_whole(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG bytes")
    assert inline_file("title", path) == f"![title](data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()})"
