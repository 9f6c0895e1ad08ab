"""The bootstrap over documents: paired, clustered, and blind to the order of rows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from uniscale_assets.statistics.documents import DocumentNoise, document_noise
from uniscale_assets.statistics.scores import score_grids
from uniscale_assets_tests.statistics.synthetic import SyntheticStudy, synthetic_study

DRAWS = 4000


def noise_of(study: SyntheticStudy, language: str = "all") -> DocumentNoise:
    """The bootstrap of one language."""
    grid = next(grid for grid in score_grids(study.bits_per_byte) if grid.language == language)
    found = document_noise(study.document_scores, grid, DRAWS, np.random.default_rng(0))
    assert found is not None
    return found


def test_variance_is_that_of_a_ratio_of_sums() -> None:
    study = synthetic_study(documents=200, languages=("eng_Latn",), length_spread=0.5)
    found = noise_of(study)
    scores = study.document_scores.filter(tokenizer="bpe_1k", size="0.06M", seed=1)
    nats, size = (scores[column].to_numpy() for column in ("negative_log_likelihood_nats", "bytes"))
    ratio = nats.sum() / size.sum()
    # Linearization (Cochran 1977, 6.3), in bits per byte.
    linear = math.sqrt(((nats - ratio * size) ** 2).sum()) / size.sum() / math.log(2)
    assert found.deviations[:, 0, 0].std() == pytest.approx(linear, rel=0.05)
    assert found.clusters == 200


def test_models_are_resampled_together() -> None:
    """What makes a document hard for every tokenizer cancels in differences."""
    study = synthetic_study(documents=60, document_by_tokenizer=0.0)
    found = noise_of(study)
    alone = found.deviations[:, 0, 0].std()
    difference = (found.deviations[:, 0, 0] - found.deviations[:, 1, 0]).std()
    assert difference < alone / 1000


def test_translations_of_one_document_stay_together() -> None:
    translated = synthetic_study(documents=60, parallel=True, length_spread=0.0)
    unrelated = pl.concat_str("language", "document")
    scores = translated.document_scores.with_columns(document=unrelated)
    apart = noise_of(replace(translated, document_scores=scores))
    together = noise_of(translated)
    assert (together.clusters, apart.clusters) == (60, 180)
    # A document is as hard in each of three languages of equal length: three times the variance.
    assert together.deviations[:, 0, 0].std() == pytest.approx(math.sqrt(3) * apart.deviations[:, 0, 0].std(), rel=0.05)


def test_one_language_takes_its_own_documents() -> None:
    assert noise_of(synthetic_study(documents=40), "deu_Latn").clusters == 40


def test_order_of_rows_changes_nothing() -> None:
    study = synthetic_study(documents=30)
    shuffled = SyntheticStudy(
        study.bits_per_byte.sample(fraction=1, shuffle=True, seed=1),
        study.document_scores.sample(fraction=1, shuffle=True, seed=2),
        study.training_runs,
        study.training_curves,
        study.tokenizers,
    )
    assert np.array_equal(noise_of(study).deviations, noise_of(shuffled).deviations)


def test_effective_documents_count_long_ones_for_less() -> None:
    equal, unequal = (noise_of(synthetic_study(documents=80, length_spread=spread)) for spread in (0.0, 1.5))
    assert equal.degrees_of_freedom == pytest.approx(3 * 80 - 1, rel=0.01)
    assert unequal.degrees_of_freedom < equal.degrees_of_freedom / 2


def test_one_document_says_nothing() -> None:
    study = synthetic_study(documents=1, languages=("eng_Latn",))
    grid = score_grids(study.bits_per_byte)[0]
    assert document_noise(study.document_scores, grid, 10, np.random.default_rng(0)) is None


def test_a_model_without_scores_is_not_a_number_for_itself_alone() -> None:
    study = synthetic_study(documents=20)
    kept = study.document_scores.filter(~((pl.col("tokenizer") == "bpe_1k") & (pl.col("size") == "0.06M")))
    grid = score_grids(study.bits_per_byte)[0]
    found = document_noise(kept, grid, 50, np.random.default_rng(0))
    assert found is not None
    missing = np.isnan(found.deviations).all(axis=0)
    assert missing.sum() == 1
    assert missing[grid.tokenizers.index("bpe_1k"), grid.sizes.index("0.06M")]
