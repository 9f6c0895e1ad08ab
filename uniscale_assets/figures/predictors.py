"""What predicts the ranking of the largest size, over the training that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_flops, log_range, log_ticks
from uniscale_assets.figures.style import BEST_LINE, MUTED, PALETTE, dress, says, sorted_sizes, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

    Row = Mapping[str, Any]

TITLE = "Do you even need to train?"
NOT_YET = "Not known yet: it takes a size with three tokenizers, and metrics, curves or smaller sizes that predict it."
SYMBOLS = {"curve_point": "circle-open", "smaller_size": "square", "power_law": "diamond", "intrinsic_metric": "circle"}
LAWS = "power law over sizes"
KEY = "circle: point of a training; square: a whole one; bars: 95 % intervals; dashed: the largest size, another seed; dotted: chance"
FRONTIER = {"color": "#B8BEC6", "width": 5}


@dataclass(frozen=True)
class Measure:
    """One of the two rows of panels."""

    column: str
    flag: str
    row: int
    title: str
    better: int
    """1 where more is better, -1 where less is"""

    def value(self, row: Row) -> float:
        """Of a predictor."""
        return float(row[self.column])

    def bars(self, rows: Sequence[Row]) -> dict[str, Any]:
        """plotly's error bars; none where no noise is known."""
        known = [row if row[f"{self.column}_high"] is not None else None for row in rows]
        return {
            "type": "data",
            "symmetric": False,
            "array": [row[f"{self.column}_high"] - row[self.column] if row else None for row in known],
            "arrayminus": [row[self.column] - row[f"{self.column}_low"] if row else None for row in known],
            "thickness": 1,
            "width": 0,
        }


MEASURES = (
    Measure("decision_accuracy", "on_frontier", 1, "decision accuracy (share of pairs)", 1),
    Measure("regret", "on_regret_frontier", 2, "regret (bits per byte)", -1),
)


def predictor_frontier(predictors: DataFrame) -> Figure:
    """Decision accuracy and regret of every predictor over its training FLOPs, with 95 % intervals, frontier and ceiling.

    What needs no training stands in panels of its own at the left, best first, as a logarithmic axis has no zero.

    Args:
        predictors: of `statistics.predictors`, of one budget.
    """
    rows = [row for row in predictors.iter_rows(named=True) if row["decision_accuracy"] is not None]
    free = sorted(
        (row for row in rows if row["compute_flops"] == 0), key=lambda row: (-row["decision_accuracy"], row["regret"], row["predictor"])
    )
    trained = [row for row in rows if row["compute_flops"] and row["kind"] in SYMBOLS]
    ceiling = next((row for row in rows if row["kind"] == "ceiling"), None)
    if not free and not trained:
        return says(TITLE, NOT_YET)
    from plotly.subplots import make_subplots

    titles = ("no training", f"training, {rows[0]['truth_size']} predicted")
    figure = make_subplots(
        2,
        2,
        shared_yaxes=True,
        shared_xaxes=True,
        column_widths=[0.27, 0.73],
        horizontal_spacing=0.02,
        vertical_spacing=0.07,
        column_titles=titles,
    )
    span = log_range(*ends_of(trained, ceiling), 0.06)
    for measure in MEASURES:
        draw_frontier(figure, measure, rows, len(free), span)
        draw_free(figure, measure, free)
        draw_trained(figure, measure, trained)
        draw_ceiling(figure, measure, ceiling)
    finish(figure, span, len(free), max([row["regret_high"] or row["regret"] for row in rows if row["kind"] != "ceiling"], default=0.1))
    return figure


def ends_of(trained: Sequence[Row], ceiling: Row | None) -> tuple[float, float]:
    """Least and most training FLOPs to be shown."""
    costs = [row["compute_flops"] for row in (*trained, *([ceiling] if ceiling and ceiling["compute_flops"] else []))]
    return (min(costs), max(costs)) if costs else (1.0, 10.0)


def draw_free(figure: Figure, measure: Measure, rows: Sequence[Row]) -> None:
    """Intrinsic metrics, best first; the first few are named."""
    if not rows:
        return
    figure.add_scatter(
        x=list(range(len(rows))),
        y=[measure.value(row) for row in rows],
        error_y={**measure.bars(rows), "color": "#9AA3AD"},
        mode="markers",
        marker={"color": MUTED, "symbol": "circle", "size": 7},
        name="intrinsic metric",
        legendgroup="intrinsic_metric",
        showlegend=measure.row == 1,
        customdata=[hover(row) for row in rows],
        hovertemplate="%{customdata}<extra></extra>",
        row=measure.row,
        col=1,
    )
    if measure.row == 1:
        best = [row["predictor"] for row in rows if row["decision_accuracy"] == rows[0]["decision_accuracy"]]
        text = f"best: {text_of(best[0])}" + (f"<br>and {len(best) - 1} more" if len(best) > 1 else "")
        place = {"x": -0.5, "y": 0.02, "xanchor": "left", "yanchor": "bottom", "align": "left"}
        figure.add_annotation(text=text, showarrow=False, font={"color": MUTED}, row=1, col=1, **place)


def hover(row: Row) -> str:
    """A predictor with its numbers, under the pointer."""
    interval = (
        f" ({row['decision_accuracy_low']:.0%} to {row['decision_accuracy_high']:.0%})" if row["decision_accuracy_low"] is not None else ""
    )
    cost = f"{format_flops(row['compute_flops'])} training FLOPs" if row["compute_flops"] else f"no training; {row['direction']}"
    parts = [f"<b>{text_of(row['predictor'])}</b>", cost, f"{row['decision_accuracy']:.0%} of {row['pairs']} pairs{interval}"]
    return "<br>".join([*parts, f"regret {row['regret']:.4f} bits per byte", f"as good as training: {row['as_good_as_training']}"])


def draw_trained(figure: Figure, measure: Measure, rows: Sequence[Row]) -> None:
    """Points of trainings and whole trainings joined by size, power laws for themselves."""
    sizes = sorted_sizes([row["size"] for row in rows])
    for size, colour in zip(sizes, PALETTE * (1 + len(sizes) // len(PALETTE)), strict=False):
        way = [row for row in rows if row["size"] == size and row["kind"] != "power_law"]
        laws = [row for row in rows if row["size"] == size and row["kind"] == "power_law"]
        for points, mode, name in ((way, "lines+markers", size), (laws, "markers", LAWS)):
            if points:
                colours = {
                    "marker": {"color": colour, "symbol": [SYMBOLS[row["kind"]] for row in points], "size": 9},
                    "line": {"color": colour, "width": 1},
                }
                figure.add_scatter(
                    x=[row["compute_flops"] for row in points],
                    y=[measure.value(row) for row in points],
                    error_y={**measure.bars(points), "color": colour},
                    mode=mode,
                    **colours,
                    opacity=0.9,
                    name=text_of(name),
                    legendgroup=name,
                    showlegend=measure.row == 1,
                    customdata=[hover(row) for row in points],
                    hovertemplate="%{customdata}<extra></extra>",
                    row=measure.row,
                    col=2,
                )


def draw_ceiling(figure: Any, measure: Measure, ceiling: Row | None) -> None:
    """What the largest size reaches when it is trained again, and chance."""
    if ceiling is not None:
        for column in (1, 2):
            figure.add_hline(
                measure.value(ceiling), line={"color": "#1F2933", "width": 1, "dash": "dash"}, layer="below", row=measure.row, col=column
            )
    if measure.column == "decision_accuracy":
        for column in (1, 2):
            figure.add_hline(0.5, line=BEST_LINE["line"], layer="below", row=1, col=column)


def draw_frontier(figure: Figure, measure: Measure, rows: Sequence[Row], free: int, span: tuple[float, float]) -> None:
    """The best that can be had for so much training or less, as steps through both panels."""
    points = sorted((row["compute_flops"], measure.value(row)) for row in rows if row[measure.flag])
    if not points:
        return
    line = {"mode": "lines", "line": FRONTIER, "hoverinfo": "skip", "name": "frontier", "legendgroup": "frontier"}
    level = points[0][1] if points[0][0] == 0 else None
    if level is not None:
        figure.add_scatter(x=[-0.5, free - 0.5], y=[level, level], showlegend=False, row=measure.row, col=1, **line)
    steps = [(10 ** span[0], level), *((cost, value) for cost, value in points if cost > 0)]
    steps = [(cost, value) for cost, value in steps if value is not None]
    ends = [*steps, (10 ** span[1], steps[-1][1])]
    figure.add_scatter(
        x=[cost for cost, _ in ends],
        y=[value for _, value in ends],
        line_shape="hv",
        showlegend=measure.row == 1,
        row=measure.row,
        col=2,
        **line,
    )


def finish(figure: Figure, span: tuple[float, float], free: int, worst: float) -> None:
    """Axes, title and key."""
    dress(figure, TITLE, height=640, showlegend=True, subtitle=KEY)
    key = {"orientation": "h", "x": 0, "y": -0.14, "yanchor": "top", "itemsizing": "trace"}
    figure.update_layout(margin={"l": 84, "t": 96, "b": 108}, legend=key)
    figure.update_xaxes(range=[-0.7, max(free, 1) - 0.3], tickvals=[], col=1)
    figure.update_xaxes(title_text="intrinsic metrics, best first", row=2, col=1)
    ticks, texts = log_ticks(10 ** span[0], 10 ** span[1], format_flops, most=6)
    figure.update_xaxes(type="log", range=span, tickvals=ticks, col=2)
    figure.update_xaxes(ticktext=texts, title_text="training FLOPs, all tokenizers and seeds that it takes", row=2, col=2)
    figure.update_yaxes(range=[-0.03, 1.06], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%", row=1)
    figure.update_yaxes(range=[-0.04 * worst, 1.08 * worst], row=2)
    for measure in MEASURES:
        figure.update_yaxes(title_text=measure.title, row=measure.row, col=1)
