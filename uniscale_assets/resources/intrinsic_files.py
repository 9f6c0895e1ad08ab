"""What lies beside the intrinsic metrics in the artifacts of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.store import Artifact

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.figures.intrinsic_frames import IntrinsicFrames


def intrinsic_frames(lineage: Lineage[Artifact]) -> IntrinsicFrames:
    """Curves, lengths and cuts of every tokenizer that is measured today, in the study's order."""
    import polars as pl

    from uniscale_assets.figures.intrinsic_frames import IntrinsicFrames, no_frames
    from uniscale_assets.tokenization.measuring import LENGTHS_FILE, LENS_FILE, RANKS_FILE

    found = {name: lineage.find(lineage.tokenizer_metrics(name)) for name in lineage.study.tokenizer_names}
    empty = no_frames()

    def together(file: str, like: pl.DataFrame) -> pl.DataFrame:
        parts = {name: pl.read_parquet(artifact.path / file) for name, artifact in found.items() if artifact}
        return pl.concat([like, *(rows.select(pl.lit(name).alias("tokenizer"), pl.all()) for name, rows in parts.items())])

    return IntrinsicFrames(
        together(RANKS_FILE, empty.rank_frequency), together(LENGTHS_FILE, empty.token_lengths), together(LENS_FILE, empty.lens)
    )
