"""Seed variance and the ceiling that it sets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from uniscale_assets.statistics.rank_agreement import spearman_of_rows
from uniscale_assets.statistics.seeds import pooled_seed_variance, reliability_of_mean, seed_agreement, seed_ceiling

NAN = float("nan")


def test_pooled_variance_by_hand() -> None:
    # Squares within: 2 x 0.01^2 / 2 ... (1.00, 1.02): 0.0002; (2.00, 2.04): 0.0008; one seed adds nothing.
    found = pooled_seed_variance(np.array([[1.00, 1.02], [2.00, 2.04], [3.0, NAN]]))
    assert found.variance == pytest.approx(0.001 / 2)
    assert found.degrees_of_freedom == 2


def test_pooled_variance_is_the_mean_square_within_of_an_analysis_of_variance() -> None:
    groups = np.random.default_rng(0).normal(size=(5, 3)) + np.arange(5)[:, None]
    found = pooled_seed_variance(groups)
    between = 3 * groups.mean(axis=1).var(ddof=1)
    assert found.variance is not None
    assert between / found.variance == pytest.approx(stats.f_oneway(*groups).statistic)


def test_one_seed_is_unknown_not_zero() -> None:
    found = pooled_seed_variance(np.array([[1.0], [2.0], [3.0]]))
    assert found.variance is None
    assert not found.known


def test_agreement_between_seeds_is_the_mean_over_pairs() -> None:
    values = np.array([[1, 1, 2], [2, 2, 1], [3, 3, 3], [4, NAN, 4]], dtype=float)
    # Seeds 0 and 1 agree over three tokenizers; 0 and 2 swap the first two of four; 1 and 2 of three.
    assert seed_agreement(values) == pytest.approx((1.0 + 0.8 + 0.5) / 3)
    assert seed_agreement(values[:, :1]) is None
    assert seed_agreement(values[:2]) is None


def test_spearman_brown() -> None:
    assert reliability_of_mean(0.5, 2) == pytest.approx(2 / 3)
    assert reliability_of_mean(0.5, 1) == pytest.approx(0.5)


def test_correction_by_the_ceiling_is_nearer_the_truth() -> None:
    random = np.random.default_rng(1)
    raw, corrected = [], []
    for _ in range(400):
        true = random.standard_normal(30)
        sizes = [true[:, None] + random.standard_normal((30, 3)) for _ in range(2)]
        value = float(spearman_of_rows(*(size.mean(axis=1) for size in sizes)))
        ceiling = seed_ceiling(*sizes)
        raw.append(value)
        corrected.append(ceiling.corrected(value))
    assert np.mean(raw) < 0.8, "noise pulls agreement below the true 1"
    assert np.mean(corrected) > 0.95


def test_a_ceiling_needs_seeds_that_agree() -> None:
    clear = np.array([[1.0, 1.1], [2.0, 2.1], [3.0, 3.1]])
    assert seed_ceiling(clear, clear).ceiling == pytest.approx(1)
    assert seed_ceiling(clear, clear[:, :1]).ceiling is None
    against = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]])
    found = seed_ceiling(clear, against)
    assert found.ceiling is None
    assert "do not agree" in found.note
    assert found.corrected(0.9) is None
    assert seed_ceiling(clear, clear).corrected(None) is None
