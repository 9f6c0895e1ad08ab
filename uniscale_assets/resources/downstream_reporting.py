"""Downstream tasks in the reports of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.statistics.downstream import DownstreamStatistics


def downstream_of(
    platform: Platform, lineage: Lineage[Artifact], training_runs: pl.DataFrame, tokenizers: pl.DataFrame
) -> DownstreamStatistics | None:
    """Accuracies and agreement on the downstream tasks of a study, of what exists today; None where it asks for none.

    Args:
        platform: with the metric tables.
        lineage: of the study.
        training_runs: rows of the study, as they belong to it today.
        tokenizers: rows of the study.
    """
    from uniscale_assets.statistics.downstream import downstream_statistics

    if lineage.study.downstream is None:
        return None
    scores, items = (platform.rows_of_today(table, lineage, "downstream_scores") for table in ("downstream_scores", "downstream_items"))
    return downstream_statistics(scores, items, training_runs, tokenizers)


def accuracies_markdown(found: DownstreamStatistics) -> str:
    """Accuracy over all languages by task, metric, size and tokenizer as a Markdown table."""
    lines = ["| task | metric | size | tokenizer | accuracy | 95 % interval | random |", "|---|---|---|---|--:|---|--:|"]
    for row in found.accuracies.filter(language="all").iter_rows(named=True):
        interval = f"{row['low']:.3f} to {row['high']:.3f}" if row["low"] is not None else ""
        chance = "" if row["random_baseline"] is None else f"{row['random_baseline']:.3f}"
        names = " | ".join([row["task"], row["metric"], row["size"], row["tokenizer"]])
        lines.append(f"| {names} | {row['accuracy']:.3f} | {interval} | {chance} |")
    return "\n".join(lines)
