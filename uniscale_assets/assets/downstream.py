"""Downstream tasks: those that are made from the study's own text, and what every model makes of all of them."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from uniscale_assets.assets.common import StageRun, StudyAssets
from uniscale_assets.assets.models import largest_request
from uniscale_assets.assets.outcomes import AssetEvent, MaterializeConfig, Outcome
from uniscale_assets.lineage import stages_of
from uniscale_assets.resources import downstream_publishing, launchers
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.store import Artifact, Draft


def downstream_assets(of: StudyAssets) -> list[Any]:
    """The downstream assets of group `evaluation` that a study asks for; none where it has no key `downstream`."""
    made = {"downstream_tasks": tasks_asset, "downstream_scores": scores_asset}
    return [make(of) for stage, make in made.items() if stage in stages_of(of.study)]


def tasks_asset(of: StudyAssets) -> Any:
    """The tasks that are made from the study's own text."""
    study = of.study

    @dg.asset(
        **of.options("downstream_tasks", group="evaluation", kinds={"yaml", "json"}),
        deps=[of.dependency("mixture")],
        automation_condition=dg.AutomationCondition.eager(),
        description="Multiple-choice tasks made from the study's own text: the true continuation among four, and spelling.",
    )
    def downstream_tasks(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        from uniscale_assets.evaluation.downstream.build import build_tasks

        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "downstream_tasks")

        def make(_: str, draft: Draft) -> None:
            assert study.downstream is not None
            mixture = run.platform.input(run.lineage, run.lineage.mixture())
            build_tasks(study.downstream, mixture, study.evaluation.split, draft.path)

        yield from run.make_each(make, downstream_publishing.describe_tasks)

    return downstream_tasks


def scores_asset(of: StudyAssets) -> Any:
    """What every model makes of the tasks."""
    study = of.study
    own_tasks = [of.dependency("downstream_tasks")] if "downstream_tasks" in stages_of(study) else []

    @dg.asset(
        **of.options(
            "downstream_scores", group="evaluation", kinds={"pytorch", "duckdb"}, tables=("downstream_scores", "downstream_items")
        ),
        deps=[of.dependency("checkpoint"), *own_tasks],
        pool="evaluation",
        op_tags=largest_request(of),
        automation_condition=dg.AutomationCondition.eager(),
        description="Accuracy of a model on downstream tasks by lm-evaluation-harness, with the result of every item.",
    )
    def downstream_scores(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "downstream_scores")
        made = launchers.score_each(run.platform, run.lineage, run.keys, force=config.force)

        def describe(key: Any, artifact: Artifact) -> dict[str, Any]:
            return downstream_publishing.publish_downstream(run.platform, study, key, artifact)

        yield from run.report((Outcome(item.key, item.artifact, item.error) for item in made), describe)

    return downstream_scores
