"""What arithmetic changes of a byte model's coding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from uniscale_assets.neural_compression.measures_numerics import Comparisons, Way, changed_windows, numerical_stability

TEXTS = [b"The quick brown fox", "Größe".encode(), bytes(range(200, 216)), b"aaaa", b""]


@pytest.fixture(scope="module")
def found(byte_model_directory: Path) -> pl.DataFrame:
    return numerical_stability(byte_model_directory, TEXTS)


def test_integers_change_nothing(found: pl.DataFrame) -> None:
    own = found.filter(pl.col("reference").str.starts_with("integer"))
    assert set(own["question"]) == {"batch size", "cache"}
    assert own["changed"].to_list() == [0] * own.height


def test_bfloat16_changes_most(found: pl.DataFrame) -> None:
    of_precision = found.filter(question="precision")
    shares = {(row["variant"].split(",")[0], row["unit"]): row["share"] for row in of_precision.iter_rows(named=True)}
    assert shares["bfloat16", "distributions"] > 0.9
    assert shares["float32", "distributions"] < shares["bfloat16", "distributions"]
    assert shares["bfloat16", "windows"] > shares["float32", "windows"]


def test_every_byte_is_asked_once(found: pl.DataFrame) -> None:
    whole = dict(found.group_by("unit").agg(pl.col("whole").unique()).rows())
    assert whole["distributions"] == [sum(map(len, TEXTS))]
    assert whole["arithmetic documents"] == whole["window documents"] == [4]
    assert found.filter(question="cache")["unit"].unique().sort().to_list() == ["arithmetic documents", "distributions"]
    assert (found["share"] == found["changed"] / found["whole"]).all()


def test_a_document_changes_only_by_the_parts_of_its_own_bytes(byte_model_directory: Path) -> None:
    comparisons = Comparisons(byte_model_directory, [b"ab"])
    one = comparisons.distributions(Way("integer", 1, cached=True))
    elsewhere, own = one[0].copy(), one[0].copy()
    elsewhere[0, ord("z")] += 1
    own[1, ord("b")] += 1
    assert comparisons._coded(one, [elsewhere]) == {"distributions": (1, 2), "arithmetic documents": (0, 1)}  # pyright: ignore[reportPrivateUsage]
    assert comparisons._coded(one, [own]) == {"distributions": (1, 2), "arithmetic documents": (1, 1)}  # pyright: ignore[reportPrivateUsage]


def test_distributions_are_those_that_bytes_are_coded_with(byte_model_directory: Path) -> None:
    from uniscale_assets.neural_compression.arithmetic_coding import parts_of_pieces

    comparisons = Comparisons(byte_model_directory, [b"hello"])
    cumulative = comparisons.distributions(Way("integer", 1, cached=False))[0]
    firsts, lasts = next(iter(parts_of_pieces(comparisons.model("integer"), [b"hello"])))
    letters = np.frombuffer(b"hello", np.uint8).astype(int)
    assert cumulative[np.arange(5), letters].tolist() == firsts.tolist()
    assert cumulative[np.arange(5), letters + 1].tolist() == lasts.tolist()


def test_windows_are_compared_by_value_and_end() -> None:
    ones, others = [{(1, 2), (3, 4)}, {(5, 6)}], [{(1, 2), (9, 4)}, {(5, 6)}]
    assert changed_windows(ones, others) == {"windows": (1, 3), "window documents": (1, 2)}
