"""Dagster's page in a real browser, over a real server and its daemon: from an empty home to a loss curve.

One server and one home for the whole file, and the tests in the order of a user's day.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import dagster as dg
import pytest

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.home import Home
from uniscale_assets.lineage import STAGES
from uniscale_assets.resources.platform import Platform
from uniscale_assets.study import load_study
from uniscale_assets_tests.end_to_end.commands import created, wait_until
from uniscale_assets_tests.end_to_end.pages import button, chromium, found, pictured, press, press_until, width_of
from uniscale_assets_tests.end_to_end.servers import Server, served

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]
STUDY_FILE = Path(__file__).parents[1] / "miniature.yaml"
STUDY = load_study(str(STUDY_FILE))
GROUPS = ("corpora", "tokenizers", "models", "evaluation", "reports")
PARTITION = "0.2M-seed1|bpe_400"
ENDED = ("SUCCESS", "FAILURE", "CANCELED")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def server(browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over an empty home."""
    with served(STUDY_FILE, tmp_path_factory.mktemp("ui") / "home") as running:
        yield running


@pytest.fixture
def page(browser: Chrome, tmp_path: Path) -> Iterator[Chrome]:
    with pictured(browser, tmp_path):
        yield browser


@pytest.fixture(scope="module")
def pressed(server: Server, browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> float:
    """ "Materialize all" was pressed on the page; when."""
    with pictured(browser, tmp_path_factory.mktemp("pressed")):
        browser.get(f"{server.address}/asset-groups")
        press(browser, button("Materialize all", starts=True))
        press_until(browser, button("All"), button("Launch backfill"))
        press(browser, button("Launch backfill"))
        wait_until(server.backfills, "the backfill to begin", 60)
    return time.monotonic()


@dataclass(frozen=True)
class Backfilled:
    """A home that one press filled."""

    platform: Platform
    instance: dg.DagsterInstance
    runs: list[dict[str, Any]]
    seconds: float


@pytest.fixture(scope="module")
def backfilled(server: Server, pressed: float) -> Iterator[Backfilled]:
    def ended() -> bool:
        return server.backfills()[0]["endTimestamp"] is not None

    wait_until(ended, "the backfill to end", 1500)
    with dg.DagsterInstance.local_temp(str(server.home / "dagster")) as instance:
        yield Backfilled(Platform(Home(server.home)), instance, server.runs(), time.monotonic() - pressed)


def test_the_graph_shows_every_group(server: Server, pressed: float, page: Chrome) -> None:
    page.get(f"{server.address}/asset-groups")
    for group in GROUPS:
        found(page, f"//*[@data-nodeid or contains(@class, 'Group') or self::button][normalize-space(.)='{group}']")


def test_materialize_all_makes_every_partition_of_every_asset(server: Server, backfilled: Backfilled) -> None:
    assert [run["status"] for run in backfilled.runs if run["status"] != "SUCCESS"] == []
    assert server.backfills()[0]["status"] == "COMPLETED_SUCCESS"
    lineage = backfilled.platform.lineage(STUDY)
    assert [stage for stage in STAGES if lineage.missing(stage)] == []
    assert (server.home / "reports" / "miniature" / "report.html").is_file()


def test_the_last_event_of_every_partition_carries_its_content_hash(backfilled: Backfilled) -> None:
    lineage, of = backfilled.platform.lineage(STUDY), StudyAssets(STUDY)
    for stage in STAGES:
        expected = {lineage.require(target).content_hash for target in lineage.targets(stage).values()}
        last: dict[str | None, str] = {}
        for record in backfilled.instance.fetch_materializations(of.key(stage), limit=1000).records:
            assert record.asset_materialization is not None
            last.setdefault(record.partition_key, (record.asset_materialization.tags or {})["dagster/data_version"])
        definition = of.partitions.of_stage[stage]
        assert set(last) == (set(definition.get_partition_keys()) if definition else {None}), stage
        assert set(last.values()) == expected, stage


def test_trivial_partitions_share_runs(backfilled: Backfilled) -> None:
    """Documents; the mixture; all that is tokenizers'; tasks; models and their scores by tokenizer; the reports."""
    partitions = sum(len(backfilled.platform.lineage(STUDY).targets(stage)) for stage in STAGES) + 2
    assert partitions == 3 + 1 + 2 + 3 * 2 + 1 + 3 * 8 + 2
    assert len(backfilled.runs) <= 4 + len(STUDY.tokenizers) + 1


def test_a_partition_shows_its_loss_curve(server: Server, backfilled: Backfilled, page: Chrome) -> None:
    page.get(f"{server.address}/assets/miniature/checkpoint?view=partitions&partition={quote(PARTITION)}")
    picture = found(page, "//img[starts-with(@src, 'data:image/svg+xml')]")
    wait_until(lambda: width_of(page, picture) > 0, "the small curve", 30)
    press(page, "//*[normalize-space(text())='[Show Markdown]']")
    in_full = found(page, "//*[@role='dialog']//img[starts-with(@src, 'data:image/svg+xml')]")
    wait_until(lambda: width_of(page, in_full) > width_of(page, picture), "the curve in full", 30)


def test_one_partition_is_materialized_from_the_page(server: Server, backfilled: Backfilled, page: Chrome) -> None:
    before = created(server.home)
    page.get(f"{server.address}/assets/miniature/checkpoint?view=partitions&partition={quote(PARTITION)}")
    found(page, "//*[normalize-space(text())='Materialized']")
    press(page, button("Materialize", starts=True))
    press(page, "//*[normalize-space(text())='Config']")
    press(page, button("Add config"))
    found(page, "//*[contains(@class, 'CodeMirror')]")
    config = "ops: {miniature__checkpoint: {config: {force: true}}}"
    page.execute_script("document.querySelector('.CodeMirror').CodeMirror.setValue(arguments[0])", config)
    press(page, button("Save config"))
    press(page, button("Launch 1 run"))
    wait_until(lambda: len(server.runs()) > len(backfilled.runs), "the run to begin", 120)
    wait_until(lambda: server.runs()[0]["status"] in ENDED, "the run to end")
    newest = server.runs()[0]
    assert newest["status"] == "SUCCESS"
    assert {"key": "dagster/partition", "value": PARTITION} in newest["tags"]
    after = created(server.home)
    assert [name for name in before if before[name] != after[name]] == [name for name in before if "checkpoint/bpe_400-0.2M-seed1" in name]
