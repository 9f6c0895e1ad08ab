"""The measures of neural compression as metric rows, and what reports are given of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.files import hash_of
from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.neural_measures import measures_of, tables_of
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.publishing import WHOLE, markdown, with_columns
from uniscale_assets.resources.reporting import Published, rows_of_study
from uniscale_assets.resources.store import Artifact
from uniscale_assets.resources.warehouse_rows import empty_rows
from uniscale_assets.tables import TABLES

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.figures.neural_frames import NeuralFrames
    from uniscale_assets.resources.reporting import StudyRows

SHOWN_ROWS = 40
"""of a table in the UI"""


def publish_measure(platform: Platform, lineage: Lineage[Artifact], name: str) -> Published:
    """Make what is missing of a measure and write its tables; what it is made from may not be there yet, and then its rows are not."""
    measures = list(measures_of(lineage.study)[name](platform, lineage))
    ready = [measure for measure in measures if measure.target.fingerprint is not None]
    made = [(measure, platform.make_one(measure.target, measure.make)) for measure in ready]
    study, shown = lineage.study.name, dict[str, Any]()
    for table in tables_of(name):
        rows = [table_rows(table, study, artifact, measure.constants) for measure, artifact in made]
        frame = together(table, rows)
        platform.warehouse.replace(table, study, WHOLE, frame)
        shown |= {table.replace("_", " "): markdown(as_markdown(frame))}
    counts = {"measured": len(made), "waiting for what they are made from": len(measures) - len(ready)}
    return Published(hash_of([artifact.content_hash for _, artifact in made]), {**counts, **shown})


def table_rows(table: str, study: str, artifact: Artifact, constants: dict[str, Any]) -> pl.DataFrame | None:
    """Rows of one artifact as a table has them; None where it holds none of that table."""
    import polars as pl

    path = artifact.path / f"{table}.parquet"
    if not path.is_file():
        return None
    return with_columns(pl.read_parquet(path), table, study=study, fingerprint=artifact.fingerprint, **constants)


def together(table: str, frames: list[pl.DataFrame | None]) -> pl.DataFrame:
    """Frames of a table below each other."""
    import polars as pl

    return pl.concat([empty_rows(TABLES[table]), *(frame for frame in frames if frame is not None)], how="vertical_relaxed")


def publish_comparison(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Write what follows from other tables: compression, inference costs and tests between seeds."""
    frames = compared(rows_of_study(platform, lineage))
    study, shown, hashes = lineage.study.name, dict[str, Any](), list[Any]()
    for table, rows in frames.items():
        frame = with_columns(rows, table, study=study)
        platform.warehouse.replace(table, study, WHOLE, frame)
        shown |= {table.replace("_", " "): markdown(as_markdown(frame.drop("study")))}
        hashes.append(frame.rows())
    return Published(hash_of(hashes), shown)


def compared(rows: StudyRows) -> dict[str, pl.DataFrame]:
    """Frames that follow from other tables, by the name of their table."""
    from uniscale_assets.statistics.compression import compression
    from uniscale_assets.statistics.inference_cost import inference_costs, welch_tests

    return {
        "compression": compression(rows.tokenizers, rows.tokenizer_metrics),
        "inference_costs": inference_costs(rows.bits_per_byte, rows.training_runs, rows.tokenizers),
        "welch_tests": welch_tests(rows.bits_per_byte, rows.tokenizers),
    }


def as_markdown(frame: pl.DataFrame) -> str:
    """The first rows of a frame as a Markdown table."""
    import polars as pl

    from uniscale_assets.resources.publishing import code_span

    head = frame.drop("study", "fingerprint", strict=False).head(SHOWN_ROWS)
    texts = {name for name in head.columns if head.schema[name] == pl.String and name in ("text", "texts")}
    lines = ["| " + " | ".join(head.columns) + " |", "|" + "---|" * len(head.columns)]
    for row in head.iter_rows(named=True):
        cells = [code_span(value) if name in texts and value else cell_text(value) for name, value in row.items()]
        lines.append("| " + " | ".join(cells) + " |")
    more = f"\n\n{frame.height - head.height} more rows are in the warehouse." if frame.height > head.height else ""
    return "\n".join(lines) + more


def cell_text(value: Any) -> str:
    """A value in a cell."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def neural_frames(platform: Platform, lineage: Lineage[Artifact], rows: StudyRows) -> NeuralFrames | None:
    """What the report is given: of the measures the rows that belong to the study as it is today; None where nothing compresses."""
    import polars as pl

    from uniscale_assets.figures.neural_frames import NeuralFrames

    study = lineage.study
    if not study.compresses:
        return None
    found: dict[str, pl.DataFrame] = dict(compared(rows))
    of_study = measures_of(study)
    for name in ("stream_measures", "position_accuracy", "numerical_stability", "coder_tasks"):
        measures = of_study[name](platform, lineage) if name in of_study else ()
        today = [measure.target.fingerprint for measure in measures if measure.target.fingerprint]
        found |= {table: platform.warehouse.rows(table, study.name).filter(pl.col("fingerprint").is_in(today)) for table in tables_of(name)}
    return NeuralFrames(**found)
