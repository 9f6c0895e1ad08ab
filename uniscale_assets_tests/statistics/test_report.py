"""The table of rank correlations: what is in it, and what does not change it."""

from __future__ import annotations

import polars as pl
import pytest

from uniscale_assets.errors import BadInputError
from uniscale_assets.statistics.report import rank_correlations
from uniscale_assets.tables import RANK_CORRELATIONS
from uniscale_assets_tests.statistics.synthetic import DEMO, LANGUAGES, SyntheticStudy, synthetic_study

DRAWS = 500


def correlations(study: SyntheticStudy, **changes: pl.DataFrame) -> pl.DataFrame:
    """The table of a study, with some of its tables exchanged."""
    tables = {
        "bits_per_byte": study.bits_per_byte,
        "document_scores": study.document_scores,
        "training_runs": study.training_runs,
        "tokenizers": study.tokenizers,
    }
    return rank_correlations(**(tables | changes), draws=DRAWS)


def row(frame: pl.DataFrame, statistic: str, **where: str) -> dict:
    """One row over all languages and tokenizers, from the smallest size to the largest, unless told otherwise."""
    chosen = {"statistic": statistic, "language": "all", "group_name": "all", "small_size": "0.06M", "large_size": "0.8M"} | where
    rows = frame.filter(**chosen)
    assert len(rows) == 1, chosen
    return rows.row(0, named=True)


@pytest.fixture(scope="module")
def study() -> SyntheticStudy:
    return synthetic_study()


@pytest.fixture(scope="module")
def table(study: SyntheticStudy) -> pl.DataFrame:
    return correlations(study)


def test_columns_and_types_are_the_metric_tables(table: pl.DataFrame) -> None:
    types = {"VARCHAR": pl.String, "BIGINT": pl.Int64, "DOUBLE": pl.Float64}
    expected = {column.name: types[column.type] for column in RANK_CORRELATIONS.columns if column.name != "study"}
    assert dict(table.schema) == expected


def test_every_pair_of_sizes_and_every_language_in_order_of_size(table: pl.DataFrame) -> None:
    pairs = table.select("small_size", "large_size").unique(maintain_order=True).rows()
    assert pairs == [("0.06M", "0.2M"), ("0.06M", "0.8M"), ("0.2M", "0.8M")]
    assert set(table["language"]) == {"all", *LANGUAGES}
    assert set(table["group_name"]) == {"all", "equal vocab_size", "vocab_size=1024", "vocab_size=2048", "vocab_size=4096"}


def test_sizes_sort_by_parameters_not_as_strings() -> None:
    sizes = ("1B", "30M", "300M", "100M")
    found = correlations(synthetic_study({name: (2.5 + place, 2.4, 2.3, 2.2) for place, name in enumerate(DEMO)}, sizes=sizes, documents=4))
    order = ["30M", "100M", "300M", "1B"]
    pairs = found.select("small_size", "large_size").unique().rows()
    assert len(pairs) == 6
    assert all(order.index(small) < order.index(large) for small, large in pairs)


def test_values_of_the_demo(table: pl.DataFrame) -> None:
    found = row(table, "spearman")
    assert found["value"] == pytest.approx(1)
    assert found["p_value"] == pytest.approx(1 / 360)
    assert found["low"] <= 1 == found["high"]
    assert found["population_low"] <= found["low"]
    assert row(table, "decision_accuracy")["value"] == pytest.approx(1)
    assert row(table, "regret")["value"] == pytest.approx(0)
    assert row(table, "regret")["unit"] == "bits per byte"
    assert 0 < row(table, "winner_probability")["value"] <= 1


def test_compute_share_is_that_of_the_training_runs(study: SyntheticStudy, table: pl.DataFrame) -> None:
    flops = study.training_runs.group_by("size").agg(pl.col("training_flops").sum())
    total = dict(flops.iter_rows())
    assert row(table, "compute_share")["value"] == pytest.approx(total["0.06M"] / total["0.8M"])


def test_within_a_vocabulary_two_tokenizers_have_no_correlation_but_three_pairs_together_count(table: pl.DataFrame) -> None:
    alone = row(table, "spearman", group_name="vocab_size=2048")
    assert alone["value"] is None
    assert alone["low"] is None
    assert "2 tokenizers" in alone["note"]
    together = row(table, "decision_accuracy", group_name="equal vocab_size")
    assert together["value"] == pytest.approx(1)
    assert together["note"].startswith("3 pairs")
    assert together["low"] < 1, "at the largest size two of three pairs lie within the seeds' noise"


def test_fewer_than_three_tokenizers_have_no_value(study: SyntheticStudy) -> None:
    found = correlations(study.keep(pl.col("tokenizer").str.ends_with("1k")))
    values = found.filter(pl.col("statistic") != "compute_share")
    assert values["value"].null_count() == len(values) > 0
    assert all("takes 3" in note for note in values["note"])


def test_missing_models_leave_those_that_both_sizes_have(study: SyntheticStudy) -> None:
    found = correlations(study.keep((pl.col("tokenizer") != "bpe_1k") | (pl.col("size") != "0.8M")))
    assert row(found, "spearman", large_size="0.2M")["tokenizers"] == 6
    assert row(found, "spearman")["tokenizers"] == 5
    assert row(found, "spearman")["p_value"] == pytest.approx(1 / 60)
    assert row(found, "decision_accuracy", group_name="equal vocab_size")["note"].startswith("2 pairs")


def test_a_value_that_is_not_finite_counts_as_missing(study: SyntheticStudy) -> None:
    diverged = (pl.col("tokenizer") == "bpe_1k") & (pl.col("size") == "0.8M")
    broken = study.bits_per_byte.with_columns(pl.when(diverged).then(float("nan")).otherwise("bits_per_byte").alias("bits_per_byte"))
    assert row(correlations(study, bits_per_byte=broken), "spearman")["tokenizers"] == 5


def test_one_seed_knows_documents_only_and_says_so(study: SyntheticStudy) -> None:
    found = correlations(study.keep(pl.col("seed") == 1))
    spearman = row(found, "spearman")
    assert "one seed" in spearman["note"]
    assert spearman["low"] is not None
    assert row(found, "seed_ceiling")["value"] is None
    assert row(found, "noise_corrected_spearman")["value"] is None


def test_no_noise_at_all_gives_no_interval(study: SyntheticStudy) -> None:
    found = correlations(study.keep(pl.col("seed") == 1), document_scores=study.document_scores.head(0))
    spearman = row(found, "spearman")
    assert spearman["value"] > 0.8
    assert spearman["low"] is None
    assert row(found, "winner_probability")["value"] is None


def test_one_seed_at_the_largest_size_only(study: SyntheticStudy) -> None:
    found = correlations(study.keep((pl.col("seed") == 1) | (pl.col("size") != "0.8M")), document_scores=study.document_scores.head(0))
    spearman = row(found, "spearman")
    assert "0.8M has one seed" in spearman["note"]
    assert spearman["low"] is not None
    assert row(found, "spearman", large_size="0.2M")["note"].count("one seed") == 0


def test_order_of_rows_changes_nothing(study: SyntheticStudy, table: pl.DataFrame) -> None:
    shuffled = {
        name: getattr(study, name).sample(fraction=1, shuffle=True, seed=place)
        for place, name in enumerate(("bits_per_byte", "document_scores", "training_runs", "tokenizers"))
    }
    found = correlations(study, **shuffled)
    assert found.drop("value").equals(table.drop("value"))
    # A sum over tokenizers in another order differs in the last digit.
    differences = (found["value"] - table["value"]).abs().max()
    assert differences == pytest.approx(0, abs=1e-12)


def test_other_names_change_nothing_but_the_draws(study: SyntheticStudy, table: pl.DataFrame) -> None:
    names = dict(zip(sorted(DEMO), ["z", "a", "y", "b", "x", "c"], strict=True))
    renamed = {
        name: getattr(study, name).with_columns(pl.col("tokenizer").replace_strict(names))
        for name in ("bits_per_byte", "document_scores", "training_runs", "tokenizers")
    }
    found = correlations(study, **renamed)
    drawn = ("winner_probability", "regret")
    exact = ["value", "p_value"]
    for before, after in zip(table.iter_rows(named=True), found.iter_rows(named=True), strict=True):
        if before["statistic"] not in drawn:
            assert [after[name] for name in exact] == pytest.approx([before[name] for name in exact]), before
            assert (after["low"] is None) == (before["low"] is None)
            assert before["low"] is None or after["low"] == pytest.approx(before["low"], abs=0.12)


def test_adding_a_language_changes_no_others_numbers(study: SyntheticStudy, table: pl.DataFrame) -> None:
    kept = study.keep(pl.col("language") != "jpn_Jpan")
    found = correlations(kept, bits_per_byte=study.bits_per_byte.filter(pl.col("language") != "jpn_Jpan"))
    before, after = (frame.filter(pl.col("language") == "deu_Latn") for frame in (table, found))
    assert before.equals(after)


def test_budgets_are_kept_apart() -> None:
    cheap = synthetic_study(budget="1e15flops", documents=6)
    dear = synthetic_study(budget="2e15flops", documents=6, random_seed=3)
    names = ("bits_per_byte", "document_scores", "training_runs")
    merged = {name: pl.concat([getattr(cheap, name), getattr(dear, name)]) for name in names}
    found = correlations(cheap, **merged)
    assert found["budget"].unique(maintain_order=True).to_list() == ["1e15flops", "2e15flops"]
    alone = correlations(cheap)
    assert found.filter(pl.col("budget") == "1e15flops").equals(alone)


def test_the_same_seed_gives_the_same_table(study: SyntheticStudy, table: pl.DataFrame) -> None:
    assert correlations(study).equals(table)


def test_rows_of_two_splits_or_studies_are_refused(study: SyntheticStudy) -> None:
    other = study.bits_per_byte.with_columns(split=pl.lit("validation"))
    with pytest.raises(BadInputError, match="split"):
        correlations(study, bits_per_byte=pl.concat([study.bits_per_byte, other]))
    with pytest.raises(BadInputError, match="study"):
        correlations(study, document_scores=pl.concat([study.document_scores, study.document_scores.with_columns(study=pl.lit("b"))]))


def test_a_model_that_stands_twice_is_refused(study: SyntheticStudy) -> None:
    with pytest.raises(BadInputError, match="more than once"):
        correlations(study, bits_per_byte=pl.concat([study.bits_per_byte, study.bits_per_byte.head(1)]))


def test_nothing_gives_an_empty_table(study: SyntheticStudy) -> None:
    assert correlations(study, bits_per_byte=study.bits_per_byte.head(0)).is_empty()
