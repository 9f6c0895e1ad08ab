"""The mix of languages that a study trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.figures.quantities import format_bytes, round_values
from uniscale_assets.figures.style import INK, PALETTE, SHADE, dress, says, text_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from polars import DataFrame


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
