"""Token premium: what the same content costs in each language, against English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.figures.style import INK, TokenizerStyle, dress, in_study_order, says, text_of
from uniscale_assets.tokenization.metric_definitions import TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotly.graph_objects import Figure
    from polars import DataFrame

CHEAPER_TO_DEARER = [[0.0, "#7FB7DA"], [0.5, "#FFFFFF"], [1.0, "#EE9A5D"]]
"""colours below, at and above English; all of them light enough for dark text"""


def premium_heatmap(metrics: DataFrame, text: str, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """A cell for each tokenizer and language; languages by script, within a script the dearest last.

    Args:
        metrics: rows of `tables.TOKENIZER_METRICS`; those of the text's premium are drawn.
        text: a key of `metric_definitions.TEXTS`.
        styles: from `style.styles_of`; give the order of rows.
    """
    title = f"Token premium, {TEXTS[text]}"
    rows = metrics.filter(metric=f"{text}_premium").filter(metrics.filter(metric=f"{text}_premium")["language"] != "all")
    if rows.is_empty():
        return says(title, "No tokenizer has been measured on this text.")
    from plotly.graph_objects import Figure, Heatmap

    names, languages = in_study_order(rows["tokenizer"].to_list(), styles), languages_by_script(rows)
    cells = {(row["tokenizer"], row["language"]): row["value"] for row in rows.iter_rows(named=True)}
    reach = max(0.05, *(abs(value - 1) for value in cells.values()))
    trace = Heatmap(
        x=[[script_of_code(language) for language in languages], [text_of(language) for language in languages]],
        y=[text_of(name) for name in names],
        z=[[cells.get((name, language)) for language in languages] for name in names],
        zmin=1 - reach,
        zmax=1 + reach,
        colorscale=CHEAPER_TO_DEARER,
        showscale=False,
        texttemplate="%{z:.2f}",
        textfont={"size": 12, "color": INK},
        xgap=1,
        ygap=1,
        hovertemplate="%{y}, %{x}<br>%{z:.3f} tokens for one of English<extra></extra>",
    )
    left = 30 + 8 * max(len(name) for name in names)
    height = 72 + 26 * len(names) + 112
    subtitle = "tokens for the content that takes one token in English"
    figure = dress(Figure(trace), title, height=height, width=max(560, left + 40 + 52 * len(languages)), subtitle=subtitle)
    figure.update_layout(margin={"l": left, "r": 40, "t": 72, "b": 112})
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, ticklabelstandoff=6)
    return figure.update_xaxes(showgrid=False, showline=False, ticks="", tickangle=-90, dividercolor="#B8C0C8")


def script_of_code(language: str) -> str:
    """Latn of eng_Latn."""
    return language.partition("_")[2] or language


def languages_by_script(rows: DataFrame) -> list[str]:
    """Languages by script, the script with the least premium first; within it the least first."""
    import polars as pl

    means = rows.group_by("language").agg(pl.col("value").mean())
    by_language: dict[str, float] = dict(means.iter_rows())
    scripts: dict[str, list[float]] = {}
    for language, value in by_language.items():
        scripts.setdefault(script_of_code(language), []).append(value)
    order = {script: (sum(values) / len(values), script) for script, values in scripts.items()}
    return sorted(by_language, key=lambda language: (order[script_of_code(language)], by_language[language], language))
