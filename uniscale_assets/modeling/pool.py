"""Jobs side by side: worker processes that import torch once and outlive any one of their jobs.

A job is the path of a function and a JSON payload; what comes back is JSON. One job's failure, or its worker's death, is
that job's alone. Used for trainings and evaluations alike; imports nothing heavy itself.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from uniscale_assets.modeling.processes import child_environment, kept_memory, worker_environments

if TYPE_CHECKING:
    from pydantic import JsonValue

Report = Callable[[str, Any], None]


@dataclass(frozen=True)
class Job:
    """One call in a worker: ``function(payload, report)`` with ``report(JSON)`` for progress; it returns JSON."""

    key: str
    """names the job in results and progress; the caller's own"""
    function: str
    """importable path, `package.module:function`"""
    payload: JsonValue
    cost: float = 0.0
    """in any unit; the costliest start first, so that none is left alone at the end"""


@dataclass(frozen=True)
class JobFinished:
    """A job that returned."""

    job: Job
    result: Any


@dataclass(frozen=True)
class JobFailed:
    """A job that raised, or whose worker died."""

    job: Job
    error: str
    """name of the exception's class, or `WorkerDied`"""
    message: str
    details: str
    """the traceback, or empty"""


JobResult = JobFinished | JobFailed


@contextmanager
def blocked(number: signal.Signals) -> Iterator[None]:
    """Hold a signal back from this thread; one that arrives meanwhile is delivered afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass(eq=False)
class Worker:
    """One worker process and the line to it."""

    environment: dict[str, str]
    preload: Sequence[str]
    job: Job | None = None
    _process: subprocess.Popen[bytes] = field(init=False)
    line: Connection = field(init=False)

    def __post_init__(self) -> None:
        ours, theirs = socket.socketpair()
        # Ctrl-C reaches the whole process group, and only the parent may answer it: the child inherits the mask, and
        # ignores the signal before it lifts it.
        with theirs, blocked(signal.SIGINT):
            arguments = [str(theirs.fileno()), str(os.getpid()), *self.preload]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "uniscale_assets.modeling.pool_worker", *arguments],
                env=child_environment(**kept_memory(), **self.environment),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self.line = Connection(ours.detach())

    def give(self, job: Job) -> None:
        """Start a job; a worker that died meanwhile shows it at the next read."""
        self.job = job
        with suppress(OSError):
            self.line.send_bytes(json.dumps({"function": job.function, "payload": job.payload}).encode())

    def read(self, report: Report) -> JobResult | None:
        """Take one message: progress goes to ``report``, an end is returned.

        Raises:
            EOFError: the worker died and no job was under way.
        """
        try:
            message = json.loads(self.line.recv_bytes())
        except (EOFError, OSError):
            if self.job is None:
                raise EOFError from None
            return JobFailed(self.job, "WorkerDied", self._how_it_died(), "")
        if self.job is None:
            return None
        match message["kind"]:
            case "progress":
                report(self.job.key, message["value"])
                return None
            case "finished":
                result: JobResult = JobFinished(self.job, message["value"])
            case _:
                result = JobFailed(self.job, message["error"], message["message"], message["details"])
        self.job = None
        return result

    @property
    def died_idle(self) -> bool:
        """Whether the process is gone and no job with it."""
        return self.job is None and self._process.poll() is not None

    def _how_it_died(self) -> str:
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return "its worker process closed the line"
        if code < 0:
            name = signal.Signals(-code).name
            hint = ": the system may be out of memory" if name == "SIGKILL" else ""
            return f"its worker process was ended by {name}{hint}"
        return f"its worker process exited with code {code}"

    def stop(self) -> None:
        """End the process at once."""
        self.line.close()
        self._process.kill()
        self._process.wait()


class Pool:
    """Workers that live from one `run` to the next; a context manager, used by one thread at a time.

    Args:
        environments: what each worker's environment adds to this one's; one worker for each. None: as
            `worker_environments()`.
        preload: modules that a worker imports as soon as it starts, while this process does something else.
    """

    def __init__(self, environments: Sequence[dict[str, str]] | None = None, preload: Sequence[str] = ()) -> None:
        self.environments = list(worker_environments() if environments is None else environments)
        self.preload = preload
        self._workers: dict[int, Worker] = {}

    def start(self, count: int | None = None) -> None:
        """Start workers ahead of their first jobs: all, or the first ``count``."""
        for place in range(len(self.environments) if count is None else min(count, len(self.environments))):
            self._worker(place)

    def run(self, jobs: Sequence[Job], report: Report | None = None) -> Iterator[JobResult]:
        """Run jobs side by side, costliest first; yields each result as it comes.

        Closing the iterator, an interrupt, or another `run` ends the jobs under way at once.

        Args:
            jobs: none depends on another.
            report: called in this thread with a job's key and what it reports.
        """
        self.stop_jobs()
        waiting = deque(sorted(jobs, key=lambda job: -job.cost))
        given: list[Worker] = []
        try:
            while waiting or self._busy():
                for place in range(len(self.environments)):
                    if waiting and self._worker(place).job is None:
                        given.append(self._workers[place])
                        given[-1].give(waiting.popleft())
                yield from self._results(report or ignore)
        finally:
            self._drop([place for place in self._busy() if self._workers[place] in given])

    def stop_jobs(self) -> None:
        """End every job under way, with its worker."""
        self._drop(self._busy())

    def _busy(self) -> list[int]:
        return [place for place, worker in self._workers.items() if worker.job is not None]

    def _worker(self, place: int) -> Worker:
        if place in self._workers and self._workers[place].died_idle:
            self._drop([place])
        if place not in self._workers:
            self._workers[place] = Worker(self.environments[place], self.preload)
        return self._workers[place]

    def _results(self, report: Report) -> list[JobResult]:
        ready = wait([worker.line for worker in self._workers.values()])
        results: list[JobResult] = []
        for place, worker in [(place, worker) for place, worker in self._workers.items() if worker.line in ready]:
            try:
                result = worker.read(report)
            except EOFError:
                self._drop([place])  # an idle worker died: the next job starts another
                continue
            if isinstance(result, JobFailed) and result.error == "WorkerDied":
                self._drop([place])
            if result is not None:
                results.append(result)
        return results

    def close(self) -> None:
        """End all workers."""
        self._drop(list(self._workers))

    def _drop(self, places: list[int]) -> None:
        for place in places:
            self._workers.pop(place).stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def run_side_by_side(
    jobs: Sequence[Job], environments: Sequence[dict[str, str]] | None = None, report: Report | None = None
) -> Iterator[JobResult]:
    """Run jobs in a pool of their own, no larger than they are many."""
    chosen = list(worker_environments() if environments is None else environments)[: max(1, len(jobs))]
    with Pool(chosen) as pool:
        yield from pool.run(jobs, report)


def ignore(key: str, value: Any) -> None:
    """No progress asked for."""
