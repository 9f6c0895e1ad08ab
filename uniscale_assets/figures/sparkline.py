"""A loss curve so small that Dagster's page shows it at once: Markdown of 1000 characters or more stands behind a button there."""

from __future__ import annotations

import base64
import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from uniscale_assets.figures.quantities import format_bytes, trimmed
from uniscale_assets.figures.style import PALETTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polars import DataFrame

WIDTH, HEIGHT, LEFT, BOTTOM = 460, 120, 34, 18
MOST_POINTS = 40


def inline_loss_sparkline(curve: DataFrame) -> str:
    """The loss curve of one training as a Markdown image of less than 1000 characters.

    Args:
        curve: columns bytes and bits_per_byte, as in `tables.TRAINING_CURVES`.
    """
    import polars

    rows = curve.filter((polars.col("bytes") > 0) & polars.col("bits_per_byte").is_finite()).sort("bytes")
    if rows.height < 2:
        return "*Too short for a curve.*"
    x, y = spread(rows["bytes"].to_list(), rows["bits_per_byte"].to_list())
    picture = "".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{HEIGHT}' font-size='11' font-family='sans-serif'>",
            f"<path fill='#fff' d='M0 0h{WIDTH}v{HEIGHT}H0z'/>",
            f"<path d='{line(x, y)}' fill='none' stroke='{PALETTE[0]}' stroke-width='2'/>",
            words(0, 12, trimmed(max(y))),
            words(0, HEIGHT - BOTTOM, trimmed(min(y))),
            words(LEFT, HEIGHT - 3, format_bytes(x[0])),
            words(WIDTH, HEIGHT - 3, format_bytes(x[-1]), end=True),
            words(WIDTH, 12, f"{trimmed(rows['bits_per_byte'][-1], 4)} bits per byte at the end", end=True),
            "</svg>",
        ]
    )
    return f"![loss curve](data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()})"


def spread(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """At most ``MOST_POINTS`` of the points, about evenly spread over a logarithmic axis; the first and the last are kept."""
    step = math.log(x[-1] / x[0]) / (MOST_POINTS - 1)
    places = sorted({min(bisect_left(x, x[0] * math.exp(step * number) * (1 - 1e-9)), len(x) - 1) for number in range(MOST_POINTS)})
    return [x[place] for place in places], [y[place] for place in places]


def line(x: Sequence[float], y: Sequence[float]) -> str:
    """An SVG path in whole pixels, each relative to the one before: x logarithmic, y linear."""
    low, high = min(y), max(y)
    across = [LEFT + round(math.log(value / x[0]) / math.log(x[-1] / x[0]) * (WIDTH - LEFT - 4)) for value in x]
    down = [6 + round((high - value) / ((high - low) or 1) * (HEIGHT - BOTTOM - 12)) for value in y]
    steps = [f"{across[i] - across[i - 1]} {down[i] - down[i - 1]}" for i in range(1, len(x))]
    return f"M{across[0]} {down[0]}l{' '.join(steps)}"


def words(x: int, y: int, text: str, *, end: bool = False) -> str:
    """One piece of text."""
    return f"<text x='{x}' y='{y}'{' text-anchor=' + repr('end') if end else ''}>{text}</text>"
