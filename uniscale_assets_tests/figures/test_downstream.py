"""The figure and the tables of downstream tasks."""

from __future__ import annotations

import polars as pl
import pytest

from uniscale_assets.figures.downstream import accuracy_by_size
from uniscale_assets.figures.downstream_sections import accuracy_table, downstream_parts
from uniscale_assets.figures.report_sections import Pictures
from uniscale_assets.figures.style import styles_of
from uniscale_assets.statistics.downstream import AccuracyRow, DownstreamStatistics, downstream_statistics
from uniscale_assets.statistics.frames import frame_of_rows
from uniscale_assets_tests.statistics import test_downstream as made_up

STYLES = styles_of(dict.fromkeys(made_up.ABILITY, "bpe"))


@pytest.fixture(scope="module")
def found() -> DownstreamStatistics:
    """Four tokenizers at two sizes on one task with two metrics."""
    return made_up.found(made_up.item_rows(120))


def points(figure) -> dict[str, list[float]]:
    """Heights of the points of each tokenizer."""
    return {trace.name: list(trace.y) for trace in figure.data}


def test_each_tokenizer_is_a_line_over_sizes_in_ascending_order(found: DownstreamStatistics) -> None:
    figure = accuracy_by_size(found.accuracies, STYLES)
    assert list(points(figure)) == list(made_up.ABILITY)
    for name, heights in points(figure).items():
        rows = found.accuracies.filter(language="all", metric="acc_bytes", tokenizer=name)
        assert heights == [rows.filter(size=size)["accuracy"].item() for size in made_up.SIZES]
    assert list(figure.layout.xaxis.ticktext) == list(made_up.SIZES)


def test_a_dotted_line_shows_what_a_random_choice_gets(found: DownstreamStatistics) -> None:
    shapes = accuracy_by_size(found.accuracies, STYLES).layout.shapes
    assert [(shape.y0, shape.y1, shape.line.dash) for shape in shapes] == [(0.25, 0.25, "dot")]


def test_raw_accuracy_is_drawn_only_where_there_is_nothing_better(found: DownstreamStatistics) -> None:
    raw = found.accuracies.filter(metric="acc")
    for rows, title in ((found.accuracies, "quiz, acc_bytes"), (raw, "quiz, acc")):
        assert [note.text for note in accuracy_by_size(rows, STYLES).layout.annotations] == [title]


def test_bars_reach_to_the_ends_of_the_interval(found: DownstreamStatistics) -> None:
    figure = accuracy_by_size(found.accuracies, STYLES)
    row = found.accuracies.filter(language="all", metric="acc_bytes", tokenizer="best_2k", size="0.06M").row(0, named=True)
    trace = next(trace for trace in figure.data if trace.name == "best_2k")
    assert trace.y[0] + trace.error_y.array[0] == pytest.approx(row["high"])
    assert trace.y[0] - trace.error_y.arrayminus[0] == pytest.approx(row["low"])


def test_names_are_text_and_not_markup(found: DownstreamStatistics) -> None:
    rows = found.accuracies.with_columns(pl.col("tokenizer").str.replace("best", "<b>best"), pl.col("task").str.replace("quiz", "<i>quiz"))
    figure = accuracy_by_size(rows, STYLES)
    assert "&lt;b&gt;best_2k" in points(figure)
    assert figure.layout.annotations[0].text == "&lt;i&gt;quiz, acc_bytes"


def test_nothing_scored_is_said_in_words() -> None:
    figure = accuracy_by_size(frame_of_rows([], AccuracyRow), STYLES)
    assert "No model has been scored" in figure.layout.annotations[0].text


def test_one_seed_and_missing_noise_leave_no_bars(found: DownstreamStatistics) -> None:
    unknown = found.accuracies.with_columns(pl.lit(None, pl.Float64).alias("low"), pl.lit(None, pl.Float64).alias("high"))
    assert {bar for trace in accuracy_by_size(unknown, STYLES).data for bar in trace.error_y.array} == {0.0}


def test_the_table_has_accuracies_with_intervals_and_what_chance_gives(found: DownstreamStatistics) -> None:
    table = accuracy_table(found.accuracies.filter(language="all", metric="acc"))
    assert list(table.columns) == ["tokenizer", *made_up.SIZES]
    assert [row[0].text for row in table.rows] == ["best_2k", "good_2k", "fair_1k", "weak_1k"]
    best = found.accuracies.filter(language="all", metric="acc", tokenizer="best_2k", size="0.8M").row(0, named=True)
    cell = table.rows[0][2]
    assert (cell.text, cell.below, cell.best) == (f"{best['accuracy']:.1%}", f"{best['low']:.1%} to {best['high']:.1%}", True)
    assert "120 items" in table.caption
    assert "right in 25%" in table.caption


def test_a_part_for_each_budget_and_none_without_tasks(found: DownstreamStatistics) -> None:
    assert downstream_parts(None, STYLES, Pictures()) == []
    (part,) = downstream_parts(found, STYLES, Pictures())
    assert [task.name for task in part.tasks] == ["quiz, acc", "quiz, acc_bytes"]
    agreement = part.tasks[0].agreement
    assert "regret (share of items)" in agreement.columns
    assert agreement.rows[0][0].text == "0.06M → 0.8M"


def test_an_empty_study_has_one_part_that_says_so() -> None:
    items = made_up.item_rows(4)
    empty = downstream_statistics(made_up.score_rows(items).clear(), items.clear(), made_up.runs().clear(), made_up.tokenizers().clear())
    (part,) = downstream_parts(empty, STYLES, Pictures())
    assert part.tasks == []
    assert "No model has been scored" in part.figure.html
