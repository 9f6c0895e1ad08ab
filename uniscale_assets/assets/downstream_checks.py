"""Asset checks of downstream tasks: the measured value beside its bound, over every partition that exists today."""

from typing import TYPE_CHECKING

import dagster as dg

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.lineage import stages_of
from uniscale_assets.resources.dagster_platform import PlatformResource

if TYPE_CHECKING:
    import polars as pl

NOTHING = "Nothing exists yet."


def downstream_checks(of: StudyAssets) -> list[dg.AssetChecksDefinition]:
    """The checks of the downstream assets that a study has."""
    stages = stages_of(of.study)
    tasks = [items_as_asked(of)] if "downstream_tasks" in stages else []
    scores = [every_model_scored_alike(of), above_random(of)] if "downstream_scores" in stages else []
    return [*tasks, *scores]


def items_as_asked(of: StudyAssets) -> dg.AssetChecksDefinition:
    """Items of each task in each language / those asked for; a warning, since a small corpus may not have as many."""

    @dg.asset_check(asset=of.key("downstream_tasks"), description="Every language has as many items of every task as the study asks for.")
    def items_as_asked(platform: PlatformResource) -> dg.AssetCheckResult:
        from uniscale_assets.evaluation.downstream.build import read_tasks_ledger

        lineage, spec = platform.get().lineage(of.study), of.study.downstream
        found = lineage.find(lineage.downstream_tasks())
        if found is None or spec is None:
            return dg.AssetCheckResult(passed=True, description=NOTHING, metadata={"items": 0})
        asked, ledger = spec.offline.items_per_language, read_tasks_ledger(found.path)
        pairs = [(task, language) for task in ledger.tasks for language in of.study.corpus.languages]
        counts = {f"{task} {language}": items_in(ledger.tasks[task].get(language)) for task, language in pairs}
        fewer = {name: count for name, count in counts.items() if count < asked}
        described = (
            f"fewest {min(counts.values())} of {asked} items; {len(fewer)} of {len(counts)} languages and tasks have fewer than asked"
        )
        metadata = {"fewest": min(counts.values()), "asked": asked, "fewer than asked": ", ".join(fewer) or "none"}
        return dg.AssetCheckResult(passed=not fewer, severity=dg.AssetCheckSeverity.WARN, description=described, metadata=metadata)

    return items_as_asked


def items_in(counts: object) -> int:
    """Items of one task and language; none where the ledger does not name it."""
    return int(getattr(counts, "items", 0))


def every_model_scored_alike(of: StudyAssets) -> dg.AssetChecksDefinition:
    """Items of each task that every model was asked: as many for each; and every score above 0."""

    @dg.asset_check(
        asset=of.key("downstream_scores"), description="Every model answered the same number of items, and some of them rightly."
    )
    def scored_alike(platform: PlatformResource) -> dg.AssetCheckResult:
        import polars as pl

        scores = whole_accuracies(platform, of)
        if scores.is_empty():
            return dg.AssetCheckResult(passed=True, description=NOTHING, metadata={"models": 0})
        by_task = scores.group_by("task", "metric").agg(
            pl.col("documents").min().alias("fewest"), pl.col("documents").max().alias("most"), pl.col("value").min().alias("least")
        )
        uneven = by_task.filter(pl.col("fewest") != pl.col("most"))
        least = float(by_task["least"].to_list()[by_task["least"].arg_min() or 0])
        items = {f"{row['task']} items": int(row["fewest"]) for row in by_task.iter_rows(named=True)}
        return dg.AssetCheckResult(
            passed=uneven.is_empty() and least > 0, metadata={**items, "least accuracy": least, "bound": 0, "uneven tasks": len(uneven)}
        )

    return scored_alike


def above_random(of: StudyAssets) -> dg.AssetChecksDefinition:
    """Accuracy at the largest size, mean over models, less that of a random choice; a warning, since a task may be too hard."""

    @dg.asset_check(
        asset=of.key("downstream_scores"), description="At the largest size the models are better than a random choice in every task."
    )
    def above_random(platform: PlatformResource) -> dg.AssetCheckResult:
        import polars as pl

        largest = of.study.models.sizes[-1]
        scores = whole_accuracies(platform, of).filter(size=largest).filter(pl.col("random_baseline").is_not_null())
        if scores.is_empty():
            return dg.AssetCheckResult(passed=True, description=NOTHING, metadata={"models": 0})
        best = (
            scores.group_by("task", "metric")
            .agg((pl.col("value") - pl.col("random_baseline")).mean().alias("above"))
            .sort("task", "metric")
        )
        # A task may be out of reach by one metric and not by another: it counts by its best.
        by_task = best.group_by("task").agg(pl.col("above").max()).sort("above")
        row = by_task.row(0, named=True)
        described = f"least above random: {row['task']} by {row['above']:+.3f} at size {largest}, bound 0, best metric, mean over models"
        metadata = {f"{row['task']} {row['metric']}": row["above"] for row in best.iter_rows(named=True)}
        return dg.AssetCheckResult(
            passed=row["above"] > 0, severity=dg.AssetCheckSeverity.WARN, description=described, metadata={**metadata, "bound": 0.0}
        )

    return above_random


def whole_accuracies(platform: PlatformResource, of: StudyAssets) -> "pl.DataFrame":
    """Accuracies over all languages of the models that exist."""
    import polars as pl

    lineage = platform.get().lineage(of.study)
    scores = platform.get().rows_of_today("downstream_scores", lineage, "downstream_scores")
    return scores.filter(pl.col("language") == "all", pl.col("metric").str.starts_with("acc"))
