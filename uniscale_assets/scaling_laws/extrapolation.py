"""How well law II, fitted up to a budget, predicts the losses above it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from uniscale_assets.errors import LawError
from uniscale_assets.scaling_laws.frames import frame_of
from uniscale_assets.scaling_laws.least_squares import r_squared_of
from uniscale_assets.scaling_laws.loss_law import LOSS, fit_loss_law
from uniscale_assets.scaling_laws.loss_model import NAMES
from uniscale_assets.scaling_laws.results import LossLaw
from uniscale_assets.scaling_laws.usable import ROUNDING, usable_optima

if TYPE_CHECKING:
    from polars import DataFrame

EXTRAPOLATION_COLUMNS = (
    "residual_model",
    "max_fit_compute",
    "fitted_cells",
    "predicted_cells",
    "rmse",
    "r_squared",
    "mean_error",
    "inside_interval",
)


def extrapolation(
    optima: DataFrame,
    max_fit_compute: float,
    *,
    two_stage: bool = False,
    method: str | None = None,
    evaluation: str | None = None,
    language: str | None = None,
) -> DataFrame:
    """The extrapolation test of each residual model: fit up to a budget, predict above it. Source: arXiv 2605.01188.

    Returns:
        A row for each residual model: fitted_cells, predicted_cells, rmse (bits per byte, over the predicted cells), r_squared of
        the predicted cells (about their own mean; null for one cell), mean_error (predicted less measured, bits per byte) and
        inside_interval, the share of them inside the law's 95 % prediction interval.

    Raises:
        RunTableError, LawError: as `fit_loss_law`; or no cell lies above the budget.
    """
    rows = usable_optima(optima, [LOSS], method=method, evaluation=evaluation, language=language)
    above = rows.filter(rows["compute_flops"] > max_fit_compute * (1 + ROUNDING))
    if above.is_empty():
        raise LawError(f"no usable cell above {max_fit_compute:g} FLOPs to predict; the largest has {rows['compute_flops'].max():g}")
    results: list[dict[str, object]] = []
    for model in NAMES:
        law = fit_loss_law(rows, residual_model=model, two_stage=two_stage, max_fit_compute=max_fit_compute, profile=False)
        results.append({"residual_model": model, "max_fit_compute": max_fit_compute, **scores_of(law, above)})
    return frame_of(results, EXTRAPOLATION_COLUMNS)


def scores_of(law: LossLaw, above: DataFrame) -> dict[str, object]:
    """How a law does on cells that it was not fitted to."""
    predicted = law.loss_at(above["compute_flops"].to_numpy(), above["bytes_per_token"].to_numpy())
    errors = predicted - above[LOSS].to_numpy()
    return {
        "fitted_cells": float(law.cells),
        "predicted_cells": float(len(above)),
        "rmse": math.sqrt(float(errors @ errors) / len(errors)),
        "r_squared": r_squared_of(above[LOSS].to_numpy(), errors) if len(above) > 1 else None,
        "mean_error": float(errors.mean()),
        "inside_interval": share_inside(law, above),
    }


def share_inside(law: LossLaw, optima: DataFrame) -> float:
    """Share of cells whose loss is inside the law's 95 % prediction interval.

    Args:
        law: law II.
        optima: rows of `OPTIMUM_COLUMNS`, all of them usable; at least one.
    """
    cells = optima.select("compute_flops", "bytes_per_token", LOSS).rows()
    return sum(law.loss_estimate(compute, rate, prediction=True).covers(loss) for compute, rate, loss in cells) / len(cells)
