"""From typed rows to frames: a frame's columns and types are the fields of its row's dataclass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

if TYPE_CHECKING:
    import polars as pl


def frame_of_rows(rows: Iterable[Any], row_type: type) -> pl.DataFrame:
    """Rows of one dataclass as a frame; with no rows it has the columns all the same.

    Args:
        rows: instances of ``row_type``.
        row_type: a dataclass whose fields are str, int, float or bool, or one of them or None.
    """
    import polars as pl

    types: dict[type, Any] = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}
    schema = {
        name: types[next(kind for kind in (get_args(hint) or (hint,)) if kind in types)] for name, hint in get_type_hints(row_type).items()
    }
    return pl.DataFrame([asdict(row) for row in rows], schema=schema, orient="row")
