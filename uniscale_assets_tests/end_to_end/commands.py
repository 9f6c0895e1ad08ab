"""The `uniscale` command in processes of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "uniscale_assets.cli"]
MODEL_STAGES = ("checkpoint", "bits_per_byte")
MODEL_TABLES = ("training_runs", "training_curves", "bits_per_byte", "document_scores", "rank_correlations", "predictors")
# A bound that only a hang reaches; tests may share two cores with others.
PATIENCE = 400


@dataclass(frozen=True)
class Told:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it said."""
        return self.out + self.err


def environment(home: Path, **more: str) -> dict[str, str]:
    """This environment with a home, and without a Dagster of anybody else."""
    mine = {name: value for name, value in os.environ.items() if name not in ("DAGSTER_HOME", "UNISCALE_STUDIES")}
    return {**mine, "UNISCALE_HOME": str(home), "PYTHONPATH": str(ROOT), **more}


def start(*arguments: str | Path, home: Path, directory: Path | None = None) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, as a terminal does; in ``directory``, or where the home lies."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=environment(home),
        cwd=directory or home.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def start_in_terminal(*arguments: str | Path, home: Path, screen: Path) -> subprocess.Popen[str]:
    """Start a command in a terminal of its own: what is written to its standard input is typed, what it shows goes to a file."""
    in_terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    with screen.open("w") as shown:
        return subprocess.Popen(
            [sys.executable, "-c", in_terminal, *COMMAND, *map(str, arguments)],
            env=environment(home, TERM="xterm-256color", COLUMNS="140"),
            cwd=home.parent,
            stdin=subprocess.PIPE,
            stdout=shown,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def end_of(process: subprocess.Popen[str], within: float = PATIENCE) -> Told:
    """Wait for a command."""
    try:
        out, err = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Told(process.returncode, out or "", err or "")


def uniscale(*arguments: str | Path, home: Path, directory: Path | None = None) -> Told:
    """Run a command to its end."""
    return end_of(start(*arguments, home=home, directory=directory))


def wait_until(true: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Look ten times a second until something holds."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def wait_for_training(home: Path, process: subprocess.Popen[str]) -> None:
    """Return in the middle of a training: it wrote a checkpoint to go on from, and is not done."""

    def under_way() -> bool:
        assert process.poll() is None, end_of(process).text
        return any((home / "work" / "checkpoint").glob("*/checkpoint-*"))

    wait_until(under_way, "a checkpoint of a training under way")


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Every process that a command started."""
    return psutil.Process(process.pid).children(recursive=True)


def left_of(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after some seconds."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return alive


def artifacts(home: Path, stage: str = "*") -> dict[str, str]:
    """Content hash of every artifact, by stage and name."""
    records = sorted((home / "artifacts").glob(f"{stage}/*/artifact.json"))
    return {f"{path.parent.parent.name}/{path.parent.name}": json.loads(path.read_text())["content_hash"] for path in records}


def created(home: Path) -> dict[str, str]:
    """When each artifact was made."""
    return {str(path.parent): json.loads(path.read_text())["created"] for path in sorted((home / "artifacts").glob("*/*/artifact.json"))}


def copy_without_models(finished: Path, to: Path) -> Path:
    """A home with text and tokens and no model, and with no history of how they were made."""
    shutil.copytree(finished, to, ignore=shutil.ignore_patterns("dagster", "reports", "work", *MODEL_TABLES))
    for stage in MODEL_STAGES:
        shutil.rmtree(to / "artifacts" / stage, ignore_errors=True)
    return to
