"""Evaluation: the score of every document by every model."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from uniscale_assets.assets.common import StageRun, StudyAssets
from uniscale_assets.assets.models import largest_request
from uniscale_assets.assets.outcomes import AssetEvent, MaterializeConfig, Outcome
from uniscale_assets.resources import launchers, publishing
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.store import Artifact


def evaluation_assets(of: StudyAssets) -> list[Any]:
    """The assets of group `evaluation`."""
    study, partitions = of.study, of.partitions

    @dg.asset(
        **of.options("bits_per_byte", group="evaluation", kinds={"pytorch", "duckdb"}, tables=("bits_per_byte", "document_scores")),
        deps=[of.dependency("checkpoint"), of.dependency("token_shards", partitions.grid_from_tokenizer)],
        pool="evaluation",
        op_tags=largest_request(of),
        automation_condition=dg.AutomationCondition.eager(),
        description="Bits per byte of a model by language and over all, with the score of every document.",
    )
    def bits_per_byte(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "bits_per_byte")
        made = launchers.evaluate_each(run.platform, run.lineage, run.keys, force=config.force)

        def describe(key: Any, artifact: Artifact) -> dict[str, Any]:
            return publishing.publish_evaluation(run.platform, study, key, artifact)

        yield from run.report((Outcome(item.key, item.artifact, item.error) for item in made), describe)

    return [bits_per_byte]
