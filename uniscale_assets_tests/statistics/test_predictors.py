"""The table of predictors on studies whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from uniscale_assets.statistics.metric_directions import USUALLY_SAID, direction_of
from uniscale_assets.statistics.predictor_kinds import HIGHER, LOWER
from uniscale_assets.statistics.predictor_wording import predictor_sentences
from uniscale_assets.statistics.predictors import PredictorRow, as_good, predictors
from uniscale_assets.statistics.report import rank_correlations
from uniscale_assets.tables import TABLES
from uniscale_assets.tokenization.metric_definitions import COST, DEFINITIONS
from uniscale_assets_tests.statistics.predictor_studies import (
    DEMO_SIZES,
    PLAIN,
    TRUTH,
    curves_to,
    metrics_of,
    plain_study,
    predicted,
    row_of,
    shuffled,
)
from uniscale_assets_tests.statistics.synthetic import SyntheticStudy, synthetic_study


@pytest.fixture(scope="module")
def study() -> SyntheticStudy:
    """Plain differences, three seeds."""
    return plain_study()


@pytest.fixture(scope="module")
def table(study: SyntheticStudy) -> pl.DataFrame:
    """With a metric that is right, one that is exactly wrong, one that is constant, and one that nobody knows."""
    wrong, even = {name: -value for name, value in TRUTH.items()}, dict.fromkeys(TRUTH, 1.0)
    metrics = metrics_of(tokens=TRUTH, fertility=wrong, bytes_per_token=wrong, words_split=even, script_share_latin=TRUTH, odd=TRUTH)
    return predicted(study, metrics)


def test_columns_are_those_of_the_table_without_study(table: pl.DataFrame) -> None:
    types = {"VARCHAR": pl.String, "BIGINT": pl.Int64, "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean}
    expected = {column.name: types[column.type] for column in TABLES["predictors"].columns if column.name != "study"}
    assert dict(table.schema) == expected


def test_a_perfect_predictor_gets_everything_right(table: pl.DataFrame) -> None:
    for name in ("tokens", "bytes_per_token", "0.06M", "0.2M", "0.8M at 75% of its training"):
        row = row_of(table, name)
        assert row["decision_accuracy"] == row["decision_accuracy_low"] == row["decision_accuracy_high"] == 1.0, name
        assert row["separated_accuracy"] == 1.0
        assert row["separated_pairs"] == row["pairs"] == 15
        assert row["regret"] == row["regret_low"] == row["regret_high"] == 0.0
        assert row["spearman"] == pytest.approx(1.0)
        assert row["as_good_as_training"] == "yes"


def test_a_metric_read_the_wrong_way_round_gets_nothing_right(table: pl.DataFrame) -> None:
    row = row_of(table, "fertility")
    assert row["decision_accuracy"] == row["decision_accuracy_high"] == 0.0
    assert row["regret"] == pytest.approx(0.5, abs=0.02)
    assert row["regret_low"] <= 0.5 <= row["regret_high"]
    assert row["as_good_as_training"] == "no"
    assert row["chance"] == 1.0


def test_a_constant_metric_decides_by_a_coin(table: pl.DataFrame) -> None:
    row = row_of(table, "words_split")
    assert row["decision_accuracy"] == row["decision_accuracy_low"] == row["decision_accuracy_high"] == 0.5
    assert row["spearman"] is None
    assert row["as_good_as_training"] == "no"


def test_a_metric_without_direction_is_named_and_one_that_describes_is_not_tried(table: pl.DataFrame) -> None:
    row = row_of(table, "odd")
    assert row["decision_accuracy"] is None
    assert "direction" in row["note"]
    assert not row["on_frontier"]
    assert "script_share_latin" not in table["predictor"].to_list()


def test_cost_is_the_training_of_all_tokenizers_and_seeds(study: SyntheticStudy, table: pl.DataFrame) -> None:
    assert row_of(table, "tokens")["compute_flops"] == 0
    for size in DEMO_SIZES[:2]:
        total = study.training_runs.filter(size=size)["training_flops"].sum()
        assert row_of(table, size)["compute_flops"] == pytest.approx(total)
        assert row_of(table, size)["cpu_seconds"] == pytest.approx(total / 1e9)
        assert row_of(table, f"{size} at 50% of its training")["compute_flops"] == pytest.approx(total / 2)
        assert row_of(table, f"{size} at 50% of its training")["cpu_seconds"] == pytest.approx(total / 2e9)
    law = row_of(table, "line in log size through 0.06M and 0.2M")
    assert law["compute_flops"] == pytest.approx(study.training_runs.filter(pl.col("size") != "0.8M")["training_flops"].sum())
    # The largest size's own points and the ceiling take one seed at a time.
    one_seed = study.training_runs.filter(size="0.8M", seed=1)["training_flops"].sum()
    assert row_of(table, "0.8M at 25% of its training")["compute_flops"] == pytest.approx(one_seed / 4)
    assert row_of(table, "0.8M trained again with another seed")["compute_flops"] == pytest.approx(one_seed)


def test_smaller_sizes_have_the_numbers_of_the_rank_correlations(study: SyntheticStudy) -> None:
    noisy = plain_study(deviation=0.08)
    frames = (noisy.bits_per_byte, noisy.document_scores, noisy.training_runs)
    correlations = rank_correlations(*frames, study.tokenizers, draws=300).filter(language="all", group_name="all", large_size="0.8M")
    found = predicted(noisy)
    for size in DEMO_SIZES[:2]:
        row = row_of(found, size)
        for statistic in ("decision_accuracy", "regret"):
            other = correlations.filter(small_size=size, statistic=statistic).row(0, named=True)
            assert row[statistic] == pytest.approx(other["value"])
            assert row[f"{statistic}_low"] == pytest.approx(other["low"])
            assert row[f"{statistic}_high"] == pytest.approx(other["high"])


def test_the_frontier_is_what_nothing_beats(table: pl.DataFrame) -> None:
    on = table.filter("on_frontier")
    assert set(on["predictor"]) == {"tokens", "bytes_per_token"}
    without = predicted(plain_study(), metrics_of(tokens=shuffled(1)))
    rows = [row for row in without.iter_rows(named=True) if row["kind"] != "ceiling"]
    for row in rows:
        cheaper = [other for other in rows if other["compute_flops"] <= row["compute_flops"] and other is not row]
        beaten = any(other["decision_accuracy"] > row["decision_accuracy"] for other in cheaper)
        level = any(
            other["decision_accuracy"] == row["decision_accuracy"] and other["compute_flops"] < row["compute_flops"] for other in cheaper
        )
        assert row["on_frontier"] == (not beaten and not level), row["predictor"]


def test_a_point_of_the_largest_size_is_not_held_against_its_own_run() -> None:
    """Where the seeds' noise is all there is, a run's own curve foretells its own end, and nothing of another seed's."""
    even = dict.fromkeys(list(PLAIN)[:4], (2.8, 2.5, 2.2))
    own, against = [], []
    for seed in range(8):
        few = {"languages": ("eng_Latn",), "documents": 4, "document_by_tokenizer": 0.0}
        study = synthetic_study(even, seeds=(1, 2), seed_deviation=0.01, random_seed=seed, **few)  # type: ignore[arg-type]
        table = predicted(replace(study, training_curves=curves_to(study)), draws=50)
        row = row_of(table, "0.8M at 75% of its training")
        against.append(row["decision_accuracy"])
        assert row["decision_accuracy_low"] < 0.5 < row["decision_accuracy_high"]
        alone = study.keep(pl.col("seed") == 1)
        own.append(row_of(predicted(replace(alone, training_curves=curves_to(alone)), draws=50), row["predictor"])["decision_accuracy"])
    assert np.mean(own) == 1.0
    assert np.mean(against) == pytest.approx(0.5, abs=0.25)


def test_with_one_seed_nothing_is_called_good() -> None:
    table = predicted(plain_study(seeds=(1,)))
    assert set(table["as_good_as_training"]) == {"cannot tell"}
    assert "ceiling" not in table["kind"].to_list()
    assert "too good" in row_of(table, "0.8M at 50% of its training")["note"]
    assert "one seed" in " ".join(predictor_sentences(table))


def test_where_the_truth_tells_few_pairs_apart_nothing_is_called_good() -> None:
    even = dict.fromkeys(PLAIN, (2.8, 2.5, 2.2))
    table = predicted(synthetic_study(even, seed_deviation=0.05), metrics_of(tokens=TRUTH))
    assert set(table.filter(pl.col("kind") != "ceiling")["as_good_as_training"]) <= {"cannot tell", "no"}
    assert "tells only" in " ".join(predictor_sentences(table))


def test_three_tokenizers_can_always_be_ordered_by_accident(study: SyntheticStudy) -> None:
    table = predicted(study.keep(pl.col("tokenizer").is_in(list(PLAIN)[:3])))
    assert row_of(table, "tokens")["decision_accuracy"] == 1.0
    assert row_of(table, "tokens")["chance"] == pytest.approx(1 / 6)
    assert set(table.filter(pl.col("kind") != "ceiling")["as_good_as_training"]) == {"cannot tell"}
    assert "random order" in " ".join(predictor_sentences(table))


def test_two_tokenizers_give_rows_that_say_why_they_have_no_value(study: SyntheticStudy) -> None:
    table = predicted(study.keep(pl.col("tokenizer").is_in(list(PLAIN)[:2])))
    assert table["decision_accuracy"].null_count() == table.height
    assert all("it takes 3" in note for note in table["note"])
    assert list(predictor_sentences(table)) == []


def test_missing_models_leave_their_tokenizer_out_of_what_needs_them(study: SyntheticStudy) -> None:
    gone = study.keep((pl.col("tokenizer") != "bpe_1k") | (pl.col("size") != "0.2M"))
    table = predicted(gone)
    assert row_of(table, "0.06M")["tokenizers"] == 6
    assert row_of(table, "0.2M")["tokenizers"] == 5
    assert row_of(table, "line in log size through 0.06M and 0.2M")["tokenizers"] == 5


def test_flops_that_are_not_known_are_not_taken_for_nothing(study: SyntheticStudy) -> None:
    runs = study.training_runs.filter((pl.col("size") != "0.06M") | (pl.col("tokenizer") != "bpe_1k"))
    row = row_of(predicted(replace(study, training_runs=runs)), "0.06M")
    assert row["compute_flops"] is None
    assert row["decision_accuracy"] == 1.0
    assert not row["on_frontier"]


def test_every_budget_is_predicted_by_itself(study: SyntheticStudy) -> None:
    frames = [study.bits_per_byte, study.document_scores, study.training_runs, study.training_curves]
    both = [pl.concat([frame.with_columns(budget=pl.lit(budget)) for budget in ("1e15flops", "2e15flops")]) for frame in frames]
    table = predictors(*both, metrics_of(tokens=TRUTH), draws=300)
    first, second = (table.filter(budget=budget).drop("budget") for budget in ("1e15flops", "2e15flops"))
    assert first["predictor"].to_list() == second["predictor"].to_list()
    assert len(first) == len(predicted(study))


def test_nothing_evaluated_gives_no_rows(study: SyntheticStudy) -> None:
    table = predicted(study.keep(pl.lit(value=False)))
    assert table.height == 0
    assert list(predictor_sentences(table)) == []


@pytest.mark.parametrize(
    ("low", "high", "separated", "by_chance", "expected"),
    [
        (0.90, 1.00, 12, 0.01, "yes"),
        (0.86, 1.00, 12, 0.01, "yes"),
        (0.84, 1.00, 12, 0.01, "cannot tell"),
        (0.84, 0.89, 12, 0.01, "no"),
        (0.90, 1.00, 12, 0.06, "cannot tell"),
        (0.90, 1.00, 7, 0.01, "cannot tell"),
        (None, None, 12, 0.01, "cannot tell"),
    ],
)
def test_what_counts_as_good(low: float | None, high: float | None, separated: int, by_chance: float, expected: str) -> None:
    """Against a best trained predictor whose interval begins at 0.9: 0.05 below is as good, all of it below is not."""
    row = PredictorRow("", "2M", "intrinsic_metric", "tokens", None, None, 0.0, None, 6, pairs=15, separated_pairs=separated)
    row = replace(row, separated_accuracy_low=low, separated_accuracy_high=high, chance=by_chance)
    assert as_good(row, 0.9) == expected
    # A best trained predictor that may be no better than a coin is none to be as good as.
    assert as_good(replace(row, separated_accuracy_low=0.5, separated_accuracy_high=1.0), 0.5) == "cannot tell"


def test_the_sentence_names_the_cheapest_that_is_good(table: pl.DataFrame) -> None:
    sentence = next(predictor_sentences(table))
    assert sentence.startswith("No training is needed: the cheapest predictor as good as training is bytes_per_token (no training).")
    assert "100 % of the 15 pairs" in sentence
    assert "So is tokens." in sentence
    blind = predicted(plain_study(), metrics_of(tokens=shuffled(1)))
    cheapest, metrics = predictor_sentences(blind)
    good = blind.filter(as_good_as_training="yes").sort("compute_flops")
    assert f"the cheapest predictor as good as training is {good['predictor'][0]} (" in cheapest
    assert cheapest.startswith("Training is needed, but not all of it")
    assert metrics.startswith("Of 1 intrinsic metrics tokens (lower is better) orders most pairs")


def test_the_metric_named_is_one_that_every_tokenizer_has() -> None:
    few = dict(list(TRUTH.items())[:3])
    table = predicted(plain_study(), metrics_of(tokens=shuffled(1), bytes_per_token={name: -value for name, value in few.items()}))
    assert row_of(table, "bytes_per_token")["decision_accuracy"] == 1
    assert list(predictor_sentences(table))[-1].startswith("Of 2 intrinsic metrics tokens (lower is better) orders most pairs")


def test_every_metric_has_a_direction_from_its_definition_or_from_the_table() -> None:
    for name, definition in DEFINITIONS.items():
        found = direction_of(name)
        assert found is not None, f"{name}: give it a direction in metric_directions.py"
        assert (found.note == "") == (definition.better != "neither" and definition.group != COST)
        expected = {"higher": HIGHER, "lower": LOWER}.get(definition.better, found.better)
        assert found.better == expected
    assert set(USUALLY_SAID) <= {name for name, definition in DEFINITIONS.items() if definition.better == "neither"}
    assert direction_of("nobody_knows") is None
