"""A good local Dagster instance under the project's home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.errors import BadInputError
from uniscale_assets.files import write_text
from uniscale_assets.home import Home
from uniscale_assets.resources.run_processes import fail_dead_runs

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


# One name for the code location, whoever starts Dagster: whether a schedule is switched on is kept by that name.
WORKSPACE_YAML = """\
# Written by `uniscale ui`, at every start.
load_from:
  - python_module: {module_name: uniscale_assets.definitions, location_name: uniscale_assets}
"""
OUTPUT_NOT_CAPTURED = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}


def dagster_home(home: Home) -> Path:
    """Write ``dagster.yaml`` where none is, and point this process and its children there.

    Raises:
        BadInputError: the home cannot be written.
    """
    try:
        home.dagster.mkdir(parents=True, exist_ok=True)
        if not (home.dagster / "dagster.yaml").exists():
            write_text(home.dagster / "dagster.yaml", DAGSTER_YAML)
    except OSError as error:
        raise BadInputError(f"{home.root}: cannot be written ({error.strerror}); set UNISCALE_HOME to another directory") from error
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["UNISCALE_HOME"] = str(home.root)
    return home.dagster


def workspace_file(home: Home) -> Path:
    """Write what ``dagster dev`` is to load."""
    path = home.dagster / "workspace.yaml"
    write_text(path, WORKSPACE_YAML)
    return path


def open_instance(home: Home, *, captures_output: bool = True) -> dg.DagsterInstance:
    """The instance of a home, with the limits of its pools set if nobody set them, and with no run under way whose process is gone.

    Args:
        home: its ``dagster`` directory is made where it is missing.
        captures_output: whether what a run prints goes to files for the UI. While Dagster captures it, nothing can be drawn on the
            terminal: the command, which draws progress bars, says no.
    """
    import dagster as dg

    directory = dagster_home(home)
    if captures_output:
        instance = dg.DagsterInstance.get()
    else:
        instance = dg.DagsterInstance.local_temp(str(directory), overrides={"compute_logs": OUTPUT_NOT_CAPTURED})
    known = instance.event_log_storage.get_concurrency_keys()
    for pool, limit in POOLS.items():
        if pool not in known:
            instance.event_log_storage.set_concurrency_slots(pool, limit)
    fail_dead_runs(instance)
    return instance
