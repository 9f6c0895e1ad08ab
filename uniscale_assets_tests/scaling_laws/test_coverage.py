"""Intervals cover what they claim: 1000 draws from known laws, at the noise of arXiv 2605.01188's cells."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from uniscale_assets.scaling_laws.least_squares import student_quantile
from uniscale_assets.scaling_laws.loss_fit import fit_one_stage
from uniscale_assets.scaling_laws.loss_law import fit_loss_law
from uniscale_assets.scaling_laws.loss_model import NAMES, Cells
from uniscale_assets.scaling_laws.profile_likelihood import Profiler, profile_intervals
from uniscale_assets.scaling_laws.results import ResidualModel
from uniscale_assets_tests.scaling_laws.simulated_laws import (
    BUDGETS,
    SUBWORD,
    SUBWORD_RATES,
    TrueLoss,
    allocation_coverage,
    grid_cells,
    loss_coverage,
    profile_coverage,
)

LEAST, MOST = 0.93, 0.97
DRAWS = 1000
SUBWORD_CELLS = grid_cells(BUDGETS[1:6], SUBWORD_RATES)


@pytest.mark.parametrize("cells", [grid_cells(), SUBWORD_CELLS], ids=["54 cells", "25 cells"])
def test_intervals_of_law_one_cover(cells: Cells) -> None:
    for name, share in allocation_coverage(cells, 0.065, count=DRAWS).items():
        assert LEAST <= share <= MOST, name


@pytest.mark.parametrize(
    ("truth", "cells", "model"),
    [
        (TrueLoss(), grid_cells(), "compute-dependent-t"),
        (TrueLoss(), grid_cells(), "constant-t"),
        (TrueLoss(), grid_cells(), "intercept"),
        (SUBWORD, SUBWORD_CELLS, "compute-dependent-t"),
    ],
    ids=["latent", "latent, constant T*", "latent, intercept", "subword"],
)
def test_intervals_of_one_stage_law_two_cover(truth: TrueLoss, cells: Cells, model: ResidualModel) -> None:
    for name, share in profile_coverage(truth, cells, model, count=DRAWS, seed=2).items():
        assert LEAST <= share <= MOST, name


def test_a_value_is_inside_the_interval_where_its_profile_says_so() -> None:
    # The coverage above asks the profile at the truth; the intervals that are reported are its ends.
    cells, truth, model = SUBWORD_CELLS, SUBWORD, "compute-dependent-t"
    losses = truth.draws(cells, model, 15, seed=3)
    fits = fit_one_stage(cells, losses, model, tries=1)
    quantile = student_quantile(fits.degrees_of_freedom)
    for name, (low, high) in profile_intervals(cells, losses, model, fits).items():
        true = truth.named(model)[name]
        roots = Profiler(cells, losses, model, fits, name).roots(np.full(15, true))
        assert (((low <= true) & (true <= high)) == (np.abs(roots) <= quantile)).all(), name


def test_a_law_reports_the_intervals_that_were_tried() -> None:
    cells, model = grid_cells(), "compute-dependent-t"
    losses = TrueLoss().draws(cells, model, 3, seed=4)
    ends = profile_intervals(cells, losses, model, fit_one_stage(cells, losses, model, tries=1))
    law = fit_loss_law(optima_of(cells, losses[1]))
    estimates = {"gamma": law.gamma, "E": law.E, "F": law.F, "delta": law.delta}
    for name, estimate in estimates.items():
        assert estimate is not None
        assert (estimate.low, estimate.high) == pytest.approx([end[1] for end in ends[name]], rel=1e-4, abs=1e-7), name
    assert law.T_0 is not None
    assert [np.log(law.T_0.low), np.log(law.T_0.high)] == pytest.approx([end[1] for end in ends["ln T_0"]], rel=1e-4)
    assert [np.log(law.L_0.low), np.log(law.L_0.high)] == pytest.approx([end[1] for end in ends["ln L_0"]], rel=1e-4)


def optima_of(cells: Cells, losses: np.ndarray) -> pl.DataFrame:
    """A frame that law II can be fitted to."""
    return pl.DataFrame(
        {
            "method": "m",
            "language": "all",
            "evaluation": "bpb",
            "compute_flops": np.exp(cells.compute + cells.center),
            "bytes_per_token": np.exp(cells.rates),
            "optimal_bits_per_byte": losses,
            "flag": "",
        }
    )


def test_loss_and_best_rate_are_covered_at_budgets_beyond_the_cells() -> None:
    cells, truth, model = grid_cells(), TrueLoss(), "compute-dependent-t"
    budget, rate = 1e22, 5.0
    true = truth.named(model)
    true_rate = np.exp(true["ln T_0"]) * budget ** -true["delta"]
    away = true["delta"] * np.log(budget) + np.log(rate) - true["ln T_0"]
    true_loss = np.exp(true["ln L_0"]) * budget ** true["gamma"] + true["E"] + true["F"] * away**2
    covered = np.zeros(2)
    draws = truth.draws(cells, model, 100, seed=5)
    for losses in draws:
        law = fit_loss_law(optima_of(cells, losses), profile=False)
        covered += [law.optimal_compression_rate_estimate(budget).covers(true_rate), law.loss_estimate(budget, rate).covers(true_loss)]
    assert (covered / len(draws)).min() >= 0.89


def test_the_two_stage_fit_is_biased_as_its_docstring_says() -> None:
    latent = loss_coverage(TrueLoss(), grid_cells(), two_stage=True, count=DRAWS)
    assert latent["F"].covered == pytest.approx(0.64, abs=0.05)
    assert latent["F"].relative_bias == pytest.approx(-0.009, abs=0.004)
    subword = loss_coverage(SUBWORD, grid_cells(BUDGETS[1:], SUBWORD_RATES), two_stage=True, count=DRAWS)
    assert subword["gamma"].relative_bias == pytest.approx(0.39, abs=0.05)
    assert subword["F"].relative_bias == pytest.approx(0.22, abs=0.03)
    assert subword["delta"].relative_bias == pytest.approx(-0.30, abs=0.03)
    assert subword["F"].covered < 0.2
    assert subword["delta"].covered < 0.02
    one_stage = loss_coverage(SUBWORD, grid_cells(BUDGETS[1:], SUBWORD_RATES), count=DRAWS)
    assert all(abs(one_stage[name].relative_bias) < 0.03 for name in NAMES["compute-dependent-t"])
