"""Names of sizes. They sort by what they mean: as strings 100M < 1B < 300M < 30M."""

from __future__ import annotations

import re

from uniscale_assets.errors import BadInputError

SIZE_NAME = re.compile(r"^(?P<number>\d+(?:\.\d+)?)(?P<unit>[KMB])$")
UNITS = {"K": 1e3, "M": 1e6, "B": 1e9}


def parameters_of_size_name(name: str) -> float:
    """Non-embedding parameters that a size's name states: ``0.06M`` is 60,000, ``300M`` is 3e8, ``1B`` is 1e9.

    Raises:
        BadInputError: the text is no size name.
    """
    match = SIZE_NAME.match(name)
    if match is None:
        raise BadInputError(f"{name!r} is no size name: a number with K, M or B, such as 0.06M, 300M or 1B")
    return float(match["number"]) * UNITS[match["unit"]]
