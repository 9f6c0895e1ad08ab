"""The figure and the tables of predictors show the frame's numbers and build from little data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars
import pytest

from uniscale_assets.figures.predictor_tables import metric_table, predictor_table, predictors_markdown
from uniscale_assets.figures.predictors import predictor_frontier
from uniscale_assets.figures.report import study_report
from uniscale_assets.statistics.predictors import PredictorRow, predictors_of

from . import frames

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from uniscale_assets.figures.report import ReportInputs


def traces(figure: Figure, name: str) -> list[Any]:
    """Traces of that name, decision accuracy before regret."""
    return [trace for trace in figure.data if trace.name == name]


def rows_of(inputs: ReportInputs, **wanted: object) -> polars.DataFrame:
    """Rows of the table, some columns given."""
    return inputs.statistics.predictors.filter(**wanted).filter(polars.col("decision_accuracy").is_not_null())


def test_metrics_stand_left_without_a_place_on_the_axis_of_compute(trial: ReportInputs) -> None:
    figure = predictor_frontier(trial.statistics.predictors)
    accuracy, regret = traces(figure, "intrinsic metric")
    rows = rows_of(trial, kind="intrinsic_metric").sort("decision_accuracy", descending=True)
    assert list(accuracy.y) == rows["decision_accuracy"].to_list()
    assert sorted(regret.y) == sorted(rows["regret"].to_list())
    assert (accuracy.xaxis, regret.xaxis) == ("x", "x3")
    assert figure.layout.xaxis2.type == figure.layout.xaxis4.type == "log"
    assert figure.layout.xaxis.type != "log"


def test_every_trained_predictor_stands_at_its_cost_with_its_interval(trial: ReportInputs) -> None:
    figure = predictor_frontier(trial.statistics.predictors)
    for size in frames.SIZES:
        accuracy, regret = traces(figure, size)
        rows = rows_of(trial, size=size).filter(polars.col("kind").is_in(["curve_point", "smaller_size"]))
        assert list(accuracy.x) == list(regret.x) == rows["compute_flops"].to_list()
        assert list(accuracy.y) == rows["decision_accuracy"].to_list()
        for trace, column in ((accuracy, "decision_accuracy"), (regret, "regret")):
            tops = [value + reach for value, reach in zip(trace.y, trace.error_y.array, strict=True)]
            assert tops == pytest.approx(rows[f"{column}_high"].to_list())
            bottoms = [value - reach for value, reach in zip(trace.y, trace.error_y.arrayminus, strict=True)]
            assert bottoms == pytest.approx(rows[f"{column}_low"].to_list())


def test_the_frontier_never_falls_and_passes_through_what_is_on_it(trial: ReportInputs) -> None:
    blind = trial.statistics.predictors.filter(polars.col("kind") != "intrinsic_metric")
    rows = blind.with_columns(on_frontier=polars.col("decision_accuracy") >= polars.col("decision_accuracy").cum_max())
    accuracy = traces(predictor_frontier(rows), "frontier")[0]
    assert list(accuracy.y) == sorted(accuracy.y)
    for row in rows.filter("on_frontier", polars.col("kind") != "ceiling").iter_rows(named=True):
        assert (row["compute_flops"], row["decision_accuracy"]) in set(zip(accuracy.x, accuracy.y, strict=True))


def test_the_ceiling_and_chance_are_drawn_through_both_panels(trial: ReportInputs) -> None:
    figure = predictor_frontier(trial.statistics.predictors)
    ceiling = rows_of(trial, kind="ceiling").row(0, named=True)
    levels = [shape.y0 for shape in figure.layout.shapes]
    assert levels.count(0.5) == 2
    assert levels.count(ceiling["decision_accuracy"]) >= 2
    assert levels.count(ceiling["regret"]) >= 2


def test_little_data_says_what_is_missing() -> None:
    nothing = predictors_of([], polars.DataFrame(), polars.DataFrame(), None)
    assert "Not known yet" in str(predictor_frontier(nothing).layout.annotations)
    assert predictor_table(nothing).rows == []
    assert predictors_markdown(nothing).count("\n") == 1


def test_one_kind_alone_is_drawn(trial: ReportInputs) -> None:
    for kind in ("intrinsic_metric", "smaller_size"):
        alone = trial.statistics.predictors.filter(kind=kind)
        assert len(predictor_frontier(alone).data) > 0


def test_the_table_holds_what_was_trained_and_only_the_best_metrics(trial: ReportInputs) -> None:
    rows = trial.statistics.predictors
    metric = rows.filter(kind="intrinsic_metric").row(0, named=True)
    many = [{**metric, "predictor": f"metric_{place:02}", "decision_accuracy": place / 40} for place in range(40)]
    longer = polars.concat([polars.DataFrame(many, schema=rows.schema), rows.filter(polars.col("kind") != "intrinsic_metric")])
    shown = [row[0].text for row in predictor_table(longer).rows]
    assert [name for name in shown if name.startswith("metric_")] == [f"metric_{place}" for place in range(34, 40)]
    assert {*frames.SIZES[:2], "0.8M trained again with another seed"} <= set(shown)
    assert [row[0].text for row in metric_table(longer).rows] == [f"metric_{place:02}" for place in range(39, -1, -1)]


def test_the_report_has_the_section_and_the_sentence(trial: ReportInputs) -> None:
    page = study_report(trial)
    assert '<section id="predictors">' in page
    assert 'href="#predictors"' in page
    assert "as good as training" in page
    assert "information capacity at 0.8M (bits/MFLOP)" in page


def test_numbers_of_a_row(trial: ReportInputs) -> None:
    row = PredictorRow(
        "", "2M", "smaller_size", "1M", "1M", 1.0, 2e12, None, 4, 5 / 6, 0.5, 1.0, 6, 4, 0.75, 0.5, 1.0, 0.012, 0.0, 0.03, 0.8, 0.04
    )
    frame = polars.DataFrame([row.__dict__], schema=trial.statistics.predictors.schema)
    cells = predictor_table(frame).rows[0]
    assert [cell.text for cell in cells] == ["1M", "2 × 10¹²", "83%", "3 of 4", "0.0120", "0.80", "4%", "cannot tell"]
    assert [cell.below for cell in cells][2:5] == ["50% to 100%", "50% to 100%", "0.0000 to 0.0300"]
