"""Byte models, for studies whose tokenizers compress with them."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from uniscale_assets.assets.common import StageRun, StudyAssets
from uniscale_assets.assets.outcomes import AssetEvent, MaterializeConfig, Outcome
from uniscale_assets.resources import byte_model_publishing, byte_model_steps
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.store import Artifact


def byte_models_assets(of: StudyAssets) -> list[Any]:
    """The asset `byte_model` of group `tokenizers`; none for a study without byte models."""
    study = of.study
    if not study.byte_models:
        return []

    @dg.asset(
        **of.options("byte_model", group="tokenizers", kinds={"pytorch", "huggingface"}, tables=("byte_models",)),
        deps=[of.dependency("mixture"), of.dependency("documents", dg.AllPartitionMapping())],
        pool="training",
        description="A small model over bytes, trained on the training text and turned into integers, with which tokenizers compress.",
    )
    def byte_model(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "byte_model")
        made = byte_model_steps.train_each_byte_model(run.platform, run.lineage, run.keys, force=config.force)

        def describe(name: str, artifact: Artifact) -> dict[str, Any]:
            return byte_model_publishing.publish_byte_model(run.platform, study, name, artifact)

        yield from run.report((Outcome(item.key, item.artifact, item.error) for item in made), describe)

    return [byte_model]
