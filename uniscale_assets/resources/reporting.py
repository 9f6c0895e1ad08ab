"""Reports of a study: what exists of it today, compared, drawn and put into words."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.files import hash_file, hash_of, write_text
from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.compression_files import compression_frames
from uniscale_assets.resources.downstream_reporting import accuracies_markdown, downstream_of
from uniscale_assets.resources.intrinsic_files import intrinsic_frames
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.publishing import WHOLE, markdown, with_columns
from uniscale_assets.resources.store import Artifact
from uniscale_assets.study import Study

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.figures.report import ReportInputs
    from uniscale_assets.statistics.study_statistics import StudyStatistics

REPORT_FILE, RANKING_FILE, VERDICT_FILE, FIGURES = "report.html", "ranking.csv", "verdict.txt", "figures"
VERSIONED = ("uniscale-assets", "torch", "transformers", "tokenizers", "sentencepiece", "dagster", "duckdb", "scipy")


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


def statistics_of(lineage: Lineage[Artifact], rows: StudyRows) -> StudyStatistics:
    """Everything that the reports say in numbers and words."""
    from uniscale_assets.statistics.study_statistics import study_statistics

    scores = (rows.bits_per_byte, rows.document_scores, rows.training_runs, rows.training_curves, rows.tokenizers)
    return study_statistics(*scores, lineage.study.grid, tokenizer_metrics=rows.tokenizer_metrics)


def publish_rank_correlations(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Compute the agreement between every pair of sizes over what exists, and write its table."""
    import polars as pl

    rows = rows_of_study(platform, lineage)
    found, downstream = statistics_of(lineage, rows), downstream_of(platform, lineage, rows.training_runs, rows.tokenizers)
    frames = [found.rank_correlations, *([] if downstream is None else [downstream.rank_correlations])]
    table = with_columns(pl.concat(frames), "rank_correlations", study=lineage.study.name)
    platform.warehouse.replace("rank_correlations", lineage.study.name, WHOLE, table)
    agreement = markdown(agreement_table(found.rank_correlations))
    accuracies = {} if downstream is None else {"downstream accuracies": markdown(accuracies_markdown(downstream))}
    metadata = {"coverage": str(found.coverage), "verdict": markdown(verdict_text(found)), "agreement": agreement, **accuracies}
    return Published(hash_of(table.rows()), metadata)


def publish_predictors(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Score everything that predicts the ranking of the largest size, and write its table."""
    from uniscale_assets.figures.predictor_tables import predictors_markdown
    from uniscale_assets.statistics.predictor_wording import predictor_sentences
    from uniscale_assets.statistics.predictors import predictors

    rows = rows_of_study(platform, lineage)
    found = predictors(rows.bits_per_byte, rows.document_scores, rows.training_runs, rows.training_curves, rows.tokenizer_metrics)
    table = with_columns(found, "predictors", study=lineage.study.name)
    platform.warehouse.replace("predictors", lineage.study.name, WHOLE, table)
    said = "\n\n".join(predictor_sentences(found)) or "Nothing to say before two sizes, or one size and metrics, have three tokenizers."
    metadata = {"verdict": markdown(said), "predictors": markdown(predictors_markdown(found)), "rows": found.height}
    return Published(hash_of(table.rows()), metadata)


def verdict_text(found: StudyStatistics) -> str:
    """The verdict, a paragraph for each sentence."""
    return "\n\n".join([f"**{found.verdict.headline}**", *found.verdict.sentences])


def agreement_table(correlations: pl.DataFrame) -> str:
    """The agreement over all languages and tokenizers as a Markdown table."""
    import polars as pl

    chosen = correlations.filter((pl.col("language") == "all") & (pl.col("group_name") == "all"))
    lines = ["| small | large | statistic | value | 95 % interval | p | note |", "|---|---|---|---|---|---|---|"]
    for row in chosen.iter_rows(named=True):
        interval = f"{row['low']:.3f} to {row['high']:.3f}" if row["low"] is not None else ""
        sizes, statistic = [row["small_size"], row["large_size"]], row["statistic"].replace("_", " ")
        cells = [*sizes, statistic, number(row["value"]), interval, number(row["p_value"]), row["note"] or ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Four digits, or nothing."""
    return "" if value is None else f"{value:.4g}"


def report_path(platform: Platform, study: str) -> Path:
    """Where the report of a study lies."""
    return platform.home.reports(study) / REPORT_FILE


def report_inputs(platform: Platform, lineage: Lineage[Artifact], rows: StudyRows) -> ReportInputs:
    """All that the report is made from."""
    from uniscale_assets.figures.report import ReportInputs, StudyFacts
    from uniscale_assets.resources.neural_reporting import neural_frames

    study = lineage.study
    facts = StudyFacts(
        name=study.name,
        description=study.description,
        text=study_text(study),
        fingerprint=study_hash(study),
        families={spec.name: spec.family for spec in study.tokenizers},
        grid=study.grid,
        versions={name: version(name) for name in VERSIONED},
    )
    downstream = downstream_of(platform, lineage, rows.training_runs, rows.tokenizers)
    frames = (rows.tokenizers, rows.tokenizer_metrics, rows.training_runs, rows.training_curves, rows.corpus_ledger)
    intrinsic, compression = intrinsic_frames(lineage), compression_frames(platform, lineage)
    numbers = statistics_of(lineage, rows)
    neural = neural_frames(platform, lineage, rows)
    return ReportInputs(facts, numbers, *frames, intrinsic=intrinsic, downstream=downstream, compression=compression, neural=neural)


def study_hash(study: Study) -> str:
    """Hash of what can change a result; a study without scaling laws, say, has the one that it had before there were any."""
    without = {"description", "execution", "nightly", "run_tags"}
    without |= {key for key in ("scaling", "byte_models", "coder_tasks") if not getattr(study, key)}
    return hash_of(study.model_dump(mode="json", exclude=without))


def study_text(study: Study) -> str:
    """The study as YAML, with every default written out."""
    import yaml

    return yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False, width=120, allow_unicode=True)


def publish_study_report(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Write the page, the figures as picture files where a browser is found, the ranking and the verdict."""
    from uniscale_assets.figures.export import write_all_images
    from uniscale_assets.figures.report import write_report
    from uniscale_assets.figures.study_figures import study_figures

    inputs = report_inputs(platform, lineage, rows_of_study(platform, lineage))
    directory = platform.home.reports(lineage.study.name)
    write_report(inputs, directory / REPORT_FILE)
    write_summary(directory, inputs.statistics)
    (directory / FIGURES).mkdir(exist_ok=True)
    pictures = write_all_images({directory / FIGURES / name: figure for name, figure in study_figures(inputs).items()})
    return Published(hash_file(directory / REPORT_FILE), report_metadata(directory, inputs, pictures))


def report_metadata(directory: Path, inputs: ReportInputs, pictures: list[Path]) -> dict[str, Any]:
    """The verdict, where the report lies, and the figures inline where they could be drawn; the ranking in any case."""
    import dagster as dg

    from uniscale_assets.figures.inline import inline_file, inline_ranking
    from uniscale_assets.figures.style import styles_of

    found, styles = inputs.statistics, styles_of(inputs.study.families)
    drawn = {path.stem.replace("_", " "): markdown(inline_file(path.stem, path)) for path in pictures if path.suffix == ".svg"}
    return {
        "verdict": markdown(verdict_text(found)),
        "coverage": str(found.coverage),
        "report": dg.MetadataValue.path(str(directory / REPORT_FILE)),
        "link": dg.MetadataValue.url((directory / REPORT_FILE).as_uri()),
        "picture files": len(pictures),
        **(drawn or {"ranking": markdown(inline_ranking(largest_budget(found.ranking), styles, "Bits per byte by size"))}),
    }


def largest_budget(ranking: pl.DataFrame) -> pl.DataFrame:
    """The ranking over all languages at the last budget; the whole of it where the study lists one."""
    whole = ranking.filter(language="all")
    return whole.filter(budget=whole["budget"][-1]) if len(whole) else whole


@dataclass(frozen=True)
class Summary:
    """What the command prints at its end."""

    ranking: pl.DataFrame
    verdict: list[str]
    report: Path


def write_summary(directory: Path, found: StudyStatistics) -> None:
    """Write the ranking and the verdict beside the report, for people and programs that want no page."""
    write_text(directory / RANKING_FILE, found.ranking.write_csv())
    write_text(directory / VERDICT_FILE, f"{found.verdict}\n")


def summarize(platform: Platform, study: Study) -> Summary | None:
    """Ranking, verdict and report of a study as last written, or None before there is one."""
    import polars as pl

    directory = platform.home.reports(study.name)
    if not (directory / RANKING_FILE).is_file():
        return None
    ranking = pl.read_csv(directory / RANKING_FILE)
    verdict = (directory / VERDICT_FILE).read_text(encoding="utf-8").splitlines()
    return Summary(ranking_by_size(ranking, study), verdict, report_path(platform, study.name))


def ranking_by_size(ranking: pl.DataFrame, study: Study) -> pl.DataFrame:
    """One line a tokenizer, one column a size (and budget): bits per byte with half the width of its interval, best first."""
    import polars as pl

    whole = ranking.filter(pl.col("language") == "all")
    names = list(dict.fromkeys(zip(whole["size"], whole["budget"].fill_null(""), strict=True)))
    columns = {" ".join(name).strip(): whole.filter(pl.col("size") == name[0], pl.col("budget").fill_null("") == name[1]) for name in names}
    order = list(columns.values())[-1]["tokenizer"].to_list() if columns else []
    rest = [name for name in study.tokenizer_names if name not in order and name in set(whole["tokenizer"])]
    shown = {title: cells_of(rows) for title, rows in columns.items()}
    return pl.DataFrame([{"tokenizer": name, **{title: cells.get(name, "") for title, cells in shown.items()}} for name in [*order, *rest]])


def cells_of(rows: pl.DataFrame) -> dict[str, str]:
    """Bits per byte and its interval by tokenizer, as text."""
    found: dict[str, str] = {}
    for row in rows.iter_rows(named=True):
        interval = f" ({row['low']:.3f} to {row['high']:.3f})" if row["low"] is not None else ""
        found[row["tokenizer"]] = f"{row['bits_per_byte']:.4f}{interval}"
    return found
