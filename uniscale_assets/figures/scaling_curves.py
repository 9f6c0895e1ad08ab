"""Loss over what a compute budget is spent on: one panel a budget, one curve a compression rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from uniscale_assets.figures.panels import MOST_COLUMNS
from uniscale_assets.figures.scaling_rows import Row, budgets_of, cell, known, optimum_text, paraboloid_of, rates_of, run_text, run_value
from uniscale_assets.figures.scaling_style import (
    AXES,
    LOSS,
    PAGE_WIDTH,
    budget_name,
    linear_axis,
    log_axis,
    optimum_marker,
    rate_colour,
    rate_legend,
    rate_marker,
    rate_name,
    rate_symbols,
)
from uniscale_assets.figures.style import INK, dress, says

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.scaling_laws.results import Axis, Paraboloid

Fit = Literal["separate", "joint"]
WORDS = {"separate": "a parabola for each rate", "joint": "one paraboloid for each budget"}
CURVE_POINTS = 60


def isoflop_curves(
    points: DataFrame, optima: DataFrame, axis: Axis = "B", *, fit: Fit = "separate", paraboloids: Sequence[Paraboloid] = ()
) -> Figure:
    """Loss of every run over its training bytes, parameters or bytes per parameter, by budget and compression rate.

    Args:
        points: runs of one method, language and evaluation set; columns of `scaling_laws.points.POINT_COLUMNS`.
        optima: of the same, from `scaling_laws.isoflop_optima`; may be empty.
        axis: B, N or rho.
        fit: the curves: ``separate`` parabolas in the axis' logarithm, or the ``joint`` paraboloid of each budget.
        paraboloids: of the same runs; those over this axis give the joint fit.
    """
    quantity = AXES[axis]
    title = f"Loss over {quantity.name}, {WORDS[fit]}"
    if points.is_empty():
        return says(title, "Not known yet: there are no runs.")
    from uniscale_assets.scaling_laws.optima import isoflop_parabolas

    parabolas = isoflop_parabolas(points, axis=axis)
    grid = BudgetPanels(budgets_of(points))
    symbols = rate_symbols(rates_of(points))
    figure = grid.figure()
    for entry in rate_legend(list(symbols), symbols):
        figure.add_scatter(**entry)
    for budget in grid.budgets:
        panel = Panel(points, optima, budget, axis, symbols, parabolas)
        for trace in panel.traces(fit, paraboloid_of(paraboloids, budget, axis)):
            figure.add_scatter(**trace, **grid.place(budget))
    key = f"★ lowest point of a rate's own parabola in training bytes; lines: {WORDS[fit]}"
    dress(figure, title, height=90 + 300 * grid.rows, width=grid.width, subtitle=key)
    figure.update_layout(margin={"t": 92, "r": 120}, legend={"x": 1.01, "y": 1})
    for budget in grid.budgets:
        rows = list(points.filter(compute_flops=budget).iter_rows(named=True))
        values, losses = [run_value(row, axis) for row in rows], [row["bits_per_byte"] for row in rows]
        place = grid.place(budget)
        figure.update_xaxes(log_axis(values, quantity.title, quantity.form, most=4), **place)
        figure.update_yaxes(linear_axis(losses, LOSS.title if place["col"] == 1 else "", padding=0.09), **place)
    return figure


@dataclass(frozen=True)
class BudgetPanels:
    """One panel for each compute budget, in reading order."""

    budgets: Sequence[float]

    @property
    def columns(self) -> int:
        """Panels beside each other; four stand two by two."""
        return 2 if len(self.budgets) == 4 else min(len(self.budgets), MOST_COLUMNS)

    @property
    def rows(self) -> int:
        """Panels below each other."""
        return -(-len(self.budgets) // self.columns)

    @property
    def width(self) -> int:
        """Pixels of the whole figure."""
        return PAGE_WIDTH if self.columns > 1 else 680

    def place(self, budget: float) -> dict[str, Any]:
        """Row and column of a panel, from 1, as plotly counts."""
        row, column = divmod(list(self.budgets).index(budget), self.columns)
        return {"row": row + 1, "col": column + 1}

    def figure(self) -> Figure:
        """An empty figure with the budgets' names above their panels."""
        from plotly.subplots import make_subplots

        gaps: dict[str, Any] = {"horizontal_spacing": 0.085, "vertical_spacing": 0.30 / self.rows}
        return make_subplots(rows=self.rows, cols=self.columns, subplot_titles=[budget_name(budget) for budget in self.budgets], **gaps)


@dataclass(frozen=True)
class Panel:
    """The runs of one budget over one axis."""

    points: DataFrame
    optima: DataFrame
    budget: float
    axis: Axis
    symbols: Mapping[float, str]
    parabolas: DataFrame
    """of `scaling_laws.isoflop_parabolas` over the axis"""

    def traces(self, fit: Fit, paraboloid: Paraboloid | None) -> list[dict[str, Any]]:
        """Curves below, runs above them, optima on top."""
        curves: list[dict[str, Any]] = []
        runs: list[dict[str, Any]] = []
        stars: list[dict[str, Any]] = []
        for rate in rates_of(self.points.filter(compute_flops=self.budget)):
            rows = cell(self.points, self.budget, rate)
            optimum = known(cell(self.optima, self.budget, rate), AXES[self.axis].optimum, LOSS.optimum) if self.optima.height else []
            curve = self.separate(rate) if fit == "separate" else self.joint(rows, rate, paraboloid)
            if curve is not None:
                curves.append(self.line(rate, rows, curve, flagged=bool(optimum and optimum[0]["flag"])))
            runs.append(self.markers(rate, rows))
            stars += [self.star(rate, row) for row in optimum if not row["flag"]]
        return [*curves, *runs, *stars]

    def separate(self, rate: float) -> Callable[[float], float] | None:
        """The parabola of a rate over the axis' logarithm, None where there are too few runs."""
        found = self.parabolas.filter(compute_flops=self.budget, bytes_per_token=rate).row(0, named=True)
        if found["curvature"] is None:
            return None
        return lambda value: horner(math.log(value) - found["center"], found["intercept"], found["slope"], found["curvature"])

    def joint(self, rows: Sequence[Row], rate: float, paraboloid: Paraboloid | None) -> Callable[[float], float] | None:
        """The slice of the budget's paraboloid at a compression rate."""
        return (lambda value: float(paraboloid.loss_at(rate, value))) if paraboloid is not None and rows else None

    def line(self, rate: float, rows: Sequence[Row], curve: Callable[[float], float], *, flagged: bool) -> dict[str, Any]:
        """A curve over the range of its runs; dotted where the laws do not use the cell."""
        values = [run_value(row, self.axis) for row in rows]
        low, high = math.log(min(values)), math.log(max(values))
        places = [math.exp(low + (high - low) * step / (CURVE_POINTS - 1)) for step in range(CURVE_POINTS)]
        line = {"color": rate_colour(rate), "width": 1.8, "simplify": False, "dash": "dot" if flagged else "solid"}
        return {
            **self.group(rate),
            "x": places,
            "y": [curve(place) for place in places],
            "mode": "lines",
            "line": line,
            "hoverinfo": "skip",
        }

    def markers(self, rate: float, rows: Sequence[Row]) -> dict[str, Any]:
        """The runs of a rate."""
        return {
            **self.group(rate),
            "x": [run_value(row, self.axis) for row in rows],
            "y": [row["bits_per_byte"] for row in rows],
            "mode": "markers",
            "marker": rate_marker(rate, self.symbols[rate], 7),
            "text": [run_text(row) for row in rows],
            "hovertemplate": "%{text}<extra></extra>",
        }

    def star(self, rate: float, row: Row) -> dict[str, Any]:
        """The optimum of a rate."""
        place = {"x": [row[AXES[self.axis].optimum]], "y": [row[LOSS.optimum]], "mode": "markers", "marker": optimum_marker(rate, 13)}
        return {**self.group(rate), **place, "text": [optimum_text(row)], "hovertemplate": "%{text}<extra></extra>", "meta": "optimum"}

    def group(self, rate: float) -> dict[str, Any]:
        """What all traces of a rate share: a click in the legend hides them together."""
        return {
            "name": rate_name(rate),
            "legendgroup": rate_name(rate),
            "showlegend": False,
            "hoverlabel": {"font": {"color": INK}, "bgcolor": "white"},
        }


def horner(place: float, intercept: float, slope: float, curvature: float) -> float:
    """intercept + slope x + curvature x^2."""
    return intercept + place * (slope + place * curvature)
