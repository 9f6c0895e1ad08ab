"""Everything that the reports say in numbers and words, from the metric tables in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from uniscale_assets.partition_keys import GridKey
from uniscale_assets.statistics.comparisons import comparisons
from uniscale_assets.statistics.coverage import Coverage, coverage
from uniscale_assets.statistics.information_capacity import information_capacities
from uniscale_assets.statistics.noisy_grids import DRAWS, noisy_grids
from uniscale_assets.statistics.predictor_wording import predictor_sentences
from uniscale_assets.statistics.predictors import predictors_of
from uniscale_assets.statistics.ranking import ranking_of, separations_of
from uniscale_assets.statistics.report import rank_correlations_of
from uniscale_assets.statistics.verdict import Verdict, verdict_of

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class StudyStatistics:
    """The frames and the verdict of a study."""

    rank_correlations: pl.DataFrame
    """columns of the metric table, without study"""
    ranking: pl.DataFrame
    """columns of `ranking.RankingRow`"""
    separations: pl.DataFrame
    """columns of `ranking.SeparationRow`"""
    comparisons: pl.DataFrame
    """columns of `comparisons.Reading`"""
    predictors: pl.DataFrame
    """columns of the metric table, without study"""
    coverage: Coverage
    verdict: Verdict


def study_statistics(
    bits_per_byte: pl.DataFrame,
    document_scores: pl.DataFrame,
    training_runs: pl.DataFrame,
    training_curves: pl.DataFrame,
    tokenizers: pl.DataFrame,
    grid: Sequence[GridKey],
    *,
    tokenizer_metrics: pl.DataFrame | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> StudyStatistics:
    """Rank correlations, ranking, comparisons, coverage and verdict of what exists of a study.

    The noise is drawn once for all of them. Everything may be empty: then the verdict says that there is nothing to say.

    Args:
        bits_per_byte: rows of the metric table, of one study and split.
        document_scores: rows of the metric table.
        training_runs: rows of the metric table.
        training_curves: rows of the metric table.
        tokenizers: rows of the metric table.
        grid: every tokenizer with every model of the study.
        tokenizer_metrics: rows of the metric table; without them no intrinsic metric is tried as a predictor.
        seed: of every draw.
        draws: joint draws of seeds and documents.

    Raises:
        BadInputError: rows of several studies or splits, or a model that stands twice.
    """
    noises = noisy_grids(bits_per_byte, document_scores, seed=seed, draws=draws)
    correlations = rank_correlations_of(noises, training_runs, tokenizers, seed=seed)
    ranked = ranking_of(noises, information_capacities(bits_per_byte, training_runs, tokenizers))
    covered = coverage(bits_per_byte, grid)
    predicted = predictors_of(noises, training_runs, training_curves, tokenizer_metrics, seed=seed)
    return StudyStatistics(
        rank_correlations=correlations,
        ranking=ranked,
        separations=separations_of(noises),
        comparisons=comparisons(bits_per_byte, training_runs, training_curves),
        coverage=covered,
        predictors=predicted,
        verdict=with_predictors(verdict_of(noises, correlations, ranked, covered), predicted),
    )


def with_predictors(verdict: Verdict, predictors: pl.DataFrame) -> Verdict:
    """A verdict that says the cheapest predictor as good as training, before what it rests on, which stands last."""
    *said, rests_on = verdict.sentences
    return replace(verdict, sentences=(*said, *predictor_sentences(predictors), rests_on))


def verdict(
    bits_per_byte: pl.DataFrame,
    document_scores: pl.DataFrame,
    training_runs: pl.DataFrame,
    tokenizers: pl.DataFrame,
    *,
    grid: Sequence[GridKey] | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> Verdict:
    """The verdict alone; arguments and errors as `study_statistics`. Without ``grid`` it says nothing of coverage."""
    import polars as pl

    whole = bits_per_byte.filter(pl.col("language") == "all")
    noises = noisy_grids(whole, document_scores, seed=seed, draws=draws)
    correlations = rank_correlations_of(noises, training_runs, tokenizers, seed=seed)
    covered = None if grid is None else coverage(bits_per_byte, grid)
    return verdict_of(noises, correlations, ranking_of(noises), covered)
