"""A worker process of `pool.py`: `python -m uniscale_assets.modeling.pool_worker <line> <parent> [modules to import]`."""

from __future__ import annotations

import importlib
import json
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from uniscale_assets.modeling.processes import exit_with_parent


def main(line: Connection, parent: int, preload: list[str]) -> None:
    """Take jobs until the line is closed."""
    # Ctrl-C is the parent's business, which started this process with the signal blocked.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    exit_with_parent(parent)
    for name in preload:
        importlib.import_module(name)
    # A line that breaks, at whatever moment, means that nobody waits any more.
    with suppress(EOFError, OSError):
        while True:
            request = json.loads(line.recv_bytes())
            send(line, run(request, lambda value: send(line, {"kind": "progress", "value": value})))


def run(request: dict[str, Any], report: Callable[[Any], None]) -> dict[str, Any]:
    """Run one job; whatever it raises becomes a message."""
    try:
        module, name = request["function"].split(":")
        function = getattr(importlib.import_module(module), name)
        value = function(request["payload"], report)
        json.dumps(value)  # what is no JSON fails here, in the job, and not on the line
    except BaseException as error:  # noqa: BLE001  # an exit inside a job is that job's failure too
        return {"kind": "failed", "error": type(error).__name__, "message": str(error), "details": traceback.format_exc()}
    return {"kind": "finished", "value": value}


def send(line: Connection, message: dict[str, Any]) -> None:
    """Send one message as JSON."""
    line.send_bytes(json.dumps(message).encode())


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])), int(sys.argv[2]), sys.argv[3:])
