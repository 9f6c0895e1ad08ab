"""Law II: the loss at the optimum over compute and compression rate."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from uniscale_assets.errors import LawError
from uniscale_assets.scaling_laws.least_squares import r_squared_of, student_quantile
from uniscale_assets.scaling_laws.loss_fit import LossFits, fit_one_stage, fit_two_stages
from uniscale_assets.scaling_laws.loss_model import NAMES, Cells
from uniscale_assets.scaling_laws.profile_likelihood import profile_intervals
from uniscale_assets.scaling_laws.results import Conventions, Estimate, LossLaw, ResidualModel, exponential
from uniscale_assets.scaling_laws.usable import require_variety, usable_optima, value_range

if TYPE_CHECKING:
    from polars import DataFrame

LOSS = "optimal_bits_per_byte"
LARGEST_LOGARITHM = 700.0
"""of L_0: beyond it is no number"""


def fit_loss_law(
    optima: DataFrame,
    *,
    residual_model: ResidualModel = "compute-dependent-t",
    two_stage: bool = False,
    method: str | None = None,
    evaluation: str | None = None,
    language: str | None = None,
    max_fit_compute: float | None = None,
    conventions: Conventions = "correct",
    profile: bool = True,
) -> LossLaw:
    """L* = L_0 C^gamma + F ln(C^delta T / T_0)^2 + E by least squares, C the nominal budget.

    Intervals of the one-stage fit are by profile likelihood with Student's t: by simulation on arXiv 2605.01188's designs, at the
    noise of its cells, each parameter's covers 93 to 97 % (`uniscale_assets_tests/benchmarks/law_coverage.py`). An end is infinite
    where the cells do not bound it. Those of the two-stage fit and of the paper's convention are standard errors times Student's
    t, of ln L_0, gamma, E, F, ln T_0 and delta. Source: arXiv 2605.01188.

    Args:
        optima: rows of `OPTIMUM_COLUMNS`; flagged ones are left out. Only compute_flops, bytes_per_token and
            optimal_bits_per_byte are read.
        residual_model: compute-dependent-t; constant-t, delta = 0; intercept, no compression rate.
        two_stage: the paper's way, biased (see `fit_two_stages`); False fits all at once.
        method: its name; None where there is but one, and so for evaluation and language.
        max_fit_compute: budget, FLOPs, above which cells are left out.
        conventions: paper makes intervals narrower by the root of 2, see `fit_allocation_law`.

        profile: False takes standard errors for the one-stage intervals too; it is faster, where only predictions are wanted.

    Raises:
        RunTableError: a value that is no positive number; several methods, evaluation sets or languages.
        LawError: too few cells, or losses that no falling power of compute with a level fits.
    """
    rows = usable_optima(optima, [LOSS], method=method, evaluation=evaluation, language=language, max_fit_compute=max_fit_compute)
    what = f"law II ({residual_model}) of {rows['method'][0]}"
    rates = rows["bytes_per_token"].n_unique()
    free = len(NAMES[residual_model]) if not two_stage else max(len(NAMES[residual_model]), 2 + rates)
    require_variety(rows, what, free + 1, 3, 1 if residual_model == "intercept" else 3)
    cells = Cells.of(rows["compute_flops"].to_numpy(), rows["bytes_per_token"].to_numpy())
    losses = rows[LOSS].to_numpy()[None, :]
    fits = (fit_two_stages if two_stage else fit_one_stage)(cells, losses, residual_model)
    if not (abs(float(fits.parameters.logarithm_of_L_0[0])) < LARGEST_LOGARITHM and float(fits.parameters.gamma[0]) < 0):
        raise LawError(f"{what}: the losses do not fall toward a level as compute grows; more budgets, further apart, may show one")
    estimates = wald_estimates(fits, conventions)
    if profile and not two_stage and conventions == "correct":
        ends = profile_intervals(cells, losses, residual_model, fits)
        estimates = {name: with_ends(name, estimate, *(float(end[0]) for end in ends[name])) for name, estimate in estimates.items()}
    return law_of(rows, fits, estimates, residual_model, two_stage, conventions)


def wald_estimates(fits: LossFits, conventions: Conventions) -> dict[str, Estimate]:
    """Values of the first of the fits by the names of the covariance, those of logarithms as what they are logarithms of."""
    quantile, shrink = student_quantile(fits.degrees_of_freedom), math.sqrt(2) if conventions == "paper" else 1.0
    errors = fits.standard_errors()
    estimates: dict[str, Estimate] = {}
    for name, values in fits.parameters.named().items():
        make = Estimate.of_logarithm if name.startswith("ln ") else Estimate.of
        estimates[name] = make(float(values[0]), float(errors[name][0]) / shrink, quantile)
    return estimates


def with_ends(name: str, estimate: Estimate, low: float, high: float) -> Estimate:
    """The same value with another interval."""
    if name.startswith("ln "):
        low, high = exponential(low), exponential(high)
    return replace(estimate, low=low, high=high)


def law_of(
    rows: DataFrame, fits: LossFits, found: dict[str, Estimate], model: ResidualModel, two_stage: bool, conventions: Conventions
) -> LossLaw:
    """The first of the fits as a law."""
    residuals = fits.residuals[0]
    covariance = fits.covariances[0] / (2 if conventions == "paper" else 1)
    objective = float(residuals @ residuals)
    freedom = len(rows) - len(NAMES[model])
    return LossLaw(
        method=rows["method"][0],
        evaluation=rows["evaluation"][0],
        residual_model=model,
        two_stage=two_stage,
        L_0=found["ln L_0"],
        gamma=found["gamma"],
        E=found["E"],
        F=found.get("F"),
        delta=found.get("delta"),
        T_0=found.get("ln T_0"),
        r_squared=r_squared_of(rows[LOSS].to_numpy(), residuals),
        rmse=math.sqrt(objective / len(rows)),
        cells=len(rows),
        degrees_of_freedom=freedom,
        residual_deviation=math.sqrt(objective / freedom),
        compute_range=value_range(rows, "compute_flops"),
        compression_range=value_range(rows, "bytes_per_token"),
        conventions=conventions,
        quantile=student_quantile(fits.degrees_of_freedom),
        parameter_names=NAMES[model],
        covariance=tuple(tuple(row) for row in covariance.tolist()),
    )
