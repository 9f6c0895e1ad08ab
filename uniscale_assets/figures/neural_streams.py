"""What the streams of tokenizers are like: without a model, under a changed prefix, and bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import log_range
from uniscale_assets.figures.style import GRID, MUTED, TokenizerStyle, dress, in_study_order, marker_of, says, style_for, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

CONTROL = TokenizerStyle(MUTED, "circle", "dot")
LEAST_DIVERGENCE = 1e-7
"""bits; where a logarithmic axis ends"""
SEGMENTS_A_VALUE = 8
"""at least, for the Miller-Madow estimate: with fewer its correction is itself wrong"""


def stream_costs(compression: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """What the tokens of every tokenizer cost under a uniform and under a unigram model, over all languages.

    Args:
        compression: rows of `tables.COMPRESSION`.
        styles: from `style.styles_of`.
    """
    title = "Bits per byte of a tokenizer's stream without a model"
    rows = compression.filter(language="all")
    if rows.is_empty():
        return says(title, "No tokenizer has been measured yet.")
    from plotly.graph_objects import Figure

    figure = Figure()
    names = in_study_order(rows["tokenizer"].to_list(), styles)
    for place, name in enumerate(names):
        row = rows.filter(tokenizer=name).row(0, named=True)
        for trace in dumbbell(row, place, style_for(styles, name)):
            figure.add_scatter(**trace)
    left = 24 + 8 * max(len(name) for name in names)
    subtitle = "open: all ids equally likely; filled: by their frequencies; the closer they are, the more the stream looks random"
    dress(figure, title, height=140 + 26 * len(names), width=max(640, left + 560), subtitle=subtitle, showlegend=False)
    figure.update_layout(margin={"l": left, "r": 24, "t": 84, "b": 56})
    figure.update_yaxes(
        range=[len(names) - 0.5, -0.5], tickvals=list(range(len(names))), ticktext=[text_of(name) for name in names], ticks=""
    )
    return figure.update_xaxes(title_text="bits per byte", rangemode="tozero")


def dumbbell(row: dict[str, Any], place: int, style: TokenizerStyle) -> list[dict[str, Any]]:
    """One tokenizer: a line from unigram to uniform."""
    note = f"{text_of(row['tokenizer'])}: {row['bytes_per_token']:.3f} bytes per token, {row['compression_in_bits']:.3f} x in bits"
    values = {"uniform": row["uniform_bits_per_byte"], "unigram": row["unigram_bits_per_byte"]}
    known = {name: value for name, value in values.items() if value is not None}
    symbol = style.symbol.removesuffix("-open")
    markers = [symbol + ("-open" if name == "uniform" else "") for name in known]
    return [
        {
            "x": list(known.values()),
            "y": [place] * len(known),
            "mode": "lines+markers",
            "line": {"color": style.colour, "width": 1.5},
            "marker": {**marker_of(style), "symbol": markers, "line": {"width": 2, "color": style.colour}},
            "text": list(known),
            "hovertemplate": note + "<br>%{text}: %{x:.3f} bits per byte<extra></extra>",
        }
    ]


def distance_ridges(distances: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """How far apart the tokenizations of one sentence are under different first words; a histogram for each tokenizer.

    Args:
        distances: rows of `tables.PREFIX_DISTANCES`.
        styles: from `style.styles_of`.
    """
    title = "Edit distance between tokenizations under different first words"
    if distances.is_empty():
        return says(title, "No tokenizer has been measured yet.")
    from plotly.graph_objects import Figure

    figure, labels = Figure(), list[str]()
    names = in_study_order(distances["tokenizer"].to_list(), styles)
    for place, name in enumerate(names):
        rows = distances.filter(tokenizer=name).sort("distance")
        for trace in ridge(rows, len(names) - 1 - place, style_for(styles, name)):
            figure.add_scatter(**trace)
        mean = sum(distance * share for distance, share in rows.select("distance", "share").iter_rows())
        labels.append(
            f"{text_of(name)}<br><span style='color:{MUTED};font-size:11px'>{rows['mean_tokens'][0]:.0f} tokens, mean {mean:.1f}</span>"
        )
    left = 24 + 8 * max(22, *(len(name) for name in names))
    subtitle = "every pair of 500 common words before one sentence; heights are to scale within a row"
    dress(figure, title, height=130 + 44 * len(names), width=max(680, left + 560), subtitle=subtitle, showlegend=False)
    figure.update_layout(margin={"l": left, "r": 24, "t": 84, "b": 56})
    figure.update_yaxes(
        range=[-0.25, len(names)],
        tickvals=[len(names) - place - 0.75 for place in range(len(names))],
        ticktext=labels,
        ticks="",
        showgrid=False,
    )
    return figure.update_xaxes(title_text="tokens inserted, deleted or replaced", rangemode="tozero")


def ridge(rows: DataFrame, base: int, style: TokenizerStyle) -> list[dict[str, Any]]:
    """A filled histogram that stands on a line."""
    shares = dict(rows.select("distance", "share").iter_rows())
    places = range(min(shares), max(shares) + 1)
    most = max(shares.values())
    edges = [edge for place in places for edge in (place - 0.5, place + 0.5)]
    heights = [base + 0.8 * shares.get(place, 0.0) / most for place in places for _ in range(2)]
    floor = {"x": [edges[0], edges[-1]], "y": [base, base], "mode": "lines", "line": {"color": GRID, "width": 1}, "hoverinfo": "skip"}
    notes = [
        f"{text_of(rows['tokenizer'][0])}: distance {place}, {shares.get(place, 0.0):.2%} of pairs" for place in places for _ in range(2)
    ]
    filled = {"mode": "lines", "fill": "tonexty", "line": {"color": style.colour, "width": 1.2}, "text": notes}
    return [
        floor,
        {"x": [edges[0], *edges, edges[-1]], "y": [base, *heights, base], **filled, "hovertemplate": "%{text}<extra></extra>"}
        | {"text": [notes[0], *notes, notes[-1]]},
    ]


def divergence_from_uniform(uniformity: DataFrame, styles: Mapping[str, TokenizerStyle], estimator: str) -> Figure:
    """How far bit n-grams and n-bit tokens are from uniform, with the band over partitions and a random control.

    Args:
        uniformity: rows of `tables.BIT_UNIFORMITY`.
        styles: from `style.styles_of`.
        estimator: of the entropy, ``plug-in`` or ``miller-madow``; values that are not above zero are not drawn, and of the second
            those with fewer than ``SEGMENTS_A_VALUE`` segments for each possible value.
    """
    title = f"Divergence from uniform, {'plug-in' if estimator == 'plug-in' else 'Miller-Madow'} estimate"
    rows = uniformity.filter(estimator=estimator)
    if estimator != "plug-in":
        rows = rows.filter(rows["segments"] >= SEGMENTS_A_VALUE * 2.0 ** rows["bits"])
    if rows.is_empty():
        return says(title, "No stream has been measured yet.")
    from plotly.subplots import make_subplots

    kinds = {"n-grams": "n-grams, at every bit", "tokens": "n-bit tokens, end to end"}
    figure = make_subplots(cols=2, shared_yaxes=True, horizontal_spacing=0.03, subplot_titles=list(kinds.values()))
    names = in_study_order(rows["tokenizer"].to_list(), styles)
    streams = [(name, rows.filter(tokenizer=name, control=False), style_for(styles, name)) for name in names]
    control = rows.filter(control=True)
    shortest = control.sort("segments")["tokenizer"][:1].to_list()
    streams += [("random bits", control.filter(tokenizer=name), CONTROL) for name in shortest]
    for name, line, style in streams:
        for column, kind in enumerate(kinds, 1):
            for trace in band(line.filter(segmentation=kind).sort("bits"), name, style):
                figure.add_scatter(**trace, showlegend=column == 1 and trace["mode"] != "none", row=1, col=column)
    right = 60 + 8 * max(11, *(len(name) for name in names))
    subtitle = "median over partitions of the stream; shaded: 5 to 95 % of them; dotted: as many random bits"
    dress(figure, title, height=max(460, 150 + 20 * len(names)), width=820 + right, subtitle=subtitle)
    figure.update_layout(margin={"t": 100, "r": right, "b": 60}, legend={"x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"})
    figure.update_xaxes(title_text="bits of a segment", tickvals=[1, 2, 4, 8, 12, 16])
    shown = positive([value for _, line, _ in streams for value in line["median"].to_list()])
    figure.update_yaxes(type="log", range=log_range(min(shown), max(shown)) if shown else None, exponentformat="power", dtick=1)
    figure.update_layout(yaxis_title_text="Kullback-Leibler divergence (bits)")
    return figure


def positive(values: Sequence[float]) -> list[float]:
    """Values that a logarithmic axis can show."""
    return [value for value in values if value >= LEAST_DIVERGENCE]


def band(rows: DataFrame, name: str, style: TokenizerStyle) -> list[dict[str, Any]]:
    """The median and what lies between the low and the high quantile; nothing where no value is above zero."""
    shown = rows.filter(rows["median"] >= LEAST_DIVERGENCE)
    if shown.is_empty():
        return []
    bits, label = shown["bits"].to_list(), text_of(name)
    low = [max(value, LEAST_DIVERGENCE) for value in shown["low"].to_list()]
    area: dict[str, Any] = {
        "x": [*bits, *reversed(bits)],
        "y": [*low, *reversed(shown["high"].to_list())],
        "mode": "none",
        "fill": "toself",
    }
    hover = f"{label}, %{{x}} bits: %{{y:.3g}} bits<br>%{{text}}<extra></extra>"
    notes = [f"{row['low']:.2g} to {row['high']:.2g}, {row['segments']:,} segments a partition" for row in shown.iter_rows(named=True)]
    line: dict[str, Any] = {"color": style.colour, "dash": style.dash, "width": 2}
    marks = {"marker": marker_of(style, 6), "text": notes, "hovertemplate": hover}
    return [
        {**area, "fillcolor": style.colour, "opacity": 0.15, "hoverinfo": "skip", "legendgroup": label},
        {"x": bits, "y": shown["median"].to_list(), "mode": "lines+markers", "line": line, "name": label, "legendgroup": label, **marks},
    ]
