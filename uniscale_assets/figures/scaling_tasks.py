"""Scores on end tasks against what a byte costs when the model is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_count, format_flops, trimmed
from uniscale_assets.figures.scaling_rows import Row, known, rates_of
from uniscale_assets.figures.scaling_style import (
    PAGE_WIDTH,
    linear_axis,
    log_axis,
    rate_colour,
    rate_legend,
    rate_marker,
    rate_name,
    rate_symbols,
)
from uniscale_assets.figures.style import INK, dress, says, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

INFERENCE_TITLE = "inference FLOPs per byte"
END_TASK_COLUMNS = (
    "task",
    "score_name",
    "larger_is_better",
    "method",
    "bytes_per_token",
    "parameters",
    "inference_flops_per_byte",
    "score",
)
"""score_name says what the score is and its unit, such as "accuracy (share)" or "loss (bits per byte)"; larger_is_better is Boolean"""
PANELS_IN_A_LINE = 2
KEY = "a line joins the models of a rate where each size was trained once; dotted: Pareto frontier, the best score that each cost buys"


def end_task(frame: DataFrame) -> Figure:
    """Score of every model on each task over its inference FLOPs per byte, by compression rate, with the Pareto frontier.

    Args:
        frame: a model and task a row; columns `END_TASK_COLUMNS`.
    """
    from plotly.subplots import make_subplots

    title = "End tasks against the cost of inference"
    rows = known(list(frame.iter_rows(named=True)), "inference_flops_per_byte", "score") if frame.height else []
    if not rows:
        return says(title, "Not known: no model has a score on an end task.")
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    symbols = rate_symbols(rates_of(frame))
    columns = min(len(tasks), PANELS_IN_A_LINE)
    lines = -(-len(tasks) // columns)
    figure = make_subplots(
        rows=lines, cols=columns, subplot_titles=[text_of(task) for task in tasks], horizontal_spacing=0.1, vertical_spacing=0.3 / lines
    )
    for entry in rate_legend(list(symbols), symbols):
        figure.add_scatter(**entry, row=1, col=1)
    for index, task in enumerate(tasks):
        place: dict[str, Any] = {"row": index // columns + 1, "col": index % columns + 1}
        here = [row for row in rows if row["task"] == task]
        edge = frontier_of(frame.filter(task=task), larger_is_better=bool(here[0]["larger_is_better"]))
        for trace in [*frontier_line(edge, index == 0), *score_lines(here, symbols)]:
            figure.add_scatter(**trace, **place)
        figure.update_xaxes(log_axis([row["inference_flops_per_byte"] for row in here], INFERENCE_TITLE, format_flops, most=6), **place)
        figure.update_yaxes(linear_axis([row["score"] for row in here], text_of(here[0]["score_name"])), **place)
    dress(figure, title, height=110 + 340 * lines, width=PAGE_WIDTH if columns > 1 else 760, subtitle=KEY)
    return figure.update_layout(margin={"t": 92, "r": 150}, legend={"x": 1.01, "y": 1})


def score_lines(rows: Sequence[Row], symbols: dict[float, str]) -> list[dict[str, Any]]:
    """The models of each compression rate, joined from cheap to dear."""
    traces: list[dict[str, Any]] = []
    for rate in sorted({row["bytes_per_token"] for row in rows}):
        here = sorted((row for row in rows if row["bytes_per_token"] == rate), key=lambda row: row["inference_flops_per_byte"])
        traces.append(
            {
                "x": [row["inference_flops_per_byte"] for row in here],
                "y": [row["score"] for row in here],
                "mode": "markers+lines" if one_run_a_size(here) else "markers",
                "marker": rate_marker(rate, symbols[rate], 9),
                "line": {"color": rate_colour(rate), "width": 1.4},
                "name": rate_name(rate),
                "legendgroup": rate_name(rate),
                "showlegend": False,
                "text": [score_text(row) for row in here],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return traces


def one_run_a_size(rows: Sequence[Row]) -> bool:
    """Whether a line through the models says something: one method, and each size once, not at several budgets."""
    sizes = [row.get("parameters") for row in rows]
    return len(set(sizes)) == len(sizes) and len({row.get("method") for row in rows}) == 1


def score_text(row: Row) -> str:
    """A model under the pointer."""
    parts = [rate_name(row["bytes_per_token"])]
    if row.get("parameters"):
        parts.append(f"N {format_count(row['parameters'])}")
    return "<br>".join([*parts, f"{format_flops(row['inference_flops_per_byte'])} FLOPs per byte", f"<b>{trimmed(row['score'], 4)}</b>"])


def frontier_of(frame: DataFrame, *, larger_is_better: bool) -> list[Row]:
    """The models of one task that no cheaper one reaches, cheapest first."""
    from uniscale_assets.scaling_laws.end_task import pareto_frontier

    return list(pareto_frontier(frame, larger_is_better=larger_is_better).iter_rows(named=True))


def frontier_line(rows: Sequence[Row], legend: bool) -> list[dict[str, Any]]:
    """The best score that each cost buys, as steps."""
    if not rows:
        return []
    return [
        {
            "x": [row["inference_flops_per_byte"] for row in rows],
            "y": [row["score"] for row in rows],
            "mode": "lines",
            "line": {"color": INK, "width": 1.2, "dash": "dot", "shape": "hv"},
            "name": "Pareto frontier",
            "legendgroup": "frontier",
            "showlegend": legend,
            "hoverinfo": "skip",
        }
    ]
