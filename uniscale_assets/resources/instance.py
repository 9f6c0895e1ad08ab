"""A good local Dagster instance under the project's home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.files import write_text
from uniscale_assets.home import Home

if TYPE_CHECKING:
    import dagster as dg

POOLS = {"training": 1, "evaluation": 1}

DAGSTER_YAML = """\
# Written once by `uniscale`; yours to edit.
telemetry: {enabled: false}
nux: {enabled: false}
run_monitoring: {enabled: true}
# A run of models uses every core or GPU by itself: one such run at a time. The limits of the pools `training` and
# `evaluation` are stored in the instance: dagster instance concurrency set training 2
concurrency:
  pools: {granularity: run, default_limit: 1}
  runs: {max_concurrent_runs: 2}
"""


def dagster_home(home: Home) -> Path:
    """Write ``dagster.yaml`` where none is, and point this process and its children there."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    if not (home.dagster / "dagster.yaml").exists():
        write_text(home.dagster / "dagster.yaml", DAGSTER_YAML)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["UNISCALE_HOME"] = str(home.root)
    return home.dagster


def open_instance(home: Home) -> dg.DagsterInstance:
    """The instance of a home, with the limits of its pools set if nobody set them."""
    import dagster as dg

    dagster_home(home)
    instance = dg.DagsterInstance.get()
    known = instance.event_log_storage.get_concurrency_keys()
    for pool, limit in POOLS.items():
        if pool not in known:
            instance.event_log_storage.set_concurrency_slots(pool, limit)
    return instance
