"""A job for each stage of a study."""

from __future__ import annotations

from typing import Any

import dagster as dg

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.neural_measures import neural_assets_of
from uniscale_assets.assets.partitions import grid_key
from uniscale_assets.assets.scaling import SCALING_ASSETS
from uniscale_assets.lineage import STAGES, stages_of

# A job may hold only assets of one partitions definition.
JOB_ASSETS = {
    "documents": ("documents",),
    "mixture": ("mixture", "corpus_quality"),
    "byte_models": ("byte_model",),
    "vocabularies": ("vocabulary",),
    "tokenizers": ("tokenizer", "token_shards", "tokenizer_metrics"),
    "training": ("checkpoint",),
    "downstream_tasks": ("downstream_tasks",),
    "evaluation": ("bits_per_byte", "downstream_scores"),
    "models": ("checkpoint", "bits_per_byte", "downstream_scores"),
    "reports": ("rank_correlations", "predictors", "study_report"),
}


def study_jobs(of: StudyAssets) -> dict[str, Any]:
    """The jobs of one study by short name; in Dagster each name begins with the study's."""
    scaling = {} if of.study.scaling is None else {"scaling": SCALING_ASSETS}
    neural = {"neural": neural_assets_of(of.study)}
    left_out = set(STAGES) - set(stages_of(of.study))
    chosen = {
        name: tuple(asset for asset in assets if asset not in left_out) for name, assets in {**JOB_ASSETS, **neural, **scaling}.items()
    }
    return {name: stage_job(of, name, assets) for name, assets in chosen.items() if assets}


def stage_job(of: StudyAssets, name: str, assets: tuple[str, ...]) -> Any:
    """One job over some assets. Runs of models carry the resource tags of their size."""
    partitions = of.partitions.of_stage.get(assets[0])
    return dg.define_asset_job(
        f"{of.study.name}_{name}",
        selection=dg.AssetSelection.assets(*(of.key(asset) for asset in assets)),
        description=f"Materializes {', '.join(assets)} of study {of.study.name}.",
        config=size_tags(of, of.partitions.grid) if partitions is of.partitions.grid and of.study.run_tags else None,
        executor_def=dg.in_process_executor,
    )


def size_tags(of: StudyAssets, grid: dg.MultiPartitionsDefinition) -> dg.PartitionedConfig[Any]:
    """Run tags by partition: the resource request of its size."""

    def tags_for(partition: str) -> dict[str, str]:
        import json

        size = grid_key(grid.get_partition_key_from_str(partition)).model.size
        tags = of.study.run_tags.get(size, {})
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in tags.items()}

    def no_config(_: str) -> dict[str, Any]:
        return {}

    return dg.PartitionedConfig(partitions_def=grid, run_config_for_partition_key_fn=no_config, tags_for_partition_key_fn=tags_for)
