"""What the text of a study is like, drawn by language: mix, lengths, scripts, repeated lines.

Every figure takes rows of `tables.CORPUS_QUALITY` of one study.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.corpus.scripts import SCRIPT_NAMES, scripts_of_language
from uniscale_assets.figures.quantities import format_bytes, log_range, log_ticks
from uniscale_assets.figures.report_tables import percent
from uniscale_assets.figures.style import INK, MUTED, PALETTE, SHADE, dress, says, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

ROW_HEIGHT = 24
MARGINS = {"l": 90, "r": 24, "t": 84, "b": 56}
LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"}


def values_of(rows: DataFrame, metric: str, split: str, part: str = "") -> dict[str, float]:
    """The values of one metric by language, 'all' left out."""
    found = rows.filter(metric=metric, split=split, part=part)
    return {language: value for language, value in zip(found["language"], found["value"], strict=True) if language != "all"}


def lying(figure: Figure, title: str, languages: Sequence[str], subtitle: str = "", **layout: Any) -> Figure:
    """Dress a figure that has a row for each language."""
    height = MARGINS["t"] + MARGINS["b"] + ROW_HEIGHT * max(len(languages), 2)
    dress(figure, title, height=height, subtitle=subtitle, legend=LEGEND, margin=MARGINS, **layout)
    figure.update_yaxes(showgrid=False, ticks="", categoryorder="array", categoryarray=[text_of(name) for name in languages])
    return figure


def language_mix(rows: DataFrame, split: str = "train") -> Figure:
    """The share of each language in a split of the mixture, and the share that the study's mixing asks for."""
    title = f"Mix of languages, {split} split"
    got, asked = values_of(rows, "got_share", split), values_of(rows, "asked_share", split)
    if not got:
        return says(title, "There is no mixture yet.")
    from plotly.graph_objects import Bar, Figure, Scatter

    order = sorted(got, key=lambda language: (got[language], language))
    names = [text_of(language) for language in order]
    words = [f"{got[language]:.2%} got" + (f", {asked[language]:.2%} asked for" if asked else "") for language in order]
    hover = {"customdata": words, "hovertemplate": "%{y}: %{customdata}<extra></extra>"}
    figure = Figure(
        Bar(x=[got[name] for name in order], y=names, orientation="h", name="got", width=0.6, marker={"color": PALETTE[0]}, **hover)
    )
    if asked:
        marker = {"symbol": "line-ns", "size": 15, "line": {"width": 3, "color": PALETTE[1]}}
        figure.add_trace(Scatter(x=[asked[name] for name in order], y=names, mode="markers", name="asked for", marker=marker, **hover))
    most = max([*got.values(), *asked.values()])
    for name, language in zip(names, order, strict=True):
        figure.add_annotation(
            x=max(got[language], asked.get(language, 0)), y=name, text=percent(got[language]), showarrow=False, xanchor="left", xshift=8
        )
    subtitle = "" if asked else "the split takes all there is"
    lying(figure, title, order, subtitle)
    return figure.update_xaxes(title_text="share of the bytes", tickformat=".0%", range=[0, most * 1.12])


def document_lengths(rows: DataFrame) -> Figure:
    """Quantiles of the documents' lengths by language: 5 to 95 % thin, the middle half thick, the median a point."""
    title = "Lengths of documents, train split"
    parts = {part: values_of(rows, "document_bytes", "train", part) for part in ("5 %", "25 %", "50 %", "75 %", "95 %")}
    if not parts["50 %"]:
        return says(title, "There is no mixture yet.")
    from plotly.graph_objects import Figure, Scatter

    order = sorted(parts["50 %"], key=lambda language: (parts["50 %"][language], language))
    figure = Figure()
    for name, low, high, width, colour in (("5 to 95 %", "5 %", "95 %", 2, MUTED), ("middle half", "25 %", "75 %", 9, PALETTE[4])):
        x = [value for language in order for value in (parts[low][language], parts[high][language], None)]
        y = [value for language in order for value in (text_of(language), text_of(language), None)]
        figure.add_trace(Scatter(x=x, y=y, mode="lines", name=name, line={"width": width, "color": colour}, hoverinfo="skip"))
    words = [", ".join(f"{part}: {format_bytes(values[language])}" for part, values in parts.items()) for language in order]
    figure.add_trace(
        Scatter(
            x=[parts["50 %"][language] for language in order],
            y=[text_of(language) for language in order],
            mode="markers",
            name="median",
            marker={"color": INK, "size": 9},
            customdata=words,
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        )
    )
    low, high = min(parts["5 %"].values()), max(parts["95 %"].values())
    ticks, texts = log_ticks(low, high, format_bytes)
    lying(figure, title, order)
    return figure.update_xaxes(
        title_text="raw text of a document (bytes)", type="log", range=log_range(low, high), tickvals=ticks, ticktext=texts
    )


def script_shares(rows: DataFrame) -> Figure:
    """Letters by script: those that the language's code promises, Latin ones beside them, all others."""
    title = "Scripts of the letters, train split"
    shares = shares_of_scripts(rows)
    if not shares:
        return says(title, "There is no text yet.")
    from plotly.graph_objects import Bar, Figure

    parts = {language: split_scripts(language, found) for language, found in shares.items()}
    order = sorted(parts, key=lambda language: (parts[language][0], language))
    figure = Figure()
    kinds = (("the language's own", PALETTE[0]), ("Latin", PALETTE[5]), ("others", MUTED))
    words = [script_words(shares[language]) for language in order]
    for place, (name, colour) in enumerate(kinds):
        figure.add_trace(
            Bar(
                x=[parts[language][place] for language in order],
                y=[text_of(language) for language in order],
                orientation="h",
                name=name,
                width=0.7,
                marker={"color": colour},
                customdata=words,
                hovertemplate="%{y}: %{customdata}<extra></extra>",
            )
        )
    lying(figure, title, order, barmode="stack")
    return figure.update_xaxes(title_text="share of the letters", tickformat=".0%", range=[0, 1])


def shares_of_scripts(rows: DataFrame) -> dict[str, dict[str, float]]:
    """Share of each script by language, the largest first."""
    found: dict[str, dict[str, float]] = {}
    for row in rows.filter(metric="script_share").sort("value", descending=True).iter_rows(named=True):
        found.setdefault(row["language"], {})[row["part"]] = row["value"]
    return found


def split_scripts(language: str, shares: Mapping[str, float]) -> tuple[float, float, float]:
    """Shares of the language's own scripts, of Latin where it is not one of them, and of the others."""
    own = scripts_of_language(language)
    latin = 0.0 if "Latn" in own else shares.get("Latn", 0.0)
    mine = sum(share for script, share in shares.items() if script in own)
    return mine, latin, max(0.0, 1 - mine - latin)


def script_words(shares: Mapping[str, float], most: int = 4) -> str:
    """The largest scripts by name: ``Hiragana 41%, Han 32%``."""
    return ", ".join(f"{SCRIPT_NAMES.get(script, script)} {percent(share)}" for script, share in list(shares.items())[:most])


def repeated_lines(rows: DataFrame) -> Figure:
    """Share of the text that stands in lines that were there before, in the same document or anywhere in the language."""
    title = "Repeated lines, train split"
    anywhere, here = (values_of(rows, "repeated_line_share", "train", part) for part in ("in the language", "in the document"))
    if not anywhere:
        return says(title, "There is no text yet.")
    if not any(anywhere.values()):
        return says(title, "No line of the sample stands in it twice.")
    from plotly.graph_objects import Bar, Figure

    order = sorted(anywhere, key=lambda language: (anywhere[language], language))
    figure = Figure()
    for name, values, width, colour in (("in any document", anywhere, 0.75, SHADE), ("in the same document", here, 0.45, PALETTE[1])):
        figure.add_trace(
            Bar(
                x=[values[language] for language in order],
                y=[text_of(language) for language in order],
                orientation="h",
                name=name,
                width=width,
                marker={"color": colour},
                customdata=[f"{values[language]:.2%} {name}" for language in order],
                hovertemplate="%{y}: %{customdata}<extra></extra>",
            )
        )
    lying(figure, title, order, barmode="overlay")
    most = max(*anywhere.values(), 0.01)
    return figure.update_xaxes(
        title_text="share of the characters in lines", tickformat=".0%" if most > 0.05 else ".1%", range=[0, most * 1.08]
    )
