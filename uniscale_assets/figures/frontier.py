"""What a small size's decisions are worth for what they cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import log_range, log_ticks, trimmed
from uniscale_assets.figures.style import BEST_LINE, MUTED, PALETTE, dress, says, sorted_sizes, text_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from polars import DataFrame

GROUPS = {
    "all": ("all pairs", PALETTE[0], "circle", 0.985),
    "equal vocab_size": ("pairs of equal vocabulary size", PALETTE[1], "square", 1.015),
}
"""name, colour, marker and a sideways shift of each group of pairs"""


def decision_frontier(correlations: DataFrame) -> Figure:
    """Decision accuracy of each smaller size against the largest, over its share of the largest's compute, with 95 % intervals.

    Args:
        correlations: rows of `tables.RANK_CORRELATIONS` of one budget; those over all languages are drawn.
    """
    title = "Decisions at a small size"
    rows = correlations.filter(language="all")
    largest = sorted_sizes(rows["large_size"].to_list())[-1:]
    rows = rows.filter(rows["large_size"].is_in(largest), rows["value"].is_not_null())
    shares = {row["small_size"]: row["value"] for row in rows.filter(statistic="compute_share", group_name="all").iter_rows(named=True)}
    accuracies = [row for row in rows.filter(statistic="decision_accuracy").iter_rows(named=True) if row["small_size"] in shares]
    if not accuracies:
        return says(title, "Not known yet: it takes two sizes with three tokenizers each, and their FLOPs.")
    from plotly.graph_objects import Figure

    figure = Figure()
    for group in GROUPS:
        points = [row for row in accuracies if row["group_name"] == group]
        if points:
            figure.add_scatter(**accuracy_points(group, points, shares))
    figure.add_hline(0.5, line=BEST_LINE["line"])
    key = f"share of tokenizer pairs ordered as {largest[0]} orders them; dotted: chance"
    dress(figure, title, height=400, width=620, showlegend=True, subtitle=key)
    figure.update_layout(margin={"t": 76, "b": 108}, legend={"orientation": "h", "x": 0, "y": -0.3, "yanchor": "top"})
    ticks, texts = log_ticks(min(shares.values()), max(shares.values()), lambda share: f"{trimmed(share * 100)} %", most=6)
    for size, share in shares.items():
        figure.add_annotation(x=math.log10(share), y=1.0, yref="y", text=text_of(size), showarrow=False, yshift=18, font={"color": MUTED})
    span = log_range(min(shares.values()), max(shares.values()), 0.15)
    figure.update_xaxes(type="log", range=span, tickvals=ticks, ticktext=texts, title_text=f"training FLOPs, share of {largest[0]}'s")
    return figure.update_yaxes(
        range=[-0.03, 1.12], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%", title_text="decision accuracy (share of pairs)"
    )


def accuracy_points(group: str, rows: list[dict[str, Any]], shares: dict[str, float]) -> dict[str, Any]:
    """One group of pairs as a plotly trace."""
    name, colour, symbol, shift = GROUPS[group]
    reaches = [(row["high"], row["low"]) if row["low"] is not None else (row["value"], row["value"]) for row in rows]
    return {
        "x": [shares[row["small_size"]] * shift for row in rows],
        "y": [row["value"] for row in rows],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [high - row["value"] for row, (high, _) in zip(rows, reaches, strict=True)],
            "arrayminus": [row["value"] - low for row, (_, low) in zip(rows, reaches, strict=True)],
            "thickness": 1.2,
            "width": 4,
        },
        "mode": "markers",
        "marker": {"color": colour, "symbol": symbol, "size": 10, "line": {"color": "white", "width": 1}},
        "name": name,
        "customdata": [row["small_size"] for row in rows],
        "hovertemplate": "%{customdata}: %{y:.0%} of " + name + "<extra></extra>",
    }
