"""Downstream tasks: accuracy over sizes of every tokenizer, against a random choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.style import (
    INK,
    TokenizerStyle,
    dress,
    in_study_order,
    marker_of,
    says,
    sorted_sizes,
    style_for,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

COLUMNS, PANEL_WIDTH, PANEL_HEIGHT, BETWEEN = 3, 320, 250, 84
"""panels beside each other, and pixels"""
SPREAD = 0.56
"""of the way from one size to the next, over which tokenizers stand beside each other"""
RAW = ("acc", "acc_norm")
"""metrics that favour short choices, or scripts of many bytes; drawn only where a task has no other"""
READING = "bars: 95 % interval over seeds and items; dotted: a random choice"


def accuracy_by_size(accuracies: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Accuracy of every tokenizer at every size, a panel for each task and metric; raw `acc` only where a task has nothing better.

    Args:
        accuracies: of `statistics.downstream`, of one budget; those over all languages are drawn.
        styles: from `style.styles_of`.
    """
    title = "Downstream accuracy by size (higher is better)"
    rows = accuracies.filter(language="all")
    if rows.is_empty():
        return says(title, "No model has been scored on a downstream task yet.")
    panels = panels_of(rows)
    columns = min(COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    figure = empty_panels(panels, lines, columns)
    sizes = sorted_sizes(rows["size"].to_list())
    for number, panel in enumerate(panels):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        add_panel(figure, rows.filter(task=panel[0], metric=panel[1]), sizes, styles, place, legend=number == 0)
    height = lines * (PANEL_HEIGHT + BETWEEN) + 100
    dress(figure, title, height=height, width=80 + columns * PANEL_WIDTH, subtitle=READING, showlegend=True)
    figure.update_layout(
        margin={"l": 60, "r": 24, "t": 92, "b": 108}, legend={"orientation": "h", "x": 0, "y": -64 / (height - 200), "yanchor": "top"}
    )
    ticks: dict[str, Any] = {"tickvals": list(range(len(sizes))), "ticktext": [text_of(size) for size in sizes]}
    figure.update_xaxes(range=[-0.5, len(sizes) - 0.5], showgrid=False, title_text="size", **ticks)
    return figure.update_yaxes(tickformat=".0%", nticks=6)


def panels_of(accuracies: DataFrame) -> list[tuple[str, str]]:
    """Task and metric of each panel."""
    pairs = list(dict.fromkeys(zip(accuracies["task"], accuracies["metric"], strict=True)))
    better = {task for task, metric in pairs if metric not in RAW}
    return [(task, metric) for task, metric in pairs if metric not in RAW or (task not in better and metric == "acc")]


def empty_panels(panels: Sequence[tuple[str, str]], lines: int, columns: int) -> Figure:
    """A figure with a named panel for each task and metric."""
    from plotly.subplots import make_subplots

    titles = [text_of(f"{task}, {metric}") for task, metric in panels]
    height = lines * (PANEL_HEIGHT + BETWEEN) - 100
    spacing: dict[str, Any] = {
        "horizontal_spacing": 0.06 if columns > 1 else 0.0,
        "vertical_spacing": BETWEEN / height if lines > 1 else 0.0,
    }
    return make_subplots(rows=lines, cols=columns, subplot_titles=titles, **spacing)


def add_panel(
    figure: Figure, rows: DataFrame, sizes: Sequence[str], styles: Mapping[str, TokenizerStyle], place: dict[str, Any], *, legend: bool
) -> None:
    """The tokenizers of one task and metric, beside each other at each size, and the level of a random choice."""
    names = in_study_order(rows["tokenizer"].to_list(), styles)
    step = SPREAD / max(1, len(names) - 1) if len(names) > 1 else 0.0
    for number, name in enumerate(names):
        points = sorted(rows.filter(tokenizer=name).iter_rows(named=True), key=lambda row: sizes.index(row["size"]))
        shift = (number - (len(names) - 1) / 2) * step
        figure.add_scatter(**tokenizer_points(name, points, sizes, shift, style_for(styles, name)), showlegend=legend, **place)
    chances = [value for value in rows["random_baseline"].to_list() if value is not None]
    if chances:
        figure.add_hline(chances[0], line={"color": INK, "width": 1, "dash": "dot"}, layer="above", **place)


def tokenizer_points(
    name: str, rows: Sequence[dict[str, Any]], sizes: Sequence[str], shift: float, style: TokenizerStyle
) -> dict[str, Any]:
    """One tokenizer as a plotly trace."""
    reaches = [(row["low"], row["high"]) if row["low"] is not None else (row["accuracy"], row["accuracy"]) for row in rows]
    return {
        "x": [sizes.index(row["size"]) + shift for row in rows],
        "y": [row["accuracy"] for row in rows],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [high - row["accuracy"] for row, (_, high) in zip(rows, reaches, strict=True)],
            "arrayminus": [row["accuracy"] - low for row, (low, _) in zip(rows, reaches, strict=True)],
            "color": style.colour,
            "thickness": 1.1,
            "width": 2,
        },
        "mode": "lines+markers",
        "line": {"color": style.colour, "dash": style.dash, "width": 1},
        "marker": marker_of(style, 7),
        "name": text_of(name),
        "legendgroup": name,
        "customdata": [row["size"] for row in rows],
        "hovertemplate": f"{text_of(name)} at %{{customdata}}: %{{y:.1%}}<extra></extra>",
    }
