"""The metric warehouse as many processes see it: nobody waits, nothing is lost, whoever holds metrics.duckdb open."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import duckdb

from uniscale_assets.resources.warehouse import Warehouse
from uniscale_assets_tests.resources.metric_rows import scores

COUNT = "SELECT count(*) FROM bits_per_byte"
HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE notes AS SELECT 'mine' AS note")
print(connection.execute("SELECT count(*) FROM bits_per_byte").fetchone()[0], flush=True)
for line in sys.stdin:
    print(connection.execute("SELECT count(*) FROM bits_per_byte").fetchone()[0], flush=True)
"""


@contextmanager
def held_read_write(database: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has metrics.duckdb open, has written into it, and counts rows when given a line."""
    command = [sys.executable, "-c", HOLD, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        yield process
        process.kill()


def counted(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    print("count", file=process.stdin, flush=True)
    return int(process.stdout.readline())


def write_some(home: Path, writer: int) -> int:
    """Write two partitions twice each; rows seen on the way."""
    warehouse = Warehouse(home)
    for value in (9.0, 2.0):
        for seed in range(2):
            warehouse.replace("bits_per_byte", "demo", f"writer {writer}|seed{seed}", scores(f"writer {writer}", value=value))
    return int(warehouse.query(COUNT).item())


def test_writers_and_readers_do_not_wait_for_a_user(tmp_path: Path) -> None:
    home = tmp_path / "home"
    warehouse = Warehouse(home)
    warehouse.query("SELECT 1")
    with held_read_write(warehouse.database) as user, ProcessPoolExecutor(4, mp_context=get_context("spawn")) as processes:
        seen = list(processes.map(write_some, [home] * 8, range(8)))
        assert all(2 <= count <= 16 for count in seen)
        assert counted(user) == 16
        values = warehouse.query("SELECT bits_per_byte, count(*) FROM bits_per_byte GROUP BY ALL")
        assert values.rows() == [(2.0, 16)]


def test_the_views_are_swapped_under_a_user(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.query("SELECT 1")
    with held_read_write(warehouse.database) as user:
        (tmp_path / "tables" / "views.json").write_text("of an older version")
        warehouse.replace("bits_per_byte", "demo", "one", scores())
        assert counted(user) == 1
        with duckdb.connect(str(warehouse.database)) as connection:
            assert connection.execute(COUNT).fetchone() == (1,)


def test_what_a_killed_user_left_does_not_close_the_file(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.query("SELECT 1")
    with held_read_write(warehouse.database) as user:
        user.kill()
        user.wait()
    log = warehouse.database.with_name("metrics.duckdb.wal")
    assert log.exists(), "the user's change should still be in DuckDB's log"
    (tmp_path / "tables" / "views.json").write_text("of an older version")
    warehouse.replace("bits_per_byte", "demo", "one", scores())
    assert not log.exists()
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        assert connection.execute(COUNT).fetchone() == (1,)


def test_reading_is_steady_while_partitions_come_and_go(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.replace("bits_per_byte", "demo", "stays", scores(count=3))
    stop = threading.Event()

    def come_and_go() -> None:
        while not stop.wait(0.02):
            warehouse.replace("bits_per_byte", "demo", "goes", scores(count=2000))
            warehouse.remove("bits_per_byte", "demo", "goes")
            warehouse.replace("bits_per_byte", "demo", "goes", scores(count=5))

    writer = threading.Thread(target=come_and_go)
    writer.start()
    try:
        for _ in range(12):
            twice = f"SELECT ({COUNT}), count(*) FROM bits_per_byte JOIN (FROM bits_per_byte) AS other USING (tokenizer, seed)"  # noqa: S608
            assert warehouse.query(twice).row(0)[0] in (3, 8, 2003)
            assert warehouse.rows("bits_per_byte", "demo").height in (3, 8, 2003)
            assert set(warehouse.partitions("bits_per_byte", "demo")) >= {"stays"}
    finally:
        stop.set()
        writer.join()
