"""How often models guess a token, by its place in the window (arXiv 2404.03626, Figure 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.figures.panels import Panels
from uniscale_assets.figures.style import TokenizerStyle, dress, in_study_order, marker_of, says, sorted_sizes, style_for, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotly.graph_objects import Figure
    from polars import DataFrame


def accuracy_by_place(accuracies: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Top-1 accuracy by place in the window, a panel for each size, mean over seeds.

    Args:
        accuracies: rows of `tables.POSITION_ACCURACY`, of one budget.
        styles: from `style.styles_of`.
    """
    title = "How often the first guess is right, by place in the window"
    if accuracies.is_empty():
        return says(title, "No model over windows of several tokens has been asked yet.")
    import polars

    panels = Panels(sorted_sizes(accuracies["size"].to_list()))
    figure = panels.figure(shared_yaxes="all", horizontal_spacing=0.03, vertical_spacing=0.2 / panels.rows)
    means = accuracies.group_by("tokenizer", "size", "position").agg(polars.col("accuracy", "commonest_share").mean()).sort("position")
    names = in_study_order(accuracies["tokenizer"].to_list(), styles)
    for name in names:
        style, label = style_for(styles, name), text_of(name)
        for number, size in enumerate(panels.names):
            rows = means.filter(tokenizer=name, size=size)
            common = {
                "x": rows["position"].to_list(),
                "legendgroup": label,
                "hovertemplate": f"{label}, place %{{x}}: %{{y:.1%}}<extra></extra>",
            }
            line = {"color": style.colour, "width": 2, "dash": style.dash}
            figure.add_scatter(
                **common,
                y=rows["accuracy"].to_list(),
                mode="lines+markers",
                line=line,
                marker=marker_of(style),
                name=label,
                showlegend=number == 0,
                **panels.place(size),
            )
            dotted = {"color": style.colour, "width": 1, "dash": "dot"}
            figure.add_scatter(
                **common, y=rows["commonest_share"].to_list(), mode="lines", line=dotted, showlegend=False, **panels.place(size)
            )
    right = 60 + 8 * max(len(name) for name in names)
    subtitle = "given the true tokens before; dotted: always guessing the most frequent token of the place"
    dress(
        figure,
        title,
        height=max(150 + 280 * panels.rows, 160 + 20 * len(names)),
        width=max(640, 90 + 290 * panels.columns + right),
        subtitle=subtitle,
    )
    figure.update_layout(margin={"t": 100, "r": right, "b": 60}, legend={"x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"})
    figure.update_xaxes(title_text="place in the window", dtick=1)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure.update_layout(yaxis_title_text="tokens guessed")
