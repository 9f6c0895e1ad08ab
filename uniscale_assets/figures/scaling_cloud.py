"""Every run in three dimensions, to turn and look at: compression rate, what the budget is spent on, and the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import trimmed
from uniscale_assets.figures.scaling_maps import band_of, even_ratios
from uniscale_assets.figures.scaling_rows import Row, budgets_of, cell, known, optimum_text, rates_of, run_text, run_value, usable
from uniscale_assets.figures.scaling_style import (
    AXES,
    LOSS,
    RATE_TITLE,
    budget_name,
    linear_axis,
    log_axis,
    rate_colour,
    rate_name,
    scene_axis,
)
from uniscale_assets.figures.style import INK, MUTED, dress, says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.scaling_laws.results import Paraboloid

EYE = {"x": 1.45, "y": -1.55, "z": 0.75}
SHEET_POINTS = 25
"""of a drawn paraboloid, each way"""


def loss_cloud(
    points: DataFrame,
    optima: DataFrame,
    axis: str = "rho",
    *,
    budgets: Sequence[float] | None = None,
    paraboloids: Sequence[Paraboloid] = (),
) -> Figure:
    """Runs in three dimensions, coloured by compression rate, with the optimum of each rate marked.

    Args:
        points: runs of one method, language and evaluation set; columns of `scaling_laws.points.POINT_COLUMNS`.
        optima: of the same, from `scaling_laws.isoflop_optima`; may be empty.
        axis: B, N or rho.
        budgets: the ones to draw, FLOPs; all of them if not given.
        paraboloids: of the same runs; those over this axis are drawn as grey sheets.
    """
    from plotly.graph_objects import Figure, Scatter3d

    quantity = AXES[axis]
    chosen = budgets_of(points) if budgets is None else sorted(budgets)
    title = f"Every run: loss over compression rate and {quantity.name}" + (f" at {budget_name(chosen[0])}" if len(chosen) == 1 else "")
    rows = [row for row in points.iter_rows(named=True) if row["compute_flops"] in chosen]
    if not rows:
        return says(title, "Not known yet: there are no runs.")
    figure = Figure()
    for rate in rates_of(points):
        for trace in rate_traces(points, optima, chosen, rate, axis):
            figure.add_trace(Scatter3d(trace))
    for place, paraboloid in enumerate(one for one in paraboloids if one.axis == axis and one.compute_flops in chosen):
        figure.add_trace(
            sheet([row for row in rows if row["compute_flops"] == paraboloid.compute_flops], paraboloid).update(showlegend=place == 0)
        )
    dress(figure, title, height=640, width=900, subtitle="drag to turn, scroll to zoom; diamonds: optimum of each rate and budget")
    axes = {
        "xaxis": scene_axis(log_axis([row["bytes_per_token"] for row in rows], RATE_TITLE, trimmed, most=6)),
        "yaxis": scene_axis(log_axis([run_value(row, axis) for row in rows], quantity.title, quantity.form, most=5)),
        "zaxis": scene_axis(linear_axis([row["bits_per_byte"] for row in rows], LOSS.title)),
    }
    camera = {"eye": EYE, "center": {"x": 0, "y": 0, "z": -0.12}}
    return figure.update_layout(margin={"l": 0, "r": 0, "t": 64, "b": 0}, scene={**axes, "aspectmode": "cube", "camera": camera})


def rate_traces(points: DataFrame, optima: DataFrame, budgets: Sequence[float], rate: float, axis: str) -> list[dict[str, Any]]:
    """The runs of one rate, and its optima joined from budget to budget."""
    runs = [row for budget in budgets for row in cell(points, budget, rate)]
    best = usable(optima).filter(bytes_per_token=rate).sort("compute_flops") if optima.height else optima
    stars = [row for row in known(list(best.iter_rows(named=True)), AXES[axis].optimum, LOSS.optimum) if row["compute_flops"] in budgets]
    colour, group = rate_colour(rate), {"name": rate_name(rate), "legendgroup": rate_name(rate), "hovertemplate": "%{text}<extra></extra>"}
    found = {
        **group,
        "x": [row["bytes_per_token"] for row in runs],
        "y": [run_value(row, axis) for row in runs],
        "z": [row["bits_per_byte"] for row in runs],
        "mode": "markers",
        "marker": {"size": 4, "color": colour, "line": {"width": 0.5, "color": "white"}},
        "text": [run_text(row) for row in runs],
    }
    marked = {
        **group,
        "x": [row["bytes_per_token"] for row in stars],
        "y": [row[AXES[axis].optimum] for row in stars],
        "z": [row[LOSS.optimum] for row in stars],
        "mode": "markers+lines",
        "line": {"color": colour, "width": 3},
        "marker": {"size": 6, "symbol": "diamond", "color": colour, "line": {"width": 1.5, "color": INK}},
        "text": [optimum_text(row) for row in stars],
        "showlegend": False,
        "meta": "optimum",
    }
    return [trace for trace in (found, marked) if trace["x"]]


def sheet(rows: Sequence[Row], paraboloid: Paraboloid) -> Any:
    """The paraboloid of a budget as a grey sheet near its runs."""
    from plotly.graph_objects import Surface

    band = band_of(rows, paraboloid.axis, SHEET_POINTS)
    values = [even_ratios(low, high, SHEET_POINTS) for low, high in zip(band.low, band.high, strict=True)]
    rates = [[rate] * SHEET_POINTS for rate in band.rates]
    return Surface(
        x=rates,
        y=values,
        z=paraboloid.loss_at(rates, values).tolist(),
        colorscale=[[0, MUTED], [1, MUTED]],
        showscale=False,
        opacity=0.25,
        name="paraboloids",
        legendgroup="paraboloids",
        hovertemplate=f"paraboloid of {budget_name(paraboloid.compute_flops)}<br>%{{z:.4f}} bits per byte<extra></extra>",
    )
