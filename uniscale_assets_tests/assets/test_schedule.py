"""The nightly schedule: what is missing, cheapest first, under a budget, never twice, not for ever."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.schedules import FLOPS_TAG, STUDY_TAG, TARGET_TAG, missing_models
from uniscale_assets.definitions import build_definitions
from uniscale_assets.evaluation.spec import DownstreamSpec, OfflineTasksSpec
from uniscale_assets.home import Home
from uniscale_assets.materializing import Selection, StudyRun
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.planning import planned_flops
from uniscale_assets.resources.platform import Platform
from uniscale_assets.study import NightlySpec, Study, load_study

STUDY = load_study(str(Path(__file__).parents[1] / "miniature.yaml"))
NIGHT = datetime(2026, 1, 1, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with text and tokens, and no model yet."""
    home = Home(tmp_path_factory.mktemp("home"))
    with dg.DagsterInstance.ephemeral() as instance:
        selection = Selection(stages=("corpora", "tokenizers", "downstream_tasks"))
        summary = StudyRun(STUDY, Platform(home), instance, selection, False, lambda *_: None).run()
    assert not summary.failures
    return home


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def with_budget(flops: float) -> Study:
    return STUDY.model_copy(update={"nightly": NightlySpec(flops=flops, max_attempts=2)})


def tick(study: Study, home: Home, instance: dg.DagsterInstance) -> Any:
    definitions = build_definitions([study], home)
    schedule = definitions.resolve_schedule_def("miniature_nightly_backfill")
    # Left open, the context would hand its instance to whatever loads definitions in this process later.
    with dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=NIGHT,
        resources={"platform": PlatformResource(home=str(home.root))},
        repository_def=definitions.get_repository_def(),
    ) as context:
        return schedule.evaluate_tick(context)


def requests(study: Study, home: Home, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    return list(tick(study, home, instance).run_requests)


def record(instance: dg.DagsterInstance, request: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
    run = dg.DagsterRun(job_name="miniature_models", status=status, tags=dict(request.tags))
    instance.add_run(run)


def test_everything_is_asked_for_cheapest_first_where_the_budget_allows(home: Home, instance: dg.DagsterInstance) -> None:
    asked = requests(with_budget(1e18), home, instance)
    assert len({request.partition_key for request in asked}) == len(STUDY.grid)
    flops = [float(request.tags[FLOPS_TAG]) for request in asked]
    assert flops == sorted(flops)
    assert {request.tags[STUDY_TAG] for request in asked} == {"miniature"}


def test_the_budget_holds_together_with_what_is_in_flight(home: Home, instance: dg.DagsterInstance) -> None:
    cheapest = missing_models(Platform(home).lineage(STUDY))
    budget = sum(request.flops for request in cheapest[:3]) * 1.0001
    first = requests(with_budget(budget), home, instance)
    assert len(first) == 3
    for request in first[:2]:
        record(instance, request, dg.DagsterRunStatus.STARTED)
    second = requests(with_budget(budget), home, instance)
    assert [request.tags[TARGET_TAG] for request in second] == [first[2].tags[TARGET_TAG]]


def test_what_failed_too_often_is_left_alone(home: Home, instance: dg.DagsterInstance) -> None:
    request = requests(with_budget(1e18), home, instance)[0]
    record(instance, request, dg.DagsterRunStatus.FAILURE)
    assert request.tags[TARGET_TAG] in {again.tags[TARGET_TAG] for again in requests(with_budget(1e18), home, instance)}
    record(instance, request, dg.DagsterRunStatus.FAILURE)
    assert request.tags[TARGET_TAG] not in {again.tags[TARGET_TAG] for again in requests(with_budget(1e18), home, instance)}


def test_a_night_that_asks_for_nothing_says_why(home: Home, instance: dg.DagsterInstance, tmp_path: Path) -> None:
    assert "above the night's budget" in str(tick(with_budget(1.0), home, instance).skip_message)
    assert "token shards are missing" in str(tick(STUDY, Home(tmp_path), instance).skip_message)
    other_items = STUDY.model_copy(update={"downstream": DownstreamSpec(limit=2, offline=OfflineTasksSpec(items_per_language=3))})
    assert "downstream_tasks is missing" in str(tick(other_items, home, instance).skip_message)


def test_costs_are_those_of_the_plan(home: Home) -> None:
    lineage = Platform(home).lineage(STUDY)
    for request in missing_models(lineage):
        assert request.flops == planned_flops(lineage, request.key)


def test_its_job_can_be_run_for_every_partition_it_asks_for(home: Home, instance: dg.DagsterInstance) -> None:
    definitions = build_definitions([STUDY], home)
    job = definitions.resolve_job_def("miniature_models")
    assert job.partitions_def is not None
    keys = set(job.partitions_def.get_partition_keys())
    assert {request.partition_key for request in requests(STUDY, home, instance)} <= keys
    assert StudyAssets(STUDY).key("checkpoint") in job.asset_layer.executable_asset_keys
