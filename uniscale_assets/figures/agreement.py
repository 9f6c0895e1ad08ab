"""Whether sizes agree: one size's bits per byte against another's, and rank agreement by language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.labels import place_labels
from uniscale_assets.figures.quantities import tick_format
from uniscale_assets.figures.style import (
    BEST_LINE,
    INK,
    LIGHT_TO_DARK,
    MUTED,
    TokenizerStyle,
    dress,
    error_bars,
    in_study_order,
    marker_of,
    says,
    style_for,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

SIDE = 420
"""width and height of the scatter's plotting area, pixels"""
LEFT, TOP = 70, 70
BARS = "bars: 95 % interval of the difference to the best (dotted)"


def size_scatter(ranking: DataFrame, small: str, large: str, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Bits per byte of every tokenizer at two sizes, a labelled point each.

    Bars are 95 % intervals of the difference to the best of that size, which dotted lines mark: a tokenizer whose bar
    reaches the line cannot be told from the best there.

    Args:
        ranking: of `statistics.ranking`, of one budget and language.
        small: the size across.
        large: the size up.
        styles: from `style.styles_of`.
    """
    title = f"Size {large} against {small}"
    sides = [{row["tokenizer"]: row for row in ranking.filter(size=size).iter_rows(named=True)} for size in (small, large)]
    names = [name for name in in_study_order(list(sides[0]), styles) if name in sides[1]]
    if len(names) < 2:
        return says(title, f"Tokenizers that have both sizes: {len(names)}. It takes two.")
    from plotly.graph_objects import Figure

    across, up = ([side[name] for name in names] for side in sides)
    ranges = [padded_range(rows) for rows in (across, up)]
    figure = Figure([scatter_point(row, other, style_for(styles, row["tokenizer"])) for row, other in zip(across, up, strict=True)])
    figure.add_vline(min(row["bits_per_byte"] for row in sides[0].values()), **BEST_LINE)
    figure.add_hline(min(row["bits_per_byte"] for row in sides[1].values()), **BEST_LINE)
    add_labels(figure, across, up, ranges)
    dress(figure, title, width=SIDE + LEFT + 24, height=SIDE + TOP + 60, subtitle=BARS, showlegend=False)
    figure.update_layout(margin={"l": LEFT, "r": 24, "t": TOP, "b": 60})
    forms = [tick_format(*span) for span in ranges]
    figure.update_xaxes(range=ranges[0], title_text=f"{text_of(small)} (bits per byte)", nticks=7, tickformat=forms[0])
    return figure.update_yaxes(range=ranges[1], title_text=f"{text_of(large)} (bits per byte)", nticks=7, tickformat=forms[1])


def scatter_point(small: dict[str, Any], large: dict[str, Any], style: TokenizerStyle) -> dict[str, Any]:
    """One tokenizer as a plotly trace."""
    name = text_of(small["tokenizer"])
    return {
        "x": [small["bits_per_byte"]],
        "y": [large["bits_per_byte"]],
        "error_x": error_bars([small], style),
        "error_y": error_bars([large], style),
        "mode": "markers",
        "marker": marker_of(style),
        "name": name,
        "hovertemplate": name + "<br>%{x:.4f} and %{y:.4f} bits per byte<extra></extra>",
    }


def padded_range(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """The range of one axis: every point and interval, and room for labels."""
    values = [row["bits_per_byte"] for row in rows]
    margin = max((max(values) - min(values)) * 0.2, 1e-4)
    ends = [(row["bits_per_byte"] - reach_of(row), row["bits_per_byte"] + reach_of(row)) for row in rows]
    return min(low for low, _ in ends) - margin / 2, max(high for _, high in ends) + margin / 2


def reach_of(row: dict[str, Any]) -> float:
    """Half the width of a row's interval, bits per byte; 0 where it is not known."""
    return 0.0 if row["difference_high"] is None else row["difference_high"] - row["difference_to_best"]


def add_labels(
    figure: Figure,
    across: Sequence[dict[str, Any]],
    up: Sequence[dict[str, Any]],
    ranges: Sequence[tuple[float, float]],
) -> None:
    """The tokenizers' names beside their points, with a fine line where one had to move away."""
    names = [str(row["tokenizer"]) for row in across]
    places = [(row["bits_per_byte"], other["bits_per_byte"]) for row, other in zip(across, up, strict=True)]
    (left, right), (bottom, top) = ranges
    wide, high = SIDE / (right - left), SIDE / (top - bottom)
    pixels = [((x - left) * wide, (y - bottom) * high) for x, y in places]
    reaches = [(reach_of(row) * wide, reach_of(other) * high) for row, other in zip(across, up, strict=True)]
    middles = place_labels(pixels, reaches, names, SIDE, SIDE)
    for name, place, pixel, middle in zip(names, places, pixels, middles, strict=True):
        figure.add_annotation(
            x=place[0],
            y=place[1],
            ax=middle[0] - pixel[0],
            ay=pixel[1] - middle[1],
            text=text_of(name),
            font={"size": 12},
            showarrow=True,
            arrowhead=0,
            arrowwidth=0.8,
            arrowcolor=MUTED,
            standoff=6,
            borderpad=0,
            bgcolor="rgba(255,255,255,0.7)",
        )


def agreement_by_language(correlations: DataFrame, statistic: str = "spearman") -> Figure:
    """Rank agreement of every pair of sizes, by language and over all.

    Args:
        correlations: rows of `tables.RANK_CORRELATIONS` of one budget.
        statistic: which of them to draw.
    """
    title = f"{statistic.capitalize()} between sizes, by language"
    rows = correlations.filter(statistic=statistic, group_name="all")
    rows = rows.filter(rows["value"].is_not_null())
    if rows.is_empty():
        return says(title, "Not known yet: it takes two sizes with three tokenizers each.")
    from plotly.graph_objects import Figure, Heatmap

    cells = {(f"{row['small_size']} → {row['large_size']}", row["language"]): row for row in rows.iter_rows(named=True)}
    pairs = list(dict.fromkeys(pair for pair, _ in cells))
    found = {language for _, language in cells}
    languages = ["all"] * ("all" in found) + sorted(found - {"all"})
    trace = Heatmap(
        x=[text_of(language) for language in languages],
        y=[text_of(pair) for pair in pairs],
        z=[[cells[pair, language]["value"] if (pair, language) in cells else None for language in languages] for pair in pairs],
        customdata=[[interval_text(cells.get((pair, language))) for language in languages] for pair in pairs],
        texttemplate="%{z:.2f}",
        textfont={"size": 12, "color": INK},
        colorscale=LIGHT_TO_DARK,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate="%{y}, %{x}: %{z:.3f}%{customdata}<extra></extra>",
    )
    left = 24 + 8 * max(len(pair) for pair in pairs)
    figure = dress(Figure(trace), title, height=140 + 28 * len(pairs), width=max(480, left + 40 + 50 * len(languages)))
    figure.update_layout(margin={"l": left, "r": 40, "t": 120, "b": 20})
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False)
    return figure.update_xaxes(side="top", ticks="", showgrid=False, showline=False, tickangle=-50)


def interval_text(row: dict[str, Any] | None) -> str:
    """An interval as the pointer shows it."""
    if row is None or row["low"] is None or row["high"] is None:
        return ""
    return f", 95 % interval {row['low']:.2f} to {row['high']:.2f}"
