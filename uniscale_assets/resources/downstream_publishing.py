"""From downstream artifacts to metric rows and to the metadata that the UI shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.partition_keys import GridKey
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.publishing import in_words, markdown, model_constants, with_columns
from uniscale_assets.resources.store import Artifact
from uniscale_assets.study import Study

if TYPE_CHECKING:
    import polars as pl


def describe_tasks(_: str, artifact: Artifact) -> dict[str, Any]:
    """Items of each task by language, and the first item of each task."""
    from uniscale_assets.evaluation.downstream.build import read_tasks_ledger

    ledger = read_tasks_ledger(artifact.path)
    languages = sorted({language for counts in ledger.tasks.values() for language in counts})
    lines = ["| language | " + " | ".join(ledger.tasks) + " |", "|---|" + "--:|" * len(ledger.tasks)]
    for language in languages:
        counts = [by_language.get(language) for by_language in ledger.tasks.values()]
        lines.append(f"| {language} | " + " | ".join(str(count.items if count else 0) for count in counts) + " |")
    totals = {f"{task} items": sum(count.items for count in counts.values()) for task, counts in ledger.tasks.items()}
    return {"items by language": markdown("\n".join(lines)), **totals, "bytes read by a model": ledger.bytes}


def publish_downstream(platform: Platform, study: Study, key: GridKey, artifact: Artifact) -> dict[str, Any]:
    """Write the downstream scores of one model, and what it made of every item."""
    import polars as pl

    from uniscale_assets.evaluation.downstream.results import ITEMS_FILE, SCORES_FILE

    constants = model_constants(study, key, artifact)
    items = pl.read_parquet(artifact.path / ITEMS_FILE)
    platform.warehouse.replace("downstream_items", study.name, str(key), with_columns(items, "downstream_items", **constants))
    scores = pl.read_parquet(artifact.path / SCORES_FILE)
    platform.warehouse.replace("downstream_scores", study.name, str(key), with_columns(scores, "downstream_scores", **constants))
    whole = scores.filter(language="all")
    named = {f"{row['task']} {row['metric'].replace('_', ' ')}": row["value"] for row in whole.iter_rows(named=True)}
    return {"scores": markdown(score_table(scores)), **named, **in_words(artifact.metadata)}


def score_table(scores: pl.DataFrame) -> str:
    """Scores as a Markdown table, all languages before each alone."""
    lines = ["| task | metric | language | value | standard error | random | items |", "|---|---|---|--:|--:|--:|--:|"]
    ordered = sorted(scores.iter_rows(named=True), key=lambda row: (row["task"], row["metric"], row["language"] != "all", row["language"]))
    for row in ordered:
        numbers = [f"{row[name]:.3f}" if row[name] is not None else "" for name in ("value", "standard_error", "random_baseline")]
        lines.append(f"| {row['task']} | {row['metric']} | {row['language']} | " + " | ".join(numbers) + f" | {row['documents']} |")
    return "\n".join(lines)
