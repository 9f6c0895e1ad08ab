"""Reports of a study: what exists of it today, compared, drawn and put into words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.files import hash_of
from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.publishing import WHOLE, markdown, with_columns
from uniscale_assets.resources.store import Artifact

if TYPE_CHECKING:
    import polars as pl

REPORT_FILE = "report.html"


@dataclass(frozen=True)
class Published:
    """What a report asset tells Dagster."""

    content_hash: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class StudyRows:
    """The metric rows of a study that belong to it as it is today."""

    bits_per_byte: pl.DataFrame
    document_scores: pl.DataFrame
    training_runs: pl.DataFrame
    training_curves: pl.DataFrame
    tokenizers: pl.DataFrame
    tokenizer_metrics: pl.DataFrame
    corpus_ledger: pl.DataFrame


def rows_of_study(platform: Platform, lineage: Lineage[Artifact]) -> StudyRows:
    """Read the tables; rows of artifacts with another fingerprint than today's are left out."""
    stages = {
        "bits_per_byte": "bits_per_byte",
        "document_scores": "bits_per_byte",
        "training_runs": "checkpoint",
        "training_curves": "checkpoint",
        "tokenizers": "tokenizer_metrics",
        "tokenizer_metrics": "tokenizer_metrics",
        "corpus_ledger": "mixture",
    }
    return StudyRows(**{table: platform.rows_of_today(table, lineage, stage) for table, stage in stages.items()})


def publish_rank_correlations(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Compute the agreement between every pair of sizes over what exists, and write its table."""
    from uniscale_assets.statistics.report import rank_correlations

    rows = rows_of_study(platform, lineage)
    found = rank_correlations(rows.bits_per_byte, rows.document_scores, rows.training_runs, rows.tokenizers)
    table = with_columns(found, "rank_correlations", study=lineage.study.name)
    platform.warehouse.replace("rank_correlations", lineage.study.name, WHOLE, table)
    return Published(hash_of(table.rows()), {"coverage": coverage_of(lineage, rows), "agreement": markdown(agreement_table(table))})


def coverage_of(lineage: Lineage[Artifact], rows: StudyRows) -> str:
    """How much of the grid exists: ``31 of 36``."""
    evaluated = rows.bits_per_byte.select("tokenizer", "size", "budget", "seed").unique()
    return f"{len(evaluated)} of {len(lineage.study.grid)}"


def agreement_table(correlations: pl.DataFrame) -> str:
    """The agreement over all languages and tokenizers as a Markdown table."""
    import polars as pl

    chosen = correlations.filter((pl.col("language") == "all") & (pl.col("group_name") == "all"))
    lines = ["| small | large | statistic | value | 95 % interval | p | note |", "|---|---|---|---|---|---|---|"]
    for row in chosen.iter_rows(named=True):
        interval = f"{row['low']:.3f} to {row['high']:.3f}" if row["low"] is not None else ""
        cells = [row["small_size"], row["large_size"], row["statistic"].replace("_", " "), number(row["value"]), interval, number(row["p_value"]), row["note"] or ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Four digits, or nothing."""
    return "" if value is None else f"{value:.4g}"


def report_path(platform: Platform, study: str) -> Path:
    """Where the report of a study lies."""
    return platform.home.reports(study) / REPORT_FILE
