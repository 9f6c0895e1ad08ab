"""Scores of models beside what a byte costs when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.isoflop_points import MODEL_KEYS, compression_rates
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("task", "score_name", "larger_is_better", "method", "bytes_per_token", "parameters", "inference_flops_per_byte", "score")


def loss_tasks(points: pl.DataFrame) -> pl.DataFrame:
    """The loss of every run over all languages, as an end task.

    A run's training takes three forward passes over its bytes, so inference takes C / (3 B) FLOPs a byte; of arXiv 2605.01188.

    Args:
        points: rows of `POINT_COLUMNS`.
    """
    import polars as pl

    whole = points.filter(pl.col("language") == "all")
    return whole.select(
        (pl.lit("loss on ") + pl.col("evaluation")).alias("task"),
        pl.lit("loss (bits per byte)").alias("score_name"),
        pl.lit(value=False).alias("larger_is_better"),
        "method",
        "bytes_per_token",
        "parameters",
        (pl.col("compute_flops") / (3 * pl.col("bytes"))).alias("inference_flops_per_byte"),
        pl.col("bits_per_byte").alias("score"),
    ).select(COLUMNS)


def downstream_tasks(platform: Platform, lineage: Lineage[Artifact]) -> pl.DataFrame:
    """The downstream scores of a study's models over all languages; no rows where the study asks for none."""
    import polars as pl

    study = lineage.study
    if study.downstream is None or study.scaling is None:
        return loss_tasks(platform.warehouse.rows("isoflop_points").clear().rename({"study": "source"}))
    runs = platform.rows_of_today("training_runs", lineage, "checkpoint")
    cost = (pl.col("training_flops") / (3 * pl.col("bytes"))).alias("inference_flops_per_byte")
    models = runs.select(*MODEL_KEYS, pl.col("non_embedding_parameters").cast(pl.Float64).alias("parameters"), cost)
    scores = platform.rows_of_today("downstream_scores", lineage, "downstream_scores").filter(pl.col("language") == "all")
    rates = compression_rates(platform, lineage).filter(pl.col("language") == "all").drop("language")
    methods = {spec.name: study.scaling.method_of(spec.name, spec.family) for spec in study.tokenizers}
    joined = scores.join(models, on=MODEL_KEYS).join(rates, on="tokenizer")
    return joined.select(
        (pl.col("task") + " " + pl.col("metric")).alias("task"),
        (pl.col("metric") + " (" + pl.col("unit") + ")").alias("score_name"),
        (pl.col("better") == "higher").alias("larger_is_better"),
        pl.col("tokenizer").replace_strict(methods, return_dtype=pl.String).alias("method"),
        "bytes_per_token",
        "parameters",
        "inference_flops_per_byte",
        pl.col("value").alias("score"),
    ).select(COLUMNS)
