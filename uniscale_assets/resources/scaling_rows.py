"""Optima and laws as rows of the metric tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from uniscale_assets.scaling_laws.residuals import allocation_within, loss_within
from uniscale_assets.tables import TABLES

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.scaling_laws.analysis import MethodLaws
    from uniscale_assets.scaling_laws.results import Estimate, LossLaw


def rows_as_frame(table: str, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame in the table's types; no rows too. What is not finite is null."""
    import polars as pl

    from uniscale_assets.resources.warehouse_rows import polars_type

    columns = TABLES[table].columns
    cells = [[known(row.get(column.name)) for column in columns] for row in rows]
    return pl.DataFrame(cells, schema={column.name: polars_type(column) for column in columns}, orient="row")


def known(value: Any) -> Any:
    """A value, or None for a number that is not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def estimate_row(estimate: Estimate) -> dict[str, float]:
    """The columns of an estimate."""
    return {name: getattr(estimate, name) for name in ("value", "standard_error", "low", "high")}


def group_row(study: str, laws: MethodLaws) -> dict[str, Any]:
    """The columns that say what a law is of."""
    return {"study": study, "method": laws.method, "language": laws.language, "evaluation": laws.evaluation}


def optimum_rows(study: str, optima: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``tables.ISOFLOP_OPTIMA``."""
    return with_study("isoflop_optima", study, optima)


def allocation_rows(study: str, laws: Sequence[MethodLaws]) -> pl.DataFrame:
    """Rows of ``tables.ALLOCATION_LAW``; none of a method whose law could not be fitted."""
    rows: list[dict[str, Any]] = []
    for of in laws:
        law = of.allocation
        if law is None:
            continue
        ranges = {"compute_low": law.compute_range[0], "compute_high": law.compute_range[1]}
        ranges |= {"compression_low": law.compression_range[0], "compression_high": law.compression_range[1]}
        kind = {"parameters": law.parameters, "compute": law.compute, "conventions": law.conventions, "cells": law.cells}
        within = allocation_within(law, of.usable)
        for quantity, power in (("optimal_bytes", law.optimal_bytes), ("optimal_parameters", law.optimal_parameters)):
            quality = {"r_squared": power.r_squared, "rmse": power.rmse, "within_interval": within[quantity].share}
            for coefficient in ("scale", "compute_exponent", "compression_exponent"):
                name = {"quantity": quantity, "coefficient": coefficient}
                rows.append(group_row(study, of) | name | estimate_row(getattr(power, coefficient)) | kind | ranges | quality)
    return rows_as_frame("allocation_law", rows)


def loss_rows(study: str, laws: Sequence[MethodLaws]) -> pl.DataFrame:
    """Rows of ``tables.LOSS_LAW``: the coefficients of every residual model that could be fitted."""
    return rows_as_frame("loss_law", [row for of in laws for law in of.losses for row in loss_law_rows(study, of, law)])


def loss_law_rows(study: str, of: MethodLaws, law: LossLaw) -> list[dict[str, Any]]:
    """The coefficients of one law, with how well it did above the budgets that it was tried on."""
    whole = {
        **group_row(study, of),
        "residual_model": law.residual_model,
        "stages": 2 if law.two_stage else 1,
        "r_squared": law.r_squared,
        "rmse": law.rmse,
        "cells": law.cells,
        "conventions": law.conventions,
        "within_interval": loss_within(law, of.usable).share,
    }
    if of.trial is not None:
        tried = of.trial.results.filter(of.trial.results["residual_model"] == law.residual_model)
        numbers = {"extrapolation_rmse": "rmse", "extrapolation_r_squared": "r_squared"}
        whole |= {name: tried[column].item() for name, column in numbers.items() if tried.height}
        whole["max_fit_compute"] = of.trial.max_fit_compute
    named = {name: getattr(law, name) for name in ("L_0", "gamma", "E", "F", "delta", "T_0")}
    return [whole | {"coefficient": name} | estimate_row(estimate) for name, estimate in named.items() if estimate is not None]


def multilingual_rows(study: str, optima: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``tables.MULTILINGUAL_OPTIMA``."""
    return with_study("multilingual_optima", study, optima)


def with_study(table: str, study: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of the library, whose numbers are all floats, as rows of a table."""
    whole = [column.name for column in TABLES[table].columns if column.type == "BIGINT"]
    rows = [{"study": study, **row} for row in frame.iter_rows(named=True)]
    for row in rows:
        row |= {name: None if row[name] is None else int(row[name]) for name in whole}
    return rows_as_frame(table, rows)


def report_rows(study: str, texts: dict[str, list[str]]) -> pl.DataFrame:
    """Rows of ``tables.SCALING_REPORT`` from the lines of each method."""
    rows = [
        {"study": study, "method": method, "line": number, "text": line}
        for method, lines in texts.items()
        for number, line in enumerate(lines, start=1)
    ]
    return rows_as_frame("scaling_report", rows)
