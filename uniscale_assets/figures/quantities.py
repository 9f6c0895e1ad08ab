"""Numbers as people read them, and ticks of logarithmic axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
DECADE_STEPS: tuple[tuple[float, ...], ...] = ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1, 3), (1,))
DURATIONS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def trimmed(value: float, digits: int = 3) -> str:
    """A number to so many significant digits, with no zeros behind and no exponent."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_bytes(value: float) -> str:
    """Bytes with a decimal prefix: ``340 kB``."""
    scale, prefix = next(((scale, prefix) for scale, prefix in PREFIXES if abs(value) >= scale), (1.0, ""))
    return f"{trimmed(value / scale)} {prefix}B"


def format_flops(value: float) -> str:
    """FLOPs as a power of ten: ``3.2 x 10^12``, with a real superscript and multiplication sign."""
    if value <= 0:
        return "0"
    exponent = math.floor(math.log10(value) + 1e-12)
    if value / 10**exponent >= 9.95:
        exponent += 1
    mantissa = trimmed(value / 10**exponent, 2)
    power = "10" + str(exponent).translate(SUPERSCRIPTS)
    return power if mantissa == "1" else f"{mantissa} × {power}"


def format_seconds(value: float) -> str:
    """A duration in its largest unit: ``2.5 h``."""
    scale, unit = next(((scale, unit) for scale, unit in DURATIONS if value >= scale), (1.0, "s"))
    return f"{trimmed(value / scale, 2 if value < 10 * scale else 3)} {unit}"


def format_count(value: float) -> str:
    """A count with a decimal prefix: ``1.2M``."""
    scale, prefix = next(((scale, prefix) for scale, prefix in PREFIXES if abs(value) >= scale), (1.0, ""))
    return f"{trimmed(value / scale)}{prefix.replace('k', 'K').replace('G', 'B')}"


def quantity(value: float, unit: str) -> str:
    """A value with its unit as the tables of `statistics` name it: bytes, FLOPs or parameters."""
    if unit == "bytes":
        return format_bytes(value)
    return f"{format_flops(value)} FLOPs" if unit == "FLOPs" else f"{format_count(value)} {unit}"


def log_ticks(low: float, high: float, form: Callable[[float], str], most: int = 7) -> tuple[list[float], list[str]]:
    """Ticks of a logarithmic axis: round steps of each decade where they are not too many, else whole decades.

    Args:
        low: smallest value, above zero.
        high: largest value.
        form: writes a tick's text.
        most: how many ticks have room.

    Returns:
        Values and texts, as plotly's ``tickvals`` and ``ticktext`` take them.
    """
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    choices = [
        [step * 10.0**exponent for exponent in exponents for step in steps]
        for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1, 3), (1,))
    ]
    choices += [[10.0**exponent for exponent in exponents if exponent % every == 0] for every in (2, 3, 6)]
    shown = [[value for value in choice if low * 0.999 <= value <= high * 1.001] for choice in choices]
    values = next((choice for choice in shown if len(choice) <= most), [])
    if len(values) < 2 and 1.2 * low <= high < 10 * low:
        values = round_values(low, high, most - 1)
    values = values or [math.sqrt(low * high)]
    return values, [form(value) for value in values]


def log_range(low: float, high: float, padding: float = 0.04) -> tuple[float, float]:
    """The range of a logarithmic axis round two values, as plotly wants it: exponents of ten."""
    low, high = math.log10(low), math.log10(high)
    margin = max((high - low) * padding, 0.02)
    return low - margin, high + margin


def tick_format(low: float, high: float, count: int = 5) -> str:
    """d3's format with as many decimals as about ``count`` ticks between two numbers need, so that all have the same."""
    step = max(high - low, 1e-9) / count
    return f".{max(0, math.ceil(-math.log10(step)))}f"


def round_values(low: float, high: float, count: int = 5) -> list[float]:
    """About ``count`` multiples of 1, 2 or 5 times a power of ten between two numbers."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    return [step * number for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
