"""Training runs at equal FLOPs as points of the scaling laws: a study's own, and those of imported collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.errors import BadInputError
from uniscale_assets.lineage import Lineage
from uniscale_assets.partition_keys import GridKey, ModelKey
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact
from uniscale_assets.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import polars as pl

TABLE = "isoflop_points"
IMPORTED = "imported"
"""the partition of a collection; a study's own points are in the partition `publishing.WHOLE`"""
MODEL_KEYS = ["tokenizer", "size", "budget", "seed"]


def study_points(platform: Platform, lineage: Lineage[Artifact]) -> pl.DataFrame:
    """The runs of a study that exist today, one row a run and language; rows of ``tables.ISOFLOP_POINTS``.

    The budget C is the study's, which a run meets to within one token. T is the tokenizer's in the row's language, the same for
    all its runs, so that equal cells are equal numbers: of the mixed validation text for 'all', of the test text for a language.
    B is the bytes of all languages: one model is trained on all of them.
    """
    import polars as pl

    study, scaling = lineage.study, lineage.study.scaling
    assert scaling is not None
    parts = ("non_embedding_parameters", "embedding_parameters", "head_parameters")
    runs = platform.rows_of_today("training_runs", lineage, "checkpoint").select(*MODEL_KEYS, *parts, "bytes")
    scores = platform.rows_of_today("bits_per_byte", lineage, "bits_per_byte").select(*MODEL_KEYS, "language", "bits_per_byte")
    rates = compression_rates(platform, lineage)
    joined = runs.join(scores, on=MODEL_KEYS).join(rates, on=["tokenizer", "language"])
    methods = {spec.name: scaling.method_of(spec.name, spec.family) for spec in study.tokenizers}
    keys = [ModelKey(*key) for key in joined.select("size", "seed", "budget").rows()]
    models = [GridKey(tokenizer, key) for tokenizer, key in zip(joined["tokenizer"], keys, strict=True)]
    return joined.select(
        pl.lit(study.name).alias("study"),
        pl.col("tokenizer").replace_strict(methods, return_dtype=pl.String).alias("method"),
        "language",
        pl.Series("compute_flops", [study.budget_value(key) for key in keys], pl.Float64),
        "bytes_per_token",
        pl.col("non_embedding_parameters").cast(pl.Float64).alias("parameters"),
        pl.sum_horizontal(parts).cast(pl.Float64).alias("total_parameters"),
        pl.col("bytes").cast(pl.Float64),
        pl.lit(study.evaluation.split).alias("evaluation"),
        "bits_per_byte",
        pl.Series("run", [str(model) for model in models], pl.String),
    ).sort("method", "language", "compute_flops", "bytes_per_token", "parameters", "run")


def compression_rates(platform: Platform, lineage: Lineage[Artifact]) -> pl.DataFrame:
    """T of every tokenizer in every language and over all: columns tokenizer, language, bytes_per_token."""
    import polars as pl

    metrics = platform.rows_of_today("tokenizer_metrics", lineage, "tokenizer_metrics")
    tokenizers = platform.rows_of_today("tokenizers", lineage, "tokenizer_metrics")
    by_language = metrics.filter(pl.col("metric") == "bytes_per_token", pl.col("language") != "all")
    whole = tokenizers.select("tokenizer", pl.lit("all").alias("language"), "bytes_per_token")
    return pl.concat([by_language.select("tokenizer", "language", pl.col("value").alias("bytes_per_token")), whole])


def imported_points(warehouse: Warehouse, name: str) -> pl.DataFrame:
    """The runs of an imported collection; rows of ``tables.ISOFLOP_POINTS``.

    Raises:
        BadInputError: there is none of that name; the message lists those there are.
    """
    if IMPORTED not in warehouse.partitions(TABLE, name):
        known = ", ".join(imported_names(warehouse)) or "none yet"
        raise BadInputError(f"{name}: no imported collection of that name; there are: {known}. `uniscale import-runs FILES` makes one")
    return warehouse.rows(TABLE, name)


def imported_names(warehouse: Warehouse) -> list[str]:
    """The collections that were imported."""
    names = warehouse.rows(TABLE)["study"].unique().sort().to_list()
    return [name for name in names if IMPORTED in warehouse.partitions(TABLE, name)]


def points_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table as the library takes them: `scaling_laws.frames.POINT_COLUMNS`."""
    from uniscale_assets.scaling_laws.frames import POINT_COLUMNS

    return rows.rename({"study": "source"}).select(POINT_COLUMNS)
