"""Runs whose process is gone. Dagster would count them as under way for ever, and they would keep the pool of trainings shut."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

PROCESS_TAG = "uniscale/process"
GONE = "The process of this run is gone: it was killed, or its machine was restarted. Materialize again: it goes on from where it was."


# The same process is said to have started a second sooner or later when the machine's clock was set.
CLOCK_SECONDS = 2


def this_process() -> str:
    """Host, id and start of this process; an id alone may be given to another process later."""
    return f"{socket.gethostname()} {os.getpid()} {started(os.getpid())}"


def started(process: int) -> int | None:
    """When a process started, in seconds since 1970; None where it is gone."""
    import psutil

    try:
        return int(psutil.Process(process).create_time())
    except psutil.NoSuchProcess:
        return None


def sign_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Write into a run's tags which process executes it."""
    instance.add_run_tags(run_id, {PROCESS_TAG: this_process()})


def fail_dead_runs(instance: dg.DagsterInstance) -> int:
    """Mark runs as failed whose process on this machine is gone; how many there were."""
    import dagster as dg

    under_way = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    dead = [run for run in instance.get_runs(filters=dg.RunsFilter(statuses=under_way)) if is_gone(run.tags.get(PROCESS_TAG, ""))]
    for run in dead:
        instance.report_run_failed(run, GONE)
    return len(dead)


def is_gone(process: str) -> bool:
    """Whether a process of this machine ended; of another machine's nothing is known."""
    host, _, rest = process.partition(" ")
    if host != socket.gethostname() or not rest:
        return False
    number, start = map(int, rest.split())
    now = started(number)
    return now is None or abs(now - start) > CLOCK_SECONDS
