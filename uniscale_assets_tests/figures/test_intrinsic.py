"""Figures of intrinsic metrics show the values of their tables, each with its unit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from uniscale_assets.figures.export import write_all_images
from uniscale_assets.figures.intrinsic_frames import languages_of, metric_lines, metrics_in_order, no_frames
from uniscale_assets.figures.intrinsic_frequencies import rank_frequency, rank_frequency_by_language
from uniscale_assets.figures.intrinsic_lens import lens_blocks, piece_of
from uniscale_assets.figures.intrinsic_numbers import number_tokens, numbers_cut
from uniscale_assets.figures.intrinsic_panels import columns_for, metric_panels
from uniscale_assets.figures.intrinsic_premium import premium_heatmap
from uniscale_assets.figures.intrinsic_sections import intrinsic_figures, panel_metrics
from uniscale_assets.figures.intrinsic_vocabulary import length_distribution, vocabulary_by_script
from uniscale_assets.figures.report import ReportInputs, study_report
from uniscale_assets.tokenization.metric_definitions import definition_of

from .intrinsic import FAMILIES, LANGUAGES, Measured, measured
from .test_report import HOSTILE, Page, plotly_js


@pytest.fixture(scope="module")
def real() -> Measured:
    return measured()


@pytest.fixture(scope="module")
def page(real: Measured, tiny: ReportInputs) -> str:
    """The report of a study with two tokenizers."""
    return study_report(inputs_of(real, tiny))


def inputs_of(real: Measured, tiny: ReportInputs) -> ReportInputs:
    facts = replace(tiny.study, families=FAMILIES)
    return replace(tiny, study=facts, tokenizer_metrics=real.metrics, intrinsic=real.frames)


def value_of(real: Measured, tokenizer: str, language: str, metric: str) -> float:
    return real.metrics.filter(tokenizer=tokenizer, language=language, metric=metric)["value"].item()


def titles_of(figure: Any) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_every_metric_by_language_has_panels_with_its_values_and_units(real: Measured) -> None:
    drawn = panel_metrics(real.metrics)
    assert len(drawn) >= 20
    for definition in drawn:
        figure = metric_panels(real.metrics, definition.name, real.styles)
        rows = real.metrics.filter(metric=definition.name)
        languages = [language for language in languages_of(rows) if language != "all" or definition.unit != "tokens"]
        assert len(figure.data) == len(languages)
        for language, trace, title in zip(languages, figure.data, titles_of(figure), strict=True):
            expected = {name: value_of(real, name, language, definition.name) for name in trace.y}
            assert dict(zip(trace.y, trace.x, strict=True)) == expected
            unit = rows.filter(language=language)["unit"][0]
            name = "all languages" if language == "all" else language
            assert title == (name if unit == definition.unit else f"{name}, by character")
        units = {axis.title.text for axis in figure.select_xaxes() if axis.title.text}
        assert units <= set(rows["unit"])
        assert definition.unit in units
        assert figure.layout.title.text == f"<b>{definition.title}</b>"


def test_the_lowest_panel_of_each_column_has_the_ticks_and_the_unit(real: Measured) -> None:
    figure = metric_panels(real.metrics, "fertility", real.styles)
    assert len(figure.data) == 6
    # all, English, Persian; below them Japanese, which counts characters, Russian, Spanish.
    assert columns_for(6) == 3
    assert [axis.title.text for axis in figure.select_xaxes()] == [None, None, None, "tokens/character", "tokens/word", "tokens/word"]
    five = metric_panels(real.metrics.filter(pl.col("language") != "spa_Latn"), "fertility", real.styles)
    assert [axis.title.text for axis in five.select_xaxes() if axis.title.text] == ["tokens/word"] * 3 + ["tokens/character", "tokens/word"]


@pytest.mark.parametrize(("panels", "columns"), [(1, 1), (2, 2), (13, 5), (12, 4), (9, 3), (61, 7), (101, 6)])
def test_panels_fill_their_rows(panels: int, columns: int) -> None:
    assert columns_for(panels) == columns


def test_premiums_stand_by_script(real: Measured) -> None:
    (cells,) = premium_heatmap(real.metrics, "udhr", real.styles).data
    scripts, languages = list(cells.x[0]), list(cells.x[1])
    assert sorted(languages) == sorted(LANGUAGES)
    assert [language.partition("_")[2] for language in languages] == scripts
    # Languages of one script stand together, the cheaper first.
    assert len([place for place, script in enumerate(scripts) if place == 0 or scripts[place - 1] != script]) == len(set(scripts))
    assert languages.index("eng_Latn") < languages.index("spa_Latn")
    for name, row in zip(cells.y, cells.z, strict=True):
        assert list(row) == [value_of(real, name, language, "udhr_premium") for language in languages]
    assert cells.zmin + cells.zmax == pytest.approx(2)


def test_rank_curves_are_the_files(real: Measured) -> None:
    whole = {trace.name: trace for trace in rank_frequency(real.frames.rank_frequency, real.styles).data}
    for name in FAMILIES:
        rows = real.frames.rank_frequency.filter(tokenizer=name, language="all")
        assert list(whole[name].x) == rows["rank"].to_list()
        assert list(whole[name].y) == rows["share"].to_list()
    figure = rank_frequency_by_language(real.frames.rank_frequency, real.styles)
    assert titles_of(figure) == sorted(LANGUAGES)
    assert len([trace for trace in figure.data if trace.x[0] is not None]) == len(LANGUAGES) * len(FAMILIES)
    assert sum(trace.showlegend is not False for trace in figure.data) == len(FAMILIES)


def test_vocabularies_by_script_fill_the_bar(real: Measured) -> None:
    figure = vocabulary_by_script(real.metrics, real.styles)
    totals = [sum(parts) for parts in zip(*(trace.x for trace in figure.data), strict=True)]
    assert totals == pytest.approx([1.0] * len(FAMILIES))
    assert len({trace.marker.color for trace in figure.data}) == len(figure.data)
    assert {"Latin", "Cyrillic", "parts of characters"} <= {trace.name for trace in figure.data}


def test_many_scripts_share_the_last_colour(real: Measured) -> None:
    scripts = [
        "Arab",
        "Armn",
        "Beng",
        "Cyrl",
        "Deva",
        "Ethi",
        "Geor",
        "Grek",
        "Hang",
        "Hani",
        "Hebr",
        "Khmr",
        "Knda",
        "Laoo",
        "Latn",
        "Mlym",
    ]
    row = real.metrics.head(1)
    rows = pl.concat([row.with_columns(metric=pl.lit(f"script_share_{script}"), value=pl.lit(1 / 16)) for script in scripts])
    figure = vocabulary_by_script(rows, real.styles)
    assert len(figure.data) == 12
    assert {trace.name: trace.x[0] for trace in figure.data}["other scripts"] == pytest.approx(5 / 16)
    assert len({trace.marker.color for trace in figure.data}) == 12


def test_lengths_reach_all_tokens(real: Measured) -> None:
    lines = [trace for trace in length_distribution(real.frames.token_lengths, real.styles).data if trace.x[0] is not None]
    assert len(lines) == 2 * len(FAMILIES)
    for trace in lines:
        assert list(trace.y) == sorted(trace.y)
        assert trace.y[-1] == pytest.approx(1)


def test_numbers_show_their_tables(real: Measured) -> None:
    bars = numbers_cut(real.metrics, real.styles)
    assert [sum(parts) for parts in zip(*(trace.x for trace in bars.data), strict=True)] == pytest.approx([1.0] * len(FAMILIES))
    for trace in number_tokens(real.metrics, real.styles).data:
        assert list(trace.y) == [value_of(real, trace.name, "all", f"number_tokens_{digits}") for digits in range(1, 9)]
        assert [round(x) for x in trace.x] == list(range(1, 9))


def test_the_best_is_known_only_where_a_direction_is(real: Measured) -> None:
    lines = {line.definition.name: line for line in metric_lines(real.metrics, real.styles)}
    values = lines["fertility"].values
    assert lines["fertility"].best == {min(values, key=lambda name: values[name])}
    assert lines["bytes_per_token"].best == {max(lines["bytes_per_token"].values, key=lambda name: lines["bytes_per_token"].values[name])}
    assert lines["shannon_entropy"].best == frozenset()
    assert lines["encoding_throughput"].best == frozenset()
    groups = [definition.group for definition in metrics_in_order(real.metrics)]
    assert groups == sorted(groups, key=groups.index)
    assert definition_of("script_share_Latn").title == "Vocabulary: Latin"


def test_figures_of_nothing_say_so(real: Measured) -> None:
    nothing, empty = real.metrics.head(0), no_frames()
    figures = [
        metric_panels(nothing, "fertility", real.styles),
        premium_heatmap(nothing, "udhr", real.styles),
        rank_frequency(empty.rank_frequency, real.styles),
        rank_frequency_by_language(empty.rank_frequency, real.styles),
        vocabulary_by_script(nothing, real.styles),
        length_distribution(empty.token_lengths, real.styles),
        numbers_cut(nothing, real.styles),
        number_tokens(nothing, real.styles),
    ]
    for figure in figures:
        assert len(figure.data) == 0
        assert figure.layout.annotations[0].text.endswith((".", "yet."))
    assert lens_blocks(empty.lens, real.styles) == []


def test_the_lens_shows_every_sentence_whole(real: Measured) -> None:
    blocks = lens_blocks(real.frames.lens, real.styles)
    assert [block.language for block in blocks] == sorted(LANGUAGES)
    english = next(block for block in blocks if block.language == "eng_Latn")
    assert [line.tokenizer for line in english.lines] == list(FAMILIES)
    for line in english.lines:
        assert "".join(piece.text for piece in line.pieces) == "All·human·beings·are·born·free·and·equal·in·dignity·and·rights."
        assert line.tokens == len(line.pieces)
        assert all(first.shade != second.shade for first, second in zip(line.pieces, line.pieces[1:], strict=False))


@pytest.mark.parametrize(
    ("content", "text", "partial"),
    [(b" a\n", "·a↵", False), (b"\xe4\xb8", "E4B8", True), (b" \xd0", "·D0", True), (b"", "∅", False), ("中".encode(), "中", False)],
)
def test_pieces_of_characters_are_shown_as_bytes(content: bytes, text: str, partial: bool) -> None:
    piece = piece_of(5, 77, content)
    assert (piece.text, piece.partial) == (text, partial)
    assert piece.note.startswith(f"id 77, {len(content)} byte")


def test_the_page_holds_metrics_figures_and_lens(page: str, real: Measured) -> None:
    words = Page(page).words
    for part in ("Intrinsic metrics", "All metrics over all languages", "What each metric is", "One sentence as every tokenizer cuts it"):
        assert part in words
    for definition in metrics_in_order(real.metrics):
        assert definition.title in words
    for group in ("Compression: ", "Words: ", "Token frequencies: ", "Parity between languages: "):
        assert group in words
    assert page.count('<span class="t') == real.frames.lens.height
    for metric in ("fertility", "udhr_premium", "zipf_deviation"):
        assert f"{value_of(real, 'bpe_500', 'all', metric):.4g}"[:4] in words


def test_text_in_the_lens_stays_text(real: Measured, tiny: ReportInputs) -> None:
    lens = pl.DataFrame({"tokenizer": ["bpe_500"], "language": ["eng_Latn"], "position": [0], "id": [1], "content": [HOSTILE.encode()]})
    inputs = inputs_of(real, tiny)
    page = study_report(replace(inputs, intrinsic=replace(real.frames, lens=lens)))
    assert HOSTILE not in page
    assert "<img" not in page.replace(plotly_js(), "")


def test_a_report_without_metrics_is_still_a_report(tiny: ReportInputs) -> None:
    words = Page(study_report(replace(tiny, tokenizer_metrics=tiny.tokenizer_metrics.head(0)))).words
    assert "No tokenizer has been measured yet." in words


def test_pictures_are_drawn(real: Measured, tmp_path: Path, browser: Path) -> None:
    figures = intrinsic_figures(real.metrics, real.frames, real.styles)
    chosen = {tmp_path / name: figures[name] for name in ("premium_udhr", "fertility_by_language", "rank_frequency")}
    written = write_all_images(chosen, ("png",))
    assert len(written) == 3
    assert all(path.stat().st_size > 10_000 for path in written)
