"""Which isoFLOP optima a law is fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from uniscale_assets.errors import LawError
from uniscale_assets.scaling_laws.frames import check_positive, the_only

if TYPE_CHECKING:
    from polars import DataFrame

ROUNDING = 1e-9
"""relative; a budget that was written and read again is still the same budget"""


def usable_optima(
    optima: DataFrame,
    columns: Sequence[str],
    *,
    method: str | None = None,
    evaluation: str | None = None,
    language: str | None = None,
    max_fit_compute: float | None = None,
) -> DataFrame:
    """Cells without a flag, of one method, evaluation set and language, in one order.

    Args:
        optima: rows of `OPTIMUM_COLUMNS`.
        columns: those that must hold positive numbers, besides compute_flops and bytes_per_token.
        method: its name; None where there is but one, and so for evaluation and language.
        max_fit_compute: nominal budget, FLOPs, above which cells are left out.

    Raises:
        RunTableError: a value that is no positive number, such as a NaN loss; several methods, evaluation sets or languages.
        LawError: no cell is left.
    """
    wanted = {"method": method, "evaluation": evaluation, "language": language}
    rows = optima.filter(**{name: value for name, value in wanted.items() if value is not None})
    if rows.is_empty():
        raise LawError(f"no isoFLOP optima of {', '.join(value for value in wanted.values() if value) or 'anything'}")
    for name in wanted:
        the_only(rows, name, "a law")
    flagged = rows.filter(rows["flag"] != "").height
    rows = rows.filter(rows["flag"] == "")
    check_positive(rows, ["compute_flops", "bytes_per_token", *columns], "isoFLOP optima")
    if max_fit_compute is not None:
        rows = rows.filter(rows["compute_flops"] <= max_fit_compute * (1 + ROUNDING))
    if rows.is_empty():
        limit = "" if max_fit_compute is None else f" up to {max_fit_compute:g} FLOPs"
        raise LawError(f"{method or 'optima'}: no usable cell{limit}; {flagged} are flagged")
    return rows.sort("compute_flops", "bytes_per_token", *columns)


def require_variety(rows: DataFrame, what: str, cells: int, budgets: int, rates: int) -> None:
    """Refuse cells that leave a parameter open.

    Raises:
        LawError: says what there is and what it takes.
    """
    found = len(rows), rows["compute_flops"].n_unique(), rows["bytes_per_token"].n_unique()
    if found[0] < cells or found[1] < budgets or found[2] < rates:
        raise LawError(
            f"{what}: {found[0]} usable cells of {found[1]} budgets and {found[2]} compression rates; "
            f"it takes {cells} cells, {budgets} budgets and {rates} rates"
        )


def value_range(rows: DataFrame, column: str) -> tuple[float, float]:
    """Least and greatest value."""
    values = rows[column].to_list()
    return float(min(values)), float(max(values))
