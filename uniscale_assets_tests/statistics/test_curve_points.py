"""Earlier points of the loss curves, read at the same bytes and free of what seeds have in common."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from uniscale_assets.statistics.agreement import decision_accuracy
from uniscale_assets.statistics.curve_points import PointTable, curve_point, paired_means, point_noise, point_table
from uniscale_assets.statistics.intervals import intervals_for_these
from uniscale_assets.statistics.noise import SizeNoise

ENDS = [10.0 * row for row in range(1, 41)]


def law(middle: float) -> float:
    """A loss that falls with the logarithm of the bytes."""
    return 5.0 - 0.7 * float(np.log(middle))


def test_reads_a_logarithmic_loss_exactly_wherever_the_rows_end() -> None:
    for ends in (ENDS, [7.0, 23.0, 31.0, 58.0, 90.0, 120.0, 200.0, 260.0, 300.0, 400.0]):
        middles = [(end + start) / 2 for end, start in zip(ends, [0.0, *ends[:-1]], strict=True)]
        for share in (0.1, 0.25, 0.5, 0.75):
            found = curve_point(ends, [3 * end for end in ends], [law(middle) for middle in middles], share)
            assert found is not None
            assert found.bits_per_byte == pytest.approx(law(0.85 * share * 400))


def test_looks_at_nothing_after_the_point_and_counts_what_it_looked_at() -> None:
    values = [1.0] * 20 + [99.0] * 20
    found = curve_point(ENDS, [3 * end for end in ENDS], values, 0.5)
    assert found is not None
    assert found.bits_per_byte == pytest.approx(1.0)
    assert found.flops == 600


def test_two_rows_have_to_end_before_the_point() -> None:
    assert curve_point(ENDS, ENDS, ENDS, 0.049) is None
    assert curve_point(ENDS, ENDS, ENDS, 0.05) is not None
    assert curve_point([], [], [], 0.5) is None


def curves_of(values: dict[tuple[str, int], float]) -> pl.DataFrame:
    """Level curves of 40 rows."""
    rows = [(name, seed, step, 10 * step, 3.0 * step, value) for (name, seed), value in values.items() for step in range(1, 41)]
    return pl.DataFrame(rows, schema=["tokenizer", "seed", "step", "bytes", "flops", "bits_per_byte"], orient="row")


def test_a_table_has_every_training_in_its_place() -> None:
    table = point_table(
        curves_of({("a", 1): 2.0, ("a", 2): 2.5, ("b", 2): 3.0}).sample(fraction=1, shuffle=True, seed=1), ("b", "a", "c"), 0.5
    )
    assert table.seeds == (1, 2)
    np.testing.assert_allclose(table.values, [[np.nan, 3.0], [2.0, 2.5], [np.nan, np.nan]])
    np.testing.assert_allclose(table.flops, [[np.nan, 60.0], [60.0, 60.0], [np.nan, np.nan]])


def test_what_a_seed_does_to_every_tokenizer_is_no_noise() -> None:
    tokenizers, seeds = np.array([[1.0], [2.0], [4.0]]), np.array([[0.0, 5.0]])
    found = paired_means(tokenizers + seeds)
    assert found.variance == pytest.approx(0.0, abs=1e-20)
    assert found.degrees_of_freedom == 2
    np.testing.assert_allclose(found.means, [3.5, 4.5, 6.5])
    # Nor does it bend the order where a model is missing.
    partial = tokenizers + seeds
    partial[0, 0] = np.nan
    np.testing.assert_allclose(np.diff(paired_means(partial).means), [1.0, 2.0])


def test_its_noise_is_that_of_the_differences() -> None:
    random = np.random.default_rng(3)
    values = random.standard_normal((200, 1, 3)) * 40 + random.standard_normal((200, 6, 3)) * 0.2
    variances = [paired_means(value).variance or 0.0 for value in values]
    assert np.mean(variances) == pytest.approx(0.04, rel=0.1)


def test_one_seed_says_that_its_noise_is_left_out() -> None:
    table = point_table(curves_of({("a", 1): 2.0, ("b", 1): 2.5, ("c", 1): 3.0}), ("a", "b", "c"), 0.5)
    noise = point_noise(table, "1M", 50, np.random.default_rng(0))
    assert not noise.known
    assert not noise.seeds_known
    assert "one seed" in noise.note


@pytest.mark.parametrize("gap", [0.001, 0.5, 5.0])
def test_intervals_of_a_point_cover(gap: float) -> None:
    """Whatever text a seed begins with, and whether tokenizers tie or lie apart."""
    random, covered = np.random.default_rng(9), []
    truths = np.stack([gap * np.arange(5), gap * np.array([0, 2, 1, 3, 4])])
    for _ in range(120):
        values = truths[0][:, None] + 20 * random.standard_normal(3) + random.standard_normal((5, 3))
        table = PointTable(tuple("abcde"), (1, 2, 3), values, np.ones((5, 3)))
        final = truths[1] + 0.3 * random.standard_normal(5)
        large = SizeNoise("2M", final, 0.09 * np.eye(5), np.inf, 0.0, 0.3 * random.standard_normal((100, 5)), True, "")
        found = intervals_for_these(point_noise(table, "1M", 100, random), large)
        assert found is not None
        accuracy = found.decision_accuracy
        covered.append(accuracy.low - 1e-9 <= decision_accuracy(truths[0], truths[1]) <= accuracy.high + 1e-9)
    assert np.mean(covered) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 120)
