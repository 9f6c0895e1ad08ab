"""How tokenizers compress each language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.figures.style import INK, LIGHT_TO_DARK, TokenizerStyle, dress, in_study_order, says, text_of

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
    return language_heatmap(
        metrics.filter(metric="bytes_per_token"), styles, "Compression by language (bytes per token)", "bytes per token"
    )


def language_heatmap(rows: DataFrame, styles: Mapping[str, TokenizerStyle], title: str, unit: str) -> Figure:
    """A number of every tokenizer by language, as a table of shades.

    Args:
        rows: columns tokenizer, language and value.
        styles: from `style.styles_of`; give the order of rows.
        title: of the figure.
        unit: for the pointer.
    """
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
        hovertemplate="%{y}, %{x}<br>%{z:.3f} " + unit + "<extra></extra>",
    )
    left = 24 + 8 * max(len(name) for name in names)
    figure = dress(Figure(trace), title, height=140 + 26 * len(names), width=max(480, left + 40 + 50 * len(languages)))
    figure.update_layout(margin={"l": left, "r": 40, "t": 120, "b": 20})
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False)
    return figure.update_xaxes(side="top", ticks="", showgrid=False, showline=False, tickangle=-50)
