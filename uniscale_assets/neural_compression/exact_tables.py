"""Tables that come out the same on every machine: computed in integers and fractions, never by a mathematics library."""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

DIGITS = 40
LOG2_E = 1.4426950408889634
"""log2(e), the nearest float64"""
ROTARY_BASE = 10_000
ROTARY_BITS = 30


@cache
def powers_of_two(bits: int) -> np.ndarray:
    """2^(i / 2^bits) for i = 0 .. 2^bits: float64 [2^bits + 1], each the nearest to the true value."""
    import numpy as np

    with localcontext() as context:
        context.prec = DIGITS
        root = Decimal(2)
        for _ in range(bits):
            root = root.sqrt()
        values, power = [], Decimal(1)
        for _ in range(2**bits + 1):
            values.append(float(power))
            power *= root
    return np.array(values)


@cache
def rotary_tables(context: int, head_dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines of position * base^(-2i / head_dim): float64 [context, head_dim / 2] each, to 2^-30.

    Source: rotary position embedding (arXiv 2104.09864, section 3.2.2), base 10,000.
    """
    import numpy as np

    half = head_dim // 2
    tables = np.empty((2, context, half))
    with localcontext() as precise:
        precise.prec = DIGITS
        logarithm = Decimal(ROTARY_BASE).ln()
        for pair in range(half):
            angle = (-logarithm * 2 * pair / head_dim).exp()
            tables[:, :, pair] = turned(angle, context)
    return tables[0], tables[1]


def turned(angle: Decimal, count: int) -> np.ndarray:
    """Cosine and sine of 0, 1, 2, ... times an angle: float64 [2, count], to 2^-30. One rotation after another, in 40 digits."""
    import numpy as np

    cosine, sine = cosine_and_sine(angle)
    found = np.empty((2, count))
    x, y = Decimal(1), Decimal(0)
    for place in range(count):
        found[:, place] = [float(round(value * 2**ROTARY_BITS)) for value in (x, y)]
        x, y = x * cosine - y * sine, x * sine + y * cosine
    return found / 2**ROTARY_BITS


def cosine_and_sine(angle: Decimal) -> tuple[Decimal, Decimal]:
    """By their Taylor series; the angle is between 0 and 1."""
    cosine = sine = Decimal(0)
    term, power = Decimal(1), 0
    while abs(term) > Decimal(10) ** -DIGITS:
        if power % 2:
            sine += term if power % 4 == 1 else -term
        else:
            cosine += term if power % 4 == 0 else -term
        power += 1
        term = term * angle / power
    return cosine, sine
