"""The work directory of a training under way: checkpoints that are whole or not there, and the time spent so far."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from uniscale_assets.files import sync_directory, sync_parent, write_text

logger = logging.getLogger(__name__)

CLAIM = "training_under_way.json"
EFFORT = "effort.json"
MANIFEST = "complete.json"
HEARTBEAT_SECONDS = 5.0


def claim_work_directory(work_directory: Path, fingerprint: str) -> Path | None:
    """Make a work directory ready for a training; one that belongs to another fingerprint is set aside.

    Returns:
        Where the other training went, or None.
    """
    claim = work_directory / CLAIM
    aside = None
    if work_directory.is_dir() and any(work_directory.iterdir()):
        claimed = json.loads(claim.read_text(encoding="utf-8"))["fingerprint"] if claim.is_file() else "unknown"
        if claimed != fingerprint:
            aside = work_directory.with_name(f"{work_directory.name}.{claimed[:12]}.{uuid4().hex[:8]}.aside")
            work_directory.rename(aside)
            logger.warning(
                "%s holds an unfinished training of fingerprint %s, not %s: set aside as %s", work_directory, claimed, fingerprint, aside
            )
    if not claim.is_file():
        write_text(claim, json.dumps({"fingerprint": fingerprint}))
    return aside


@contextmanager
def new_checkpoint(work_directory: Path, step: int) -> Iterator[Path]:
    """Yield an empty directory; on success it becomes the checkpoint of ``step`` and older ones go."""
    aside = work_directory / f".checkpoint-{step}.{uuid4().hex[:8]}.aside"
    aside.mkdir(parents=True)
    try:
        yield aside
        sizes = {path.name: path.stat().st_size for path in sorted(aside.iterdir())}
        (aside / MANIFEST).write_text(json.dumps(sizes), encoding="utf-8")
        sync_directory(aside)
        target = work_directory / f"checkpoint-{step}"
        shutil.rmtree(target, ignore_errors=True)
        os.replace(aside, target)
        sync_parent(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    remove_old_checkpoints(work_directory, keep=target)


def remove_old_checkpoints(work_directory: Path, keep: Path) -> None:
    """Remove every checkpoint but one, and what killed attempts left half written."""
    for path in [*work_directory.glob("checkpoint-*"), *work_directory.glob(".checkpoint-*.aside")]:
        if path != keep:
            shutil.rmtree(path, ignore_errors=True)


def latest_checkpoint(work_directory: Path) -> Path | None:
    """The newest checkpoint that is whole; half-written ones are passed over."""
    checkpoints = [path for path in work_directory.glob("checkpoint-*") if step_of(path) is not None]
    for path in sorted(checkpoints, key=lambda one: step_of(one) or 0, reverse=True):
        if is_whole(path):
            return path
        logger.warning("%s is not whole and is passed over", path)
    return None


def step_of(checkpoint: Path) -> int | None:
    """The optimizer step in a checkpoint's name."""
    number = checkpoint.name.removeprefix("checkpoint-")
    return int(number) if number.isdigit() else None


def is_whole(checkpoint: Path) -> bool:
    """Whether every file has the size that was written last of all."""
    try:
        sizes: dict[str, int] = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
        return all((checkpoint / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


class Effort:
    """Wall and CPU seconds of a training over all its attempts; a killed attempt loses a few seconds at most.

    ``processes`` share the work evenly: CPU seconds are this one's times their number.
    """

    def __init__(self, work_directory: Path, processes: int = 1) -> None:
        self.path = work_directory / EFFORT
        self.processes = processes
        self.past: list[dict[str, float]] = json.loads(self.path.read_text(encoding="utf-8")) if self.path.is_file() else []
        self._started, self._cpu_started = time.monotonic(), time.process_time()
        self._last_beat = self._started

    @property
    def now(self) -> dict[str, float]:
        """This attempt so far."""
        cpu_seconds = (time.process_time() - self._cpu_started) * self.processes
        return {"seconds": time.monotonic() - self._started, "cpu_seconds": cpu_seconds}

    @property
    def attempts(self) -> int:
        """Attempts that lasted long enough to be written down, and this one."""
        return len(self.past) + 1

    def beat(self) -> None:
        """Write the time down, every few seconds."""
        if time.monotonic() - self._last_beat >= HEARTBEAT_SECONDS:
            self.write()

    def write(self) -> None:
        """Write the time down."""
        self._last_beat = time.monotonic()
        write_text(self.path, json.dumps([*self.past, self.now]))

    def total(self, key: str) -> float:
        """Sum over all attempts: `seconds` or `cpu_seconds`."""
        return sum(attempt[key] for attempt in [*self.past, self.now])


def save_tensors(tensors: dict[str, Any], path: Path) -> None:
    """Write named tensors as safetensors."""
    from safetensors.torch import save_file

    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path)


def pack_optimizer_state(state: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The state of every parameter as named tensors: `3.momentum`."""
    return {f"{index}.{name}": tensor for index, entries in state.items() for name, tensor in entries.items()}


def unpack_optimizer_state(tensors: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The inverse of `pack_optimizer_state`."""
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = tensor
    return state
