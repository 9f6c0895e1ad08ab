"""Optima of each language, and how languages compare in bytes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from uniscale_assets.corpus.parity import read_parity
from uniscale_assets.errors import LawError
from uniscale_assets.scaling_laws.frames import POINT_COLUMNS, frame_of
from uniscale_assets.scaling_laws.multilingual import multilingual_optima, parity_of_texts

TRUE = {"eng_Latn": (4.0, 50.0), "rus_Cyrl": (7.0, 80.0), "tha_Thai": (9.0, 120.0)}


def runs_of(rates: list[float], ratios: list[float], deviation: float = 0.001, seed: int = 1) -> pl.DataFrame:
    """Runs in three languages whose best T and rho are known."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for language, (best_rate, best_ratio) in TRUE.items():
        for rate in rates:
            for ratio in ratios:
                loss = 0.9 + 0.03 * np.log(rate / best_rate) ** 2 + 0.01 * np.log(ratio / best_ratio) ** 2 + random.normal(0, deviation)
                run = {"source": "s", "method": "m", "language": language, "evaluation": "bpb", "compute_flops": 1e20}
                rows.append({**run, "bytes_per_token": rate, "parameters": 1e8, "bytes": 1e8 * ratio, "bits_per_byte": loss})
    return frame_of(rows, POINT_COLUMNS)


RUNS = runs_of([2.0, 4.0, 8.0, 14.0], [20.0, 60.0, 150.0, 400.0])


def test_each_language_gets_its_optimum() -> None:
    found = multilingual_optima(RUNS, {"eng_Latn": 1.0, "rus_Cyrl": 1.9})
    assert found["language"].to_list() == sorted(TRUE)
    assert found["script"].to_list() == ["Latn", "Cyrl", "Thai"]
    assert found["byte_parity"].to_list() == [1.0, 1.9, None]
    assert found["flag"].to_list() == ["", "", ""]
    for row in found.iter_rows(named=True):
        rate, ratio = TRUE[row["language"]]
        assert row["bytes_per_token"] == pytest.approx(rate, rel=0.1)
        assert row["bytes_per_parameter"] == pytest.approx(ratio, rel=0.2)
        assert row["bits_per_byte"] == pytest.approx(0.9, abs=0.002)
        assert row["bytes_per_token_low"] < row["bytes_per_token"] < row["bytes_per_token_high"]
    assert found.equals(multilingual_optima(RUNS.sample(fraction=1, shuffle=True, seed=2), {"eng_Latn": 1.0, "rus_Cyrl": 1.9}))


def test_intervals_of_a_language_cover() -> None:
    covered = np.zeros(2)
    for seed in range(40):
        for row in multilingual_optima(runs_of([2.0, 5.0, 12.0], [20.0, 100.0, 400.0], seed=seed), {}).iter_rows(named=True):
            rate, ratio = TRUE[row["language"]]
            covered += [
                row["bytes_per_token_low"] <= rate <= row["bytes_per_token_high"],
                row["bytes_per_parameter_low"] <= ratio <= row["bytes_per_parameter_high"],
            ]
    assert (covered / 120).min() > 0.87


def test_languages_without_an_optimum_are_flagged() -> None:
    outside = multilingual_optima(runs_of([1.0, 2.0, 3.0], [20.0, 60.0, 150.0]), {})
    assert outside["flag"].to_list() == ["outside the runs"] * 3
    few = multilingual_optima(RUNS.filter(pl.col("bytes_per_token") < 5), {})
    assert few["flag"].to_list() == ["too few runs"] * 3
    assert few["bytes_per_token"].to_list() == [None] * 3
    saddle = multilingual_optima(RUNS.with_columns(bits_per_byte=3 - pl.col("bits_per_byte")), {})
    assert saddle["flag"].to_list() == ["no minimum"] * 3


def test_byte_parity_of_the_declaration() -> None:
    texts = read_parity()
    parity = parity_of_texts(texts)
    assert parity["eng_Latn"] == 1.0
    english = sum(len(text.encode()) for text in texts.filter(language="eng_Latn")["text"])
    other = sum(len(text.encode()) for text in texts.filter(language="rus_Cyrl")["text"])
    assert parity["rus_Cyrl"] == pytest.approx(other / english)
    assert 1.5 < parity["rus_Cyrl"] < 2.5
    with pytest.raises(LawError, match="no parallel text in xxx"):
        parity_of_texts(texts, reference="xxx")


def test_parity_counts_only_shared_segments() -> None:
    texts = pl.DataFrame(
        {"language": ["eng_Latn", "eng_Latn", "deu_Latn", "deu_Latn"], "segment": [1, 2, 2, 3], "text": ["aaaa", "bb", "ccc", "dddd"]}
    )
    assert parity_of_texts(texts) == {"deu_Latn": 1.5, "eng_Latn": 1.0}
