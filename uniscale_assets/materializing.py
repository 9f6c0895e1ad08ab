"""Materialize what a study lacks, through Dagster, in this process; the UI shows the runs like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import dagster as dg

from uniscale_assets.assets.checks import study_checks
from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.neural_measures import NEURAL_ASSETS, neural_assets_of
from uniscale_assets.assets.partitions import ranges
from uniscale_assets.assets.scaling import SCALING_ASSETS, scaling_checks
from uniscale_assets.definitions import study_assets
from uniscale_assets.errors import BadInputError
from uniscale_assets.lineage import STAGES, WHOLE_STAGES, stages_of
from uniscale_assets.partition_keys import GridKey
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.progress import Progress, tell
from uniscale_assets.study import Study
from uniscale_assets.tokenization.protocol import byte_model_of

REPORTS = ("corpus_quality", "rank_correlations", "predictors", "study_report")
GROUPS = {
    "corpora": ("documents", "mixture", "corpus_quality"),
    "tokenizers": ("byte_model", "vocabulary", "tokenizer", "token_shards", "tokenizer_metrics"),
    "models": ("checkpoint",),
    "evaluation": ("bits_per_byte", "downstream_tasks", "downstream_scores"),
    "reports": ("rank_correlations", "predictors", "study_report"),
    "neural": NEURAL_ASSETS,
    "scaling": SCALING_ASSETS,
}
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def reports_of(study: Study) -> tuple[str, ...]:
    """The reports of a study: measures of neural compression before the page, the scaling laws last, each where it has them."""
    reports = (*REPORTS[:-1], *neural_assets_of(study), *REPORTS[-1:])
    return reports if study.scaling is None else (*reports, *SCALING_ASSETS)


@dataclass(frozen=True)
class Selection:
    """Which part of a study to materialize; an empty field is everything."""

    tokenizers: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    stages: tuple[str, ...] = ()

    def check(self, study: Study) -> None:
        """Raise ``BadInputError`` for a name that the study does not have."""
        without = {"scaling"} if study.scaling is None else set[str]()
        without |= set[str]() if study.compresses else {"neural"}
        stages = [*(group for group in GROUPS if group not in without), *STAGES, *reports_of(study)]
        for option, given, known in (
            ("--tokenizer", self.tokenizers, study.tokenizer_names),
            ("--size", self.sizes, list(study.models.sizes)),
            ("--seed", self.seeds, list(study.seeds)),
            ("--stage", self.stages, stages),
        ):
            for name in given:
                if name not in known:
                    raise BadInputError(f"{option} {name}: not in study {study.name}; known are {', '.join(map(str, known))}")

    def wants_stage(self, stage: str) -> bool:
        """Whether a stage is selected, by its own name or its group's."""
        group = next(name for name, members in GROUPS.items() if stage in members)
        return not self.stages or stage in self.stages or group in self.stages

    def wants(self, key: Any, study: Study) -> bool:
        """Whether a partition is selected. Of a vocabulary or a byte model: whether one of its tokenizers is."""
        if isinstance(key, GridKey):
            model = key.model
            return (
                (not self.tokenizers or key.tokenizer in self.tokenizers)
                and (not self.sizes or model.size in self.sizes)
                and (not self.seeds or model.seed in self.seeds)
            )
        if not self.tokenizers:
            return True
        if key in study.byte_model_names:
            return any(byte_model_of(study.tokenizer(name)) == key for name in self.tokenizers)
        if key not in {*study.tokenizer_names, *study.vocabularies}:
            return True
        return key in self.tokenizers or any(spec.name in self.tokenizers for spec in study.vocabularies.get(key, []))


@dataclass
class RunSummary:
    """What a run of the command did."""

    made: dict[str, int] = field(default_factory=dict[str, int])
    kept: dict[str, int] = field(default_factory=dict[str, int])
    failures: list[str] = field(default_factory=list[str])


Announce: TypeAlias = Callable[[str, int, int], None]
"""Called with stage, partitions to make, partitions the store holds."""


@dataclass(frozen=True)
class StudyRun:
    """One run of the command over one study."""

    study: Study
    platform: Platform
    instance: dg.DagsterInstance
    selection: Selection
    force: bool
    announce: Announce

    def run(self) -> RunSummary:
        """Materialize stage by stage; a stage that fails does not keep later ones from what they can do."""
        self.selection.check(self.study)
        summary = RunSummary()
        for stage in stages_of(self.study):
            if self.selection.wants_stage(stage):
                self._run_stage(stage, summary)
        for report in reports_of(self.study):
            if self.selection.wants_stage(report):
                self.announce(report, 1, 0)
                failures = self._materialize(report, {})
                summary.failures += failures
                if not failures:
                    tell(Progress(report, self.study.name, 1, 1))
        return summary

    def _run_stage(self, stage: str, summary: RunSummary) -> None:
        lineage = self.platform.lineage(self.study)
        targets = {key: target for key, target in lineage.targets(stage).items() if self._wants(stage, key)}
        wanted = list(targets) if self.force else [key for key, target in targets.items() if lineage.find(target) is None]
        ready = [key for key in wanted if targets[key].fingerprint is not None]
        if len(ready) < len(wanted):
            summary.failures.append(f"{stage}: {len(wanted) - len(ready)} not attempted, because what they are made from is missing")
        self.announce(stage, len(ready), len(targets) - len(wanted))
        for tags in self._run_tags(stage, ready):
            summary.failures += self._materialize(stage, tags)
        after = self.platform.lineage(self.study)
        made = [key for key in ready if after.find(after.targets(stage)[key]) is not None]
        summary.made[stage], summary.kept[stage] = len(made), len(targets) - len(wanted)

    def _wants(self, stage: str, key: Any) -> bool:
        return stage in ("documents", *WHOLE_STAGES) or self.selection.wants(key, self.study)

    def _run_tags(self, stage: str, keys: Sequence[Any]) -> Iterable[dict[str, str]]:
        if not keys:
            return []
        if stage in WHOLE_STAGES:
            return [{}]
        return [{RANGE_START: first, RANGE_END: last} for first, last in ranges(keys, self.study)]

    def _materialize(self, asset: str, tags: dict[str, str]) -> list[str]:
        """One Dagster run of one asset; what failed, one a line."""
        of, checks = StudyAssets(self.study), [*study_checks(StudyAssets(self.study)), *scaling_checks(StudyAssets(self.study))]
        configured = asset in STAGES
        ops = {"ops": {f"{self.study.name}__{asset}": {"config": {"force": self.force}}}} if configured else {}
        with interrupts_as_usual():
            result = dg.materialize(
                [*study_assets(self.study), *checks],
                selection=dg.AssetSelection.assets(of.key(asset)),
                instance=self.instance,
                resources={"platform": PlatformResource(home=str(self.platform.home.root))},
                run_config={**QUIET, **ops},
                tags={**tags, "uniscale/study": self.study.name},
                raise_on_error=False,
            )
            refuse_interrupted(result)
        return failures_of(result, asset)


@contextmanager
def interrupts_as_usual() -> Iterator[None]:
    """Ctrl-C as ``KeyboardInterrupt``, for which Dagster has an exception of its own."""
    try:
        yield
    except dg.DagsterExecutionInterruptedError as interrupt:
        raise KeyboardInterrupt from interrupt


def refuse_interrupted(result: dg.ExecuteInProcessResult) -> None:
    """Raise where Ctrl-C ended a run, which Dagster takes for a failure of the step under way."""
    errors = [event.step_failure_data.error for event in result.filter_events(lambda event: event.is_step_failure)]
    if any(error is not None and error.cls_name == dg.DagsterExecutionInterruptedError.__name__ for error in errors):
        raise dg.DagsterExecutionInterruptedError


def failures_of(result: dg.ExecuteInProcessResult, asset: str) -> list[str]:
    """Why a run failed, one line for each partition."""
    found: list[str] = []
    for event in result.filter_events(lambda event: event.is_step_failure):
        data = event.step_failure_data
        described = data.user_failure_data.description if data.user_failure_data else None
        error = data.error.cause or data.error if data.error else None
        lines = (described or (error.message if error else "failed")).splitlines()
        found += [f"{asset} {line}".strip() for line in lines if line.strip() and not line.endswith(" failed:")]
    return found
