"""The ranking at each size and what of it is more than noise."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from uniscale_assets.statistics.noisy_grids import noisy_grids
from uniscale_assets.statistics.ranking import ranking, separations_of
from uniscale_assets_tests.statistics.synthetic import SyntheticStudy, synthetic_study


@pytest.fixture(scope="module")
def study() -> SyntheticStudy:
    return synthetic_study()


def whole(frame: pl.DataFrame, size: str) -> pl.DataFrame:
    """Rows of one size over all languages."""
    return frame.filter(pl.col("size") == size, pl.col("language") == "all")


def test_best_first_and_ranks_from_one(study: SyntheticStudy) -> None:
    found = whole(ranking(study.bits_per_byte, study.document_scores), "0.06M")
    assert found["tokenizer"].to_list() == ["unigram_4k", "bpe_4k", "unigram_2k", "bpe_2k", "unigram_1k", "bpe_1k"]
    assert found["rank"].to_list() == [1, 2, 3, 4, 5, 6]
    assert found["bits_per_byte"].is_sorted()
    assert found["seeds"].unique().to_list() == [2]
    means = whole(study.bits_per_byte, "0.06M").group_by("tokenizer").agg(pl.col("bits_per_byte").mean())
    assert dict(zip(found["tokenizer"], found["bits_per_byte"], strict=True)) == pytest.approx(dict(means.iter_rows()))
    assert (found["low"] < found["bits_per_byte"]).all()
    assert (found["bits_per_byte"] < found["high"]).all()
    first = found.row(0, named=True)
    assert (first["difference_to_best"], first["separated"]) == (0, False)


def test_seeds_alone_give_tukeys_intervals(study: SyntheticStudy) -> None:
    found = whole(ranking(study.bits_per_byte, study.document_scores.head(0), draws=40_000), "0.2M")
    rows = whole(study.bits_per_byte, "0.2M").sort("tokenizer", "seed")
    samples = rows["bits_per_byte"].to_numpy().reshape(6, 2)
    names = rows["tokenizer"].unique(maintain_order=True).to_list()
    tukey = stats.tukey_hsd(*samples).confidence_interval(0.95)
    best = names.index("unigram_4k")
    for row in found.iter_rows(named=True):
        if row["tokenizer"] != "unigram_4k":
            place = names.index(row["tokenizer"])
            width = tukey.high[place, best] - tukey.low[place, best]
            assert row["difference_high"] - row["difference_low"] == pytest.approx(width, rel=0.03)
            assert row["separated"] == (tukey.low[place, best] > 0)


def test_seeds_alone_give_students_interval_of_a_value(study: SyntheticStudy) -> None:
    found = whole(ranking(study.bits_per_byte, study.document_scores.head(0), draws=40_000), "0.2M")
    rows = whole(study.bits_per_byte, "0.2M")
    variance = rows.group_by("tokenizer").agg(pl.col("bits_per_byte").var())["bits_per_byte"].mean()
    reach = stats.t.ppf(0.975, 6) * np.sqrt(variance / 2)
    assert ((found["high"] - found["low"]) / 2).to_list() == pytest.approx([reach] * 6, rel=0.04)


def test_documents_widen_values_more_than_differences(study: SyntheticStudy) -> None:
    found = whole(ranking(study.bits_per_byte, study.document_scores), "0.8M")
    row = found.row(5, named=True)
    assert row["high"] - row["low"] > 2 * (row["difference_high"] - row["difference_low"])


def test_every_language_and_size_is_ranked(study: SyntheticStudy) -> None:
    found = ranking(study.bits_per_byte, study.document_scores)
    assert len(found) == 4 * 3 * 6
    assert found["size"].unique(maintain_order=True).to_list() == ["0.06M", "0.2M", "0.8M"]


def test_one_seed_is_said_and_no_noise_separates_nothing(study: SyntheticStudy) -> None:
    one = study.keep(pl.col("seed") == 1)
    assert all("one seed" in note for note in ranking(one.bits_per_byte, one.document_scores)["note"])
    bare = ranking(one.bits_per_byte, one.document_scores.head(0))
    assert bare["separated"].null_count() == bare["low"].null_count() == len(bare)


def test_pairs_above_the_seeds_spread(study: SyntheticStudy) -> None:
    """By hand: the least significant difference of the pooled seeds' variance."""
    noises = noisy_grids(study.bits_per_byte, study.document_scores)
    found = whole(separations_of(noises), "0.8M").row(0, named=True)
    by_tokenizer = whole(study.bits_per_byte, "0.8M").group_by("tokenizer")
    rows = by_tokenizer.agg(pl.col("bits_per_byte").mean(), variance=pl.col("bits_per_byte").var())
    limit = stats.t.ppf(0.975, 6) * np.sqrt(rows["variance"].mean())
    means = rows["bits_per_byte"].to_numpy()
    expected = sum(abs(means[one] - means[other]) > limit for one in range(6) for other in range(one))
    assert found["pairs"] == 15
    assert found["above_seed_spread"] == expected
    assert found["share_above_seed_spread"] == pytest.approx(expected / 15)
    assert found["separated"] <= expected
    assert found["seed_standard_deviation"] == pytest.approx(np.sqrt(rows["variance"].mean()))


def test_simultaneous_intervals_err_in_one_study_of_twenty() -> None:
    """No difference at all: some pair is called separated in about 5 % of studies."""
    wrong = []
    equal = dict.fromkeys(("a", "b", "c", "d"), (2.0,))
    for seed in range(120):
        study = synthetic_study(equal, sizes=("4M",), languages=("eng_Latn",), documents=30, random_seed=seed)
        noises = noisy_grids(study.bits_per_byte.filter(pl.col("language") == "all"), study.document_scores, draws=500)
        wrong.append(separations_of(noises)["separated"].item() > 0)
    assert 0.0 < np.mean(wrong) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)
