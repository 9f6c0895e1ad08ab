"""The two laws: found again where they are exact, the same in any order and unit, and refused where nothing fits."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from uniscale_assets.errors import LawError, RunTableError
from uniscale_assets.scaling_laws.allocation import fit_allocation_law
from uniscale_assets.scaling_laws.extrapolation import extrapolation, share_inside
from uniscale_assets.scaling_laws.frames import OPTIMUM_COLUMNS, frame_of
from uniscale_assets.scaling_laws.loss_law import fit_loss_law
from uniscale_assets.scaling_laws.loss_model import NAMES
from uniscale_assets.scaling_laws.multi_start import multi_start_check
from uniscale_assets.scaling_laws.results import LossLaw, ResidualModel
from uniscale_assets.scaling_laws.shipped import shipped_optima
from uniscale_assets_tests.scaling_laws.simulated_laws import TRUE_B, TRUE_N, TrueLoss, optima_of_known_laws

NOISY = optima_of_known_laws(0.006)


def values_of(law: LossLaw) -> list[float]:
    """The law's values, ends of intervals among them."""
    estimates = (law.L_0, law.gamma, law.E, law.F, law.T_0, law.delta)
    return [value for estimate in estimates if estimate is not None for value in (estimate.value, estimate.low, estimate.high)]


def test_exact_laws_are_found_again() -> None:
    exact = optima_of_known_laws()
    allocation = fit_allocation_law(exact)
    for power, (scale, compute, compression) in ((allocation.optimal_bytes, TRUE_B), (allocation.optimal_parameters, TRUE_N)):
        assert power.scale.value == pytest.approx(scale, rel=1e-8)
        assert (power.compute_exponent.value, power.compression_exponent.value) == pytest.approx((compute, compression), rel=1e-8)
        assert power.r_squared == pytest.approx(1.0)
    assert allocation.bytes_at(1e20, 4.0) == pytest.approx(0.9 * 1e20**0.52 * 4**0.4, rel=1e-8)
    total = fit_allocation_law(exact, parameters="total")
    assert total.optimal_parameters.scale.value == pytest.approx(1.5 * TRUE_N[0], rel=1e-8)


@pytest.mark.parametrize("deviation", [1e-9, 1e-5])
def test_nearly_exact_losses_give_their_law(deviation: float) -> None:
    law = fit_loss_law(optima_of_known_laws(deviation))
    true = TrueLoss()
    assert law.gamma.value == pytest.approx(true.gamma, rel=1e3 * deviation)
    assert law.E.value == pytest.approx(true.lowest, rel=1e3 * deviation)
    assert law.F is not None
    assert law.F.value == pytest.approx(true.height, rel=1e3 * deviation)
    assert law.rmse == pytest.approx(deviation, rel=0.3)
    assert law.optimal_compression_rate(1e20) == pytest.approx(14.43 * 1e20**-0.0297, rel=1e3 * deviation)
    # The place of least loss, found by looking.
    rates = np.geomspace(2, 8, 20001)
    assert rates[law.loss_at(1e20, rates).argmin()] == pytest.approx(float(law.optimal_compression_rate(1e20)), rel=2e-4)


@pytest.mark.parametrize("two_stage", [False, True])
@pytest.mark.parametrize("model", list(NAMES))
def test_the_order_of_rows_does_not_matter(model: ResidualModel, two_stage: bool) -> None:
    shuffled = NOISY.sample(fraction=1, shuffle=True, seed=7)
    assert fit_loss_law(NOISY, residual_model=model, two_stage=two_stage) == fit_loss_law(
        shuffled, residual_model=model, two_stage=two_stage
    )
    assert fit_allocation_law(NOISY) == fit_allocation_law(shuffled)


def test_units_do_not_matter() -> None:
    exa, mega, nats = 1e18, 1e6, math.log(2)
    other = NOISY.with_columns(
        pl.col("compute_flops") / exa,
        pl.col("global_compute_flops") / exa,
        pl.col("optimal_bytes") / mega,
        pl.col("optimal_parameters") / mega,
        pl.col("optimal_bits_per_byte") * nats,
    )
    ours, theirs = fit_allocation_law(NOISY), fit_allocation_law(other)
    assert theirs.optimal_bytes.compute_exponent.low == pytest.approx(ours.optimal_bytes.compute_exponent.low, rel=1e-9)
    assert theirs.bytes_at(100.0, 3.0) * mega == pytest.approx(ours.bytes_at(100.0 * exa, 3.0), rel=1e-9)
    for two_stage in (False, True):
        mine, yours = fit_loss_law(NOISY, two_stage=two_stage), fit_loss_law(other, two_stage=two_stage)
        assert yours.gamma.value == pytest.approx(mine.gamma.value, rel=1e-6)
        assert (yours.gamma.low, yours.gamma.high) == pytest.approx((mine.gamma.low, mine.gamma.high), rel=1e-3)
        assert yours.E.value == pytest.approx(mine.E.value * nats, rel=1e-6)
        assert yours.E.low == pytest.approx(mine.E.low * nats, rel=1e-3)
        assert yours.loss_at(100.0, 3.0) == pytest.approx(mine.loss_at(100.0 * exa, 3.0) * nats, rel=1e-8)
        one, two = mine.optimal_compression_rate_estimate(100.0 * exa), yours.optimal_compression_rate_estimate(100.0)
        assert (two.value, two.low, two.high) == pytest.approx((one.value, one.low, one.high), rel=1e-6)


def test_the_paper_makes_intervals_narrower_by_the_root_of_two() -> None:
    correct, paper = (fit_allocation_law(NOISY, conventions=conventions).optimal_bytes for conventions in ("correct", "paper"))
    assert paper.scale.value == correct.scale.value
    width = correct.compute_exponent.high - correct.compute_exponent.low
    assert width / (paper.compute_exponent.high - paper.compute_exponent.low) == pytest.approx(math.sqrt(2))
    staged = [fit_loss_law(NOISY, two_stage=True, conventions=conventions).gamma for conventions in ("correct", "paper")]
    assert (staged[0].high - staged[0].low) / (staged[1].high - staged[1].low) == pytest.approx(math.sqrt(2))


@pytest.mark.parametrize("model", list(NAMES))
def test_many_starts_find_nothing_better(model: ResidualModel) -> None:
    for law in (fit_loss_law(NOISY, residual_model=model), fit_allocation_law(NOISY), fit_allocation_law(NOISY, compute="approximated")):
        for check in multi_start_check(law, NOISY, starts_an_axis=2):
            assert check.starts == 8
            assert check.agrees, check
            assert not check.found_better


def test_many_starts_find_nothing_better_on_the_published_optima(optima: pl.DataFrame) -> None:
    for method in ("latent_entropy", "subword"):
        law = fit_loss_law(optima, method=method)
        assert all(check.agrees for check in multi_start_check(law, optima, starts_an_axis=2)), method


def test_flagged_cells_stay_out_of_the_laws() -> None:
    wild = NOISY.head(3).with_columns(
        optimal_bits_per_byte=pl.lit(3.0), optimal_bytes=pl.lit(None, pl.Float64), flag=pl.lit("opens downward")
    )
    wild = wild.with_columns(compute_flops=pl.lit(3e22))
    both = pl.concat([NOISY, wild])
    assert fit_loss_law(both) == fit_loss_law(NOISY)
    assert fit_allocation_law(both) == fit_allocation_law(NOISY)


@pytest.mark.parametrize("bad", [math.nan, None, -1.0])
def test_losses_that_are_no_positive_numbers_are_refused(bad: float | None) -> None:
    frame = NOISY.with_columns(pl.Series("optimal_bits_per_byte", [bad, *NOISY["optimal_bits_per_byte"].to_list()[1:]], dtype=pl.Float64))
    with pytest.raises(RunTableError, match=r"row 1 .*column optimal_bits_per_byte"):
        fit_loss_law(frame)


def test_what_leaves_a_law_open_is_refused() -> None:
    with pytest.raises(LawError, match="law I of m: 3 usable cells of 1 budgets"):
        fit_allocation_law(NOISY.head(3))
    with pytest.raises(LawError, match="it takes 7 cells, 3 budgets and 3 rates"):
        fit_loss_law(NOISY, max_fit_compute=1e19)
    with pytest.raises(LawError, match="no usable cell up to 1 FLOPs"):
        fit_loss_law(NOISY, max_fit_compute=1.0)
    with pytest.raises(LawError, match="global parameters"):
        fit_allocation_law(NOISY, parameters="total", compute="approximated")
    with pytest.raises(LawError, match="no isoFLOP optima of nobody"):
        fit_loss_law(NOISY, method="nobody")
    with pytest.raises(RunTableError, match="one method is wanted, there are m, n; choose one"):
        fit_loss_law(pl.concat([NOISY, NOISY.with_columns(method=pl.lit("n"))]))
    with pytest.raises(LawError, match="it has no compression rate"):
        fit_loss_law(NOISY, residual_model="intercept").optimal_compression_rate(1e20)
    with pytest.raises(LawError, match="do not fall toward a level"):
        rising = NOISY.with_columns(optimal_bits_per_byte=pl.col("compute_flops") ** 0.1)
        fit_loss_law(rising, residual_model="intercept")
    with pytest.raises(LawError, match="do not fall toward a level"):
        step = NOISY.with_columns(
            optimal_bits_per_byte=pl.when(pl.col("compute_flops") == pl.col("compute_flops").min()).then(2.0).otherwise(1.0)
        )
        fit_loss_law(step, residual_model="intercept")


def test_a_law_knows_its_own_noise() -> None:
    law = fit_loss_law(NOISY)
    assert law.residual_deviation == pytest.approx(0.006, rel=0.25)
    assert share_inside(law, NOISY) >= 0.93
    curve, cell = (law.loss_estimate(1e20, 4.0, prediction=prediction) for prediction in (False, True))
    assert cell.standard_error**2 == pytest.approx(curve.standard_error**2 + law.residual_deviation**2)


def test_extrapolation_of_known_laws() -> None:
    found = extrapolation(NOISY, 5e20).rows_by_key("residual_model", named=True, unique=True)
    moving, fixed, none = (found[model] for model in NAMES)
    assert moving["rmse"] == pytest.approx(0.006, rel=0.6)
    assert moving["rmse"] < fixed["rmse"] < none["rmse"]
    assert (moving["fitted_cells"], moving["predicted_cells"]) == (42.0, 12.0)
    assert moving["inside_interval"] > 0.8
    with pytest.raises(LawError, match="no usable cell above"):
        extrapolation(NOISY, 2e21)


def test_the_shipped_tables_are_an_example_that_works() -> None:
    tables = shipped_optima()
    assert tables["method"].value_counts(sort=True).rows() == [("latent_entropy", 48), ("subword", 40)]
    law = fit_loss_law(tables, method="latent_entropy")
    assert law.r_squared > 0.99
    assert 3 < float(law.optimal_compression_rate(1e20)) < 4.5
    with pytest.raises(RunTableError, match="column optimal_bytes"):
        fit_allocation_law(tables, method="latent_entropy")


def test_a_study_with_the_fewest_cells_still_gets_a_law() -> None:
    rows = [
        row for row in NOISY.iter_rows(named=True) if any(abs(row["compute_flops"] / budget - 1) < 1e-6 for budget in (1e19, 1e20, 1e21))
    ]
    few = frame_of(rows, OPTIMUM_COLUMNS)
    assert len(few) == 18
    law = fit_loss_law(few)
    assert all(math.isfinite(value) or abs(value) == math.inf for value in values_of(law))
    assert law.degrees_of_freedom == 12
