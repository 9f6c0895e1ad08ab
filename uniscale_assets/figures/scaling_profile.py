"""The lowest loss against the compression rate, budget by budget, and how the best rate moves with compute."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.labels import spread
from uniscale_assets.figures.quantities import format_flops, trimmed
from uniscale_assets.figures.scaling_optima import NOTHING_YET, interval_bars, usable_rows
from uniscale_assets.figures.scaling_rows import Row, optimum_text
from uniscale_assets.figures.scaling_style import (
    BEST_RATE_COLOUR,
    COMPUTE_TITLE,
    LOSS,
    RATE_TITLE,
    budget_colours,
    budget_name,
    linear_axis,
    log_axis,
    rate_colour,
)
from uniscale_assets.figures.style import INK, MUTED, SHADE, dress, says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.scaling_laws.results import LossLaw

LINE_POINTS = 80
HEIGHT, TOP, BOTTOM = 640, 80, 56
LABEL_GAP = 17.0
"""pixels between the names of two budgets"""
BEST_RATE: dict[str, Any] = {"color": BEST_RATE_COLOUR, "width": 2.5, "dash": "dash"}
FAR = 2.0
"""how far beyond the runs' compression rates an axis reaches, as a factor"""
FAR_AWAY = "its best rate lies far beyond the rates that were run"
BEYOND = 30.0
"""how far beyond the fitted budgets T*(C) is drawn, as a factor"""


def loss_profile(optima: DataFrame, law: LossLaw | None = None) -> Figure:
    """The lowest loss of each budget over the compression rate, with the law's curves and the line of the best rate.

    Args:
        optima: of one method, language and evaluation set, from `scaling_laws.isoflop_optima`.
        law: of the same; without one the optima of a budget are joined.
    """
    from plotly.graph_objects import Figure

    title = "Lowest loss against compression rate"
    rows = usable_rows(optima)
    if not rows:
        return says(title, NOTHING_YET)
    colours = budget_colours([row["compute_flops"] for row in rows])
    figure, ends = Figure(), dict[float, float]()
    runs = [row["bytes_per_token"] for row in rows]
    best = best_near(law, list(colours), runs)
    rates = rate_line([*runs, *best])
    for budget, colour in colours.items():
        here = sorted((row for row in rows if row["compute_flops"] == budget), key=lambda row: row["bytes_per_token"])
        line = profile_line(here, law, budget, rates)
        figure.add_scatter(
            **line,
            mode="lines",
            line={"color": colour, "width": 1.8, "simplify": False},
            name=budget_name(budget),
            hoverinfo="skip",
            meta="law",
        )
        figure.add_scatter(**profile_points(here, colour))
        ends[budget] = line["y"][-1]
    drawn: Any = figure.data
    losses = [loss for trace in drawn for loss in trace.y]
    if law is not None and best:
        for trace in best_rate_traces(law, list(colours)):
            figure.add_scatter(**trace)
    key = f"markers: optimum of a budget and rate; {profile_key(law, best)}"
    dress(figure, title, height=HEIGHT, width=860, subtitle=key, showlegend=False)
    figure.update_layout(margin={"t": TOP, "b": BOTTOM, "r": 130})
    figure.update_xaxes(log_axis(rates, RATE_TITLE, trimmed, most=8, padding=0.01))
    figure.update_yaxes(linear_axis(losses, LOSS.title, most=8))
    return label_budgets(figure, ends, colours)


def profile_key(law: LossLaw | None, best: Sequence[float]) -> str:
    """How to read the lines."""
    if law is None:
        return "no law is fitted yet"
    if best:
        return "lines: the fitted law; dashed: its best rate, T*(C), with 95 % intervals"
    return f"lines: the fitted law{f'; {FAR_AWAY}' if law.has_optimum else ''}"


def best_near(law: LossLaw | None, budgets: Sequence[float], runs: Sequence[float]) -> list[float]:
    """The law's best rates of some budgets, as far as they are not far beyond the rates of the runs."""
    if law is None or not law.has_optimum:
        return []
    return near(law.optimal_compression_rate(list(budgets)).tolist(), runs)


def near(rates: Sequence[float], runs: Sequence[float]) -> list[float]:
    """The rates that are not far beyond those of the runs: an uncertain law may put its best rate anywhere."""
    return [rate for rate in rates if min(runs) / FAR <= rate <= max(runs) * FAR]


def rate_line(values: Sequence[float]) -> list[float]:
    """Compression rates from a little below the least to a little above the most."""
    low, high = math.log(min(values)) - 0.08, math.log(max(values)) + 0.08
    return [math.exp(low + (high - low) * step / (LINE_POINTS - 1)) for step in range(LINE_POINTS)]


def profile_line(rows: Sequence[Row], law: LossLaw | None, budget: float, rates: Sequence[float]) -> dict[str, list[float]]:
    """The law's curve of a budget; without a law, its optima."""
    if law is None:
        return {"x": [row["bytes_per_token"] for row in rows], "y": [row["optimal_bits_per_byte"] for row in rows]}
    return {"x": list(rates), "y": law.loss_at(budget, list(rates)).tolist()}


def profile_points(rows: Sequence[Row], colour: str) -> dict[str, Any]:
    """The optima of a budget: each in its rate's colour, with a rim and an interval in the budget's."""
    return {
        "x": [row["bytes_per_token"] for row in rows],
        "y": [row["optimal_bits_per_byte"] for row in rows],
        "mode": "markers",
        "marker": {"color": [rate_colour(row["bytes_per_token"]) for row in rows], "size": 10, "line": {"width": 1, "color": "white"}},
        "error_y": interval_bars([{**row, "shown": row[LOSS.optimum]} for row in rows], LOSS.optimum, colour),
        "text": [optimum_text(row) for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
        "name": "optima",
    }


def best_rate_traces(law: LossLaw, budgets: Sequence[float]) -> list[dict[str, Any]]:
    """The line through the lowest points of the law's curves, and those of the budgets with their intervals."""
    low, high = math.log(min(budgets)), math.log(max(budgets))
    compute = [math.exp(low + (high - low) * step / (LINE_POINTS - 1)) for step in range(LINE_POINTS)]
    rates = law.optimal_compression_rate(compute).tolist()
    estimates = [law.optimal_compression_rate_estimate(budget) for budget in budgets]
    words = [
        f"best rate at {budget_name(budget)}<br>T* = {trimmed(one.value)} ({trimmed(one.low)} to {trimmed(one.high)})"
        for budget, one in zip(budgets, estimates, strict=True)
    ]
    line = {"x": rates, "y": [float(law.loss_at(budget, rate)) for budget, rate in zip(compute, rates, strict=True)]}
    points = {
        "x": [one.value for one in estimates],
        "y": [float(law.loss_at(budget, one.value)) for budget, one in zip(budgets, estimates, strict=True)],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [one.high - one.value if math.isfinite(one.high) else None for one in estimates],
            "arrayminus": [one.value - one.low for one in estimates],
            "color": BEST_RATE["color"],
            "thickness": 1.5,
            "width": 4,
        },
        "text": words,
        "hovertemplate": "%{text}<extra></extra>",
    }
    look = {"symbol": "line-ns", "size": 13, "line": {"width": 2.5, "color": BEST_RATE["color"]}}
    return [
        {**line, "mode": "lines", "line": BEST_RATE, "hoverinfo": "skip", "name": "T*(C)"},
        {**points, "mode": "markers", "marker": look, "name": "T*(C)"},
    ]


def label_budgets(figure: Figure, ends: dict[float, float], colours: dict[float, str]) -> Figure:
    """Write each budget beside the end of its line, moved apart where two would touch."""
    layout: Any = figure.layout
    low, high = layout.yaxis.range
    pixels = HEIGHT - TOP - BOTTOM
    wanted = [(value - low) / (high - low) * pixels for value in ends.values()]
    for budget, place in zip(ends, spread(wanted, LABEL_GAP), strict=True):
        figure.add_annotation(
            text=budget_name(budget),
            x=1.0,
            y=place / pixels,
            xref="paper",
            yref="paper",
            xanchor="left",
            xshift=4,
            showarrow=False,
            font={"size": 12, "color": colours[budget]},
        )
    return figure


def best_rate(optima: DataFrame, law: LossLaw | None = None) -> Figure:
    """The best compression rate over compute: the law's line with its 95 % interval, and the best rate among the runs of each budget.

    Args:
        optima: of one method, language and evaluation set, from `scaling_laws.isoflop_optima`.
        law: of the same; what lies beyond the budgets that it was fitted to stands on grey.
    """
    from plotly.graph_objects import Figure

    title = "Best compression rate over compute"
    rows = usable_rows(optima)
    if not rows:
        return says(title, NOTHING_YET)
    budgets = sorted({row["compute_flops"] for row in rows})
    lowest = [
        min((row for row in rows if row["compute_flops"] == budget), key=lambda row: row["optimal_bits_per_byte"]) for budget in budgets
    ]
    figure, shown, compute = Figure(), [row["bytes_per_token"] for row in rows], budgets
    known = bool(best_near(law, budgets, shown))
    if law is not None and known:
        compute = law_compute(law)
        for trace in best_rate_band(law, compute):
            figure.add_scatter(**trace)
        shown = [*shown, *near(law.optimal_compression_rate(compute).tolist(), shown)]
        high = law.compute_range[1]
        figure.add_vrect(x0=high, x1=compute[-1], fillcolor=SHADE, opacity=0.5, line_width=0, layer="below")
        figure.add_annotation(
            text="beyond the fit",
            x=math.log10(math.sqrt(high * compute[-1])),
            y=1,
            yref="paper",
            yanchor="top",
            showarrow=False,
            font={"color": MUTED},
        )
    figure.add_scatter(
        x=budgets,
        y=[row["bytes_per_token"] for row in lowest],
        mode="markers",
        marker={"color": [rate_colour(row["bytes_per_token"]) for row in lowest], "size": 11, "line": {"width": 1, "color": INK}},
        text=[optimum_text(row) for row in lowest],
        hovertemplate="%{text}<extra></extra>",
        name="best of the rates that were run",
    )
    without = "the fitted law's lies far beyond them" if law is not None and law.has_optimum else "no law with a best rate is fitted"
    line = "line and band: the law's T*(C) with its 95 % interval" if known else without
    dress(figure, title, height=400, width=760, subtitle=f"circles: best of the rates that were run; {line}", showlegend=False)
    figure.update_layout(margin={"t": 80})
    figure.update_xaxes(log_axis(compute, COMPUTE_TITLE, format_flops, most=8, padding=0.03))
    return figure.update_yaxes(log_axis(shown, RATE_TITLE, trimmed, most=8))


def law_compute(law: LossLaw) -> list[float]:
    """Budgets from the least that the law was fitted to until a good way beyond the greatest."""
    low, high = math.log(law.compute_range[0]), math.log(law.compute_range[1] * BEYOND)
    return [math.exp(low + (high - low) * step / (LINE_POINTS - 1)) for step in range(LINE_POINTS)]


def best_rate_band(law: LossLaw, compute: Sequence[float]) -> list[dict[str, Any]]:
    """The interval as a filled shape, and the line."""
    estimates = [law.optimal_compression_rate_estimate(budget) for budget in compute]
    closed = all(math.isfinite(one.high) and one.low > 0 for one in estimates)
    band = {
        "x": [*compute, *reversed(compute)],
        "y": [*(one.high for one in estimates), *(one.low for one in reversed(estimates))],
        "fill": "toself",
        "fillcolor": "rgba(0,121,91,0.15)",
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "name": "interval",
    }
    words = [f"T* = {trimmed(one.value)} ({trimmed(one.low)} to {trimmed(one.high)})" for one in estimates]
    line = {
        "x": list(compute),
        "y": [one.value for one in estimates],
        "mode": "lines",
        "line": {**BEST_RATE, "dash": "solid"},
        "name": "T*(C)",
    }
    return [*([band] if closed else []), {**line, "text": words, "hovertemplate": "%{text}<br>at %{x:.2g} FLOPs<extra></extra>"}]
