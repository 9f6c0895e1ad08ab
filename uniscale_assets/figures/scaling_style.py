"""How the figures of compute-optimal tokenization look: one colour a compression rate, and logarithmic axes in natural units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_bytes, format_count, format_flops, log_range, log_ticks, round_values, trimmed
from uniscale_assets.figures.style import GRID, INK, MUTED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Plasma (van der Walt and Smith, 2015) without its yellow end, which vanishes on white: lightness rises evenly, safe for the colour-blind.
RATE_COLOURS = ("#0D0887", "#41049D", "#6A00A8", "#8F0DA4", "#B12A90", "#CC4778", "#E16462", "#F2844B", "#FCA636")
RATE_RANGE = (1.0, 16.0)
"""bytes per token at the two ends of the colours; fixed, so that a rate looks the same in every figure of every study"""
# Budgets are grey and losses blue, so that neither is taken for a compression rate.
BUDGET_COLOURS = ("#949CA5", "#636C75", "#2B333B")
BEST_RATE_COLOUR = "#00795B"
"""of the best compression rate and of the lowest point of a paraboloid"""
LOSS_COLOURS = [[0.0, "#2B6CA3"], [0.35, "#7FB2D8"], [0.7, "#C6DDF0"], [1.0, "#F7FBFF"]]
"""plotly's colour scale of a loss: darker is lower, so better"""
SYMBOLS = ("circle", "square", "triangle-up", "triangle-down", "hexagon", "cross", "pentagon", "star-triangle-up")
"""of the compression rates of one figure, in turn: a second sign beside the colour for rates that are close"""
OPTIMUM = "star"
PAGE_WIDTH = 1080
"""pixels of a figure of several panels"""


@dataclass(frozen=True)
class Quantity:
    """Something that an axis shows: where it stands in the frames and how it is written."""

    name: str
    """as a sentence names it"""
    title: str
    """of the axis, with the unit"""
    optimum: str
    """its column among the optima"""
    form: Callable[[float], str]
    log: bool = True


AXES: dict[str, Quantity] = {
    "rho": Quantity("bytes per parameter", "training bytes per parameter, ρ = B/N", "bytes_per_parameter", trimmed),
    "B": Quantity("training bytes", "training bytes, B", "optimal_bytes", format_bytes),
    "N": Quantity("parameters", "parameters without embeddings, N", "optimal_parameters", format_count),
}
"""what a run of a budget is laid out over, by the letter that `Paraboloid.axis` uses"""
LOSS = Quantity("loss", "loss (bits per byte)", "optimal_bits_per_byte", trimmed, log=False)
OPTIMA: dict[str, Quantity] = {**AXES, "loss": LOSS}
RATE_TITLE = "compression rate T (bytes per token)"
COMPUTE_TITLE = "training compute C (FLOPs)"
GLOBAL_COMPUTE_TITLE = "training compute of the global module, 6NB/T (FLOPs)"


def rate_colour(rate: float) -> str:
    """The colour of a compression rate: continuous in its logarithm, the same in every figure.

    Args:
        rate: bytes per token; what lies outside `RATE_RANGE` takes the colour of the nearer end.
    """
    low, high = RATE_RANGE
    share = math.log(min(max(rate, low), high) / low) / math.log(high / low)
    return mixed(RATE_COLOURS, share)


def mixed(colours: Sequence[str], share: float) -> str:
    """The colour at a share of the way along a row of hexadecimal colours, straight in red, green and blue between neighbours."""
    index = min(int(share * (len(colours) - 1)), len(colours) - 2)
    part = share * (len(colours) - 1) - index
    pairs = [(int(colours[index][at : at + 2], 16), int(colours[index + 1][at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(first + (second - first) * part):02X}" for first, second in pairs)


def rate_symbols(rates: Sequence[float]) -> dict[float, str]:
    """The marker of each compression rate of a figure, by its place among them."""
    return {rate: SYMBOLS[place % len(SYMBOLS)] for place, rate in enumerate(sorted(set(rates)))}


def budget_colours(budgets: Sequence[float]) -> dict[float, str]:
    """The colour of each compute budget: the larger the darker, by its place among them."""
    ordered = sorted(set(budgets))
    return {budget: mixed(BUDGET_COLOURS, place / max(len(ordered) - 1, 1)) for place, budget in enumerate(ordered)}


def rate_name(rate: float) -> str:
    """A compression rate as legends write it."""
    return f"T = {trimmed(rate)}"


def budget_name(budget: float) -> str:
    """A compute budget with its unit."""
    return f"{format_flops(budget)} FLOPs"


def rate_marker(rate: float, symbol: str = "circle", size: float = 8) -> dict[str, Any]:
    """plotly's marker of a run at a compression rate."""
    return {"color": rate_colour(rate), "symbol": symbol, "size": size, "line": {"width": 0.8, "color": "white"}}


def optimum_marker(rate: float, size: float = 15) -> dict[str, Any]:
    """plotly's marker of an optimum at a compression rate: a star with a dark rim."""
    return {"color": rate_colour(rate), "symbol": OPTIMUM, "size": size, "line": {"width": 1, "color": INK}}


def log_axis(values: Sequence[float], title: str, form: Callable[[float], str], *, most: int = 7, padding: float = 0.05) -> dict[str, Any]:
    """plotly's options of a logarithmic axis whose ticks are round numbers in natural units.

    Args:
        values: above zero; the axis holds them.
        title: with its unit.
        form: writes a tick's text.
        most: how many ticks have room.
        padding: share of the range that is left free at each end.
    """
    low, high = min(values), max(values)
    span = log_range(low, high, padding)
    ticks, texts = log_ticks(10 ** span[0], 10 ** span[1], form, most)
    return {"type": "log", "range": span, "tickvals": ticks, "ticktext": texts, "tickangle": 0, "title": {"text": title}}


def linear_axis(values: Sequence[float], title: str, *, most: int = 6, padding: float = 0.06) -> dict[str, Any]:
    """plotly's options of a linear axis with about ``most`` round ticks, all with the same decimals."""
    low, high = min(values), max(values)
    margin = max((high - low) * padding, abs(high) * 1e-4, 1e-9)
    ticks = round_values(low - margin, high + margin, most)
    decimals = max(0, math.ceil(-math.log10(ticks[1] - ticks[0]) - 1e-9)) if len(ticks) > 1 else 3
    texts = [f"{tick:.{decimals}f}".replace("-", "−") for tick in ticks]
    return {"type": "linear", "range": (low - margin, high + margin), "tickvals": ticks, "ticktext": texts, "title": {"text": title}}


def quantity_axis(quantity: Quantity, values: Sequence[float], *, most: int = 7, title: str = "") -> dict[str, Any]:
    """The axis that fits a quantity."""
    if quantity.log:
        return log_axis(values, title or quantity.title, quantity.form, most=most)
    return linear_axis(values, title or quantity.title, most=most)


def scene_axis(options: Mapping[str, Any]) -> dict[str, Any]:
    """The same axis in three dimensions: its own grid and background, since a scene takes none from the layout."""
    look = {"backgroundcolor": "#F7F8FA", "gridcolor": GRID, "showbackground": True, "zeroline": False, "linecolor": MUTED}
    title = {"text": options["title"]["text"], "font": {"size": 12}}
    rest = {key: value for key, value in options.items() if key not in ("title", "tickangle")}
    return {**rest, **look, "title": title, "tickfont": {"size": 11, "color": MUTED}, "showspikes": False}


def rate_legend(rates: Sequence[float], symbols: Mapping[float, str]) -> list[dict[str, Any]]:
    """Traces without points that put each compression rate into a legend once, smallest first."""
    return [
        {
            "x": [None],
            "y": [None],
            "mode": "markers",
            "marker": rate_marker(rate, symbols[rate], 9),
            "name": rate_name(rate),
            "legendgroup": rate_name(rate),
            "hoverinfo": "skip",
        }
        for rate in sorted(set(rates))
    ]
