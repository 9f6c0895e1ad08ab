"""What is optimal at each budget and compression rate: four panels, and the same in three dimensions, standing or turning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_flops
from uniscale_assets.figures.scaling_rows import Row, known, optimum_text
from uniscale_assets.figures.scaling_style import (
    COMPUTE_TITLE,
    GLOBAL_COMPUTE_TITLE,
    OPTIMA,
    PAGE_WIDTH,
    log_axis,
    quantity_axis,
    rate_colour,
    rate_legend,
    rate_marker,
    rate_name,
    rate_symbols,
)
from uniscale_assets.figures.style import dress, says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.scaling_laws.results import AllocationLaw, LossLaw

TITLE = "What is optimal"
NOTHING_YET = "Not known yet: no cell of the runs has an optimum."
PANELS = ("B", "N", "rho", "loss")
LINE_POINTS = 30


@dataclass(frozen=True)
class Laws:
    """The laws to draw with the optima; either may be missing."""

    allocation: AllocationLaw | None = None
    loss: LossLaw | None = None

    def knows(self, panel: str) -> bool:
        """Whether a law says what is optimal in a panel."""
        return (self.loss if panel == "loss" else self.allocation) is not None

    def compute_column(self, panel: str) -> str:
        """The column that holds what the panel's law calls compute."""
        approximated = self.allocation is not None and self.allocation.compute == "approximated"
        return "global_compute_flops" if approximated and panel != "loss" else "compute_flops"

    def compute_title(self, panel: str) -> str:
        """The compute axis of a panel, with its unit."""
        return GLOBAL_COMPUTE_TITLE if self.compute_column(panel) == "global_compute_flops" else COMPUTE_TITLE

    def parameters_column(self) -> str:
        """The column that holds what the law calls parameters."""
        total = self.allocation is not None and self.allocation.parameters == "total"
        return "optimal_total_parameters" if total else "optimal_parameters"

    def at(self, panel: str, budget: Any, rate: Any) -> Any:
        """What the panel's law says, arrays broadcast together; bytes per parameter are the quotient of two laws."""
        if panel == "loss":
            assert self.loss is not None
            return self.loss.loss_at(budget, rate)
        assert self.allocation is not None
        values = {"B": self.allocation.bytes_at, "N": self.allocation.parameters_at}
        return values[panel](budget, rate) if panel in values else values["B"](budget, rate) / values["N"](budget, rate)


def optimum_value(row: Row, panel: str, laws: Laws) -> float | None:
    """What a panel shows of an optimum, None where it is not known."""
    if panel in ("B", "loss"):
        return row[OPTIMA[panel].optimum]
    parameters = row[laws.parameters_column()]
    if parameters is None or row["optimal_bytes"] is None:
        return None
    return parameters if panel == "N" else row["optimal_bytes"] / parameters


def panel_title(panel: str, laws: Laws) -> str:
    """The axis of a panel, with the unit and with what counts as a parameter."""
    names = {"B": "optimal training bytes, B*", "N": "optimal parameters, N*", "rho": "optimal bytes per parameter, ρ*"}
    words = names.get(panel, "lowest loss (bits per byte)")
    return f"{words} (all parameters)" if panel in ("N", "rho") and laws.parameters_column() == "optimal_total_parameters" else words


def optima_panels(optima: DataFrame, laws: Laws | None = None) -> Figure:
    """Optimal bytes, parameters, bytes per parameter and loss over compute, a line a compression rate where there is a law.

    Args:
        optima: of one method, language and evaluation set, from `scaling_laws.isoflop_optima`.
        laws: of the same.
    """
    from plotly.subplots import make_subplots

    laws = laws or Laws()
    rows = usable_rows(optima)
    if not rows:
        return says(TITLE, NOTHING_YET)
    symbols = rate_symbols([row["bytes_per_token"] for row in rows])
    figure = make_subplots(rows=2, cols=2, horizontal_spacing=0.1, vertical_spacing=0.15)
    for entry in rate_legend(list(symbols), symbols):
        figure.add_scatter(**entry, row=1, col=1)
    for index, panel in enumerate(PANELS):
        place: dict[str, Any] = {"row": index // 2 + 1, "col": index % 2 + 1}
        shown = known([{**row, "shown": optimum_value(row, panel, laws)} for row in rows], "shown", laws.compute_column(panel))
        for rate, symbol in symbols.items():
            for trace in rate_lines([row for row in shown if row["bytes_per_token"] == rate], panel, rate, symbol, laws):
                figure.add_scatter(**trace, **place)
        if shown:
            compute = [row[laws.compute_column(panel)] for row in shown]
            figure.update_xaxes(log_axis(compute, laws.compute_title(panel), format_flops, most=5), **place)
            figure.update_yaxes(quantity_axis(OPTIMA[panel], [row["shown"] for row in shown], title=panel_title(panel, laws)), **place)
    dress(figure, TITLE, height=760, width=PAGE_WIDTH, subtitle=optima_key(laws))
    return figure.update_layout(margin={"t": 76, "r": 120}, legend={"x": 1.01, "y": 1})


def optima_key(laws: Laws) -> str:
    """How to read the figure."""
    lines = "lines: the fitted laws" if laws.allocation is not None or laws.loss is not None else "no law is fitted yet"
    return f"markers: optimum of each budget and compression rate, with its 95 % interval where known; {lines}"


def usable_rows(optima: DataFrame) -> list[Row]:
    """The optima without a flag, by budget."""
    return list(optima.filter(optima["flag"] == "").sort("compute_flops").iter_rows(named=True)) if optima.height else []


def rate_lines(rows: Sequence[Row], panel: str, rate: float, symbol: str, laws: Laws) -> list[dict[str, Any]]:
    """The law's line of one compression rate below its optima."""
    if not rows:
        return []
    group = {"name": rate_name(rate), "legendgroup": rate_name(rate), "showlegend": False}
    column = laws.compute_column(panel)
    points = {
        "x": [row[column] for row in rows],
        "y": [row["shown"] for row in rows],
        "mode": "markers",
        "marker": rate_marker(rate, symbol, 9),
        "error_y": interval_bars(rows, laws.parameters_column() if panel == "N" else OPTIMA[panel].optimum, rate_colour(rate)),
        "text": [optimum_text(row) for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
    }
    if not laws.knows(panel):
        return [{**group, **points}]
    budgets = between([row[column] for row in rows])
    law = {"x": budgets, "y": laws.at(panel, budgets, rate).tolist(), "mode": "lines", "line": {"color": rate_colour(rate), "width": 1.5}}
    return [{**group, **law, "hoverinfo": "skip", "meta": "law"}, {**group, **points}]


def interval_bars(rows: Sequence[Row], column: str, colour: str) -> dict[str, Any]:
    """plotly's error bars: the interval of each optimum on the sides where it has an end; a quotient has none."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [apart(row.get(f"{column}_high"), row["shown"]) for row in rows],
        "arrayminus": [apart(row["shown"], row.get(f"{column}_low")) for row in rows],
        "color": colour,
        "thickness": 1,
        "width": 3,
    }


def apart(high: float | None, low: float | None) -> float | None:
    """The difference of two ends, None where one is not known."""
    return high - low if high is not None and low is not None else None


def between(values: Sequence[float]) -> list[float]:
    """Numbers from the least to the most at even ratios; a single one gets a little room on both sides."""
    low, high = math.log(min(values)), math.log(max(values))
    margin = 0.15 if high > low else 0.5
    steps = LINE_POINTS - 1
    return [math.exp(low - margin + (high - low + 2 * margin) * step / steps) for step in range(LINE_POINTS)]
