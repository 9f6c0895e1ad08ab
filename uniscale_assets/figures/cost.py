"""What trainings cost: FLOPs, seconds, and where the FLOPs go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_flops, format_seconds, log_range, log_ticks
from uniscale_assets.figures.style import PALETTE, TokenizerStyle, dress, in_study_order, marker_of, says, sorted_sizes, style_for, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotly.graph_objects import Figure
    from polars import DataFrame

PARTS = (("body_flops", "body", PALETTE[0]), ("attention_flops", "attention", PALETTE[4]), ("head_flops", "head", PALETTE[5]))
SECONDS_STEPS: tuple[float, ...] = (
    *(1, 2, 5, 10, 20, 30),
    *(60, 120, 300, 600, 1200, 1800),
    *(3600, 7200, 18000, 36000, 86400, 2 * 86400, 7 * 86400, 30 * 86400),
)


def training_cost(runs: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Cost of one training by size: FLOPs and wall seconds (means over seeds) and the share of each part of the model.

    Args:
        runs: rows of `tables.TRAINING_RUNS`.
        styles: from `style.styles_of`.
    """
    title = "Cost of one training by size"
    runs = runs.filter(runs["training_flops"].is_not_null())
    if runs.is_empty():
        return says(title, "Nothing has been trained yet.")
    from plotly.subplots import make_subplots

    sizes = sorted_sizes(runs["size"].to_list())
    figure = make_subplots(cols=3, shared_yaxes=True, horizontal_spacing=0.04)
    names = in_study_order(runs["tokenizer"].to_list(), styles)
    for number, name in enumerate(names):
        shift = 0.6 * ((number + 0.5) / len(names) - 0.5)
        add_cost_points(figure, runs.filter(tokenizer=name), sizes, name, style_for(styles, name), shift)
    add_part_shares(figure, runs, sizes)
    plot, below = max(120, len(sizes) * max(44, 12 * len(names))), 90 + 22 * -(-len(names) // 4)
    dress(figure, title, height=56 + plot + below, width=940, barmode="stack", uniformtext={"minsize": 11, "mode": "hide"})
    legend = {"orientation": "h", "x": 0, "y": -64 / plot, "yanchor": "top"}
    figure.update_layout(margin={"l": 70, "r": 24, "t": 56, "b": below}, legend=legend)
    dress_cost_axes(figure, runs, sizes)
    return figure


def add_cost_points(figure: Figure, runs: DataFrame, sizes: list[str], name: str, style: TokenizerStyle, shift: float) -> None:
    """One tokenizer's mean FLOPs and seconds, a point for each size, moved up or down so that points do not cover each other."""
    import polars

    means = runs.group_by("size", maintain_order=True).agg(polars.col("training_flops", "seconds").mean()).sort("size")
    for column, (field, form) in enumerate((("training_flops", format_flops), ("seconds", format_seconds)), start=1):
        shown = means.filter(polars.col(field) > 0)
        common: dict[str, Any] = {"mode": "markers", "name": text_of(name), "legendgroup": name, "showlegend": column == 1}
        figure.add_scatter(
            x=shown[field].to_list(),
            y=[sizes.index(size) + shift for size in shown["size"].to_list()],
            marker=marker_of(style, 8),
            customdata=[form(value) for value in shown[field].to_list()],
            hovertemplate=text_of(name) + ": %{customdata}<extra></extra>",
            row=1,
            col=column,
            **common,
        )


def add_part_shares(figure: Figure, runs: DataFrame, sizes: list[str]) -> None:
    """Bars of the share of body, attention and head in the FLOPs of all trainings of a size."""
    import polars

    sums = runs.group_by("size", maintain_order=True).agg(polars.col("training_flops", *(field for field, _, _ in PARTS)).sum())
    rows = {row["size"]: row for row in sums.iter_rows(named=True)}
    for field, name, colour in PARTS:
        shares = [rows[size][field] / rows[size]["training_flops"] for size in sizes]
        figure.add_bar(
            x=shares,
            y=list(range(len(sizes))),
            orientation="h",
            width=0.55,
            name=name,
            marker={"color": colour},
            text=[f"{name} {share:.0%}" if share >= 0.12 else "" for share in shares],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=name + ": %{x:.1%}<extra></extra>",
            showlegend=False,
            row=1,
            col=3,
        )


def dress_cost_axes(figure: Figure, runs: DataFrame, sizes: list[str]) -> None:
    """Units and ticks of the three panels."""
    flops = runs["training_flops"].to_list()
    ticks, texts = log_ticks(min(flops), max(flops), format_flops, most=5)
    span = log_range(min(flops), max(flops), 0.08)
    figure.update_xaxes(type="log", range=span, tickvals=ticks, ticktext=texts, title_text="training FLOPs of one model", row=1, col=1)
    seconds = [value for value in runs["seconds"].to_list() if value]
    if seconds:
        ticks = time_ticks(min(seconds), max(seconds))
        texts = [format_seconds(value) for value in ticks]
        figure.update_xaxes(type="log", range=log_range(min(seconds), max(seconds), 0.1), tickvals=ticks, ticktext=texts, row=1, col=2)
    figure.update_xaxes(title_text="wall time of one training", row=1, col=2)
    figure.update_xaxes(
        range=[0, 1], tickvals=[0, 0.5, 1], tickformat=".0%", title_text="share of FLOPs, by part of the model", row=1, col=3
    )
    figure.update_xaxes(tickangle=0)
    figure.update_yaxes(range=[len(sizes) - 0.5, -0.5], tickvals=list(range(len(sizes))), ticktext=sizes)
    figure.update_yaxes(title_text="size", row=1, col=1)


def time_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Seconds, minutes, hours and days that people count in, within the data."""
    inside = [step for step in SECONDS_STEPS if low * 0.9 <= step <= high * 1.1] or [low]
    return inside[:: -(-len(inside) // most)]
