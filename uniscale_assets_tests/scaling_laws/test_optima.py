"""isoFLOP optima of runs whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from uniscale_assets.errors import LawError, RunTableError
from uniscale_assets.scaling_laws.frames import POINT_COLUMNS, frame_of
from uniscale_assets.scaling_laws.least_squares import coefficient_draws, fit_linear
from uniscale_assets.scaling_laws.optima import Rule, isoflop_optima, isoflop_parabolas
from uniscale_assets.scaling_laws.paraboloid import fit_paraboloid
from uniscale_assets.scaling_laws.results import Axis

BEST = 2e10
LOWEST = 0.95


def parabola(bytes_: float, curvature: float = 0.01) -> float:
    return LOWEST + curvature * math.log(bytes_ / BEST) ** 2


def points_of(sizes: list[float], losses: list[float], compute: float = 1e20, rate: float = 4.0) -> pl.DataFrame:
    """Runs whose parameters fall as C T / (6 B), one loss each."""
    common = {"source": "s", "method": "m", "language": "all", "evaluation": "bpb", "compute_flops": compute, "bytes_per_token": rate}
    rows = [
        {
            **common,
            "bytes": size,
            "parameters": 0.5 * compute * rate / 6 / size,
            "total_parameters": compute * rate / 6 / size,
            "bits_per_byte": loss,
        }
        for size, loss in zip(sizes, losses, strict=True)
    ]
    return frame_of(rows, POINT_COLUMNS)


SIZES = [5e9, 1e10, 1.6e10, 3e10, 5e10, 9e10]
EXACT = points_of(SIZES, [parabola(size) for size in SIZES])


def test_an_exact_parabola_is_found_again() -> None:
    row = isoflop_optima(EXACT).row(0, named=True)
    assert row["optimal_bytes"] == pytest.approx(BEST, rel=1e-9)
    assert row["optimal_bits_per_byte"] == pytest.approx(LOWEST, rel=1e-12)
    # ln N is linear in ln B here, so interpolation is exact.
    assert row["optimal_parameters"] == pytest.approx(0.5e20 * 4 / 6 / BEST, rel=1e-9)
    assert row["optimal_total_parameters"] == pytest.approx(1e20 * 4 / 6 / BEST, rel=1e-9)
    assert row["bytes_per_parameter"] == pytest.approx(row["optimal_bytes"] / row["optimal_parameters"])
    assert row["global_compute_flops"] == pytest.approx(0.5e20, rel=1e-9)
    assert (row["runs"], row["flag"]) == (6.0, "")
    assert row["optimal_bytes_low"] == pytest.approx(BEST, rel=1e-6)


@pytest.mark.parametrize("rule", ["vertex", "grid", "best"])
def test_the_order_of_rows_does_not_matter(rule: Rule) -> None:
    noise = np.random.default_rng(1).normal(0, 0.001, len(SIZES))
    points = pl.concat(
        [points_of(SIZES, [parabola(size) + error for size, error in zip(SIZES, noise, strict=True)], rate=rate) for rate in (2.0, 4.0)]
    )
    shuffled = points.sample(fraction=1, shuffle=True, seed=3)
    assert isoflop_optima(points, rule=rule).equals(isoflop_optima(shuffled, rule=rule))
    assert isoflop_parabolas(points).equals(isoflop_parabolas(shuffled))


def test_units_do_not_matter() -> None:
    noise = np.random.default_rng(2).normal(0, 0.001, len(SIZES))
    points = points_of(SIZES, [parabola(size) + error for size, error in zip(SIZES, noise, strict=True)])
    giga = points.with_columns(pl.col("bytes") / 1e9, pl.col("parameters") / 1e6, pl.col("bits_per_byte") * math.log(2))
    ours, theirs = (isoflop_optima(frame).row(0, named=True) for frame in (points, giga))
    for end in ("", "_low", "_high"):
        assert theirs[f"optimal_bytes{end}"] == pytest.approx(ours[f"optimal_bytes{end}"] / 1e9, rel=1e-9)
        assert theirs[f"optimal_parameters{end}"] == pytest.approx(ours[f"optimal_parameters{end}"] / 1e6, rel=1e-9)
        assert theirs[f"optimal_bits_per_byte{end}"] == pytest.approx(ours[f"optimal_bits_per_byte{end}"] * math.log(2), rel=1e-9)


@pytest.mark.parametrize(
    ("sizes", "curvature", "flag"),
    [
        (SIZES[:3], 0.01, "too few runs"),
        ([SIZES[0]] * 3 + [SIZES[3]] * 3, 0.01, "too few runs"),
        (SIZES, -0.01, "opens downward"),
        ([*SIZES[3:], 2e11], 0.01, "outside the runs"),
        (SIZES[1:5], 0.01, ""),
    ],
)
def test_optima_that_cannot_be_used_are_flagged(sizes: list[float], curvature: float, flag: str) -> None:
    points = points_of(sizes, [parabola(size, curvature) for size in sizes])
    row = isoflop_optima(points).row(0, named=True)
    assert row["flag"] == flag
    assert isoflop_parabolas(points)["flag"][0] == flag
    if flag:
        assert row["optimal_parameters"] is None
    assert (row["optimal_bytes"] is None) == (flag in ("too few runs", "opens downward"))


def test_the_best_run_is_taken_as_it_is() -> None:
    row = isoflop_optima(EXACT.sample(fraction=1, shuffle=True, seed=1), rule="best").row(0, named=True)
    assert row["optimal_bytes"] == pytest.approx(1.6e10)
    assert row["optimal_bits_per_byte"] == parabola(1.6e10)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -1.0, None])
@pytest.mark.parametrize("column", ["bits_per_byte", "bytes", "compute_flops"])
def test_values_that_are_no_positive_numbers_are_refused(column: str, bad: float | None) -> None:
    frame = EXACT.with_columns(pl.Series(column, [bad, *EXACT[column].to_list()[1:]], dtype=pl.Float64))
    with pytest.raises(RunTableError, match=rf"row 1 .*column {column}"):
        isoflop_optima(frame)
    with pytest.raises(RunTableError, match=column):
        fit_paraboloid(frame)


@pytest.mark.parametrize(("axis", "column"), [("B", "bytes"), ("N", "parameters"), ("rho", None)])
def test_a_parabola_gives_back_its_curve(axis: Axis, column: str | None) -> None:
    row = isoflop_parabolas(EXACT, axis=axis).row(0, named=True)
    place = EXACT[column] if column else EXACT["bytes"] / EXACT["parameters"]
    away = np.log(place.to_numpy()) - row["center"]
    curve = row["intercept"] + row["slope"] * away + row["curvature"] * away**2
    assert curve == pytest.approx(EXACT["bits_per_byte"].to_numpy(), rel=1e-9)
    assert row["r_squared"] == pytest.approx(1.0)
    assert (row["low"], row["high"]) == pytest.approx((place.min(), place.max()))


@pytest.mark.parametrize("runs", [4, 6, 10])
def test_intervals_of_the_optimum_cover(runs: int) -> None:
    sizes = np.geomspace(4e9, 1e11, runs).tolist()
    noise = np.random.default_rng(runs).normal(0, 0.001, (400, runs))
    frames = [
        points_of(sizes, [parabola(size) + error for size, error in zip(sizes, draw, strict=True)], compute=1e20 * (1 + number / 1e6))
        for number, draw in enumerate(noise)
    ]
    rows = isoflop_optima(pl.concat(frames)).filter(pl.col("flag") == "")
    assert len(rows) > 350
    for name, true in {"optimal_bytes": BEST, "optimal_bits_per_byte": LOWEST}.items():
        low, high = rows[f"{name}_low"].fill_null(0.0), rows[f"{name}_high"].fill_null(math.inf)
        assert 0.9 <= ((low <= true) & (true <= high)).mean() <= 0.99, name


def test_the_bootstrap_spreads_as_the_noise_does() -> None:
    random = np.random.default_rng(5)
    design = np.vander(np.linspace(-1, 1, 40), 3, increasing=True)
    fit = fit_linear(design, design @ [1.0, 0.5, 2.0] + random.normal(0, 0.1, 40))
    spread = coefficient_draws(fit).std(axis=0)
    expected = np.sqrt(np.diag(fit.unscaled_covariance)) * fit.deviation
    assert spread == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize("axis", ["rho", "B", "N"])
def test_an_exact_surface_is_found_again(axis: Axis) -> None:
    t, x = (values.ravel() for values in np.meshgrid(np.log([1.0, 2.0, 4.0, 8.0]), np.log([20.0, 50.0, 100.0, 300.0])))
    losses = 0.9 + 0.03 * (t - math.log(3)) ** 2 + 0.006 * (x - math.log(60)) ** 2 + 0.002 * (t - math.log(3)) * (x - math.log(60))
    bytes_, parameters = {"rho": (1e8 * np.exp(x), 1e8 + 0 * x), "B": (np.exp(x), 5.0 + 0 * x), "N": (5.0 + 0 * x, np.exp(x))}[axis]
    frame = points_of(bytes_.tolist(), losses.tolist()).with_columns(bytes_per_token=np.exp(t), parameters=parameters)
    surface = fit_paraboloid(frame, axis=axis)
    assert (surface.t_star, surface.x_star, surface.minimum) == pytest.approx((3.0, 60.0, 0.9), rel=1e-9)
    assert surface.r_squared == pytest.approx(1.0)
    assert surface.rmse < 1e-12
    assert surface.inside
    assert surface.loss_at(np.exp(t), np.exp(x)) == pytest.approx(losses, rel=1e-9)
    # Along one T the best x is where the surface falls no more.
    best = float(surface.best_at(6.0))
    assert float(surface.loss_at(6.0, best)) < min(float(surface.loss_at(6.0, best * factor)) for factor in (0.99, 1.01))


def test_a_saddle_has_no_minimum() -> None:
    t, x = (values.ravel() for values in np.meshgrid(np.log([1.0, 2.0, 4.0]), np.log([20.0, 50.0, 100.0])))
    frame = points_of(np.exp(x).tolist(), (2 + t**2 - x**2 / 20).tolist()).with_columns(bytes_per_token=np.exp(t), parameters=pl.lit(1.0))
    surface = fit_paraboloid(frame)
    assert not surface.has_minimum
    assert not surface.inside


def test_surfaces_that_runs_leave_open_are_refused() -> None:
    with pytest.raises(LawError, match="leave its six coefficients open"):
        fit_paraboloid(EXACT)
    two = pl.concat([EXACT, points_of(SIZES, [1.0] * 6, compute=2e20)])
    with pytest.raises(LawError, match=r"choose one of 1e\+20, 2e\+20"):
        fit_paraboloid(two)
    with pytest.raises(LawError, match=r"no runs at 3e\+20"):
        fit_paraboloid(two, 3e20)
    with pytest.raises(RunTableError, match="one method is wanted, there are m, other"):
        fit_paraboloid(pl.concat([EXACT, EXACT.with_columns(method=pl.lit("other"))]))
