"""Training: one partition for each tokenizer, size, budget and seed."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from uniscale_assets.assets.common import StageRun, StudyAssets
from uniscale_assets.assets.outcomes import AssetEvent, MaterializeConfig, Outcome
from uniscale_assets.resources import launchers, publishing
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.store import Artifact


def models_assets(of: StudyAssets) -> list[Any]:
    """The assets of group `models`."""
    study, partitions = of.study, of.partitions

    @dg.asset(
        **of.options("checkpoint", group="models", kinds={"pytorch", "huggingface"}, tables=("training_runs", "training_curves")),
        deps=[of.dependency("token_shards", partitions.grid_from_tokenizer), of.dependency("tokenizer", partitions.grid_from_tokenizer)],
        pool="training",
        op_tags=largest_request(of),
        description="A language model trained over one tokenizer, at one size, budget and seed.",
    )
    def checkpoint(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "checkpoint")
        made = launchers.train_each(run.platform, run.lineage, run.keys, force=config.force)

        def describe(key: Any, artifact: Artifact) -> dict[str, Any]:
            return publishing.publish_training(run.platform, study, key, artifact)

        yield from run.report((Outcome(item.key, item.artifact, item.error) for item in made), describe)

    return [checkpoint]


def largest_request(of: StudyAssets) -> dict[str, Any]:
    """The resource tags of the study's largest size, which every training step carries; a size's own go on its run."""
    sizes = of.study.models.sizes
    return next((of.study.run_tags[size] for size in reversed(sizes) if size in of.study.run_tags), {})
