"""What lies beside the metrics of tokenizers that compress, in the artifacts of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact

if TYPE_CHECKING:
    from uniscale_assets.figures.codebooks import CompressionFrames


def compression_frames(platform: Platform, lineage: Lineage[Artifact]) -> CompressionFrames | None:
    """Byte models and the notable strings of every codebook that is measured today; None for a study without byte models."""
    import polars as pl

    from uniscale_assets.figures.codebooks import CompressionFrames
    from uniscale_assets.neural_compression.codebook_strings import FILE, SCHEMA

    if not lineage.study.byte_models:
        return None
    parts = [pl.DataFrame(schema={"tokenizer": pl.String, **{name: getattr(pl, kind) for name, kind in SCHEMA.items()}})]
    for name in lineage.study.tokenizer_names:
        artifact = lineage.find(lineage.tokenizer_metrics(name))
        if artifact is not None and (artifact.path / FILE).is_file():
            parts.append(pl.read_parquet(artifact.path / FILE).select(pl.lit(name).alias("tokenizer"), *SCHEMA))
    return CompressionFrames(platform.rows_of_today("byte_models", lineage, "byte_model"), pl.concat(parts))
