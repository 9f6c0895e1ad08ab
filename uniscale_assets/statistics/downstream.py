"""Downstream accuracies by the same statistics as bits per byte: agreement between sizes, and rankings with intervals.

Every number of this room is made for values of which less is better and whose noise over documents is that of a ratio of sums.
The error rate (wrong items / items) is one, so it takes the place of bits per byte: nats and bytes become wrong items and items.
What is read is turned back into accuracies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.statistics.agreement import AgreementRow
from uniscale_assets.statistics.frames import frame_of_rows
from uniscale_assets.statistics.noisy_grids import DRAWS, noisy_grids
from uniscale_assets.statistics.ranking import ranking_of
from uniscale_assets.statistics.report import rank_correlations_of
from uniscale_assets.statistics.scores import ALL_LANGUAGES, MODEL_COLUMNS, NATS_PER_BIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from uniscale_assets.statistics.noise import GridNoise

FEWEST_ITEMS = 100
"""of one language alone: with fewer a standard error is above 4 points, and an order of tokenizers says nothing"""
ACCURACIES = ("acc", "exact_match")
"""what names of metrics begin with that are shares of items"""
SHARE = "share of items"


@dataclass(frozen=True)
class AccuracyRow:
    """One tokenizer at one size in one task; intervals are 95 %, None where no noise is known."""

    task: str
    metric: str
    budget: str
    language: str
    size: str
    tokenizer: str
    seeds: int
    accuracy: float
    """mean over seeds"""
    low: float | None
    """of the accuracy itself, over seeds and items"""
    high: float | None
    rank: float
    """1 is the most accurate; ties share the mean of their ranks"""
    best: str
    difference_to_best: float
    """0 or below"""
    difference_low: float | None
    """paired over items, and simultaneous over all pairs of this size"""
    difference_high: float | None
    separated: bool | None
    """whether the difference to the best is above the noise that is known"""
    items: int
    random_baseline: float | None


@dataclass(frozen=True)
class DownstreamStatistics:
    """The frames of a study's downstream tasks."""

    rank_correlations: pl.DataFrame
    """columns of the metric table, without study; its metric is the task's name and the metric's"""
    accuracies: pl.DataFrame
    """columns of `AccuracyRow`, best first"""


def downstream_statistics(
    scores: pl.DataFrame,
    items: pl.DataFrame,
    training_runs: pl.DataFrame,
    tokenizers: pl.DataFrame,
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> DownstreamStatistics:
    """Agreement between sizes and rankings of every accuracy of every task that has items.

    A language alone is told where it has 100 items of the task or more.

    Args:
        scores: rows of `downstream_scores`, of one study.
        items: rows of `downstream_items`.
        training_runs: rows of the metric table, for compute_share.
        tokenizers: rows of the metric table, for groups of equal vocabulary size.
        seed: of every draw.
        draws: joint draws of seeds and items.

    Raises:
        BadInputError: a model that stands twice.
    """
    import polars as pl

    correlations, accuracies = [frame_of_rows([], AgreementRow)], [frame_of_rows([], AccuracyRow)]
    for task, metric in accuracies_in(items):
        rows = scores.filter(pl.col("task") == task, pl.col("metric") == metric)
        told = rows.filter((pl.col("language") == ALL_LANGUAGES) | (pl.col("documents") >= FEWEST_ITEMS))
        answers = items.filter(pl.col("task") == task, pl.col("metric") == metric)
        noises = noisy_grids(error_rates(told), errors_of_documents(answers), seed=seed, draws=draws)
        correlations.append(agreement_of(noises, f"{task} {metric}", training_runs, tokenizers, seed))
        accuracies.append(accuracies_of(noises, told, task, metric))
    return DownstreamStatistics(pl.concat(correlations), pl.concat(accuracies))


def accuracies_in(items: pl.DataFrame) -> list[tuple[str, str]]:
    """Every task and metric that is a share of items, tasks and metrics in order."""
    pairs = items.select("task", "metric").unique().sort("task", "metric").rows()
    return [(str(task), str(metric)) for task, metric in pairs if str(metric).startswith(ACCURACIES)]


def error_rates(scores: pl.DataFrame) -> pl.DataFrame:
    """Scores of one task and metric as `noisy_grids` takes bits per byte."""
    import polars as pl

    return scores.select("study", *MODEL_COLUMNS, "language", (1 - pl.col("value")).alias("bits_per_byte"))


def errors_of_documents(items: pl.DataFrame) -> pl.DataFrame:
    """Items of one task and metric as `noisy_grids` takes scores of documents: wrong items for nats, items for bytes."""
    import polars as pl

    keys = ["study", *MODEL_COLUMNS, "language", "document"]
    wrong = (1 - pl.col("value")).sum() * NATS_PER_BIT
    return items.group_by(keys).agg(pl.len().alias("bytes"), wrong.alias("negative_log_likelihood_nats")).sort(keys)


def agreement_of(
    noises: Sequence[GridNoise], metric: str, training_runs: pl.DataFrame, tokenizers: pl.DataFrame, seed: int
) -> pl.DataFrame:
    """`rank_correlations_of` error rates, under the metric's own name and unit."""
    import polars as pl

    found = rank_correlations_of(noises, training_runs, tokenizers, seed=seed)
    unit = pl.when(pl.col("statistic") == "regret").then(pl.lit(SHARE)).otherwise(pl.col("unit"))
    return found.with_columns(pl.lit(metric).alias("metric"), unit.alias("unit"))


def accuracies_of(noises: Sequence[GridNoise], scores: pl.DataFrame, task: str, metric: str) -> pl.DataFrame:
    """`ranking_of` error rates, turned back into accuracies."""
    import polars as pl

    asked = scores.group_by("language").agg(pl.col("documents").max().alias("items"), pl.col("random_baseline").max())
    turned = ranking_of(noises).with_columns(
        pl.lit(task).alias("task"),
        pl.lit(metric).alias("metric"),
        (1 - pl.col("bits_per_byte")).alias("accuracy"),
        low=1 - pl.col("high"),
        high=1 - pl.col("low"),
        difference_to_best=0.0 - pl.col("difference_to_best"),
        difference_low=0.0 - pl.col("difference_high"),
        difference_high=0.0 - pl.col("difference_low"),
    )
    empty = frame_of_rows([], AccuracyRow)
    return turned.join(asked, on="language", how="left", maintain_order="left").select(empty.columns).cast(empty.schema)
