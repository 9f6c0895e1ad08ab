"""The schedule that fills the grid at night, cheapest first, under a budget of FLOPs."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.partitions import dagster_key
from uniscale_assets.lineage import Lineage
from uniscale_assets.partition_keys import GridKey
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.planning import evaluation_flops, planned_flops
from uniscale_assets.resources.store import Artifact

STUDY_TAG = "uniscale/study"
TARGET_TAG = "uniscale/target"
FLOPS_TAG = "uniscale/flops"
UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True, order=True)
class Request:
    """One missing partition and what it would cost; the fingerprint names what is to be made, over edits of the study."""

    flops: float
    key: GridKey
    fingerprint: str


def nightly_backfill(of: StudyAssets, job: Any) -> dg.ScheduleDefinition:
    """Off until switched on. Asks for models that are not evaluated yet."""

    @dg.schedule(
        name=f"{of.study.name}_nightly_backfill",
        job=job,
        cron_schedule=of.study.nightly.cron,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Asks for missing models, cheapest first, under a budget of FLOPs a night.",
    )
    def schedule(context: dg.ScheduleEvaluationContext, platform: PlatformResource) -> Iterator[dg.RunRequest | dg.SkipReason]:
        lineage = platform.get().lineage(of.study)
        requests = missing_models(lineage)
        chosen = within_budget(requests, context.instance, of)
        if not chosen:
            yield dg.SkipReason(why_nothing(lineage, requests))
        for request in chosen:
            yield run_request(request, context, of)

    return schedule


def missing_models(lineage: Lineage[Artifact]) -> list[Request]:
    """Partitions that could be made now, cheapest first: their token shards are there, their evaluation or downstream scores are not."""
    if lineage.missing("downstream_tasks"):
        return []
    found: list[Request] = []
    for key in dict.fromkeys([*lineage.missing("bits_per_byte"), *lineage.missing("downstream_scores")]):
        target = lineage.checkpoint(key)
        if target.fingerprint is None:
            continue
        trained = lineage.find(target) is not None
        flops = evaluation_flops(lineage, key) if trained else planned_flops(lineage, key)
        found.append(Request(flops, key, target.fingerprint))
    return sorted(found)


def within_budget(requests: list[Request], instance: dg.DagsterInstance, of: StudyAssets) -> list[Request]:
    """Requests in order until the night's FLOPs, less those in flight, are spent; none twice, none that failed too often."""
    ours = {STUDY_TAG: of.study.name}
    in_flight = instance.get_runs(filters=dg.RunsFilter(tags=ours, statuses=UNDER_WAY))
    failed = instance.get_runs(filters=dg.RunsFilter(tags=ours, statuses=[dg.DagsterRunStatus.FAILURE]))
    attempts = Counter(run.tags.get(TARGET_TAG, "") for run in failed)
    under_way = {run.tags.get(TARGET_TAG, "") for run in in_flight}
    left = of.study.nightly.flops - sum(float(run.tags.get(FLOPS_TAG, "0")) for run in in_flight)
    chosen: list[Request] = []
    for request in requests:
        if request.fingerprint in under_way or attempts[request.fingerprint] >= of.study.nightly.max_attempts:
            continue
        if request.flops > left:
            break
        left -= request.flops
        chosen.append(request)
    return chosen


def run_request(request: Request, context: dg.ScheduleEvaluationContext, of: StudyAssets) -> dg.RunRequest:
    """One run for one partition; the same tick never asks for it twice."""
    tags = {STUDY_TAG: of.study.name, TARGET_TAG: request.fingerprint, FLOPS_TAG: repr(request.flops)}
    tick = context.scheduled_execution_time.isoformat()
    return dg.RunRequest(partition_key=dagster_key(request.key), run_key=f"{request.fingerprint}-{tick}", tags=tags)


def why_nothing(lineage: Lineage[Artifact], requests: list[Request]) -> str:
    """Why a night asks for nothing."""
    if requests:
        cheapest = requests[0]
        held_back = "in flight, failed too often, or above the night's budget"
        return f"{len(requests)} models are missing, but {held_back} (the cheapest takes {cheapest.flops:.3g} FLOPs)"
    if lineage.missing("token_shards"):
        return "token shards are missing; materialize the groups corpora and tokenizers first"
    if lineage.missing("downstream_tasks"):
        return "downstream_tasks is missing; materialize it first"
    return "every model is trained and evaluated"
