"""Downstream accuracies by the statistics of bits per byte: what is better, by how much, and what the items allow to say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from uniscale_assets.statistics.downstream import AccuracyRow, DownstreamStatistics, downstream_statistics
from uniscale_assets.statistics.frames import frame_of_rows
from uniscale_assets.tables import RANK_CORRELATIONS, TABLES

SIZES, SEEDS, DRAWS = ("0.06M", "0.8M"), (1, 2), 400
ABILITY = {"weak_1k": 0.45, "fair_1k": 0.6, "good_2k": 0.75, "best_2k": 0.9}
"""share of the items that each tokenizer's models know, at both sizes"""


def item_rows(items: int, ability: dict[str, float] = ABILITY, copies: int = 1, random_seed: int = 1) -> pl.DataFrame:
    """Every model's answers: an item is known where the tokenizer's ability is above how hard it is, give or take a seed's luck."""
    random = np.random.default_rng(random_seed)
    hard = random.random(items)
    rows = []
    for size in SIZES:
        for tokenizer, level in ability.items():
            for seed in SEEDS:
                known = hard + 0.02 * random.standard_normal(items) < level
                rows += [
                    {
                        "study": "made_up",
                        "tokenizer": tokenizer,
                        "size": size,
                        "budget": "",
                        "seed": seed,
                        "task": "quiz",
                        "language": ("eng_Latn", "deu_Latn")[place % 2],
                        "item": f"{place}/{copy}",
                        "document": str(place),
                        "metric": metric,
                        "value": float(known[place]),
                        "fingerprint": "f",
                    }
                    for place in range(items)
                    for copy in range(copies)
                    for metric in ("acc", "acc_bytes")
                ]
    return pl.DataFrame(rows)


def score_rows(items: pl.DataFrame) -> pl.DataFrame:
    """Means of the items, by language and over all."""
    keys = ["study", "tokenizer", "size", "budget", "seed", "task", "metric"]
    parts = [items, items.with_columns(pl.lit("all").alias("language"))]
    means = pl.concat(parts).group_by([*keys, "language"]).agg(pl.col("value").mean(), pl.len().cast(pl.Int64).alias("documents"))
    return means.with_columns(pl.lit(0.25).alias("random_baseline"))


def runs(ability: dict[str, float] = ABILITY) -> pl.DataFrame:
    """Training FLOPs of every model."""
    rows = [("", name, size, seed, 1e12 if size == "0.8M" else 1e11) for name in ability for size in SIZES for seed in SEEDS]
    return pl.DataFrame(rows, schema=["budget", "tokenizer", "size", "seed", "training_flops"], orient="row")


def tokenizers(ability: dict[str, float] = ABILITY) -> pl.DataFrame:
    """Vocabulary sizes."""
    return pl.DataFrame({"tokenizer": list(ability), "vocab_size": [1024 if name.endswith("1k") else 2048 for name in ability]})


def found(items: pl.DataFrame, ability: dict[str, float] = ABILITY) -> DownstreamStatistics:
    """The statistics of some items."""
    return downstream_statistics(score_rows(items), items, runs(ability), tokenizers(ability), draws=DRAWS)


@pytest.fixture(scope="module")
def answers() -> pl.DataFrame:
    return item_rows(240)


@pytest.fixture(scope="module")
def statistics(answers: pl.DataFrame) -> DownstreamStatistics:
    return found(answers)


def test_accuracies_are_means_of_items_and_the_most_accurate_is_first(statistics: DownstreamStatistics, answers: pl.DataFrame) -> None:
    for (size, metric), rows in statistics.accuracies.filter(language="all").partition_by("size", "metric", as_dict=True).items():
        assert rows["tokenizer"].to_list() == ["best_2k", "good_2k", "fair_1k", "weak_1k"]
        assert rows["rank"].to_list() == [1, 2, 3, 4]
        assert set(rows["best"]) == {"best_2k"}
        for row in rows.iter_rows(named=True):
            own = answers.filter(size=size, metric=metric, tokenizer=row["tokenizer"])["value"].mean()
            assert row["accuracy"] == pytest.approx(own)
            assert row["low"] < row["accuracy"] < row["high"]
            assert row["difference_to_best"] <= 0
            assert row["difference_low"] <= row["difference_to_best"] <= row["difference_high"]
            assert (row["items"], row["random_baseline"]) == (240, 0.25)


def test_a_difference_far_above_the_noise_is_told_and_one_below_is_not() -> None:
    close = {"weak_1k": 0.5, "fair_1k": 0.897, "good_2k": 0.9, "best_2k": 0.903}
    rows = found(item_rows(240, close), close).accuracies.filter(language="all", size="0.8M", metric="acc")
    apart = dict(zip(rows["tokenizer"], rows["separated"], strict=True))
    assert apart["weak_1k"] is True
    assert sum(apart.values()) == 1


def test_every_metric_has_agreement_of_its_own_in_the_table_of_rank_correlations(statistics: DownstreamStatistics) -> None:
    table = statistics.rank_correlations
    assert set(table["metric"]) == {"quiz acc", "quiz acc_bytes"}
    assert set(table.columns) == {column.name for column in RANK_CORRELATIONS.columns} - {"study"}
    whole = table.filter(language="all", group_name="all", metric="quiz acc_bytes")
    values = dict(zip(whole["statistic"], whole["value"], strict=True))
    assert (values["spearman"], values["decision_accuracy"], values["regret"]) == (1.0, 1.0, 0.0)
    assert values["compute_share"] == pytest.approx(0.1)
    units = dict(zip(whole["statistic"], whole["unit"], strict=True))
    assert (units["regret"], units["spearman"]) == ("share of items", "correlation")


def test_regret_is_accuracy_lost_by_the_small_sizes_choice(answers: pl.DataFrame) -> None:
    """At the small size alone two tokenizers change places: who chooses there loses what lies between them at the large one."""
    other = pl.col("tokenizer").replace({"best_2k": "fair_1k", "fair_1k": "best_2k"})
    swapped = answers.with_columns(pl.when(pl.col("size") == "0.06M").then(other).otherwise(pl.col("tokenizer")).alias("tokenizer"))
    rows = found(swapped).rank_correlations.filter(language="all", group_name="all", metric="quiz acc", statistic="regret")
    large = answers.filter(size="0.8M", metric="acc").group_by("tokenizer").agg(pl.col("value").mean())
    means = dict(large.rows())
    assert rows["value"].item() == pytest.approx(means["best_2k"] - means["fair_1k"])


def test_a_language_alone_is_told_where_it_has_a_hundred_items() -> None:
    assert set(found(item_rows(240)).accuracies["language"]) == {"all", "eng_Latn", "deu_Latn"}
    assert set(found(item_rows(150)).accuracies["language"]) == {"all"}


def test_items_of_one_document_are_not_taken_for_independent() -> None:
    """Each item four times over says no more than once, so the interval stays as wide."""
    once, copied = (found(item_rows(120, copies=copies)).accuracies.filter(language="all", metric="acc") for copies in (1, 4))
    widths = [(rows["high"] - rows["low"]).mean() for rows in (once, copied)]
    assert widths[1] == pytest.approx(widths[0], rel=0.05)


def test_nothing_scored_gives_empty_frames_with_their_columns(answers: pl.DataFrame) -> None:
    empty = downstream_statistics(score_rows(answers).clear(), answers.clear(), runs().clear(), tokenizers().clear(), draws=DRAWS)
    assert empty.accuracies.is_empty()
    assert empty.accuracies.schema == frame_of_rows([], AccuracyRow).schema
    assert empty.rank_correlations.is_empty()


def test_the_order_of_rows_changes_nothing(answers: pl.DataFrame, statistics: DownstreamStatistics) -> None:
    again = found(answers.sample(fraction=1.0, shuffle=True, seed=5))
    assert again.accuracies.equals(statistics.accuracies)
    assert again.rank_correlations.equals(statistics.rank_correlations)


def test_rows_are_of_the_metric_tables(answers: pl.DataFrame) -> None:
    names = {table: {column.name for column in definition.columns} for table, definition in TABLES.items()}
    assert set(answers.columns) == names["downstream_items"]
    assert set(score_rows(answers).columns) <= names["downstream_scores"]
