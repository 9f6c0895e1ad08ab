"""The table `predictors`: what orders the tokenizers as the largest size does, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from uniscale_assets.statistics.frames import frame_of_rows
from uniscale_assets.statistics.noisy_grids import DRAWS, noisy_grids
from uniscale_assets.statistics.predictor_kinds import CEILING, INTRINSIC
from uniscale_assets.statistics.predictor_scores import Trial, chance
from uniscale_assets.statistics.predictor_sources import StudyTables, predictors_in
from uniscale_assets.statistics.scores import ALL_LANGUAGES
from uniscale_assets.statistics.verdict import reference_size

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.statistics.noise import GridNoise
    from uniscale_assets.statistics.predictor_kinds import Predictor

MARGIN = 0.05
"""Share of the separated pairs by which a predictor may fall behind the best trained one and still be as good."""
ACCIDENT = 0.05
"""A predictor that does no better than this chance allows is not called good."""
YES, NO, CANNOT_TELL = "yes", "no", "cannot tell"
ENOUGH_SEPARATED = 0.5
"""share of pairs that the truth has to tell apart before anything is said of predictors"""


@dataclass(frozen=True)
class PredictorRow:
    """One row of `predictors`, without the study; the fields mean what the table's columns say."""

    budget: str
    truth_size: str
    kind: str
    predictor: str
    size: str | None
    share_of_training: float | None
    compute_flops: float | None
    cpu_seconds: float | None
    tokenizers: int
    decision_accuracy: float | None = None
    decision_accuracy_low: float | None = None
    decision_accuracy_high: float | None = None
    pairs: int = 0
    separated_pairs: int = 0
    separated_accuracy: float | None = None
    separated_accuracy_low: float | None = None
    separated_accuracy_high: float | None = None
    regret: float | None = None
    regret_low: float | None = None
    regret_high: float | None = None
    spearman: float | None = None
    chance: float | None = None
    direction: str = ""
    on_frontier: bool = False
    on_regret_frontier: bool = False
    as_good_as_training: str = CANNOT_TELL
    note: str = ""


def predictors(
    bits_per_byte: pl.DataFrame,
    document_scores: pl.DataFrame,
    training_runs: pl.DataFrame,
    training_curves: pl.DataFrame,
    tokenizer_metrics: pl.DataFrame,
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> pl.DataFrame:
    """Every predictor of the largest size's ranking, by budget: the columns of `PredictorRow`, cheapest first.

    Predictors are every metric of ``tokenizer_metrics`` over all languages whose direction `metric_directions` knows, points of the loss
    curves of every size, every smaller size, power laws over smaller sizes, and for comparison the largest size trained again
    (kind ``ceiling``). As good as training is what

    - orders, among the pairs that the largest size itself tells apart, at most `MARGIN` fewer as it does than the best trained
      predictor, both at the lower ends of their 95 % intervals, and
    - does so well over all pairs that a random order would do so in less than `ACCIDENT` of cases; of intrinsic metrics, which have
      nothing in common but that they are tried, the best of as many random orders as there are metrics of different order.

    It is not as good where the upper end of its interval lies below the lower end of the best trained one; else, and where the
    largest size has one seed or tells fewer than half of the pairs apart, it cannot be told.

    Args:
        bits_per_byte: rows of the metric table, of one study and split.
        document_scores: rows of the metric table.
        training_runs: rows of the metric table, for what was spent.
        training_curves: rows of the metric table.
        tokenizer_metrics: rows of the metric table.
        seed: of every draw.
        draws: joint draws of seeds and documents.

    Raises:
        BadInputError: rows of several studies or splits, or a model that stands twice.
    """
    import polars as pl

    whole = bits_per_byte.filter(pl.col("language") == ALL_LANGUAGES)
    noises = noisy_grids(whole, document_scores, seed=seed, draws=draws)
    return predictors_of(noises, training_runs, training_curves, tokenizer_metrics, seed=seed)


def predictors_of(
    noises: Sequence[GridNoise],
    training_runs: pl.DataFrame,
    training_curves: pl.DataFrame,
    tokenizer_metrics: pl.DataFrame | None,
    *,
    seed: int = 0,
) -> pl.DataFrame:
    """`predictors` of grids whose noise is there already; those of single languages are left out."""
    import polars as pl

    rows: list[PredictorRow] = []
    for noise in noises:
        if noise.grid.language == ALL_LANGUAGES:
            own = pl.col("budget").fill_null("") == noise.grid.budget
            frames = training_runs.filter(own), training_curves.filter(own), tokenizer_metrics
            rows += rows_of_budget(StudyTables(noise, reference_size(noise), *frames, seed))
    return frame_of_rows(rows, PredictorRow)


def rows_of_budget(tables: StudyTables) -> list[PredictorRow]:
    """Rows of one budget, by what they cost, those of unknown cost last."""
    trials = [Trial(predictor, tables) for predictor in predictors_in(tables)]
    tried = len({trial.order for trial in trials if trial.predictor.kind == INTRINSIC and trial.defined})
    rows = [scored(trial, tried if trial.predictor.kind == INTRINSIC else 1) for trial in trials]
    rows.sort(key=lambda row: (row.compute_flops is None, row.compute_flops or 0.0, -(row.decision_accuracy or 0.0), row.predictor))
    return with_flags(with_frontiers(rows), seeds_known=tables.truth.seeds_known)


def blank_row(predictor: Predictor, tables: StudyTables) -> PredictorRow:
    """What is known of a predictor before it is scored."""
    return PredictorRow(
        budget=tables.noise.grid.budget,
        truth_size=tables.truth_size,
        kind=predictor.kind,
        predictor=predictor.name,
        size=predictor.size,
        share_of_training=predictor.share,
        compute_flops=predictor.compute_flops,
        cpu_seconds=predictor.cpu_seconds,
        tokenizers=len(predictor.tokenizers),
        direction=predictor.direction,
        note=predictor.note,
    )


def scored(trial: Trial, tried: int) -> PredictorRow:
    """One predictor with its numbers; without values where fewer than 3 tokenizers have it."""
    row = blank_row(trial.predictor, trial.tables)
    if not trial.defined:
        too_few = f"not defined: {row.tokenizers} tokenizers have it and {trial.tables.truth_size}, and it takes 3"
        return row if not len(trial.predictor.rankings) else replace(row, note=too_few)
    accuracy, apart, lost = trial.accuracy, trial.separated_accuracy, trial.regret
    notes = (trial.predictor.note, trial.truth.note)
    return replace(
        row,
        decision_accuracy=accuracy.value,
        decision_accuracy_low=accuracy.interval and accuracy.interval.low,
        decision_accuracy_high=accuracy.interval and accuracy.interval.high,
        pairs=row.tokenizers * (row.tokenizers - 1) // 2,
        separated_pairs=int(trial.separated.sum()) // 2,
        separated_accuracy=apart and apart.value,
        separated_accuracy_low=apart and apart.interval and apart.interval.low,
        separated_accuracy_high=apart and apart.interval and apart.interval.high,
        regret=lost.value,
        regret_low=lost.low,
        regret_high=lost.high,
        spearman=trial.spearman,
        chance=chance(accuracy.value, row.tokenizers, tried),
        note="; ".join(dict.fromkeys(note for note in notes if note)),
    )


def with_frontiers(rows: Sequence[PredictorRow]) -> list[PredictorRow]:
    """Mark the predictors that no other beats for less or for the same, by accuracy and by regret."""
    points = [
        (row.compute_flops, row.decision_accuracy, row.regret)
        for row in rows
        if row.kind != CEILING and row.compute_flops is not None and row.decision_accuracy is not None and row.regret is not None
    ]
    marked: list[PredictorRow] = []
    for row in rows:
        cost, accuracy, lost = row.compute_flops, row.decision_accuracy, row.regret
        if row.kind == CEILING or cost is None or accuracy is None or lost is None:
            marked.append(row)
            continue
        beaten = any(other[1] >= accuracy and other[0] <= cost and (other[1] > accuracy or other[0] < cost) for other in points)
        dearer = any(other[2] <= lost and other[0] <= cost and (other[2] < lost or other[0] < cost) for other in points)
        marked.append(replace(row, on_frontier=not beaten, on_regret_frontier=not dearer))
    return marked


def with_flags(rows: Sequence[PredictorRow], *, seeds_known: bool) -> list[PredictorRow]:
    """Say of each predictor whether it is as good as training, where that can be told."""
    trained = [low for row in rows if row.kind not in (INTRINSIC, CEILING) and (low := row.separated_accuracy_low) is not None]
    if not trained or not seeds_known:
        return list(rows)
    return [replace(row, as_good_as_training="" if row.kind == CEILING else as_good(row, max(trained))) for row in rows]


def as_good(row: PredictorRow, reference: float) -> str:
    """Whether a predictor is as good as the best trained one, whose interval over the separated pairs begins at ``reference``."""
    if row.separated_accuracy_low is None or row.separated_accuracy_high is None or row.separated_pairs < ENOUGH_SEPARATED * row.pairs:
        return CANNOT_TELL
    if row.separated_accuracy_high < reference:
        return NO
    enough = row.separated_accuracy_low >= reference - MARGIN and reference > 1 / 2
    return YES if enough and row.chance is not None and row.chance < ACCIDENT else CANNOT_TELL
