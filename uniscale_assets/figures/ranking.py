"""Rankings: bits per byte with intervals by size, ranks over sizes, and the same ranking by other rulers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.panels import Panels
from uniscale_assets.figures.quantities import quantity, tick_format
from uniscale_assets.figures.rank_chart import RankColumn, rank_chart
from uniscale_assets.figures.style import (
    BEST_LINE,
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
    from collections.abc import Mapping

    from plotly.graph_objects import Figure
    from polars import DataFrame

READING = "bars: 95 % interval of the difference to the best (dotted); grey: cannot be told from the best"
RULERS = ("equal bytes", "equal FLOPs", "equal total parameters")


def ranking_dots(ranking: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Bits per byte of every tokenizer, a panel for each size, the best of the largest size on top.

    Bars are 95 % intervals of the difference to the size's best, which a dotted line marks; rows on grey cannot be told from it.

    Args:
        ranking: of `statistics.ranking`, of one budget and language.
        styles: from `style.styles_of`.
    """
    title = "Bits per byte by size (lower is better)"
    if ranking.is_empty():
        return says(title, "No model has been scored yet.")
    panels = Panels(sorted_sizes(ranking["size"].to_list()))
    names = names_by_rank(ranking, panels.names, styles)
    height = 24 * len(names)
    spacing = {"horizontal_spacing": 0.03, "vertical_spacing": 100 / (panels.rows * (height + 100)) if panels.rows > 1 else 0}
    figure = panels.figure(shared_yaxes="all", **spacing)
    for size in panels.names:
        add_dots(figure, ranking.filter(size=size), names, styles, panels.place(size))
    left = 24 + 8 * max(len(name) for name in names)
    size = {"height": panels.rows * (height + 100) + 52, "width": max(600, left + 24 + 290 * panels.columns)}
    dress(figure, title, **size, subtitle=READING, showlegend=False)
    figure.update_layout(margin={"l": left, "r": 24, "t": 88, "b": 60})
    rows: dict[str, Any] = {"tickvals": list(range(len(names))), "ticktext": [text_of(name) for name in names]}
    return figure.update_yaxes(range=[len(names) - 0.5, -0.5], ticks="", showgrid=False, **rows)


def names_by_rank(ranking: DataFrame, sizes: list[str], styles: Mapping[str, TokenizerStyle]) -> list[str]:
    """Every tokenizer, best first at the largest size; those that lack it follow, by the largest size they have."""
    ranks: dict[str, tuple[int, float]] = {}
    for place, size in enumerate(sizes):
        for row in ranking.filter(size=size).iter_rows(named=True):
            ranks[row["tokenizer"]] = (-place, row["rank"])
    return sorted(in_study_order(list(ranks), styles), key=lambda name: ranks[name])


def add_dots(figure: Figure, rows: DataFrame, names: list[str], styles: Mapping[str, TokenizerStyle], place: dict[str, Any]) -> None:
    """The points of one size."""
    level = level_with_best(rows)
    for row in rows.iter_rows(named=True):
        name, at = text_of(row["tokenizer"]), names.index(row["tokenizer"])
        style = style_for(styles, row["tokenizer"])
        figure.add_scatter(
            x=[row["bits_per_byte"]],
            y=[at],
            error_x=error_bars([row], style),
            mode="markers",
            marker=marker_of(style),
            name=name,
            hovertemplate=f"{name}: %{{x:.4f}} bits per byte<extra></extra>",
            **place,
        )
        # plotly puts no shape on a panel that holds no trace yet, so shapes follow.
        if row["tokenizer"] in level:
            figure.add_hrect(at - 0.5, at + 0.5, fillcolor=SHADE, opacity=0.6, line_width=0, layer="below", **place)
    values = rows["bits_per_byte"].to_list()
    figure.add_vline(min(values), **BEST_LINE, **place)
    form = tick_format(min(values), max(values))
    figure.update_xaxes(title_text="bits per byte", nticks=6, tickformat=form, **place)


def level_with_best(rows: DataFrame) -> frozenset[str]:
    """The best of a size and those that cannot be told from it; empty where it stands alone, or where no noise is known."""
    level = rows.filter(rows["separated"].not_())["tokenizer"].to_list()
    return frozenset(level) if len(level) > 1 else frozenset()


def rank_bumps(ranking: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Rank of every tokenizer over the sizes; on grey those that cannot be told from the best of their size.

    Args:
        ranking: of `statistics.ranking`, of one budget and language.
        styles: from `style.styles_of`.
    """
    title = "Rank over sizes"
    if ranking.is_empty():
        return says(title, "No model has been scored yet.")
    columns: list[RankColumn] = []
    for size in sorted_sizes(ranking["size"].to_list()):
        rows = ranking.filter(size=size)
        columns.append(RankColumn(text_of(size), *placed(rows), level_with_best(rows)))
    return rank_chart(title, "size (non-embedding parameters)", columns, styles, "grey: cannot be told from the best of the size")


def rank_rulers(comparisons: DataFrame, size: str, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """One size's ranking at equal bytes, at equal FLOPs and at equal total parameters, side by side.

    Args:
        comparisons: of `statistics.comparisons`, of one budget.
        size: which size.
        styles: from `style.styles_of`.
    """
    title = f"Ranking of {size} by three rulers"
    rows = comparisons.filter(size=size)
    rows = rows.filter(rows["rank"].is_not_null())
    if rows.is_empty():
        return says(title, "No model of this size can be compared yet.")
    columns: list[RankColumn] = []
    for ruler in RULERS:
        here = rows.filter(comparison=ruler)
        if here.height:
            at = f"{quantity(here['at'][0], here['unit'][0])}<br>{here['source'][0]}"
            columns.append(RankColumn(f"{ruler}<br><span style='font-size:11px'>{at}</span>", *placed(here), frozenset()))
    return rank_chart(title, "", columns, styles, "; ".join(missing_rulers(comparisons.filter(size=size))))


def missing_rulers(rows: DataFrame) -> list[str]:
    """Which rulers cannot be laid to a size, and why."""
    found = {ruler: rows.filter(comparison=ruler) for ruler in RULERS}
    return [f"{ruler}: {part['note'][0]}" for ruler, part in found.items() if part.height and part["rank"].is_null().all()]


def placed(rows: DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """Ranks and bits per byte by tokenizer."""
    names = rows["tokenizer"].to_list()
    return dict(zip(names, rows["rank"].to_list(), strict=True)), dict(zip(names, rows["bits_per_byte"].to_list(), strict=True))
