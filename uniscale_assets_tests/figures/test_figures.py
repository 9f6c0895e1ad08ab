"""Every figure shows the frame's numbers, says its units, and builds from little data."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import polars
import pytest

from uniscale_assets.figures.agreement import agreement_by_language, size_scatter
from uniscale_assets.figures.corpus_mix import corpus_mix
from uniscale_assets.figures.cost import training_cost
from uniscale_assets.figures.coverage import coverage_frame, coverage_grid
from uniscale_assets.figures.frontier import decision_frontier
from uniscale_assets.figures.labels import LETTER, label_box
from uniscale_assets.figures.ranking import rank_bumps, rank_rulers, ranking_dots
from uniscale_assets.figures.study_figures import study_figures
from uniscale_assets.figures.style import styles_of
from uniscale_assets.figures.tokenizers import bytes_per_token
from uniscale_assets.figures.training import loss_curves, pooled, training_curve

from . import frames

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from uniscale_assets.figures.report import ReportInputs

STYLES = styles_of(frames.trial_grid().families)


def whole(inputs: ReportInputs) -> polars.DataFrame:
    """The ranking over all languages."""
    return inputs.statistics.ranking.filter(language="all")


def by_name(figure: Figure) -> dict[str, Any]:
    """Traces by name."""
    return {trace.name: trace for trace in figure.data}


def said(figure: Figure) -> str:
    """All text that stands in a figure."""
    return " ".join(str(note.text) for note in figure.layout.annotations)


def axis_titles(figure: Figure) -> set[str]:
    """Titles of all axes."""
    return {axis.title.text for axis in (*figure.select_xaxes(), *figure.select_yaxes()) if axis.title.text}


def test_scatter_shows_both_sizes_of_every_tokenizer_with_intervals(trial: ReportInputs) -> None:
    figure = size_scatter(whole(trial), "0.06M", "0.8M", STYLES)
    assert axis_titles(figure) == {"0.06M (bits per byte)", "0.8M (bits per byte)"}
    assert set(by_name(figure)) == set(STYLES)
    for name, trace in by_name(figure).items():
        small, large = (whole(trial).filter(size=size, tokenizer=name).row(0, named=True) for size in ("0.06M", "0.8M"))
        assert (trace.x[0], trace.y[0]) == (small["bits_per_byte"], large["bits_per_byte"])
        assert trace.x[0] + trace.error_x.array[0] == pytest.approx(
            small["bits_per_byte"] - small["difference_to_best"] + small["difference_high"]
        )
        assert trace.y[0] - trace.error_y.arrayminus[0] == pytest.approx(
            large["bits_per_byte"] - large["difference_to_best"] + large["difference_low"]
        )
        assert trace.marker.color == STYLES[name].colour


def test_scatter_labels_every_point_without_overlap(trial: ReportInputs) -> None:
    figure = size_scatter(whole(trial), "0.06M", "0.8M", STYLES)
    notes = figure.layout.annotations
    assert {note.text for note in notes} == set(STYLES)
    spans = figure.layout.xaxis.range, figure.layout.yaxis.range
    boxes = []
    for note in notes:
        places = [(value - low) / (high - low) * 420 for value, (low, high) in zip((note.x, note.y), spans, strict=True)]
        boxes.append(label_box((places[0] + note.ax, places[1] - note.ay), len(note.text) * LETTER / 2))
    assert sum(first.overlap(second) for first, second in combinations(boxes, 2)) == 0


def test_scatter_of_one_common_tokenizer_says_so(trial: ReportInputs) -> None:
    alone = whole(trial).filter((polars.col("size") == "0.06M") | (polars.col("tokenizer") == "bpe_1k"))
    assert "two" in said(size_scatter(alone, "0.06M", "0.8M", STYLES))


def test_dots_stand_at_the_values_of_their_size(trial: ReportInputs) -> None:
    figure = ranking_dots(whole(trial), STYLES)
    points = sorted(trace.x[0] for trace in figure.data)
    assert points == sorted(whole(trial)["bits_per_byte"].to_list())
    assert axis_titles(figure) == {"bits per byte"}
    best_first = whole(trial).filter(size="0.8M").sort("rank")["tokenizer"].to_list()
    assert list(figure.layout.yaxis.ticktext) == best_first


def test_tokenizers_level_with_the_best_stand_on_grey(trial: ReportInputs) -> None:
    level = whole(trial).filter(polars.col("separated").not_())
    several = level.group_by("size").len().filter(polars.col("len") > 1)
    expected = int(several["len"].sum())
    assert expected > 0
    for figure in (ranking_dots(whole(trial), STYLES), rank_bumps(whole(trial), STYLES)):
        assert sum(shape.type == "rect" for shape in figure.layout.shapes) == expected


def test_bumps_join_each_tokenizers_ranks_from_small_to_large(trial: ReportInputs) -> None:
    shuffled = whole(trial).sample(fraction=1.0, shuffle=True, seed=3)
    figure = rank_bumps(shuffled, STYLES)
    assert list(figure.layout.xaxis.ticktext) == ["0.06M", "0.2M", "0.8M"]
    for name, trace in by_name(figure).items():
        ranks = [whole(trial).filter(size=size, tokenizer=name)["rank"][0] for size in ("0.06M", "0.2M", "0.8M")]
        assert list(trace.y) == ranks
    assert sum("bpe_1k" in str(note.text) for note in figure.layout.annotations if "unigram" not in str(note.text)) == 2


def test_tied_ranks_lie_beside_each_other() -> None:
    tied = ranking_of_ties()
    first, second = rank_bumps(tied, STYLES).data
    assert first.y[0] == second.y[0] == 1.5
    assert first.x[0] < 0 < second.x[0]
    heights = [note.y for note in rank_bumps(tied, STYLES).layout.annotations]
    assert abs(heights[0] - heights[1]) > 0.5


def ranking_of_ties() -> polars.DataFrame:
    """Two tokenizers with the same value."""
    common = {"budget": "", "language": "all", "size": "0.06M", "seeds": 2, "bits_per_byte": 2.5, "low": 2.4, "high": 2.6, "rank": 1.5}
    known = {"best": "bpe_1k", "difference_to_best": 0.0, "difference_low": -0.1, "difference_high": 0.1, "separated": False}
    return polars.DataFrame([{**common, **known, "tokenizer": name} for name in ("bpe_1k", "unigram_1k")])


def test_a_missing_size_leaves_a_gap_in_its_line(partial: ReportInputs) -> None:
    assert by_name(rank_bumps(whole(partial), STYLES))["bpe_1k"].y[2] is None


def test_rulers_show_the_comparisons_with_what_they_are_read_at(trial: ReportInputs) -> None:
    readings = trial.statistics.comparisons.filter(size="0.8M")
    figure = rank_rulers(readings, "0.8M", STYLES)
    titles = " ".join(figure.layout.xaxis.ticktext)
    assert all(
        words in titles for words in ("equal bytes", "340 kB", "equal FLOPs", "training text", "equal total parameters", "parameters")
    )
    for name, trace in by_name(figure).items():
        rulers = [readings.filter(tokenizer=name, comparison=ruler) for ruler in ("equal bytes", "equal FLOPs", "equal total parameters")]
        assert list(trace.y) == [ruler["rank"][0] for ruler in rulers]
        assert list(trace.customdata) == [ruler["bits_per_byte"][0] for ruler in rulers]


def test_a_ruler_that_cannot_be_laid_says_why(tiny: ReportInputs) -> None:
    figure = rank_rulers(tiny.statistics.comparisons, "0.06M", STYLES)
    assert len(figure.layout.xaxis.ticktext) == 2
    assert figure.layout.title.subtitle.text.startswith("equal total parameters: ")


@pytest.mark.parametrize(("against", "title"), [("bytes", "raw bytes trained on"), ("flops", "training FLOPs")])
def test_loss_curves_have_lines_for_each_model_in_its_tokenizers_colour(trial: ReportInputs, against: Any, title: str) -> None:
    figure = loss_curves(trial.training_curves, STYLES, against)
    assert sum(trace.line.width == 2 for trace in figure.data) == 18
    assert sum(trace.line.width < 1 for trace in figure.data) == 36
    assert axis_titles(figure) == {title, "training loss (bits per byte)"}
    assert sum(trace.showlegend for trace in figure.data) == 6
    assert {(trace.name, trace.line.color) for trace in figure.data} == {(name, style.colour) for name, style in STYLES.items()}
    ends = trial.training_curves.group_by("tokenizer", "size", "seed").agg(polars.col(against).max())[against].to_list()
    assert sorted(trace.x[-1] for trace in figure.data if trace.line.width < 1) == sorted(ends)
    assert figure.layout.xaxis.type == "log"


def test_a_pooled_point_is_the_mean_of_its_rows_by_their_bytes() -> None:
    keys = {"tokenizer": "bpe_1k", "size": "0.06M", "budget": ""}
    rows = [{**keys, "seed": seed, "step": step, "bytes": at, "bits_per_byte": loss + seed} for seed in (1, 2) for step, at, loss in LOSSES]
    pools = pooled(polars.DataFrame(rows), "bytes")
    for seed, shift in ((1, 1.0), (2, 2.0), (None, 1.5)):
        line = pools.filter(polars.col("seed").eq_missing(seed))
        assert line["bytes"].to_list() == [100, 1000]
        # 900 and 1000 lie within a quarter of a doubling; the rows hold 800 and 100 bytes.
        assert line["bits_per_byte"].to_list() == pytest.approx([6.0 + shift, (800 * 3.0 + 100 * 2.0) / 900 + shift])


LOSSES = ((1, 100, 6.0), (2, 900, 3.0), (3, 1000, 2.0))


def test_a_single_seed_is_drawn_once() -> None:
    figure = loss_curves(frames.training_curves(frames.tiny_grid()), STYLES)
    assert [trace.line.width for trace in figure.data] == [2, 2]


def test_loss_curves_open_on_the_end_of_every_training(trial: ReportInputs) -> None:
    figure = loss_curves(trial.training_curves, STYLES)
    low, high = figure.layout.yaxis.range
    assert 10**low < min(min(trace.y) for trace in figure.data)
    assert max(trace.y[-1] for trace in figure.data) < 10**high


def test_panels_wrap_at_three_sizes_and_sort_by_number(trial: ReportInputs) -> None:
    sizes = ["1B", "4M", "300M", "20M", "100M"]
    row = trial.training_curves.filter(tokenizer="bpe_1k", size="0.06M", seed=1)
    curves = polars.concat([row.with_columns(polars.lit(size).alias("size")) for size in sizes])
    figure = loss_curves(curves, STYLES)
    assert [note.text for note in figure.layout.annotations] == ["size 4M", "size 20M", "size 100M", "size 300M", "size 1B"]
    assert len({axis.domain for axis in figure.select_xaxes()}) == 3
    assert len({axis.domain for axis in figure.select_yaxes()}) == 2


def test_one_trainings_curve_is_its_frame(trial: ReportInputs) -> None:
    curve = trial.training_curves.filter(tokenizer="bpe_1k", size="0.8M", seed=2)
    (line,) = training_curve(curve, "bpe_1k 0.8M-seed2").data
    assert list(line.x) == curve["bytes"].to_list()
    assert list(line.y) == curve["bits_per_byte"].to_list()


def test_bytes_per_token_has_a_cell_for_each_tokenizer_and_language(trial: ReportInputs) -> None:
    (cells,) = bytes_per_token(trial.tokenizer_metrics, STYLES).data
    assert list(cells.y) == list(STYLES)
    assert cells.x[0] == "all"
    expected = trial.tokenizer_metrics.filter(metric="bytes_per_token", tokenizer="unigram_2k", language="deu_Latn")["value"][0]
    assert cells.z[list(cells.y).index("unigram_2k")][list(cells.x).index("deu_Latn")] == expected


def test_corpus_mix_shows_what_is_there_and_what_is_taken() -> None:
    ledger = frames.corpus_ledger()
    there, taken = corpus_mix(ledger, "test").data
    rows = ledger.filter(split="test")
    assert dict(zip(there.y, there.x, strict=True)) == dict(zip(rows["language"], rows["bytes"], strict=True))
    assert dict(zip(taken.y, taken.x, strict=True)) == dict(zip(rows["language"], rows["mixture_bytes"], strict=True))


def test_cost_is_the_mean_over_seeds_and_its_parts_add_up(trial: ReportInputs) -> None:
    figure = training_cost(trial.training_runs, STYLES)
    runs = trial.training_runs.filter(tokenizer="bpe_4k").group_by("size").agg(polars.col("training_flops", "seconds").mean()).sort("size")
    points = [trace for trace in figure.data if trace.name == "bpe_4k"]
    assert [list(trace.x) for trace in points] == [
        pytest.approx(runs["training_flops"].to_list()),
        pytest.approx(runs["seconds"].to_list()),
    ]
    shares = [trace.x for trace in figure.data if trace.type == "bar"]
    assert [sum(parts) for parts in zip(*shares, strict=True)] == pytest.approx([1.0, 1.0, 1.0])


def test_coverage_marks_what_is_missing(partial: ReportInputs) -> None:
    figure = coverage_grid(coverage_frame(partial.study.grid, partial.statistics.coverage), STYLES)
    (cells,) = figure.data
    found = {
        (name, model) for name, row in zip(cells.y, cells.z, strict=True) for model, done in zip(cells.x, row, strict=True) if not done
    }
    assert found == {("bpe_1k", "0.8M-seed1"), ("bpe_1k", "0.8M-seed2"), ("bpe_2k", "0.2M-seed1")}
    assert "33 of 36" in figure.layout.title.text


def test_agreement_by_language_is_the_tables(trial: ReportInputs) -> None:
    (cells,) = agreement_by_language(trial.statistics.rank_correlations).data
    assert list(cells.y) == ["0.06M → 0.2M", "0.06M → 0.8M", "0.2M → 0.8M"]
    rows = trial.statistics.rank_correlations.filter(statistic="spearman", group_name="all", language="deu_Latn", small_size="0.2M")
    assert cells.z[2][list(cells.x).index("deu_Latn")] == rows["value"][0]


def test_frontier_sets_decisions_against_compute(trial: ReportInputs) -> None:
    table = trial.statistics.rank_correlations.filter(language="all", large_size="0.8M")
    figure = decision_frontier(trial.statistics.rank_correlations)
    points = by_name(figure)["all pairs"]
    shares = table.filter(statistic="compute_share", group_name="all")["value"].to_list()
    assert list(points.x) == pytest.approx(shares, rel=0.02)
    assert list(points.y) == table.filter(statistic="decision_accuracy", group_name="all")["value"].to_list()
    assert axis_titles(figure) == {"training FLOPs, share of 0.8M's", "decision accuracy (share of pairs)"}


def test_figures_of_nothing_say_so(trial: ReportInputs) -> None:
    numbers, no_runs = trial.statistics, trial.training_runs.head(0)
    empty = [
        ranking_dots(whole(trial).head(0), STYLES),
        rank_bumps(whole(trial).head(0), STYLES),
        rank_rulers(numbers.comparisons.head(0), "0.8M", STYLES),
        loss_curves(trial.training_curves.head(0), STYLES),
        training_curve(trial.training_curves.head(0)),
        bytes_per_token(trial.tokenizer_metrics.head(0), STYLES),
        corpus_mix(trial.corpus_ledger.head(0)),
        training_cost(no_runs, STYLES),
        agreement_by_language(numbers.rank_correlations.head(0)),
        decision_frontier(numbers.rank_correlations.head(0)),
    ]
    for figure in empty:
        assert len(figure.data) == 0
        assert said(figure).endswith((".", "yet."))


def test_one_tokenizer_has_one_colour_in_all_figures_of_a_study(trial: ReportInputs) -> None:
    colours: dict[str, set[str]] = {name: set() for name in STYLES}
    for figure in study_figures(trial).values():
        for trace in figure.data:
            if trace.name in colours:
                colours[trace.name].add(trace.marker.color or trace.line.color)
    assert colours == {name: {style.colour} for name, style in STYLES.items()}
