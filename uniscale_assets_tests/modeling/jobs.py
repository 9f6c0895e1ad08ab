"""What workers of the pool run in the tests."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def add(payload, report):
    """The sum, with each term reported."""
    for term in payload:
        report({"term": term})
    return sum(payload)


def process(payload, report):
    """This process's id; a file of that name shows that it runs."""
    if payload:
        time.sleep(payload)
    return os.getpid()


def environment(payload, report):
    """A variable of the environment."""
    return os.environ.get(payload)


def write_order(payload, report):
    """Add this job's name to a file."""
    path, name = payload
    with Path(path).open("a") as stream:
        stream.write(f"{name}\n")


def fail(payload, report):
    """Raise."""
    raise ValueError(payload)


def leave(payload, report):
    """Exit as a library might."""
    raise SystemExit(payload)


def die(payload, report):
    """End as the kernel ends what takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def return_no_json(payload, report):
    """Return what cannot cross."""
    return {1, 2}


def sleep_long(payload, report):
    """Say who this is and hang."""
    Path(payload).write_text(str(os.getpid()))
    report("asleep")
    time.sleep(600)


def loaded(payload, report):
    """Which of these modules are imported."""
    import sys

    return [name for name in payload if name in sys.modules]
