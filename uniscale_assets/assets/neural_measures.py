"""Measures of neural compression, for studies whose tokenizers compress: what their streams are like and what models make of them."""

from typing import Any

import dagster as dg

from uniscale_assets.assets.common import REFRESH, StudyAssets
from uniscale_assets.resources import neural_measures, neural_reporting
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.reporting import Published
from uniscale_assets.study import Study

COMPARISON = "neural_comparison"
COMPARED = ("compression", "inference_costs", "welch_tests")
DESCRIPTIONS = {
    "stream_measures": "How stable tokenizations are under a changed first word, what tokens stand for, how far bits are from uniform.",
    "position_accuracy": "How often a model's first guess is right, by the place of the token in its window.",
    "numerical_stability": "What of a byte model's coding changes with precision, batch size and cache, beside its integers.",
    "coder_tasks": "Whether a transformer learns a coder: to decompress and to compress, beside one that sees no code.",
}
MADE_FROM = {
    "stream_measures": ("tokenizer", "token_shards"),
    "position_accuracy": ("checkpoint", "token_shards"),
    "numerical_stability": ("byte_model", "mixture"),
    "coder_tasks": ("tokenizer", "mixture"),
}
PARTITIONED = ("tokenizer", "token_shards", "checkpoint", "byte_model")
NEURAL_ASSETS = (*DESCRIPTIONS, COMPARISON)


def neural_assets_of(study: Study) -> tuple[str, ...]:
    """Names of the assets that a study has in group `neural`."""
    return (*neural_measures.measures_of(study), COMPARISON) if study.compresses else ()


def neural_measures_assets(of: StudyAssets) -> list[Any]:
    """The assets of group `neural`; none for a study whose tokenizers do not compress."""
    if not of.study.compresses:
        return []
    return [*(measure_asset(of, name) for name in neural_measures.measures_of(of.study)), comparison_asset(of)]


def measure_asset(of: StudyAssets, name: str) -> Any:
    """One measure: what the store lacks of it is made, its tables are written."""
    every = dg.AllPartitionMapping()
    kinds = {"duckdb", "numpy"} if name == "stream_measures" else {"duckdb", "pytorch"}
    trains: dict[str, Any] = {"pool": "training"} if name == "coder_tasks" else {}

    @dg.asset(
        **of.options(name, group="neural", kinds=kinds, tables=neural_measures.tables_of(name)),
        deps=[of.dependency(stage, every if stage in PARTITIONED else None) for stage in MADE_FROM[name]],
        automation_condition=None if trains else REFRESH,
        description=DESCRIPTIONS[name],
        **trains,
    )
    def measure(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        return result_of(neural_reporting.publish_measure(platform.get(), platform.get().lineage(of.study), name))

    return measure


def comparison_asset(of: StudyAssets) -> Any:
    """What follows from other tables."""
    every = dg.AllPartitionMapping()

    @dg.asset(
        **of.options(COMPARISON, group="neural", kinds={"duckdb", "scipy"}, tables=COMPARED),
        deps=[of.dependency("bits_per_byte", every), of.dependency("tokenizer_metrics", every)],
        automation_condition=REFRESH,
        description="Compression in tokens and bits, bits per byte against FLOPs of inference, and Welch's test between tokenizers.",
    )
    def neural_comparison(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        return result_of(neural_reporting.publish_comparison(platform.get(), platform.get().lineage(of.study)))

    return neural_comparison


def result_of(published: Published) -> dg.MaterializeResult[Any]:
    """What Dagster is told."""
    return dg.MaterializeResult(metadata=published.metadata, data_version=dg.DataVersion(published.content_hash))
