"""Lines that join each tokenizer's rank over some columns, with its name at both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.labels import LETTER, spread
from uniscale_assets.figures.style import SHADE, TokenizerStyle, dress, in_study_order, marker_of, style_for, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure

STEP, WIDEST = 190, 800
"""pixels between two columns, and between the first and the last of many"""
ROW = 28
"""pixels between two ranks"""
DODGE = 0.05
"""columns between markers that share a rank"""


@dataclass(frozen=True)
class RankColumn:
    """One column: ranks (1 is best, ties share a mean) and bits per byte by tokenizer, and those that lie level with the best."""

    title: str
    """as plotly text"""
    ranks: Mapping[str, float]
    values: Mapping[str, float]
    level: frozenset[str]


def rank_chart(title: str, x_title: str, columns: Sequence[RankColumn], styles: Mapping[str, TokenizerStyle], subtitle: str = "") -> Figure:
    """A line for each tokenizer; grey behind those that lie level with the best of their column.

    Args:
        title: of the figure.
        x_title: what the columns are.
        columns: left to right; at least one.
        styles: from `style.styles_of`.
        subtitle: how to read it.
    """
    from plotly.graph_objects import Figure

    names = in_study_order([name for column in columns for name in column.ranks], styles)
    figure = Figure()
    for place, column in enumerate(columns):
        add_level(figure, place, column)
    for name in names:
        figure.add_scatter(**rank_line(name, columns, style_for(styles, name)))
    add_names(figure, 0, columns[0], -1)
    if len(columns) > 1:
        add_names(figure, len(columns) - 1, columns[-1], 1)
    margin = round(max(len(name) for name in names) * LETTER) + 74
    lowest = max(rank for column in columns for rank in column.ranks.values())
    height, width = round(ROW * (lowest + 0.2)), 2 * margin + max(STEP, min(STEP * (len(columns) - 1), max(WIDEST, 90 * len(columns))))
    dress(figure, title, height=76 + height + 80, width=max(width, 460), subtitle=subtitle, showlegend=False)
    figure.update_layout(margin={"l": margin, "r": margin, "t": 76, "b": 80})
    ticks: dict[str, Any] = {"tickvals": list(range(len(columns))), "ticktext": [column.title for column in columns]}
    figure.update_xaxes(range=[-0.16, len(columns) - 0.84], showgrid=False, title_text=x_title, **ticks)
    return figure.update_yaxes(range=[lowest + 0.6, 0.4], visible=False)


def rank_line(name: str, columns: Sequence[RankColumn], style: TokenizerStyle) -> dict[str, Any]:
    """One tokenizer as a plotly trace; its line breaks where a column lacks it."""
    here = [name in column.ranks for column in columns]
    return {
        "x": [place + dodge(name, column) if there else place for place, (column, there) in enumerate(zip(columns, here, strict=True))],
        "y": [column.ranks.get(name) for column in columns],
        "customdata": [column.values.get(name) for column in columns],
        "mode": "lines+markers",
        "line": {"color": style.colour, "width": 2, "dash": style.dash},
        "marker": marker_of(style, 11),
        "name": text_of(name),
        "hovertemplate": text_of(name) + "<br>rank %{y}: %{customdata:.4f} bits per byte<extra></extra>",
    }


def dodge(name: str, column: RankColumn) -> float:
    """How far a marker moves aside, so that those of equal rank lie beside each other."""
    sharing = sorted(other for other, rank in column.ranks.items() if rank == column.ranks[name])
    return (sharing.index(name) - (len(sharing) - 1) / 2) * DODGE


def add_level(figure: Figure, place: int, column: RankColumn) -> None:
    """Grey behind the tokenizers that cannot be told from the best."""
    for rank in sorted(column.ranks[name] for name in column.level):
        size = {"x0": place - 0.11, "x1": place + 0.11, "y0": rank - 0.5, "y1": rank + 0.5}
        figure.add_shape(type="rect", layer="below", fillcolor=SHADE, line_width=0, **size)


def add_names(figure: Figure, place: int, column: RankColumn, side: int) -> None:
    """Names and values beside the first (side -1) or the last (side 1) column, moved apart where ranks are shared."""
    names = sorted(column.ranks, key=lambda name: (column.ranks[name], name))
    for name, y in zip(names, spread([column.ranks[name] for name in names], 0.62), strict=True):
        value = f"{column.values[name]:.3f}"
        label = text_of(name)
        figure.add_annotation(
            x=place,
            y=y,
            text=f"{label}  {value}" if side < 0 else f"{value}  {label}",
            xanchor="right" if side < 0 else "left",
            xshift=side * 22,
            showarrow=False,
            font={"size": 12},
        )
