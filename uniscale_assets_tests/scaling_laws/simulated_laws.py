"""Losses and optima drawn from known laws, and what share of intervals covers the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from uniscale_assets.scaling_laws.allocation import design_of, power_law
from uniscale_assets.scaling_laws.least_squares import student_quantile
from uniscale_assets.scaling_laws.loss_fit import LossFits, fit_one_stage, fit_two_stages
from uniscale_assets.scaling_laws.loss_model import NAMES, Cells
from uniscale_assets.scaling_laws.profile_likelihood import Profiler
from uniscale_assets.scaling_laws.results import Estimate, ResidualModel

BUDGETS = (5e18, 1e19, 2e19, 5e19, 1e20, 2e20, 5e20, 1e21, 2e21)
RATES = (1.0, 2.0, 4.0, 6.0, 8.0, 12.0)
SUBWORD_RATES = (1.01, 3.71, 4.16, 4.57, 6.16)

TRUE_B = (0.9, 0.52, 0.40)
TRUE_N = (3e-4, 0.6, 0.46)
"""scale and exponents of compute and compression rate"""


@dataclass(frozen=True)
class TrueLoss:
    """A law of loss whose parameters are known; the default is about that of arXiv 2605.01188's latent cells."""

    logarithm_of_scale: float = math.log(3602.0)
    gamma: float = -0.2077
    lowest: float = 0.702
    height: float = 0.0357
    logarithm_of_place: float = math.log(14.43)
    delta: float = 0.0297
    deviation: float = 0.0065

    def named(self, model: ResidualModel) -> dict[str, float]:
        """By the names of the fitted parameters."""
        values = (self.logarithm_of_scale, self.gamma, self.lowest, self.height, self.logarithm_of_place, self.delta)
        return dict(zip(NAMES["compute-dependent-t"], values, strict=True)) if model == "compute-dependent-t" else self.without_drift(model)

    def without_drift(self, model: ResidualModel) -> dict[str, float]:
        """As `named`, of a model whose optimum stays."""
        place = self.logarithm_of_place - self.delta * 45.0
        values = (self.logarithm_of_scale, self.gamma, self.lowest, self.height, place)
        return (
            dict(zip(NAMES["constant-t"], values, strict=True)) if model == "constant-t" else dict(zip(NAMES[model], values, strict=False))
        )

    def losses(self, cells: Cells, model: ResidualModel) -> NDArray[np.float64]:
        """[cells], without noise."""
        true = self.named(model)
        compute = cells.compute + cells.center
        level = np.exp(true["ln L_0"] + true["gamma"] * compute) + true["E"]
        if "F" not in true:
            return level
        return level + true["F"] * (true.get("delta", 0.0) * compute + cells.rates - true["ln T_0"]) ** 2

    def draws(self, cells: Cells, model: ResidualModel, count: int, seed: int) -> NDArray[np.float64]:
        """[count, cells] with independent normal noise."""
        noise = np.random.default_rng(seed).standard_normal((count, len(cells.rates)))
        return self.losses(cells, model) + self.deviation * noise

    def noisier(self, times: float) -> TrueLoss:
        """The same law under another amount of noise."""
        return replace(self, deviation=self.deviation * times)


SUBWORD = TrueLoss(math.log(120.3), -0.1281, 0.6176, 0.0453, math.log(26044.0), 0.1858, 0.0054)
"""about that of arXiv 2605.01188's subword cells"""


def grid_cells(budgets: Sequence[float] = BUDGETS, rates: Sequence[float] = RATES) -> Cells:
    """Every budget with every compression rate."""
    compute, rate = (axis.ravel() for axis in np.meshgrid(budgets, rates, indexing="ij"))
    return Cells.of(compute, rate)


def estimates_of(fits: LossFits) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Values and standard errors by parameter, [draws] each."""
    errors = fits.standard_errors()
    return {name: (values, errors[name]) for name, values in fits.parameters.named().items()}


def fitted(cells: Cells, losses: NDArray[np.float64], model: ResidualModel, *, two_stage: bool) -> LossFits:
    """Every draw fitted from its best start."""
    return (fit_two_stages if two_stage else fit_one_stage)(cells, losses, model, tries=1)


@dataclass(frozen=True)
class Coverage:
    """How one parameter's estimates and intervals did."""

    covered: float
    """share of draws whose interval holds the truth"""
    bias: float
    """median estimate less truth, in standard deviations of the estimates"""
    relative_bias: float
    """median estimate / truth - 1"""


def loss_coverage(
    truth: TrueLoss,
    cells: Cells,
    model: ResidualModel = "compute-dependent-t",
    *,
    two_stage: bool = False,
    count: int = 1000,
    seed: int = 1,
) -> dict[str, Coverage]:
    """Coverage of law II's intervals by parameter."""
    fits = fitted(cells, truth.draws(cells, model, count, seed), model, two_stage=two_stage)
    quantile = student_quantile(fits.degrees_of_freedom)
    results: dict[str, Coverage] = {}
    for name, (values, errors) in estimates_of(fits).items():
        true = truth.named(model)[name]
        covered = np.abs(values - true) <= quantile * errors
        middle = float(np.median(values))
        results[name] = Coverage(float(covered.mean()), (middle - true) / float(np.nanstd(values)), middle / true - 1)
    return results


def allocation_coverage(cells: Cells, deviation: float, *, count: int = 1000, seed: int = 1) -> dict[str, float]:
    """Share of draws in which each parameter of law I is inside its interval."""
    compute, rates = np.exp(cells.compute + cells.center), np.exp(cells.rates)
    true = {"B_0": 0.92, "alpha": 0.525, "beta": 0.403}
    design = design_of(compute, rates)
    mean = design @ [math.log(true["B_0"]), true["alpha"], true["beta"]]
    noise = np.random.default_rng(seed).standard_normal((count, len(mean)))
    covered = np.zeros(3)
    for draw in noise:
        law = power_law(design, np.exp(mean + deviation * draw), "correct")
        estimates: tuple[Estimate, ...] = (law.scale, law.compute_exponent, law.compression_exponent)
        covered += [estimate.covers(value) for estimate, value in zip(estimates, true.values(), strict=True)]
    return dict(zip(true, (covered / count).tolist(), strict=True))


def profile_coverage(
    truth: TrueLoss, cells: Cells, model: ResidualModel = "compute-dependent-t", *, count: int = 1000, seed: int = 1
) -> dict[str, float]:
    """Share of draws in which each parameter of the one-stage law II is inside its interval by profile likelihood."""
    losses = truth.draws(cells, model, count, seed)
    fits = fit_one_stage(cells, losses, model, tries=1)
    quantile = student_quantile(fits.degrees_of_freedom)
    shares: dict[str, float] = {}
    for name, value in truth.named(model).items():
        roots = Profiler(cells, losses, model, fits, name).roots(np.full(count, value))
        shares[name] = float((np.abs(roots) <= quantile).mean())
    return shares


def optima_of_known_laws(deviation: float = 0.0, seed: int = 1) -> pl.DataFrame:
    """Optima of known laws on 9 budgets x 6 compression rates."""
    cells, random = grid_cells(), np.random.default_rng(seed)
    compute, rates = np.exp(cells.compute + cells.center), np.exp(cells.rates)
    noise = random.standard_normal((3, len(rates)))
    bytes_, parameters = (
        scale * compute**first * rates**second * np.exp(10 * deviation * draw)
        for (scale, first, second), draw in zip((TRUE_B, TRUE_N), noise[:2], strict=True)
    )
    losses = TrueLoss().losses(cells, "compute-dependent-t") + deviation * noise[2]
    return pl.DataFrame(
        {
            "method": "m",
            "language": "all",
            "evaluation": "bpb",
            "compute_flops": compute,
            "bytes_per_token": rates,
            "optimal_bytes": bytes_,
            "optimal_parameters": parameters,
            "optimal_total_parameters": 1.5 * parameters,
            "optimal_bits_per_byte": losses,
            "global_compute_flops": 6 * parameters * bytes_ / rates,
            "flag": "",
        }
    )
