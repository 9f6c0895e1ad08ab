"""Rankings: bits per byte with intervals by size, ranks over sizes, and the ranking by other yardsticks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.labels import LETTER, spread
from uniscale_assets.figures.panels import Panels
from uniscale_assets.figures.style import (
    MUTED,
    SHADE,
    TokenizerStyle,
    dress,
    error_bars,
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

STEP = 200
"""pixels between two columns of a bump chart"""
ROW = 28
"""pixels between two ranks"""


def ranking_dots(ranking: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Bits per byte of every tokenizer with 95 % intervals, a panel for each size, the best of the largest size on top.

    Rows on grey are those that cannot be told from the panel's best.

    Args:
        ranking: one budget and language; columns size, tokenizer, bits_per_byte, low, high, rank, ties_with_best.
        styles: from `style.styles_of`.
    """
    title = "Bits per byte by size (lower is better)"
    if ranking.is_empty():
        return says(title, "No model has been scored yet.")
    panels = Panels(sorted_sizes(ranking["size"].to_list()))
    names = names_by_rank(ranking, panels.names[-1], styles)
    figure = panels.figure(shared_yaxes="all", horizontal_spacing=0.03, vertical_spacing=0.25 / panels.rows)
    for size in panels.names:
        rows = {row["tokenizer"]: row for row in ranking.filter(size=size).iter_rows(named=True)}
        for name in [name for name in names if name in rows]:
            if rows[name]["ties_with_best"]:
                figure.add_hrect(names.index(name) - 0.45, names.index(name) + 0.45, fillcolor=SHADE, line_width=0, layer="below", **panels.place(size))
            figure.add_scatter(**dot(rows[name], names.index(name), style_for(styles, name)), **panels.place(size))
    left = 24 + 8 * max(len(name) for name in names)
    dress(figure, title, height=panels.rows * (70 + 24 * len(names)) + 76, width=left + 24 + 290 * panels.columns, showlegend=False)
    figure.update_layout(margin={"l": left, "r": 24, "t": 84, "b": 60})
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=[text_of(name) for name in names], range=[len(names) - 0.5, -0.5], ticks="")
    return figure.update_xaxes(title_text="bits per byte", nticks=6, showgrid=True)
