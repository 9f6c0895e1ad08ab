"""Reports: they read what exists and say how much of the grid that is."""

from typing import Any

import dagster as dg

from uniscale_assets.assets.common import REFRESH, StudyAssets
from uniscale_assets.assets.neural_measures import neural_assets_of
from uniscale_assets.resources import reporting
from uniscale_assets.resources.dagster_platform import PlatformResource


def reports_assets(of: StudyAssets) -> list[Any]:
    """The assets of group `reports`."""
    study = of.study
    scored = ["bits_per_byte", "tokenizer_metrics", *(["downstream_scores"] if study.downstream is not None else [])]

    @dg.asset(
        **of.options("rank_correlations", group="reports", kinds={"duckdb", "scipy"}, tables=("rank_correlations",)),
        deps=[of.dependency(name, dg.AllPartitionMapping()) for name in scored],
        automation_condition=REFRESH,
        description="Whether each size orders the tokenizers as each larger one does, with intervals and p-values.",
    )
    def rank_correlations(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        published = reporting.publish_rank_correlations(platform.get(), platform.get().lineage(study))
        return dg.MaterializeResult(metadata=published.metadata, data_version=dg.DataVersion(published.content_hash))

    @dg.asset(
        **of.options("predictors", group="reports", kinds={"duckdb", "scipy"}, tables=("predictors",)),
        deps=[
            of.dependency("bits_per_byte", dg.AllPartitionMapping()),
            of.dependency("checkpoint", dg.AllPartitionMapping()),
            of.dependency("tokenizer_metrics", dg.AllPartitionMapping()),
        ],
        automation_condition=REFRESH,
        description="What predicts the largest size's ranking for less: intrinsic metrics, smaller sizes, points of training, power laws.",
    )
    def predictors(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        published = reporting.publish_predictors(platform.get(), platform.get().lineage(study))
        return dg.MaterializeResult(metadata=published.metadata, data_version=dg.DataVersion(published.content_hash))

    @dg.asset(
        **of.options("study_report", group="reports", kinds={"plotly"}),
        deps=[of.dependency(name) for name in ("rank_correlations", "predictors", "mixture", *neural_assets_of(study))],
        automation_condition=REFRESH,
        description="The verdict in words, the ranking with intervals and every figure, as one self-contained page.",
    )
    def study_report(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        published = reporting.publish_study_report(platform.get(), platform.get().lineage(study))
        return dg.MaterializeResult(metadata=published.metadata, data_version=dg.DataVersion(published.content_hash))

    return [rank_correlations, predictors, study_report]
