"""Probabilities of the next byte as integers: what a coder codes with, the same on every machine.

Every byte has at least 1 of ``TOTAL`` parts, so every byte can be coded anywhere; none has more than 98.4 %, so
a window of finitely many bits holds finitely many strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

PRECISION = 14
"""bits of a cumulative distribution, as in the paper's section 3.3"""
TOTAL = 2**PRECISION
BYTES = 256
SHARED = TOTAL - BYTES
"""parts that are dealt by probability; each byte has one more"""


def cumulative_parts(masses: np.ndarray) -> np.ndarray:
    """Integer cumulative distributions of integer masses: cdf[i] = floor(C_i * SHARED / C + 1/2) + i, all in integers.

    Args:
        masses: int64 [..., 256], not negative, each row's sum C above zero and below 2^48 (so that nothing overflows).

    Returns:
        int64 [..., 257]: from 0 to ``TOTAL``, each step at least 1.
    """
    import numpy as np

    sums = np.zeros((*masses.shape[:-1], BYTES + 1), dtype=np.int64)
    np.cumsum(masses, axis=-1, out=sums[..., 1:])
    whole = sums[..., -1:]
    return (sums * (2 * SHARED) + whole) // (2 * whole) + np.arange(BYTES + 1)


def cumulative_of_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """The same rule for float64 probabilities [..., 256] that sum to 1: int64 [..., 257].

    What a model in floating point is coded with. Its last bits differ between machines, precisions and batch shapes, and some of the
    distributions with them; `integer_model` has no such bits.
    """
    import numpy as np

    sums = np.zeros((*probabilities.shape[:-1], BYTES + 1), dtype=np.float64)
    np.cumsum(probabilities, axis=-1, dtype=np.float64, out=sums[..., 1:])
    sums[..., -1] = 1.0
    return np.floor(np.minimum(sums, 1.0) * SHARED + 0.5).astype(np.int64) + np.arange(BYTES + 1)
