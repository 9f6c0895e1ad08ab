"""One intrinsic metric: a panel for each language, in it a point for each tokenizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.figures.intrinsic_frames import ONE_SCALE, WHOLE, languages_of
from uniscale_assets.figures.style import TokenizerStyle, dress, in_study_order, marker_of, says, style_for, text_of
from uniscale_assets.tokenization.metric_definitions import definition_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.tokenization.metric_definitions import MetricDefinition

COLUMNS, MANY_COLUMNS, MANY = (5, 4, 3), (8, 7, 6), 24
"""panels beside each other, of which the fullest rows are taken, and with more than so many languages"""
ROW_PIXELS, PANEL_PIXELS, HEAD_PIXELS, FOOT_PIXELS = 17, 44, 92, 62
DIRECTIONS = {"higher": "More is better.", "lower": "Less is better.", "neither": ""}


def metric_panels(metrics: DataFrame, metric: str, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Every tokenizer by language, all panels on one scale.

    Args:
        metrics: rows of `tables.TOKENIZER_METRICS`; those of ``metric`` are drawn.
        metric: a name of `metric_definitions`.
        styles: from `style.styles_of`; give the order and the colours.
    """
    definition = definition_of(metric)
    rows = metrics.filter(metric=metric)
    if rows.is_empty():
        return says(definition.title, "No tokenizer has been measured yet.")
    from plotly.subplots import make_subplots

    # A sum over languages would push all of them to one side.
    languages = [language for language in languages_of(rows) if language != WHOLE or definition.unit != "tokens"]
    names = in_study_order(rows["tokenizer"].to_list(), styles)
    columns = columns_for(len(languages))
    lines = -(-len(languages) // columns)
    body = lines * (PANEL_PIXELS + ROW_PIXELS * len(names))
    figure = make_subplots(
        rows=lines,
        cols=columns,
        **ONE_SCALE,
        subplot_titles=[panel_title(rows, language, definition) for language in languages],
        horizontal_spacing=0.018,
        vertical_spacing=PANEL_PIXELS / body if lines > 1 else 0,
    )
    for number, language in enumerate(languages):
        add_points(figure, rows.filter(language=language), names, styles, (number // columns + 1, number % columns + 1))
    dress(figure, definition.title, height=HEAD_PIXELS + body + FOOT_PIXELS, subtitle=subtitle_of(definition))
    left = 30 + 7.2 * max(len(name) for name in names)
    figure.update_layout(margin={"l": left, "r": 16, "t": HEAD_PIXELS, "b": FOOT_PIXELS}, showlegend=False)
    figure.update_annotations(font_size=12)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=list(map(text_of, names)), autorange="reversed", ticks="")
    figure.update_yaxes(ticklabelstandoff=6)
    figure.update_xaxes(nticks=6, tickangle=0, tickformat="~s" if max(rows["value"].to_list()) >= 1000 else "")
    title_lowest(figure, [unit_of(rows, language) for language in languages], columns)
    return figure


def columns_for(panels: int) -> int:
    """Panels beside each other, so that the last row is as full as it can be."""
    choices = COLUMNS if panels <= MANY else MANY_COLUMNS
    return min(panels, min(choices, key=lambda columns: -panels % columns))


def title_lowest(figure: Figure, units: Sequence[str], columns: int) -> None:
    """Write its unit below the lowest panel of each column, which also gets the ticks that plotly would leave out there."""
    for column in range(columns):
        row = (len(units) - 1 - column) // columns
        unit = text_of(units[row * columns + column])
        figure.update_xaxes(title_text=unit, title_font_size=12, showticklabels=True, row=row + 1, col=column + 1)


def unit_of(rows: DataFrame, language: str) -> str:
    """The unit of a language's values."""
    return rows.filter(language=language)["unit"][0]


def panel_title(rows: DataFrame, language: str, definition: MetricDefinition) -> str:
    """The language; where its words are characters, that too."""
    unit = unit_of(rows, language)
    name = "all languages" if language == WHOLE else language
    return text_of(name if unit == definition.unit else f"{name}, by character")


def subtitle_of(definition: MetricDefinition) -> str:
    """What it is, and which way is better."""
    return f"{definition.meaning} {DIRECTIONS[definition.better]}".strip()


def add_points(figure: Figure, rows: DataFrame, names: Sequence[str], styles: Mapping[str, TokenizerStyle], place: tuple[int, int]) -> None:
    """The points of one panel."""
    from plotly.graph_objects import Scatter

    values = dict(zip(rows["tokenizer"].to_list(), rows["value"].to_list(), strict=True))
    there = [name for name in names if name in values]
    markers = [marker_of(style_for(styles, name), 8) for name in there]
    trace = Scatter(
        x=[values[name] for name in there],
        y=[text_of(name) for name in there],
        mode="markers",
        marker={key: [marker[key] for marker in markers] for key in ("color", "symbol")} | {"size": 8},
        hovertemplate="%{y}: %{x:.4g} " + text_of(rows["unit"][0]) + "<extra></extra>",
    )
    figure.add_trace(trace, row=place[0], col=place[1])
