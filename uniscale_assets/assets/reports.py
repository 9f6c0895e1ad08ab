"""Reports: they read what exists and say how much of the grid that is."""

from typing import Any

import dagster as dg

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.resources import reporting
from uniscale_assets.resources.dagster_platform import PlatformResource

# eager() alone waits until no partition is missing; a report is of what exists.
REFRESH = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


def reports_assets(of: StudyAssets) -> list[Any]:
    """The assets of group `reports`."""
    study = of.study

    @dg.asset(
        **of.options("rank_correlations", group="reports", kinds={"duckdb", "scipy"}, tables=("rank_correlations",)),
        deps=[of.dependency("bits_per_byte", dg.AllPartitionMapping()), of.dependency("tokenizer_metrics", dg.AllPartitionMapping())],
        automation_condition=REFRESH,
        description="Whether each size orders the tokenizers as each larger one does, with intervals and p-values.",
    )
    def rank_correlations(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        published = reporting.publish_rank_correlations(platform.get(), platform.get().lineage(study))
        return dg.MaterializeResult(metadata=published.metadata, data_version=dg.DataVersion(published.content_hash))

    @dg.asset(
        **of.options("study_report", group="reports", kinds={"plotly"}),
        deps=[of.dependency("rank_correlations"), of.dependency("mixture")],
        automation_condition=REFRESH,
        description="The verdict in words, the ranking with intervals and every figure, as one self-contained page.",
    )
    def study_report(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        published = reporting.publish_study_report(platform.get(), platform.get().lineage(study))
        return dg.MaterializeResult(metadata=published.metadata, data_version=dg.DataVersion(published.content_hash))

    return [rank_correlations, study_report]
