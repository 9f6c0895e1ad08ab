"""Power laws over sizes against laws that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit

from uniscale_assets.statistics.documents import DocumentNoise
from uniscale_assets.statistics.noise import grid_noise
from uniscale_assets.statistics.scores import ScoreGrid
from uniscale_assets.statistics.size_extrapolation import extrapolated, extrapolation_noise

SIZES = (1e6, 3e6, 1e7, 3e7)


def law(size: float, floor: float, scale: float, exponent: float) -> float:
    """L = E + A N^-alpha."""
    return floor + scale * size**-exponent


@pytest.mark.parametrize(("floor", "scale", "exponent"), [(0.8, 30.0, 0.25), (1.2, 400.0, 0.5), (0.0, 5.0, 0.1)])
def test_finds_a_law_without_noise(floor: float, scale: float, exponent: float) -> None:
    values = np.array([law(size, floor, scale, exponent) for size in SIZES])
    assert extrapolated(values, SIZES, 1e9) == pytest.approx(law(1e9, floor, scale, exponent), abs=1e-4)
    assert extrapolated(values[:3], SIZES[:3], 1e9) == pytest.approx(law(1e9, floor, scale, exponent), abs=1e-4)


def test_agrees_with_a_general_fit_of_noisy_values() -> None:
    random = np.random.default_rng(5)
    values = np.array([law(size, 0.9, 40.0, 0.3) for size in SIZES]) + 0.002 * random.standard_normal(4)
    scaled, _ = curve_fit(lambda x, e, a, alpha: e + a * x**-alpha, np.array(SIZES) / 1e6, values, p0=(0.9, 0.6, 0.3))
    assert extrapolated(values, SIZES, 1e8) == pytest.approx(scaled[0] + scaled[1] * 100 ** -scaled[2], abs=5e-4)


def test_two_sizes_make_a_line_in_log_size() -> None:
    assert extrapolated(np.array([3.0, 2.5]), (1e6, 1e7), 1e8) == pytest.approx(2.0)


def test_values_that_rise_with_size_are_not_followed_upwards() -> None:
    assert extrapolated(np.array([2.0, 2.1, 2.2]), SIZES[:3], 1e9) == pytest.approx(2.1)


def test_never_below_zero() -> None:
    assert extrapolated(np.array([3.0, 1.0, 0.1]), SIZES[:3], 1e12) >= 0


def test_every_tokenizer_by_itself() -> None:
    values = np.array([[law(size, 0.8, 30.0, 0.25) for size in SIZES], [law(size, 1.0, 90.0, 0.4) for size in SIZES]])
    together = extrapolated(values, SIZES, 1e9)
    assert together.tolist() == [extrapolated(row, SIZES, 1e9) for row in values]


def test_its_noise_is_that_of_repeated_studies() -> None:
    """What many studies show is what one estimates, seeds and documents together; documents are the same at every size."""
    predicted, said = [], []
    random = np.random.default_rng(8)
    for _ in range(300):
        values = random.standard_normal((6, 2, 2)) * 0.01 + random.standard_normal((6, 1, 1)) * 0.02
        deviations = random.standard_normal((200, 6, 1)) * 0.02 * np.ones((1, 1, 2))
        grid = ScoreGrid("", "all", tuple("abcdef"), ("0.06M", "0.2M"), (1, 2), 2.5 + values)
        noise = grid_noise(grid, DocumentNoise(deviations, 200, 199.0), 200, random)
        found = extrapolation_noise(noise, ("0.06M", "0.2M"), "0.8M", range(6), random)
        predicted.append(found.means[1] - found.means[0])
        said.append(found.difference_variances[0, 1])
    assert np.var(predicted) == pytest.approx(np.mean(said), rel=0.2)
