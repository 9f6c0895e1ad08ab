"""The loss as a landscape: compression rate one way, what the budget is spent on the other, the fitted paraboloid below the runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from uniscale_assets.figures.quantities import trimmed
from uniscale_assets.figures.scaling_rows import Row, known, optimum_text, paraboloid_of, rates_of, run_text, run_value, usable
from uniscale_assets.figures.scaling_style import (
    AXES,
    BEST_RATE_COLOUR,
    LOSS_COLOURS,
    PAGE_WIDTH,
    RATE_TITLE,
    budget_name,
    log_axis,
    optimum_marker,
)
from uniscale_assets.figures.style import INK, dress, says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.scaling_laws.results import Paraboloid

Look = Literal["both", "heatmap", "contour"]
CELLS = 60
"""of the drawn paraboloid, each way"""
BEYOND = 0.12
"""how far beyond the runs the paraboloid is drawn, in natural logarithms"""
COVER = 3.0
"""how far beyond the axis the white reaches, as a factor"""


def loss_map(
    points: DataFrame,
    compute_flops: float,
    paraboloids: Sequence[Paraboloid],
    axes: Sequence[str] = ("rho", "B", "N"),
    *,
    optima: DataFrame | None = None,
    look: Look = "both",
) -> Figure:
    """Loss of one budget over compression rate and bytes per parameter, training bytes or parameters, one panel each.

    The paraboloid is drawn where there are runs nearby and left white elsewhere. Runs carry their own loss in the same
    colours, so a run that stands out from its surroundings is one that the paraboloid misses.

    Args:
        points: runs of one method, language and evaluation set; columns of `scaling_laws.points.POINT_COLUMNS`.
        compute_flops: the budget to draw.
        paraboloids: of the same runs; without one of this budget and axis only the runs are drawn.
        axes: any of rho, B, N.
        optima: if given, the optimum of each rate is marked.
        look: colours with labelled lines, colours alone, or lines alone.
    """
    from plotly.subplots import make_subplots

    title = f"Loss at {budget_name(compute_flops)}"
    rows = list(points.filter(compute_flops=compute_flops).sort("bytes_per_token", "bytes").iter_rows(named=True))
    if not rows:
        return says(title, "Not known yet: there are no runs of this budget.")
    found = {axis: paraboloid_of(paraboloids, compute_flops, axis) for axis in axes}
    width = PAGE_WIDTH if len(axes) > 1 else 640
    figure = make_subplots(rows=1, cols=len(axes), horizontal_spacing=0.1)
    stars = list(usable(optima.filter(compute_flops=compute_flops)).iter_rows(named=True)) if optima is not None else []
    for column, axis in enumerate(axes, start=1):
        for trace in map_traces(rows, stars, axis, found[axis], look):
            figure.add_trace(trace, row=1, col=column)
        values = [run_value(row, axis) for row in rows]
        figure.update_xaxes(log_axis([row["bytes_per_token"] for row in rows], RATE_TITLE, trimmed, most=6), row=1, col=column)
        figure.update_yaxes(log_axis(values, AXES[axis].title, AXES[axis].form, most=6), row=1, col=column)
    dress(figure, title, height=430, width=width, subtitle=map_key(rows, look if any(found.values()) else None, bool(stars)))
    figure.update_xaxes(showgrid=False).update_yaxes(showgrid=False)
    return figure.update_layout(margin={"t": 84, "r": 104}, coloraxis=colour_axis(rows), showlegend=False)


def map_key(rows: Sequence[Row], look: Look | None, stars: bool) -> str:
    """How to read the figure; ``look`` is None where there is no surface."""
    parts = ["circles: runs, in the colour of their loss"]
    parts += ["stars: optimum of each rate"] if stars else []
    parts += ["cross: lowest point of the paraboloid"] if look else []
    parts += [f"a line every {trimmed(lines_of(rows).step)} bits per byte"] if look in ("both", "contour") else []
    return "; ".join(parts)


def colour_axis(rows: Sequence[Row]) -> dict[str, Any]:
    """One scale for surface and runs of all panels."""
    losses = [row["bits_per_byte"] for row in rows]
    bar = {
        "title": {"text": "loss<br>(bits per byte)", "font": {"size": 12}},
        "thickness": 14,
        "len": 0.9,
        "x": 1.02,
        "tickformat": ".3f",
        "outlinewidth": 0,
    }
    return {"colorscale": LOSS_COLOURS, "cmin": min(losses), "cmax": max(losses), "colorbar": bar}


def map_traces(rows: Sequence[Row], stars: Sequence[Row], axis: str, paraboloid: Paraboloid | None, look: Look) -> list[Any]:
    """Surface, runs, optima and the minimum of one panel."""
    from plotly.graph_objects import Scatter

    band = band_of(rows, axis)
    traces = [surface(band, paraboloid, look, lines_of(rows)), *covers(band)] if paraboloid is not None else []
    traces.append(
        Scatter(
            x=[row["bytes_per_token"] for row in rows],
            y=[run_value(row, axis) for row in rows],
            mode="markers",
            marker={
                "color": [row["bits_per_byte"] for row in rows],
                "coloraxis": "coloraxis",
                "size": 8,
                "line": {"width": 1, "color": INK},
            },
            text=[run_text(row) for row in rows],
            hovertemplate="%{text}<extra></extra>",
            name="runs",
        )
    )
    traces += [star(row, axis) for row in known(stars, AXES[axis].optimum)]
    if paraboloid is not None and paraboloid.has_minimum:
        traces.append(minimum(paraboloid, axis))
    return traces


def surface(band: Band, paraboloid: Paraboloid, look: Look, lines: Lines) -> Any:
    """The paraboloid as a contour trace over a grid that is even in both logarithms."""
    from plotly.graph_objects import Contour, Heatmap

    rates, values = band.rates, even_ratios(min(band.low), max(band.high))
    common = {"x": rates, "y": values, "z": paraboloid.loss_at([rates], [[value] for value in values]).tolist(), "coloraxis": "coloraxis"}
    common |= {"name": "paraboloid", "hovertemplate": "the paraboloid: %{z:.4f} bits per byte at T = %{x:.3g}<extra></extra>"}
    if look == "heatmap":
        return Heatmap(**common, zsmooth="best")
    levels = {"start": lines.start, "end": lines.end, "size": lines.step, "showlabels": False}
    # Colouring the lines themselves ("lines") can hang the browser, so a map of lines alone has dark ones.
    coloring = "heatmap" if look == "both" else "none"
    return Contour(**common, contours={"coloring": coloring, **levels}, line={"color": INK, "width": 0.7}, autocontour=False)


@dataclass(frozen=True)
class Lines:
    """The losses at which lines are drawn, bits per byte."""

    start: float
    step: float
    end: float


def lines_of(rows: Sequence[Row]) -> Lines:
    """About eight round losses between the least and the greatest of some runs, and more of the same step below and above."""
    losses = [row["bits_per_byte"] for row in rows]
    low, high = min(losses), max(losses)
    step = round_step(max(high - low, 1e-6) / 8)
    return Lines(math.floor(low / step - 3) * step, step, math.ceil(high / step + 3) * step)


def round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below a number."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * 0.999)


def covers(band: Band) -> list[Any]:
    """White above and below the band: there the paraboloid says nothing that a run supports."""
    from plotly.graph_objects import Scatter

    bottom, top = min(band.low) / COVER, max(band.high) * COVER
    shapes = [[(rate, edge) for rate, edge in zip(band.rates, edges, strict=True)] for edges in (band.low, band.high)]
    look = {"mode": "lines", "fill": "toself", "fillcolor": "white", "line": {"width": 0}, "hoverinfo": "skip", "name": "no runs"}
    return [
        Scatter(x=[*(rate for rate, _ in shape), band.rates[-1], band.rates[0]], y=[*(edge for _, edge in shape), end, end], **look)
        for shape, end in zip(shapes, (bottom, top), strict=True)
    ]


def even_ratios(low: float, high: float, count: int = CELLS) -> list[float]:
    """Numbers from one to another at even ratios."""
    first, last = math.log(low), math.log(high)
    return [math.exp(first + (last - first) * step / (count - 1)) for step in range(count)]


@dataclass(frozen=True)
class Band:
    """Where runs are near: for each of many compression rates, from where to where of the axis."""

    rates: list[float]
    low: list[float]
    high: list[float]


def band_of(rows: Sequence[Row], axis: str, count: int = CELLS) -> Band:
    """The runs' range at each compression rate, a little widened, joined straight in both logarithms."""
    import numpy

    spans: dict[float, tuple[float, float]] = {}
    for row in rows:
        value = math.log(run_value(row, axis))
        low, high = spans.get(row["bytes_per_token"], (value, value))
        spans[row["bytes_per_token"]] = (min(low, value), max(high, value))
    places = sorted(spans)
    rates = even_ratios(places[0] * math.exp(-BEYOND / 2), places[-1] * math.exp(BEYOND / 2), count)
    low, high = (numpy.interp(numpy.log(rates), numpy.log(places), [spans[place][end] for place in places]) for end in (0, 1))
    return Band(rates, numpy.exp(low - BEYOND).tolist(), numpy.exp(high + BEYOND).tolist())


def minimum(paraboloid: Paraboloid, axis: str) -> Any:
    """The lowest point of the paraboloid, with its place written beside it."""
    from plotly.graph_objects import Scatter

    words = f"lowest point of the paraboloid<br>T = {trimmed(paraboloid.t_star)}, {AXES[axis].name} {AXES[axis].form(paraboloid.x_star)}"
    return Scatter(
        x=[paraboloid.t_star],
        y=[paraboloid.x_star],
        mode="markers",
        marker={"symbol": "cross", "size": 15, "color": "white", "line": {"width": 2, "color": BEST_RATE_COLOUR}},
        text=[f"{words}<br><b>{paraboloid.minimum:.4f}</b> bits per byte"],
        hovertemplate="%{text}<extra></extra>",
        name="minimum",
    )


def star(row: Row, axis: str) -> Any:
    """The optimum of one compression rate, in the rate's colour."""
    from plotly.graph_objects import Scatter

    return Scatter(
        x=[row["bytes_per_token"]],
        y=[row[AXES[axis].optimum]],
        mode="markers",
        marker=optimum_marker(row["bytes_per_token"], 14),
        text=[optimum_text(row)],
        hovertemplate="%{text}<extra></extra>",
        name="optimum",
        meta="optimum",
    )


def budgets_with_rates(points: DataFrame) -> list[float]:
    """The budgets of which there is a landscape: with runs of at least two compression rates."""
    budgets = sorted(set(points["compute_flops"].to_list()))
    return [budget for budget in budgets if len(rates_of(points.filter(compute_flops=budget))) > 1]
