"""What every asset module shares: names, owners and the path from a study to Dagster keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dagster as dg

from uniscale_assets.assets.outcomes import AssetEvent, MaterializeConfig, Outcome, report_outcomes
from uniscale_assets.assets.partitions import StudyPartitions, typed_keys
from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact, Draft
from uniscale_assets.study import Study
from uniscale_assets.tables import TABLES

OWNERS = ["team:uniscale"]
# eager() alone waits until no partition is missing; a report is of what exists.
REFRESH = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


@dataclass(frozen=True)
class StudyAssets:
    """A study on its way to Dagster."""

    study: Study

    @cached_property
    def partitions(self) -> StudyPartitions:
        """Its partitions."""
        return StudyPartitions(self.study)

    def key(self, name: str) -> dg.AssetKey:
        """The asset key: study, then name."""
        return dg.AssetKey([self.study.name, name])

    def dependency(self, name: str, mapping: dg.PartitionMapping | None = None) -> dg.AssetDep:
        """A dependency on another asset of the study."""
        return dg.AssetDep(self.key(name), partition_mapping=mapping)

    def backfill_policy(self, name: str) -> dg.BackfillPolicy | None:
        """All partitions in one run, which works through them side by side: a process for each costs seconds.

        Not so the models of a study whose sizes ask for resources of their own: there each has a run, with its size's tags.
        """
        if self.partitions.of_stage.get(name) is None:
            return None
        if self.study.run_tags and self.partitions.of_stage[name] is self.partitions.grid:
            return dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
        return dg.BackfillPolicy.single_run()

    def options(self, name: str, *, group: str, kinds: set[str], tables: tuple[str, ...] = ()) -> dict[str, Any]:
        """Arguments of ``dagster.asset`` that every asset takes."""
        metadata = {"dagster/column_schema": column_schema(tables[0])} if tables else {}
        metadata |= {"metric tables": ", ".join(tables)} if tables else {}
        return {
            "key": self.key(name),
            "group_name": group,
            "kinds": kinds,
            "owners": OWNERS,
            "metadata": metadata,
            "partitions_def": self.partitions.of_stage.get(name),
            "backfill_policy": self.backfill_policy(name),
        }


def column_schema(table: str) -> dg.TableSchema:
    """A metric table's columns as Dagster shows them."""
    columns = [dg.TableColumn(column.name, column.type.lower(), column.comment) for column in TABLES[table].columns]
    return dg.TableSchema(columns)


@dataclass(frozen=True)
class StageRun:
    """One run of one stage: which partitions it was asked for, and how to report them."""

    context: dg.AssetExecutionContext
    config: MaterializeConfig
    platform: Platform
    lineage: Lineage[Artifact]
    stage: str

    @cached_property
    def keys(self) -> list[Any]:
        """Typed keys of the run's partitions."""
        return typed_keys(self.context, self.lineage.study.name)

    def make_each(self, make: Callable[[Any, Draft], None], describe: Callable[[Any, Artifact], dict[str, Any]]) -> Iterator[AssetEvent]:
        """Make every partition one after another and report each as it commits."""
        targets = self.lineage.targets(self.stage)
        made = self.platform.make_each({key: targets[key] for key in self.keys}, make, force=self.config.force)
        yield from self.report((Outcome(item.key, item.artifact, item.error) for item in made), describe)

    def report(self, outcomes: Iterator[Outcome], describe: Callable[[Any, Artifact], dict[str, Any]]) -> Iterator[AssetEvent]:
        """Report outcomes, each with the metadata that ``describe`` gives its artifact."""
        yield from report_outcomes(self.context, (self._described(outcome, describe) for outcome in outcomes))

    def _described(self, outcome: Outcome, describe: Callable[[Any, Artifact], dict[str, Any]]) -> Outcome:
        if outcome.artifact is None:
            return outcome
        return Outcome(outcome.key, outcome.artifact, metadata=describe(outcome.key, outcome.artifact))
