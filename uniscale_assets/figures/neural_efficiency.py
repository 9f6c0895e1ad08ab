"""Bits per byte against what inference costs, tokenizer included (arXiv 2404.03626, Figures 3 to 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from uniscale_assets.figures.quantities import format_flops, log_range, log_ticks, round_values, trimmed
from uniscale_assets.figures.style import TokenizerStyle, dress, in_study_order, marker_of, says, sorted_sizes, style_for, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotly.graph_objects import Figure
    from polars import DataFrame

Against = Literal["flops_per_byte", "bytes_per_step"]
AXES: dict[Against, str] = {"flops_per_byte": "FLOPs of inference for each raw byte", "bytes_per_step": "raw bytes for each step"}
READING = "each line is a tokenizer, its points sizes; bars: standard deviation over seeds; dashed: a uniform model over its ids"


def bits_against_cost(costs: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Bits per byte of every tokenizer and size, against FLOPs per byte and against bytes per step; all axes logarithmic.

    Args:
        costs: rows of `tables.INFERENCE_COSTS`, of one budget.
        styles: from `style.styles_of`.
    """
    title = "Bits per byte against the cost of inference"
    if costs.is_empty():
        return says(title, "No model has been scored yet.")
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=2, shared_yaxes=True, horizontal_spacing=0.03)
    names = in_study_order(costs["tokenizer"].to_list(), styles)
    for name in names:
        rows = costs.filter(tokenizer=name)
        rows = rows[[rows["size"].to_list().index(size) for size in sorted_sizes(rows["size"].to_list())]]
        for column, against in enumerate(AXES, 1):
            figure.add_scatter(**line_of(rows, against, style_for(styles, name)), showlegend=column == 1, row=1, col=column)
            figure.add_scatter(**baseline_of(rows, costs, against, style_for(styles, name)), row=1, col=column)
    right = 60 + 8 * max(len(name) for name in names)
    dress(figure, title, height=max(470, 160 + 20 * len(names)), width=820 + right, subtitle=READING)
    figure.update_layout(margin={"t": 84, "r": right, "b": 60}, legend={"x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"})
    dress_axes(figure, costs)
    return figure


def line_of(rows: DataFrame, against: Against, style: TokenizerStyle) -> dict[str, Any]:
    """One tokenizer through its sizes."""
    name = text_of(rows["tokenizer"][0])
    notes = [
        f"{name}, size {row['size']}, {row['seeds']} seeds<br>{format_flops(row['flops_per_byte'])} FLOPs a byte, of them "
        f"{format_flops(row['encoding_flops_per_byte'])} for encoding<br>{row['bytes_per_step']:.2f} bytes a step"
        for row in rows.iter_rows(named=True)
    ]
    return {
        "x": rows[against].to_list(),
        "y": rows["bits_per_byte"].to_list(),
        "error_y": {"type": "data", "array": rows["standard_deviation"].to_list(), "thickness": 1.2, "width": 3},
        "mode": "lines+markers",
        "line": {"color": style.colour, "dash": style.dash, "width": 1.5},
        "marker": marker_of(style),
        "name": name,
        "legendgroup": name,
        "text": notes,
        "hovertemplate": "%{text}<br>%{y:.4f} bits per byte<extra></extra>",
    }


def baseline_of(rows: DataFrame, costs: DataFrame, against: Against, style: TokenizerStyle) -> dict[str, Any]:
    """A dashed line at what a uniform model over a tokenizer's ids reaches."""
    level, name = rows["uniform_bits_per_byte"][0], text_of(rows["tokenizer"][0])
    values = costs[against].to_list()
    return {
        "x": [min(values), max(values)],
        "y": [level, level],
        "mode": "lines",
        "line": {"color": style.colour, "dash": "dash", "width": 0.8},
        "opacity": 0.6,
        "legendgroup": name,
        "showlegend": False,
        "hovertemplate": f"{name}, uniform over its ids: %{{y:.3f}} bits per byte<extra></extra>",
    }


def dress_axes(figure: Figure, costs: DataFrame) -> None:
    """Logarithmic axes with units."""
    for column, (against, words) in enumerate(AXES.items(), 1):
        low, high = min(costs[against].to_list()), max(costs[against].to_list())
        if against == "flops_per_byte":
            ticks, texts = log_ticks(low, high, format_flops, most=4)
        else:
            ticks, texts = level_ticks(low, high)
        options: dict[str, Any] = {"tickvals": ticks, "ticktext": texts, "title_text": words}
        figure.update_xaxes(type="log", range=log_range(low, high), tickangle=0, **options, row=1, col=column)
    levels = [*costs["bits_per_byte"].to_list(), *costs["uniform_bits_per_byte"].to_list()]
    ticks, texts = level_ticks(min(levels), max(levels))
    figure.update_yaxes(type="log", range=log_range(min(levels), max(levels)), tickvals=ticks, ticktext=texts)
    figure.update_layout(yaxis_title_text="bits per byte")


def level_ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """Round values at about equal distances, for a logarithmic axis over less than a decade."""
    values = round_values(low, max(high, 1.001 * low), 8)
    return values, [trimmed(value) for value in values]
