"""Bits per byte against the cost of inference, and Welch's test, against values worked out by hand."""

from __future__ import annotations

import math

import polars as pl
import pytest
from scipy.stats import ttest_ind_from_stats

from uniscale_assets.statistics.compression import compression
from uniscale_assets.statistics.inference_cost import inference_costs, welch, welch_tests

TOKENIZERS = pl.DataFrame(
    {
        "tokenizer": ["bytes", "neural"],
        "family": ["bytes", "ac"],
        "vocab_size": [257, 65537],
        "encoding_flops_per_byte": [0.0, 500.0],
    }
)
METRICS = pl.DataFrame(
    [
        {"tokenizer": "bytes", "language": "all", "metric": "bytes_per_token", "value": 1.0},
        {"tokenizer": "bytes", "language": "all", "metric": "unigram_bits_per_byte", "value": 5.0},
        {"tokenizer": "neural", "language": "all", "metric": "bytes_per_token", "value": 4.0},
        {"tokenizer": "neural", "language": "rus_Cyrl", "metric": "bytes_per_token", "value": 8.0},
    ]
)


def scores(values: dict[tuple[str, str], list[float]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"budget": None, "tokenizer": name, "size": size, "seed": seed, "language": language, "bits_per_byte": value, "bytes": 800,
             "tokens": 800 if name == "bytes" else 200}
            for (name, size), of_seeds in values.items()
            for seed, value in enumerate(of_seeds)
            for language in ("all", "rus_Cyrl")
        ],
        schema_overrides={"budget": pl.String},
    )  # fmt: skip


def runs(sizes: dict[str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"budget": "", "tokenizer": name, "size": size, "seed": seed, "non_embedding_parameters": count, "text_tokens": 90,
             "separator_tokens": 10, "training_flops": 100 * 6.0 * (count + 50)}
            for name in ("bytes", "neural")
            for size, count in sizes.items()
            for seed in range(3)
        ]
    )  # fmt: skip


SCORES = scores({("bytes", "0.1M"): [2.0, 2.2, 2.4], ("neural", "0.1M"): [3.0], ("neural", "0.2M"): [2.9, 3.1]})
RUNS = runs({"0.1M": 100, "0.2M": 200})


def test_compression() -> None:
    rows = {(row["tokenizer"], row["language"]): row for row in compression(TOKENIZERS, METRICS).iter_rows(named=True)}
    assert set(rows) == {("bytes", "all"), ("neural", "all"), ("neural", "rus_Cyrl")}
    assert rows["bytes", "all"]["uniform_bits_per_byte"] == 8.0
    assert rows["bytes", "all"]["compression_in_bits"] == 1.0
    assert rows["bytes", "all"]["unigram_bits_per_byte"] == 5.0
    assert rows["neural", "all"]["uniform_bits_per_byte"] == 4.0
    assert rows["neural", "rus_Cyrl"]["compression_in_bits"] == 4.0
    assert rows["neural", "all"]["unigram_bits_per_byte"] is None


def test_costs_of_reading_a_byte() -> None:
    rows = {(row["tokenizer"], row["size"]): row for row in inference_costs(SCORES, RUNS, TOKENIZERS).iter_rows(named=True)}
    assert list(rows) == [("bytes", "0.1M"), ("neural", "0.1M"), ("neural", "0.2M")]
    one = rows["bytes", "0.1M"]
    assert (one["seeds"], one["bytes_per_step"], one["uniform_bits_per_byte"]) == (3, 1.0, 8.0)
    assert one["bits_per_byte"] == pytest.approx(2.2)
    assert one["standard_deviation"] == pytest.approx(0.2)
    assert one["flops_per_byte"] == pytest.approx(2 * 150)
    assert one["body_flops_per_byte"] == pytest.approx(2 * 100)
    other = rows["neural", "0.2M"]
    # A quarter of a token for each byte, and what the byte model costs.
    assert other["flops_per_byte"] == pytest.approx(2 * 250 / 4 + 500)
    assert other["body_flops_per_byte"] == pytest.approx(2 * 200 / 4 + 500)
    assert (other["bytes_per_step"], other["uniform_bits_per_byte"]) == (4.0, 4.0)
    assert rows["neural", "0.1M"]["standard_deviation"] is None


def test_models_that_were_not_trained_here_have_no_costs() -> None:
    assert inference_costs(SCORES, RUNS.filter(pl.col("tokenizer") == "bytes"), TOKENIZERS)["tokenizer"].to_list() == ["bytes"]


def test_welch_is_the_formula() -> None:
    ones, others = [2.0, 2.2, 2.4], [2.9, 3.1]
    difference, statistic, freedom, p_value = welch(ones, others)
    errors = 0.04 / 3, 0.02 / 2
    assert difference == pytest.approx(-0.8)
    assert statistic == pytest.approx(-0.8 / math.sqrt(sum(errors)))
    assert freedom == pytest.approx(sum(errors) ** 2 / (errors[0] ** 2 / 2 + errors[1] ** 2 / 1))
    given = ttest_ind_from_stats(2.2, 0.2, 3, 3.0, math.sqrt(0.02), 2, equal_var=False)
    assert p_value == pytest.approx(given.pvalue)


def test_one_seed_tests_nothing() -> None:
    assert welch([2.0], [2.9, 3.1]) == (-1.0, None, None, None)
    assert welch([2.0, 2.0], [3.0, 3.0]) == (-1.0, None, None, None)


def test_every_pair_of_a_size_is_tested() -> None:
    found = welch_tests(SCORES, TOKENIZERS)
    assert found.select("budget", "size", "tokenizer", "other", "seeds", "other_seeds").rows() == [("", "0.1M", "bytes", "neural", 3, 1)]
    assert found["p_value"].to_list() == [None]
