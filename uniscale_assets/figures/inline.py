"""Small pictures for Dagster's metadata, drawn as SVG with no browser and no library, and wrapped as Markdown images."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from uniscale_assets.figures.labels import spread
from uniscale_assets.figures.quantities import format_bytes, format_count, log_ticks, round_values, trimmed
from uniscale_assets.figures.style import GRID, INK, MUTED, PALETTE, TokenizerStyle, in_study_order, style_for
from uniscale_assets.size_names import parameters_of_size_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from polars import DataFrame

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 20, 40, 50
FONT = "font-family='system-ui, Segoe UI, Helvetica, Arial, sans-serif'"


@dataclass(frozen=True)
class Axis:
    """One axis of a small picture."""

    title: str
    """with its unit"""
    low: float
    high: float
    pixels: tuple[float, float]
    """of low and high"""
    log: bool = False
    form: Callable[[float], str] = trimmed

    def pixel(self, value: float) -> float:
        """Where a value lies."""
        share = math.log(value / self.low) / math.log(self.high / self.low) if self.log else (value - self.low) / (self.high - self.low)
        return self.pixels[0] + share * (self.pixels[1] - self.pixels[0])

    def ticks(self) -> list[float]:
        """About five round values between the ends."""
        return log_ticks(self.low, self.high, self.form)[0] if self.log else round_values(self.low, self.high)


def axis_of(
    title: str, values: Sequence[float], pixels: tuple[float, float], *, log: bool = False, form: Callable[[float], str] = trimmed
) -> Axis:
    """An axis that holds the values; a single value gets room on both sides."""
    low, high = min(values), max(values)
    if low == high:
        low, high = (low / 2, high * 2) if log else (low - max(abs(low), 1) / 10, high + max(abs(high), 1) / 10)
    margin = 0 if log else (high - low) * 0.05
    return Axis(title, low - margin, high + margin, pixels, log, form)


def inline_svg_line_chart(
    title: str,
    x_title: str,
    y_title: str,
    lines: Sequence[tuple[str, Sequence[float], Sequence[float]]],
    x_form: Callable[[float], str] = format_bytes,
    colours: Sequence[str] = PALETTE,
) -> str:
    """A line chart over a logarithmic axis as a Markdown image that needs nothing else.

    Args:
        title: also the image's alternative text.
        x_title: with its unit.
        y_title: with its unit.
        lines: name, x (above zero) and y of each line; with several lines the names stand beside their ends.
        x_form: writes the ticks below.
        colours: of the lines, in turn.
    """
    lines = [line for line in lines if len(line[1])]
    if not lines:
        return f"*{title}: nothing to draw yet.*"
    right = WIDTH - (RIGHT if len(lines) == 1 else 70 + round(6.5 * max(len(name) for name, _, _ in lines)))
    x_axis = axis_of(x_title, [value for _, x, _ in lines for value in x], (LEFT, right), log=True, form=x_form)
    y_axis = axis_of(y_title, [value for _, _, y in lines for value in y], (HEIGHT - BOTTOM, TOP))
    parts = frame(title, x_axis, y_axis)
    heights = spread([y_axis.pixel(y[-1]) for _, _, y in lines], 14)
    for number, (name, x, y) in enumerate(lines):
        colour = colours[number % len(colours)]
        points = [(x_axis.pixel(a), y_axis.pixel(b)) for a, b in zip(x, y, strict=True)]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2' stroke-linejoin='round'/>")
        parts.append(f"<circle cx='{points[-1][0]:.1f}' cy='{points[-1][1]:.1f}' r='3.5' fill='{colour}'/>")
        if len(lines) == 1:
            parts.append(words(points[-1][0], points[-1][1] - 9, trimmed(y[-1], 4), "end", colour))
        else:
            parts.append(words(points[-1][0] + 8, heights[number] + 4, f"{y[-1]:.3f} {name}", "start"))
    return markdown_image(title, svg(parts, HEIGHT).encode(), "svg+xml")


def inline_svg_bar_chart(title: str, x_title: str, bars: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars from zero with their values, as a Markdown image.

    Args:
        title: also the image's alternative text.
        x_title: with its unit.
        bars: name and value of each.
    """
    if not bars:
        return f"*{title}: nothing to draw yet.*"
    step, left = 20, 30 + 7 * max(len(name) for name, _ in bars)
    scale = (WIDTH - left - 70) / (max(value for _, value in bars) or 1)
    parts = [words(12, 24, title, "start", INK, 15, bold=True)]
    for number, (name, value) in enumerate(bars):
        y = TOP + step * number
        parts.append(f"<rect x='{left}' y='{y}' width='{max(value * scale, 0):.1f}' height='{step - 5}' fill='{PALETTE[0]}'/>")
        parts.append(words(left - 8, y + 12, name, "end"))
        parts.append(words(left + value * scale + 6, y + 12, f"{value:.2f}", "start"))
    height = TOP + step * len(bars) + 30
    parts.append(words(left, height - 12, x_title, "start", MUTED))
    return markdown_image(title, svg(parts, height).encode(), "svg+xml")


def inline_loss_curve(curve: DataFrame, title: str, points: int = 200) -> str:
    """The loss curve of one training as a Markdown image.

    Args:
        curve: columns bytes and bits_per_byte, as in `tables.TRAINING_CURVES`.
        title: names the partition.
        points: a longer curve is thinned to about so many points, the last one kept.
    """
    import polars

    rows = curve.filter((polars.col("bytes") > 0) & polars.col("bits_per_byte").is_finite()).sort("bytes")
    every = max(1, math.ceil(rows.height / points))
    thinned = rows.reverse().gather_every(every).reverse()
    line = ("training loss", thinned["bytes"].to_list(), thinned["bits_per_byte"].to_list())
    return inline_svg_line_chart(title, "raw bytes trained on", "training loss (bits per byte)", [line])


def inline_ranking(ranking: DataFrame, styles: Mapping[str, TokenizerStyle], title: str) -> str:
    """Bits per byte of every tokenizer over the sizes as a Markdown image, in the colours of the other figures.

    Args:
        ranking: of `statistics.ranking`, of one budget and language.
        styles: from `style.styles_of`.
        title: names the study.
    """
    lines: list[tuple[str, list[float], list[float]]] = []
    for name in in_study_order(ranking["tokenizer"].to_list(), styles):
        rows = sorted(ranking.filter(tokenizer=name).iter_rows(named=True), key=lambda row: parameters_of_size_name(row["size"]))
        lines.append((name, [parameters_of_size_name(row["size"]) for row in rows], [row["bits_per_byte"] for row in rows]))
    colours = [style_for(styles, name).colour for name, _, _ in lines]
    return inline_svg_line_chart(title, "size (non-embedding parameters)", "bits per byte", lines, format_count, colours)


def inline_bytes_per_token(metrics: DataFrame, title: str) -> str:
    """Bytes per token by language of one tokenizer as a Markdown image.

    Args:
        metrics: columns language, metric and value, as in `tables.TOKENIZER_METRICS`.
        title: names the tokenizer.
    """
    rows = metrics.filter(metric="bytes_per_token").sort("value", descending=True)
    bars = [(str(row["language"]), float(row["value"])) for row in rows.iter_rows(named=True)]
    return inline_svg_bar_chart(title, "bytes per token", bars)


def inline_file(title: str, path: Path) -> str:
    """A PNG or SVG file as a Markdown image."""
    return markdown_image(title, path.read_bytes(), {".png": "png", ".svg": "svg+xml"}[path.suffix])


def markdown_image(title: str, content: bytes, subtype: str) -> str:
    """A Markdown image with a data: URI."""
    alternative = "".join(character for character in title if character not in "[]()!\\\n")
    return f"![{alternative}](data:image/{subtype};base64,{base64.b64encode(content).decode()})"


def words(x: float, y: float, text: str, anchor: str, colour: str = INK, size: int = 12, *, bold: bool = False) -> str:
    """One piece of text."""
    weight = " font-weight='600'" if bold else ""
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}' fill='{colour}'{weight}>{escape(text)}</text>"


def frame(title: str, x_axis: Axis, y_axis: Axis) -> list[str]:
    """Title, grid, ticks and axis titles."""
    (left, right), (bottom, top) = x_axis.pixels, y_axis.pixels
    parts = [words(12, 24, title, "start", INK, 15, bold=True)]
    for value in y_axis.ticks():
        y = y_axis.pixel(value)
        parts += [f"<path d='M{left} {y:.1f}H{right}' stroke='{GRID}'/>", words(left - 8, y + 4, y_axis.form(value), "end", MUTED)]
    for value in x_axis.ticks():
        x = x_axis.pixel(value)
        parts += [f"<path d='M{x:.1f} {bottom}v5' stroke='{MUTED}'/>", words(x, bottom + 19, x_axis.form(value), "middle", MUTED)]
    parts.append(f"<path d='M{left} {bottom}H{right}' stroke='{MUTED}'/>")
    parts.append(words((left + right) / 2, bottom + 40, x_axis.title, "middle", MUTED))
    middle = (top + bottom) / 2
    return [*parts, f"<g transform='rotate(-90 16 {middle})'>{words(16, middle, y_axis.title, 'middle', MUTED)}</g>"]


def svg(parts: Sequence[str], height: float) -> str:
    """A whole SVG document on white, so that it reads in a dark page too."""
    size = f"width='{WIDTH}' height='{height:g}' viewBox='0 0 {WIDTH} {height:g}'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} {FONT}><rect width='100%' height='100%' fill='white'/>{''.join(parts)}</svg>"
