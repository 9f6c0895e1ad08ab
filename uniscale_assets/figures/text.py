"""The text of a study: bytes per token by language, and the mix of languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.figures.quantities import format_bytes, round_values
from uniscale_assets.figures.style import INK, LIGHT_TO_DARK, PALETTE, SHADE, TokenizerStyle, dress, in_study_order, says, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotly.graph_objects import Figure
    from polars import DataFrame


def bytes_per_token(metrics: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Compression of every tokenizer by language, as a table of shades with its numbers.

    Args:
        metrics: rows of `tables.TOKENIZER_METRICS`; those with metric ``bytes_per_token`` are drawn.
        styles: from `style.styles_of`; give the order of rows.
    """
    title = "Compression by language (bytes per token)"
    rows = metrics.filter(metric="bytes_per_token")
    if rows.is_empty():
        return says(title, "No tokenizer has been measured yet.")
    from plotly.graph_objects import Figure, Heatmap

    names = in_study_order(rows["tokenizer"].to_list(), styles)
    languages = ["all"] * ("all" in rows["language"]) + sorted(set(rows["language"].to_list()) - {"all"})
    cells = {(row["tokenizer"], row["language"]): row["value"] for row in rows.iter_rows(named=True)}
    trace = Heatmap(
        x=[text_of(language) for language in languages],
        y=[text_of(name) for name in names],
        z=[[cells.get((name, language)) for language in languages] for name in names],
        texttemplate="%{z:.2f}",
        textfont={"size": 12, "color": INK},
        colorscale=LIGHT_TO_DARK,
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate="%{y}, %{x}<br>%{z:.3f} bytes per token<extra></extra>",
    )
    left = 24 + 8 * max(len(name) for name in names)
    figure = dress(Figure(trace), title, height=140 + 26 * len(names), width=max(480, left + 40 + 50 * len(languages)))
    figure.update_layout(margin={"l": left, "r": 40, "t": 120, "b": 20})
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False)
    return figure.update_xaxes(side="top", ticks="", showgrid=False, showline=False, tickangle=-50)


def corpus_mix(ledger: DataFrame, split: str = "train") -> Figure:
    """Bytes of each language: what the corpus has, and what the study's mixture takes of it.

    Args:
        ledger: rows of `tables.CORPUS_LEDGER`.
        split: which part of the corpus.
    """
    title = f"Text by language, {split} split"
    rows = ledger.filter(split=split).sort("mixture_bytes", "bytes", nulls_last=False)
    if rows.is_empty():
        return says(title, "The corpus has not been read yet.")
    from plotly.graph_objects import Bar, Figure

    languages = [text_of(language) for language in rows["language"].to_list()]
    there, taken = rows["bytes"].to_list(), [value or 0 for value in rows["mixture_bytes"].to_list()]
    common = {"y": languages, "orientation": "h", "hovertemplate": "%{y}: %{customdata}<extra></extra>"}
    figure = Figure(
        [
            Bar(
                x=there,
                name="in the corpus",
                marker={"color": SHADE},
                width=0.8,
                customdata=[f"{format_bytes(v)} there" for v in there],
                **common,
            ),
            Bar(
                x=taken,
                name="in the mixture",
                marker={"color": PALETTE[0]},
                width=0.5,
                customdata=[f"{format_bytes(v)} taken" for v in taken],
                **common,
            ),
        ]
    )
    total = sum(taken)
    for language, value, end in zip(languages, taken, there, strict=True):
        share = f" ({value / total:.1%})" if total else ""
        figure.add_annotation(
            x=max(end, value),
            y=language,
            text=f"{format_bytes(value)}{share}",
            showarrow=False,
            xanchor="left",
            xshift=6,
            font={"size": 12, "color": INK},
        )
    legend = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"}
    dress(figure, title, height=140 + 26 * len(languages), barmode="overlay", legend=legend, margin={"l": 90, "r": 24, "t": 76, "b": 56})
    most = max([1, *there, *taken])
    ticks = round_values(0, most)
    figure.update_xaxes(
        title_text="raw text (bytes)", range=[0, most * 1.22], tickvals=ticks, ticktext=[format_bytes(tick) for tick in ticks]
    )
    figure.update_yaxes(showgrid=False, ticks="")
    return figure
