"""How numbers are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.intrinsic_vocabulary import LIGHT
from uniscale_assets.figures.style import INK, TokenizerStyle, dress, in_study_order, marker_of, says, style_for, text_of
from uniscale_assets.tokenization.metric_definitions import NUMBER_KINDS, NUMBER_LENGTHS, NUMBER_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotly.graph_objects import Figure
    from polars import DataFrame

SIDE_BY_SIDE = 0.6
"""stretch of the axis over which the points of one length are spread, so that equal ones stay visible"""


def numbers_cut(metrics: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """A bar for each tokenizer: the ways in which it cuts numbers of four to eight digits.

    Args:
        metrics: rows of `tables.TOKENIZER_METRICS`.
        styles: from `style.styles_of`; give the order of rows.
    """
    title = "How numbers are cut"
    rows = metrics.filter(metrics["metric"].is_in([f"numbers_{kind}" for kind in NUMBER_KINDS]))
    if rows.is_empty():
        return says(title, "No tokenizer has been measured yet.")
    from plotly.graph_objects import Bar, Figure

    names = in_study_order(rows["tokenizer"].to_list(), styles)
    shares = {(row["tokenizer"], row["metric"].removeprefix("numbers_")): row["value"] for row in rows.iter_rows(named=True)}
    figure = Figure()
    for number, (kind, label) in enumerate(NUMBER_KINDS.items()):
        values = [shares.get((name, kind), 0.0) for name in names]
        if not any(values):
            continue
        figure.add_trace(
            Bar(
                y=[text_of(name) for name in names],
                x=values,
                name=label,
                orientation="h",
                marker={"color": LIGHT[number], "line": {"color": "white", "width": 1}},
                text=[f"{value:.0%}" if value >= 0.04 else "" for value in values],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"size": 11, "color": INK},
                hovertemplate=f"%{{y}}: {label} %{{x:.1%}}<extra></extra>",
            )
        )
    traces: Any = figure.data
    lines = -(-len(traces) // 2)
    subtitle = "numbers of 4 to 8 digits, each alone; every length counts the same"
    dress(figure, title, height=110 + 28 * len(names) + 26 * lines + 50, subtitle=subtitle, barmode="stack")
    left = 30 + 8 * max(len(name) for name in names)
    legend = {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "traceorder": "normal"}
    figure.update_layout(margin={"l": left, "r": 30, "t": 64, "b": 70 + 26 * lines}, legend=legend, bargap=0.25)
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, ticklabelstandoff=6)
    return figure.update_xaxes(range=[0, 1], tickformat=".0%", title_text="share of numbers")


def number_tokens(metrics: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """A line for each tokenizer: tokens over the digits of a number.

    Args:
        metrics: rows of `tables.TOKENIZER_METRICS`.
        styles: from `style.styles_of`.
    """
    title = "Tokens of a number"
    rows = metrics.filter(metrics["metric"].str.starts_with(NUMBER_PREFIX))
    if rows.is_empty():
        return says(title, "No tokenizer has been measured yet.")
    from plotly.graph_objects import Figure, Scatter

    values = {(row["tokenizer"], row["metric"]): row["value"] for row in rows.iter_rows(named=True)}
    figure, names = Figure(), in_study_order(rows["tokenizer"].to_list(), styles)
    for place, name in enumerate(names):
        style, aside = style_for(styles, name), SIDE_BY_SIDE * ((place + 0.5) / len(names) - 0.5)
        figure.add_trace(
            Scatter(
                x=[length + aside for length in NUMBER_LENGTHS],
                y=[values.get((name, f"{NUMBER_PREFIX}{length}")) for length in NUMBER_LENGTHS],
                mode="lines+markers",
                name=text_of(name),
                line={"color": style.colour, "dash": style.dash, "width": 1.6},
                marker=marker_of(style, 7),
                hovertemplate=f"{text_of(name)}: %{{y:.2f}} tokens for %{{x:.0f}} digits<extra></extra>",
            )
        )
    dress(figure, title, height=400, width=760, subtitle="mean over numbers of one length, each alone")
    figure.update_layout(margin={"l": 64, "r": 24, "t": 64, "b": 60}, legend={"x": 1.02, "y": 1, "xanchor": "left"})
    figure.update_yaxes(title_text="tokens per number", rangemode="tozero")
    return figure.update_xaxes(title_text="digits of the number", dtick=1, range=[0.5, 8.5])
