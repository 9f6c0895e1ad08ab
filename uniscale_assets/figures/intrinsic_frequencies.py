"""How often tokens occur: share of the text over rank, on logarithmic axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.intrinsic_frames import ONE_SCALE, WHOLE, languages_of
from uniscale_assets.figures.quantities import trimmed
from uniscale_assets.figures.style import MUTED, TokenizerStyle, dress, in_study_order, says, style_for, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

TITLE = "Frequency of tokens by rank"
SUBTITLE = "straight where Zipf's law holds; dotted: a slope of −1"
COLUMNS, PANEL_PIXELS = 4, 190
DECADES: dict[str, Any] = {"type": "log", "dtick": 1, "exponentformat": "power", "tickfont": {"size": 11}}
"""a logarithmic axis with a tick at each power of ten; plotly writes powers larger than other ticks"""
LINE_LEGEND: dict[str, Any] = {"itemsizing": "trace", "itemwidth": 40}
"""a legend in which dashes can be told apart"""


def rank_frequency(curves: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """A line for each tokenizer, over all languages.

    Args:
        curves: columns tokenizer, language, rank and share, of `intrinsic_frames`.
        styles: from `style.styles_of`.
    """
    rows = curves.filter(language=WHOLE)
    if rows.is_empty():
        return says(TITLE, "No tokenizer has been measured yet.")
    from plotly.graph_objects import Figure

    names = in_study_order(rows["tokenizer"].to_list(), styles)
    figure = Figure([line_of(rows.filter(tokenizer=name), name, styles, legend=True) for name in names])
    figure.add_trace(zipf_line(rows))
    dress(figure, TITLE, height=440, subtitle=f"whole training text; {SUBTITLE}")
    figure.update_layout(margin={"l": 84, "r": 24, "t": 64, "b": 60}, legend={"x": 1.01, "y": 1, "xanchor": "left"})
    figure.update_layout(legend=LINE_LEGEND)
    axis: dict[str, Any] = {**DECADES, "minor": {"ticks": "outside", "ticklen": 2}}
    figure.update_xaxes(title_text="rank of the token", **axis)
    return figure.update_yaxes(title_text="share of the text's tokens", **axis)


def rank_frequency_by_language(curves: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """The same by language, a panel each, all on one scale.

    Args:
        curves: as for `rank_frequency`.
        styles: from `style.styles_of`.
    """
    rows = curves.filter(curves["language"] != WHOLE) if curves.height else curves
    languages = languages_of(rows)
    if not languages:
        return says(f"{TITLE} and language", "No tokenizer has been measured yet.")
    from plotly.subplots import make_subplots

    columns = min(len(languages), COLUMNS)
    lines = -(-len(languages) // columns)
    body = lines * PANEL_PIXELS
    options: dict[str, Any] = {**ONE_SCALE, "horizontal_spacing": 0.02, "vertical_spacing": 34 / body if lines > 1 else 0}
    figure = make_subplots(rows=lines, cols=columns, subplot_titles=list(map(text_of, languages)), **options)
    names = in_study_order(rows["tokenizer"].to_list(), styles)
    for number, language in enumerate(languages):
        here = rows.filter(language=language)
        for name in (name for name in names if name in here["tokenizer"]):
            trace = line_of(here.filter(tokenizer=name), name, styles, legend=False)
            figure.add_trace(trace, row=number // columns + 1, col=number % columns + 1)
    add_legend(figure, names, styles)
    dress(figure, f"{TITLE} and language", height=110 + body + 100, subtitle="training text of each language")
    legend = {**LINE_LEGEND, "orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"}
    figure.update_layout(margin={"l": 84, "r": 16, "t": 92, "b": 118}, legend=legend)
    figure.update_annotations(font_size=12)
    figure.update_xaxes(**DECADES)
    figure.update_yaxes(**DECADES)
    for column in range(columns):
        lowest = (len(languages) - 1 - column) // columns + 1
        figure.update_xaxes(title_text="rank of the token", title_font_size=12, showticklabels=True, row=lowest, col=column + 1)
    for line in range(lines):
        figure.update_yaxes(title_text="share of tokens", title_font_size=12, row=line + 1, col=1)
    return figure


def line_of(rows: DataFrame, name: str, styles: Mapping[str, TokenizerStyle], *, legend: bool) -> object:
    """The curve of one tokenizer."""
    from plotly.graph_objects import Scatter

    style = style_for(styles, name)
    return Scatter(
        x=rows["rank"].to_list(),
        y=rows["share"].to_list(),
        mode="lines",
        name=text_of(name),
        line={"color": style.colour, "dash": dash_of(style), "width": 1.8},
        showlegend=legend,
        legendgroup=name,
        hovertemplate=f"{text_of(name)}<br>rank %{{x}}<br>%{{y:.2e}} of the tokens<extra></extra>",
    )


def dash_of(style: TokenizerStyle) -> str:
    """Families are told by their markers elsewhere; on lines without markers by dashes: squares and on are dashed."""
    if style.dash != "solid":
        return style.dash
    return {"circle": "solid", "square": "dash", "diamond": "dashdot", "triangle-up": "longdash"}.get(style.symbol, "longdashdot")


def add_legend(figure: Figure, names: Sequence[str], styles: Mapping[str, TokenizerStyle]) -> None:
    """One entry for each tokenizer, whichever panels it is in."""
    from plotly.graph_objects import Scatter

    for name in names:
        style = style_for(styles, name)
        line = {"color": style.colour, "dash": dash_of(style), "width": 1.8}
        figure.add_trace(Scatter(x=[None], y=[None], mode="lines", name=text_of(name), line=line, legendgroup=name))


def zipf_line(rows: DataFrame) -> object:
    """A line with slope -1 from the most frequent token on."""
    from plotly.graph_objects import Scatter

    top, last = float(rows["share"].max() or 1.0), int(rows["rank"].max() or 1)  # pyright: ignore[reportArgumentType]
    line = {"color": MUTED, "width": 1.2, "dash": "dot"}
    label = f"1/rank, from {trimmed(top, 2)}"
    return Scatter(x=[1, last], y=[top, top / last], mode="lines", name=label, line=line, hoverinfo="skip")
