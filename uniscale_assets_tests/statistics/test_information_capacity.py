"""Information capacity against values worked out by hand."""

from __future__ import annotations

import polars as pl
import pytest

from uniscale_assets.modeling.flops import training_flops_per_token
from uniscale_assets.statistics.information_capacity import inference_flops_per_byte, information_capacities, information_capacity
from uniscale_assets.statistics.study_statistics import study_statistics
from uniscale_assets_tests.statistics.synthetic import synthetic_study


def test_by_hand() -> None:
    # 6 bits saved a byte; half a token a byte at 2,000 forward FLOPs a token (6,000 in training).
    assert inference_flops_per_byte(6_000 * 70, 70, 0.5) == 1_000
    assert information_capacity(2.0, 1_000.0) == pytest.approx(0.006)
    # A neural tokenizer with 250 parameters run over each byte adds 500 FLOPs: half as much again, two thirds of the capacity.
    assert inference_flops_per_byte(6_000 * 70, 70, 0.5, 2 * 250) == 1_500
    assert information_capacity(2.0, 1_500.0) == pytest.approx(0.004)


def test_a_model_no_better_than_uniform_bytes_saves_nothing() -> None:
    assert information_capacity(8.0, 123.0) == 0
    assert information_capacity(9.0, 2.0) == -0.5


def test_inference_is_a_third_of_the_definition_of_training_flops() -> None:
    per_label = training_flops_per_token("apertus", "0.2M", 1024, 128)
    # 2N + 2Vd + 2LdS of the 0.2M shape, over 3 bytes a token.
    forward = per_label.total / 3
    assert inference_flops_per_byte(per_label.total * 1_000, 1_000, 1 / 3) == pytest.approx(forward / 3)


def tables(**changes: object) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """One tokenizer with two seeds, and one whose training is not known."""
    keys = {"study": "s", "budget": None, "size": "1M"}
    scores = [
        {**keys, "tokenizer": name, "seed": seed, "language": language, "bits_per_byte": bits, "bytes": 3000, "tokens": tokens}
        for name, seed, language, bits, tokens in (
            ("a", 1, "all", 2.0, 1000),
            ("a", 2, "all", 3.0, 1000),
            ("a", 1, "jpn_Jpan", 2.0, 3000),
            ("b", 1, "all", 2.0, 1000),
        )
    ]
    runs = [{**keys, "tokenizer": "a", "seed": seed, "text_tokens": 90, "separator_tokens": 10, "training_flops": 9e5} for seed in (1, 2)]
    tokenizers = {"tokenizer": ["a", "b"], "vocab_size": [300, 300], **changes}
    return pl.DataFrame(scores), pl.DataFrame(runs), pl.DataFrame(tokenizers)


def test_of_every_model_by_language_mean_over_seeds() -> None:
    found = information_capacities(*tables())
    # 3,000 forward FLOPs a token; a third of a token a byte over all languages, a whole one in Japanese.
    assert found == {
        ("", "all", "1M", "a"): pytest.approx((6 / 1000 + 5 / 1000) / 2),
        ("", "jpn_Jpan", "1M", "a"): pytest.approx(6 / 3000),
    }


def test_what_a_tokenizer_says_it_costs_is_counted() -> None:
    found = information_capacities(*tables(encoding_flops_per_byte=[500.0, None]))
    assert found["", "all", "1M", "a"] == pytest.approx((6 / 1500 + 5 / 1500) / 2)


def test_it_is_a_column_of_the_ranking() -> None:
    study = synthetic_study()
    frames = (study.bits_per_byte, study.document_scores, study.training_runs, study.training_curves, study.tokenizers)
    ranking = study_statistics(*frames, study.grid, draws=100).ranking
    row = ranking.filter(language="all", size="0.8M", tokenizer="bpe_1k").row(0, named=True)
    scored = study.bits_per_byte.filter(language="all", size="0.8M", tokenizer="bpe_1k")
    tokens_per_byte = scored["tokens"][0] / scored["bytes"][0]
    expected = (8 - scored["bits_per_byte"].mean()) / (2 * (800_000 + 1024 * 128) * tokens_per_byte)
    assert row["information_capacity"] == pytest.approx(expected)
    assert ranking["information_capacity"].null_count() == 0
