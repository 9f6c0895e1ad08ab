"""Loss over training: of every model of a study, and of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from uniscale_assets.figures.panels import Panels
from uniscale_assets.figures.quantities import format_bytes, format_flops, log_range, log_ticks, round_values
from uniscale_assets.figures.style import TokenizerStyle, dress, in_study_order, says, sorted_sizes, style_for, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotly.graph_objects import Figure
    from polars import DataFrame

Against = Literal["bytes", "flops"]
AXIS_TITLES: dict[Against, str] = {"bytes": "raw bytes trained on", "flops": "training FLOPs"}
FORMS = {"bytes": format_bytes, "flops": format_flops}
PANEL_WIDTH = 290
POINTS_PER_DOUBLING = 4
MODEL = ("size", "budget", "seed")


def loss_curves(curves: DataFrame, styles: Mapping[str, TokenizerStyle], against: Against = "bytes") -> Figure:
    """Training loss by size: for each tokenizer a line for the mean over seeds and a thin one for each seed.

    The table's rows are pooled, `POINTS_PER_DOUBLING` to each doubling, since one row is the loss on little text.

    Args:
        curves: rows of `tables.TRAINING_CURVES`.
        styles: from `style.styles_of`.
        against: the axis below; both are logarithmic.
    """
    title = f"Training loss against {against if against == 'bytes' else 'FLOPs'}"
    curves = drawable(curves, against)
    if curves.is_empty():
        return says(title, "No training has logged its loss yet.")
    points = pooled(curves, against)
    panels = Panels(sorted_sizes(points["size"].to_list()))
    figure = panels.figure(shared_yaxes="all", horizontal_spacing=0.03, vertical_spacing=0.2 / panels.rows)
    names = in_study_order(points["tokenizer"].to_list(), styles)
    for name in names:
        legend = {"name": text_of(name), "legendgroup": name}
        for number, ((size, budget, seed), line) in enumerate(points.filter(tokenizer=name).group_by(*MODEL, maintain_order=True)):
            whose = "mean over seeds" if seed is None else f"seed {seed}"
            label = ", ".join(str(part) for part in (name, size, budget, whose) if part)
            trace = curve_trace(line, against, style_for(styles, name), label, thin=seed is not None)
            figure.add_scatter(**trace, **legend, showlegend=number == 0, **panels.place(str(size)))
    right = 60 + 8 * max(len(name) for name in names)
    dress(figure, title, height=max(150 + 270 * panels.rows, 160 + 20 * len(names)), width=90 + PANEL_WIDTH * panels.columns + right)
    figure.update_layout(margin={"t": 84, "r": right, "b": 60}, legend={"x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"})
    dress_loss_axes(figure, points, against)
    return figure


def pooled(curves: DataFrame, against: Against) -> DataFrame:
    """Fewer points for each seed, and the mean over seeds, whose seed is null; a single seed is its own mean.

    A row of the table holds the mean over the bytes since the row before. A pooled point is the mean of its rows, weighted
    by those bytes, and stands where its last row does: again a mean over the bytes since the point before.

    Args:
        curves: as `drawable` gives them.
        against: the axis below.

    Returns:
        Columns tokenizer, size, budget, seed, the axis and bits_per_byte; means first, each line in the order of training.
    """
    import polars

    model, axis, loss = ["tokenizer", "size", "budget"], polars.col(against), polars.col("bits_per_byte")
    place = ((axis.max().over(model) / axis).log(2) * POINTS_PER_DOUBLING).floor()
    weight = polars.col("bytes") - polars.col("bytes").shift(1).over(*model, "seed").fill_null(0)
    rows = curves.sort("step").with_columns(polars.col("seed").cast(polars.Int64), place.alias("place"), weight.alias("weight"))
    mean = (loss * polars.col("weight")).sum() / polars.col("weight").sum()
    seeds = rows.group_by(*model, "seed", "place", maintain_order=True).agg(axis.max().cast(polars.Float64), mean)
    count = polars.col("seed").n_unique()
    # Where some seed has no row the mean over the others would jump.
    common = seeds.filter(count.over(*model, "place") == count.over(model))
    means = common.group_by(*model, "place", maintain_order=True).agg(axis.mean(), loss.mean())
    several = seeds.filter(count.over(model) > 1)
    points = polars.concat([means.with_columns(polars.lit(None, polars.Int64).alias("seed")).select(several.columns), several])
    return points.sort("seed", "place", descending=[False, True], nulls_last=False, maintain_order=True)


def training_curve(curve: DataFrame, title: str = "Training loss") -> Figure:
    """Training loss of one model against the bytes it trained on.

    Args:
        curve: rows of `tables.TRAINING_CURVES` of one partition.
        title: names the partition.
    """
    curve = drawable(curve, "bytes")
    if curve.is_empty():
        return says(title, "This training has logged no loss yet.")
    from plotly.graph_objects import Figure

    only = TokenizerStyle("#0072B2", "circle", "solid")
    figure = Figure().add_scatter(**curve_trace(curve, "bytes", only, "training loss"), showlegend=False)
    dress(figure, title, height=360, width=640)
    dress_loss_axes(figure, curve, "bytes")
    return figure


def drawable(curves: DataFrame, against: Against) -> DataFrame:
    """The rows that a logarithmic axis can show, in the order of training."""
    import polars

    shown = polars.col(against).is_not_null() & (polars.col(against) > 0) & polars.col("bits_per_byte").is_not_null()
    return curves.filter(shown).sort("step")


def curve_trace(run: DataFrame, against: Against, style: TokenizerStyle, label: str, *, thin: bool = False) -> dict[str, Any]:
    """The line of one model, with what the pointer says over it."""
    values = run[against].to_list()
    return {
        "x": values,
        "y": run["bits_per_byte"].to_list(),
        "mode": "lines",
        "line": {"color": style.colour, "dash": style.dash, "width": 0.8 if thin else 2},
        "opacity": 0.4 if thin else 1,
        "customdata": [FORMS[against](value) for value in values],
        "hovertemplate": text_of(label) + "<br>%{customdata}: %{y:.3f} bits per byte<extra></extra>",
    }


def dress_loss_axes(figure: Figure, curves: DataFrame, against: Against) -> None:
    """Logarithmic axes with units. They open on the later part of training, where tokenizers differ; zooming out shows the rest."""
    low = min(curves["bits_per_byte"].to_list())
    ends = curves.group_by("tokenizer", *MODEL, maintain_order=True).last()["bits_per_byte"].to_list()
    high = max(1.6 * low, 1.1 * max(ends))
    late = curves.filter(curves["bits_per_byte"] <= high)[against].to_list()
    ticks, texts = log_ticks(min(late), max(late), FORMS[against], most=4)
    figure.update_xaxes(type="log", range=log_range(min(late), max(late)), tickvals=ticks, ticktext=texts, title_text=AXIS_TITLES[against])
    figure.update_xaxes(tickangle=0)
    losses = loss_ticks(low, high)
    figure.update_yaxes(type="log", range=log_range(low, high), tickvals=losses, ticktext=[f"{loss:.4g}" for loss in losses])
    figure.update_layout(yaxis_title_text="training loss (bits per byte)")


def loss_ticks(low: float, high: float) -> list[float]:
    """Round values at about equal distances on a logarithmic axis over less than a decade."""
    return [value for value in round_values(low, high, 7) if value > 0] or [low, high]
