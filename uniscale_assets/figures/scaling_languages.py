"""What is optimal in each language against how many bytes the language needs for the same text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.labels import place_labels
from uniscale_assets.figures.quantities import trimmed
from uniscale_assets.figures.scaling_optima import interval_bars
from uniscale_assets.figures.scaling_rows import known
from uniscale_assets.figures.scaling_style import PAGE_WIDTH, Quantity, budget_name, log_axis, quantity_axis
from uniscale_assets.figures.style import INK, PALETTE, SYMBOLS, dress, says, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

PARITY_TITLE = "byte parity (bytes relative to English)"
PANELS = (
    Quantity("bytes per parameter", "optimal bytes per parameter, ρ*", "bytes_per_parameter", trimmed),
    Quantity("compression rate", "optimal compression rate T* (bytes per token)", "bytes_per_token", trimmed),
    Quantity("loss", "lowest loss (bits per byte)", "bits_per_byte", trimmed, log=False),
)
NOTHING_YET = "Not known: no single language has runs enough for an optimum and a known byte parity."
HEIGHT, TOP, BOTTOM = 470, 92, 60
GAP = 0.075
"""share of the width between two panels"""
LEFT, RIGHT = 70, 120
MOST_NAMES = 30
"""languages that are named in a panel; of more, the pointer tells the name"""


def script_styles(scripts: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each script, in the order of their names."""
    return {script: (PALETTE[place % len(PALETTE)], SYMBOLS[place % len(SYMBOLS)]) for place, script in enumerate(sorted(set(scripts)))}


def multilingual_figure(frame: DataFrame) -> Figure:
    """Optimal bytes per parameter, optimal compression rate and lowest loss of each language against its byte parity.

    Args:
        frame: rows of `scaling_laws.multilingual_optima` of one method, budget and evaluation set. Those with a flag are left out.
    """
    from plotly.subplots import make_subplots

    title = "What is optimal, by language" + group_name(frame)
    rows = known(list(frame.filter(frame["flag"] == "").iter_rows(named=True)), "byte_parity") if frame.height else []
    if not rows:
        return says(title, NOTHING_YET)
    # Of all languages, shown or not, so that a script looks the same at every budget.
    styles = script_styles(frame["script"].to_list())
    figure = make_subplots(rows=1, cols=len(PANELS), horizontal_spacing=GAP)
    for script in sorted({row["script"] for row in rows}):
        colour, symbol = styles[script]
        marker = {"color": colour, "symbol": symbol, "size": 10, "line": {"width": 1, "color": "white"}}
        common = {"mode": "markers", "marker": marker, "name": text_of(script), "legendgroup": text_of(script)}
        for column, panel in enumerate(PANELS, start=1):
            here = known([row for row in rows if row["script"] == script], panel.optimum)
            figure.add_scatter(**common, **language_points(here, panel, colour), showlegend=column == 1, row=1, col=column)
    dress(figure, title, height=HEIGHT, width=PAGE_WIDTH, subtitle="colour and marker: script")
    figure.update_layout(margin={"t": TOP, "b": BOTTOM, "l": LEFT, "r": RIGHT}, legend={"x": 1.01, "y": 1})
    for column, panel in enumerate(PANELS, start=1):
        here = known(rows, panel.optimum)
        if here:
            dress_panel(figure, here, panel, column)
    return figure


def language_groups(frame: DataFrame) -> list[DataFrame]:
    """The languages of each method, budget and evaluation set by themselves, in that order."""
    key = ["method", "compute_flops", "evaluation"]
    return frame.sort(key).partition_by(key, maintain_order=True)


def group_name(frame: DataFrame) -> str:
    """Method, budget and evaluation set as they stand in a title."""
    row = frame.row(0, named=True) if frame.height else {}
    return f": {row['method']}, {row['evaluation']}, {budget_name(row['compute_flops'])}" if row else ""


def language_points(rows: Sequence[Mapping[str, Any]], panel: Quantity, colour: str) -> dict[str, Any]:
    """The languages of one script in one panel."""
    words = [
        f"{text_of(row['language'])}<br>{trimmed(row['byte_parity'])} times the bytes of English"
        f"<br>{panel.name} {trimmed(row[panel.optimum], 4)}"
        for row in rows
    ]
    return {
        "x": [row["byte_parity"] for row in rows],
        "y": [row[panel.optimum] for row in rows],
        "error_y": interval_bars([{**row, "shown": row[panel.optimum]} for row in rows], panel.optimum, colour),
        "text": words,
        "hovertemplate": "%{text}<extra></extra>",
    }


def dress_panel(figure: Figure, rows: Sequence[Mapping[str, Any]], panel: Quantity, column: int) -> None:
    """Axes of a panel, and the languages' names where they fit."""
    parities, values = [row["byte_parity"] for row in rows], [row[panel.optimum] for row in rows]
    ends = [row[name] for row in rows for name in (f"{panel.optimum}_low", f"{panel.optimum}_high") if row.get(name) is not None]
    x_axis, y_axis = log_axis(parities, PARITY_TITLE, trimmed, most=5, padding=0.12), quantity_axis(panel, [*values, *ends], most=6)
    x_axis["title"]["font"] = {"size": 12}
    figure.update_xaxes(x_axis, row=1, col=column)
    figure.update_yaxes(y_axis, row=1, col=column)
    width = (PAGE_WIDTH - LEFT - RIGHT) * (1 - GAP * (len(PANELS) - 1)) / len(PANELS)
    height = HEIGHT - TOP - BOTTOM
    points = [(share(x, x_axis) * width, share(y, y_axis) * height) for x, y in zip(parities, values, strict=True)]
    if len(rows) > MOST_NAMES:
        return
    names = [str(row["language"]) for row in rows]
    for (x, y), (left, up), row in zip(points, place_labels(points, [(0, 0)] * len(points), names, width, height), rows, strict=True):
        figure.add_annotation(
            text=text_of(row["language"]),
            x=x / width,
            y=y / height,
            xref=f"x{column if column > 1 else ''} domain",
            yref=f"y{column if column > 1 else ''} domain",
            ax=left - x,
            ay=y - up,
            showarrow=True,
            arrowhead=0,
            arrowwidth=0.6,
            arrowcolor=INK,
            font={"size": 11},
            bgcolor="rgba(255,255,255,0.75)",
            standoff=5,
        )


def share(value: float, axis: Mapping[str, Any]) -> float:
    """Where a value lies along an axis, from 0 to 1."""
    low, high = axis["range"]
    place = math.log10(value) if axis["type"] == "log" else value
    return (place - low) / (high - low)
