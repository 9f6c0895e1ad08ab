"""A real Dagster server, started by `uniscale ui`, and the questions that its page asks it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil

from uniscale_assets_tests.end_to_end.commands import COMMAND, environment, left_of, wait_until

RUNS = """query { runsOrError(limit: 1000) { ... on Runs { results {
    runId status creationTime startTime endTime assetSelection { path } tags { key value } } } } }"""
BACKFILLS = "query { partitionBackfillsOrError { ... on PartitionBackfills { results { id status timestamp endTimestamp } } } }"


@dataclass(frozen=True)
class Server:
    """A webserver with its daemon, and the home they serve."""

    port: int
    home: Path

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str) -> dict[str, Any]:
        """The data of a GraphQL query."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/graphql", json.dumps({"query": query}), {"content-type": "application/json"})
        told = json.load(connection.getresponse())
        connection.close()
        assert "errors" not in told, told
        return told["data"]

    def runs(self) -> list[dict[str, Any]]:
        """Every run there was, the newest first."""
        return self.ask(RUNS)["runsOrError"]["results"]

    def backfills(self) -> list[dict[str, Any]]:
        """Every backfill there was, the newest first."""
        return self.ask(BACKFILLS)["partitionBackfillsOrError"]["results"]

    def loaded(self) -> bool:
        """Whether it answers, and has loaded the definitions."""
        try:
            return bool(self.ask("query { assetNodes { id } }")["assetNodes"])
        except (ConnectionError, TimeoutError):
            return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def served(study: Path, home: Path) -> Iterator[Server]:
    """`uniscale ui` over a study; its output goes to a file beside the home."""
    port, log = free_port(), home.parent / "server.log"
    # Interrupts are ignored to begin with, as a shell has it for what a script starts in its background.
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *COMMAND, "ui", str(study), "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=environment(home), cwd=home.parent, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    server = Server(port, home)
    try:
        wait_until(lambda: process.poll() is not None or server.loaded(), "the server")
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a server as Ctrl-C does; what is left of it after that is killed, and the test fails."""
    started = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise AssertionError("the server did not stop at an interrupt") from None
    for child in left_of(started, 20):
        child.kill()
