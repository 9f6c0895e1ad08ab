"""Thirty-two processes write metrics at once while another holds metrics.duckdb open to write.

Prints how many of their rows are there, and what company costs a writer: the same writes without the holder, and one by one.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from statistics import median

import duckdb

from uniscale_assets.resources.warehouse import Warehouse
from uniscale_assets_tests.resources.metric_rows import scores

PROCESSES = 32
CONTEXT = get_context("spawn")


def write_one(home: Path, writer: int) -> float:
    """Write one row; seconds it took."""
    began = time.perf_counter()
    Warehouse(home).replace("bits_per_byte", "demo", f"writer {writer}", scores(f"writer {writer}"))
    return time.perf_counter() - began


def write_together(home: Path, writer: int, start: Barrier, ends: Queue[float]) -> None:
    """A writing process: get ready, wait for all others, write, say when it was done."""
    write_one(home / "rehearsal", writer)
    start.wait()
    write_one(home, writer)
    ends.put(time.time())


def hold_open(database: Path, opened: Event, done: Event) -> None:
    """A user who has the file open to write and goes on asking."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 1 AS note")
        opened.set()
        while not done.wait(0.05):
            connection.execute("SELECT count(*), avg(bits_per_byte) FROM bits_per_byte").fetchone()


@contextmanager
def holder(database: Path) -> Generator[None]:
    """A process that holds the database for the block."""
    opened, done = CONTEXT.Event(), CONTEXT.Event()
    process = CONTEXT.Process(target=hold_open, args=(database, opened, done))
    process.start()
    opened.wait(60)
    yield
    done.set()
    process.join()
    if process.exitcode:
        sys.exit("the process that held metrics.duckdb open failed")


def rows_by_many(home: Path) -> tuple[int, int, float]:
    """All writers at once: rows that are there, writers that failed, seconds from when all were ready to the last row."""
    start: Barrier = CONTEXT.Barrier(PROCESSES + 1)
    ends: Queue[float] = CONTEXT.Queue()
    processes = [CONTEXT.Process(target=write_together, args=(home, writer, start, ends)) for writer in range(PROCESSES)]
    for process in processes:
        process.start()
    start.wait()
    began = time.time()
    seconds = max(ends.get(timeout=300) for _ in processes) - began
    for process in processes:
        process.join()
    rows = Warehouse(home).query("SELECT count(DISTINCT tokenizer) FROM bits_per_byte").item()
    return int(rows), sum(process.exitcode != 0 for process in processes), seconds


def main() -> None:
    """Run the three cases and compare them."""
    with tempfile.TemporaryDirectory() as temporary:
        homes = [Path(temporary) / name for name in ("held", "free", "alone")]
        for home in homes:
            Warehouse(home).query("SELECT 1")
        with holder(Warehouse(homes[0]).database):
            rows, failed, held = rows_by_many(homes[0])
        _, _, free = rows_by_many(homes[1])
        alone = median(write_one(homes[2], writer) for writer in range(PROCESSES))
    print(f"{rows} of {PROCESSES} rows stored, {failed} writers failed, while metrics.duckdb was held open read-write")
    print(f"{PROCESSES} writers, file held / file free: {held / free:.2f}")
    print(
        f"{PROCESSES} writers at once / {PROCESSES} writes one after another: {free / (PROCESSES * alone):.2f} ({1000 * alone:.0f} ms each)"
    )
    if rows != PROCESSES or failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
