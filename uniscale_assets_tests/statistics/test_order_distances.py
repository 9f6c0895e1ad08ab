"""Distances to orders: isotonic regression, by scipy and by non-negative least squares."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import optimize, stats

from uniscale_assets.statistics.noise import SizeNoise
from uniscale_assets.statistics.order_distances import order_distances
from uniscale_assets.statistics.orders import distance_limits, linear_extensions, possible_orders


def noise_of(means: np.ndarray, covariance: np.ndarray, degrees_of_freedom: float = np.inf) -> SizeNoise:
    """Means with known noise."""
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(len(means)), covariance, 100)
    return SizeNoise("1M", means, covariance, degrees_of_freedom, 0.0, draws, True, "")


def test_equal_noise_is_isotonic_regression() -> None:
    random = np.random.default_rng(0)
    orders = np.array(list(permutations(range(5))))
    for _ in range(5):
        means = random.standard_normal(5)
        found = order_distances(noise_of(means, np.eye(5)), orders)
        for order, distance, ties in zip(orders, found.distances, found.ties, strict=True):
            fit = optimize.isotonic_regression(means[order])
            assert distance == pytest.approx(((fit.x - means[order]) ** 2).sum(), abs=1e-6)
            assert ties == 5 - (len(fit.blocks) - 1)


def test_correlated_noise_is_the_nearest_ordered_values() -> None:
    random = np.random.default_rng(1)
    orders = np.array(list(permutations(range(4))))
    for _ in range(5):
        factor = random.standard_normal((4, 4))
        covariance, means = factor @ factor.T + 0.1 * np.eye(4), random.standard_normal(4)
        found = order_distances(noise_of(means, covariance), orders)
        for order, distance in zip(orders, found.distances, strict=True):
            # Ordered values are a start plus steps that are not negative.
            whiten = np.linalg.inv(np.linalg.cholesky(covariance[np.ix_(order, order)]))
            steps = np.tril(np.ones((4, 4)))
            design = whiten @ np.column_stack([steps, -steps[:, 0]])
            _, residual = optimize.nnls(design, whiten @ means[order])
            assert distance == pytest.approx(residual**2, abs=1e-6)


def test_the_observed_order_is_always_possible_and_a_far_one_never() -> None:
    means = np.array([3.0, 1.0, 2.0, 9.0])
    found = possible_orders(noise_of(means, 0.1 * np.eye(4)), noise_of(means, 0.1 * np.eye(4)))
    places = [side.orders.tolist().index(np.argsort(means).tolist()) for side in (found.small, found.large)]
    assert found.possible[places[0], places[1]]
    assert all(order[-1] == 3 for order in found.small.orders.tolist())


def test_the_test_of_one_order_has_its_size_where_everything_ties() -> None:
    """The true order is refused in 5 % of studies at most: conditional chi-squared, all values equal."""
    random = np.random.default_rng(2)
    refused = []
    limits = distance_limits(5, np.inf, 0.95)
    for _ in range(4000):
        found = order_distances(noise_of(random.standard_normal(6), np.eye(6)), np.arange(6)[None])
        refused.append(found.distances[0] > limits[found.ties[0]])
    assert 0.04 < np.mean(refused) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)


def test_limits() -> None:
    assert distance_limits(1, np.inf, 0.95).tolist() == pytest.approx([0, 1.959964**2], abs=1e-4)
    # One tied pair with 6 degrees of freedom is Student's t test.
    assert distance_limits(1, 6, 0.95)[1] == pytest.approx(stats.t.ppf(0.975, 6) ** 2)


def test_linear_extensions() -> None:
    free = np.zeros((4, 4), dtype=bool)
    assert len(list(linear_extensions(free))) == 24
    chain = np.triu(np.ones((4, 4), dtype=bool), 1)
    assert list(linear_extensions(chain)) == [[0, 1, 2, 3]]
    two_chains = np.zeros((4, 4), dtype=bool)
    two_chains[0, 1] = two_chains[2, 3] = True
    assert len(list(linear_extensions(two_chains))) == 6


def test_equal_tokenizers_are_handled() -> None:
    covariance = np.ones((3, 3))
    covariance[2, 2] = 2
    found = possible_orders(noise_of(np.array([1.0, 1.0, 5.0]), covariance), noise_of(np.array([1.0, 1.0, 5.0]), covariance))
    assert found.possible.any()
    assert np.isfinite(found.small.distances).all()
