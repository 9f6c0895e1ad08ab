"""The same ranking at equal bytes, at equal FLOPs and per total parameter."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from uniscale_assets.statistics.comparisons import EQUAL_BYTES, EQUAL_FLOPS, EQUAL_PARAMETERS, comparisons
from uniscale_assets_tests.statistics.synthetic import SyntheticStudy, synthetic_study


@pytest.fixture(scope="module")
def study() -> SyntheticStudy:
    return synthetic_study()


def compared(study: SyntheticStudy, **changes: pl.DataFrame) -> pl.DataFrame:
    """The frame of a study."""
    tables = {"bits_per_byte": study.bits_per_byte, "training_runs": study.training_runs, "training_curves": study.training_curves}
    return comparisons(**(tables | changes))


def readings(frame: pl.DataFrame, comparison: str, size: str) -> dict[str, dict]:
    """Rows of one ruler and size by tokenizer."""
    rows = frame.filter(comparison=comparison, size=size)
    return {row["tokenizer"]: row for row in rows.iter_rows(named=True)}


def test_equal_bytes_are_the_final_values(study: SyntheticStudy) -> None:
    found = readings(compared(study), EQUAL_BYTES, "0.8M")
    means = study.bits_per_byte.filter(size="0.8M", language="all").group_by("tokenizer").agg(pl.col("bits_per_byte").mean())
    assert {name: row["bits_per_byte"] for name, row in found.items()} == pytest.approx(dict(means.iter_rows()))
    assert {row["at"] for row in found.values()} == {350_000}
    assert found["unigram_4k"]["rank"] == 1


def test_equal_flops_are_read_off_the_curves_at_the_least(study: SyntheticStudy) -> None:
    found = readings(compared(study), EQUAL_FLOPS, "0.06M")
    spent = study.training_runs.filter(size="0.06M", seed=1).select("tokenizer", "training_flops")
    flops = dict(spent.iter_rows())
    least = min(flops.values())
    assert {row["at"] for row in found.values()} == {least}
    for name, row in found.items():
        share = least / flops[name]
        assert row["bits_per_byte"] == pytest.approx(2 + share**-0.5, abs=2e-3), "curves fall as 2 + 1 / sqrt(share of the run)"
        assert row["source"] == "training text"
    assert found["bpe_1k"]["rank"] == 1.5, "the smallest vocabularies spend least and tie"
    assert found["bpe_4k"]["rank"] == 5.5


def test_a_large_vocabulary_can_win_at_equal_bytes_and_lose_at_equal_flops(study: SyntheticStudy) -> None:
    frame = compared(study)
    assert readings(frame, EQUAL_BYTES, "0.06M")["unigram_4k"]["rank"] == 1
    assert readings(frame, EQUAL_FLOPS, "0.06M")["unigram_4k"]["rank"] > 5


def test_equal_parameters_interpolate_over_the_sizes_of_one_tokenizer(study: SyntheticStudy) -> None:
    frame = compared(study)
    found = readings(frame, EQUAL_PARAMETERS, "0.2M")
    (at,) = {row["at"] for row in found.values()}
    totals = study.training_runs.filter(seed=1).with_columns(total=pl.col("non_embedding_parameters") + pl.col("embedding_parameters"))
    middle = math.exp(np.log(totals.filter(size="0.2M")["total"].to_numpy()).mean())
    assert at == pytest.approx(middle)
    line = totals.filter(tokenizer="bpe_1k").sort("total")
    final = [readings(frame, EQUAL_BYTES, size)["bpe_1k"]["bits_per_byte"] for size in line["size"]]
    expected = np.interp(math.log(middle), np.log(line["total"].to_numpy()), final)
    assert found["bpe_1k"]["bits_per_byte"] == pytest.approx(float(expected))


def test_nothing_is_extrapolated(study: SyntheticStudy) -> None:
    frame = compared(study)
    lowest = readings(frame, EQUAL_PARAMETERS, "0.06M")
    (at,) = {row["at"] for row in lowest.values()}
    assert at == 60_000 + 4096 * 48, "the least that every tokenizer reaches is the largest vocabulary's smallest size"
    assert all("least that every tokenizer" in row["note"] for row in lowest.values())
    assert lowest["unigram_4k"]["bits_per_byte"] == pytest.approx(readings(frame, EQUAL_BYTES, "0.06M")["unigram_4k"]["bits_per_byte"])


def test_ranges_that_do_not_meet_are_said(study: SyntheticStudy) -> None:
    small = (pl.col("tokenizer") == "bpe_1k") & (pl.col("size") == "0.8M")
    large = (pl.col("tokenizer") == "unigram_4k") & (pl.col("size") != "0.8M")
    huge = study.training_runs.with_columns(
        pl.when(pl.col("tokenizer") == "unigram_4k").then(10**9).otherwise("embedding_parameters").alias("embedding_parameters")
    )
    found = compared(study, training_runs=huge).filter(comparison=EQUAL_PARAMETERS)
    assert found["bits_per_byte"].null_count() == len(found)
    assert all("no number of parameters" in note for note in found["note"])
    kept = study.keep(~small & ~large)
    rows = compared(kept).filter(comparison=EQUAL_PARAMETERS, tokenizer="unigram_4k", size="0.8M").row(0, named=True)
    assert rows["bits_per_byte"] is None
    assert "outside" in rows["note"]
    assert rows["rank"] is None


def test_unequal_bytes_are_read_off_the_curves(study: SyntheticStudy) -> None:
    half = pl.when(pl.col("tokenizer") == "bpe_1k").then(0.5).otherwise(1.0)
    runs = study.training_runs.with_columns((pl.col("bytes") * half).cast(pl.Int64).alias("bytes"))
    curves = study.training_curves.with_columns((pl.col("bytes") * half).cast(pl.Int64).alias("bytes"))
    found = readings(compared(study, training_runs=runs, training_curves=curves), EQUAL_BYTES, "0.2M")
    assert {row["at"] for row in found.values()} == {175_000}
    assert found["bpe_1k"]["bits_per_byte"] == pytest.approx(3.0)
    assert found["bpe_2k"]["bits_per_byte"] == pytest.approx(2 + 0.5**-0.5, abs=1e-3)


def test_missing_curves_leave_the_value_out(study: SyntheticStudy) -> None:
    found = compared(study, training_curves=study.training_curves.filter(pl.col("tokenizer") != "bpe_2k"))
    row = readings(found, EQUAL_FLOPS, "0.2M")["bpe_2k"]
    assert row["bits_per_byte"] is None
    assert row["rank"] is None


def test_nothing_compared_is_an_empty_frame(study: SyntheticStudy) -> None:
    found = compared(study, bits_per_byte=study.bits_per_byte.head(0))
    assert found.is_empty()
    assert "rank" in found.columns
