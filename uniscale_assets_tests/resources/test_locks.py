"""Two attempts at one thing: one works, the other says so, and a killed holder stops nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from uniscale_assets.errors import AlreadyRunningError
from uniscale_assets.resources.locks import held_lock

HOLD = """
import sys
from pathlib import Path
from uniscale_assets.resources.locks import held_lock
with held_lock(Path(sys.argv[1]), "checkpoint bpe_1k 0.06M-seed1"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_second_process_is_told_who_is_at_it(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "one.lock"
    with (
        another_holder(path) as process,
        pytest.raises(AlreadyRunningError, match=rf"mine: process {process.pid} on .* \(checkpoint bpe_1k 0.06M-seed1\)"),
        held_lock(path, "mine"),
    ):
        pytest.fail("two processes held one lock")


def test_kill_dash_nine_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "one.lock"
    with another_holder(path) as process:
        process.kill()
        process.wait()
        with held_lock(path, "mine"):
            assert str(os.getpid()) in path.read_text()


def test_an_orderly_end_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "one.lock"
    with another_holder(path) as process:
        process.communicate("")
        assert process.returncode == 0
        with held_lock(path, "mine"):
            pass


def test_a_failure_lets_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), held_lock(tmp_path / "one.lock", "mine"):
        _ = 1 / 0
    with held_lock(tmp_path / "one.lock", "mine"):
        pass


def test_one_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with (
        held_lock(tmp_path / "one.lock", "first"),
        pytest.raises(AlreadyRunningError, match=str(os.getpid())),
        held_lock(tmp_path / "one.lock", "second"),
    ):
        pytest.fail("held twice")


def test_other_locks_are_free(tmp_path: Path) -> None:
    with held_lock(tmp_path / "one.lock", "first"), held_lock(tmp_path / "two.lock", "second"):
        pass
