"""From byte models to metric rows, and to the metadata that the UI shows."""

from __future__ import annotations

from typing import Any

from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.publishing import in_words, markdown, with_columns
from uniscale_assets.resources.store import Artifact
from uniscale_assets.study import Study
from uniscale_assets.tables import TABLES

MEASURED = ("seconds", "cpu_seconds", "device")


def publish_byte_model(platform: Platform, study: Study, name: str, artifact: Artifact) -> dict[str, Any]:
    """Write the row of one byte model: what it is, what it cost, and how well it knows the validation text."""
    import polars as pl

    from uniscale_assets.figures.sparkline import inline_loss_sparkline
    from uniscale_assets.neural_compression.byte_models import CHECKPOINT, read_report

    report = read_report(artifact.path)
    row = report.model_dump(include=set(TABLES["byte_models"].column_names)) | {key: artifact.metadata[key] for key in MEASURED}
    frame = with_columns(pl.DataFrame([row]), "byte_models", study=study.name, byte_model=name, fingerprint=artifact.fingerprint)
    platform.warehouse.replace("byte_models", study.name, name, frame)
    curve = pl.read_parquet(artifact.path / CHECKPOINT / "curve.parquet")
    return {
        "loss curve": markdown(inline_loss_sparkline(curve)),
        "validation bits per byte by language": markdown(table_of("language", report.bits_per_byte_by_language)),
        "validation bits per byte by place in the context": markdown(table_of("byte", report.bits_per_byte_of_first)),
        "bits per byte that integers cost": report.bits_per_byte - report.bits_per_byte_float_parts,
        **in_words({**row, **artifact.metadata}),
    }


def table_of(title: str, values: dict[str, float]) -> str:
    """Bits per byte as a Markdown table."""
    return "\n".join([f"| {title} | bits per byte |", "|---|--:|", *(f"| {name} | {value:.4f} |" for name, value in values.items())])
