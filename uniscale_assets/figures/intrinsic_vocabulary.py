"""What vocabularies hold: scripts, and lengths of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.intrinsic_frequencies import LINE_LEGEND, add_legend, dash_of
from uniscale_assets.figures.style import INK, TokenizerStyle, dress, in_study_order, says, style_for, text_of
from uniscale_assets.tokenization.metric_definitions import SCRIPT_PREFIX, script_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotly.graph_objects import Figure
    from polars import DataFrame

KINDS = {"bytes": "#A9B1BA", "mixed": "#D8C7AE", "digits": "#8FA3B8", "spaces": "#E3E7EB", "signs": "#C5CCD3"}
"""fills of what is of no one script"""
LIGHT = (
    *("#9ECAE1", "#FDBE85", "#A1D9B4", "#E7B8D3", "#F6E08B", "#C3B5E3"),
    *("#F2A59B", "#8FCFC9", "#D6E39A", "#E3C29B", "#B9D3F5", "#F3CBE8"),
)
"""fills that dark numbers can be read on"""
SHOWN_SCRIPTS = len(LIGHT) - 1
"""scripts with a colour of their own; the rest is one"""


def vocabulary_by_script(metrics: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """A bar for each vocabulary, cut by the scripts of its entries.

    Args:
        metrics: rows of `tables.TOKENIZER_METRICS`; those of the shares by script are drawn.
        styles: from `style.styles_of`; give the order of rows.
    """
    title = "Vocabulary by script"
    rows = metrics.filter(metrics["metric"].str.starts_with(SCRIPT_PREFIX))
    if rows.is_empty():
        return says(title, "No tokenizer has been measured yet.")
    from plotly.graph_objects import Bar, Figure

    names = in_study_order(rows["tokenizer"].to_list(), styles)
    shares = {(row["tokenizer"], row["metric"].removeprefix(SCRIPT_PREFIX)): row["value"] for row in rows.iter_rows(named=True)}
    figure = Figure()
    for label, fill, scripts in script_groups(shares):
        values = [sum(shares.get((name, script), 0.0) for script in scripts) for name in names]
        figure.add_trace(
            Bar(
                y=[text_of(name) for name in names],
                x=values,
                name=text_of(label),
                orientation="h",
                marker={"color": fill, "line": {"color": "white", "width": 1}},
                text=[f"{value:.0%}" if value >= 0.03 else "" for value in values],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"size": 11, "color": INK},
                hovertemplate=f"%{{y}}: {text_of(label)} %{{x:.1%}}<extra></extra>",
            )
        )
    traces: Any = figure.data
    lines = -(-len(traces) // 5)
    dress(figure, title, height=110 + 28 * len(names) + 26 * lines + 50, subtitle="share of the vocabulary's entries", barmode="stack")
    left = 30 + 8 * max(len(name) for name in names)
    bottom = 70 + 26 * lines
    legend = {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "traceorder": "normal"}
    figure.update_layout(margin={"l": left, "r": 30, "t": 64, "b": bottom}, legend=legend, bargap=0.25)
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, ticklabelstandoff=6)
    return figure.update_xaxes(range=[0, 1], tickformat=".0%", title_text="share of entries")


def script_groups(shares: Mapping[tuple[str, str], float]) -> list[tuple[str, str, list[str]]]:
    """What is drawn as one: label, fill and scripts. The most frequent scripts first, what is of no script last."""
    totals: dict[str, float] = {}
    for (_, script), share in shares.items():
        totals[script] = totals.get(script, 0.0) + share
    scripts = sorted((script for script in totals if script not in KINDS), key=lambda script: (-totals[script], script))
    groups = {script_in_words(script): [script] for script in scripts[:SHOWN_SCRIPTS]}
    if scripts[SHOWN_SCRIPTS:]:
        groups["other scripts"] = scripts[SHOWN_SCRIPTS:]
    fills = [(label, fill, members) for (label, members), fill in zip(groups.items(), LIGHT, strict=False)]
    return fills + [(script_in_words(kind), fill, [kind]) for kind, fill in KINDS.items() if kind in totals]


def length_distribution(lengths: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Lengths of tokens in bytes: of the vocabulary's entries, and of the tokens of the test text.

    Args:
        lengths: columns tokenizer, bytes, entries and tokens, of `intrinsic_frames`.
        styles: from `style.styles_of`.
    """
    title = "Length of tokens"
    if lengths.is_empty():
        return says(title, "No tokenizer has been measured yet.")
    from plotly.graph_objects import Scatter
    from plotly.subplots import make_subplots

    panels = {"entries": "entries of the vocabulary", "tokens": "tokens of the test text"}
    figure = make_subplots(rows=1, cols=2, shared_xaxes=True, subplot_titles=list(panels.values()), horizontal_spacing=0.09)
    names = in_study_order(lengths["tokenizer"].to_list(), styles)
    for column, (count, label) in enumerate(panels.items(), start=1):
        for name in names:
            rows, style = lengths.filter(tokenizer=name).sort("bytes"), style_for(styles, name)
            if not rows[count].sum():
                continue  # entries that spell nothing by themselves
            reached = (rows[count].cum_sum() / rows[count].sum()).to_list()
            trace = Scatter(
                x=rows["bytes"].to_list(),
                y=reached,
                mode="lines",
                line={"color": style.colour, "dash": dash_of(style), "width": 1.8},
                showlegend=False,
                legendgroup=name,
                hovertemplate=f"{text_of(name)}<br>%{{y:.1%}} have at most %{{x}} bytes<extra></extra>",
            )
            figure.add_trace(trace, row=1, col=column)
        figure.update_yaxes(title_text=f"share of {label.split()[0]}", row=1, col=column)
    add_legend(figure, names, styles)
    dress(figure, title, height=440, subtitle="share that is not longer than so many bytes")
    legend = {**LINE_LEGEND, "orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"}
    figure.update_layout(margin={"l": 76, "r": 24, "t": 92, "b": 70 + 24 * (-(-len(names) // 6))}, legend=legend)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    return figure.update_xaxes(title_text="bytes of a token", rangemode="tozero")
