"""What a piece of work cost: seconds and memory of this process."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Measurement:
    """Cost of a block; filled in when it ends.

    Attributes:
        seconds: wall time.
        cpu_seconds: of this process, all its threads.
        peak_memory_bytes: most resident memory of the process within the block, with what it held before; where the
            system cannot say that of a block, since the process began.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0


@contextmanager
def measured() -> Generator[Measurement]:
    """Measure a block, also one that raises. Blocks must not overlap in one process."""
    measurement = Measurement()
    reset_peak_memory()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield measurement
    finally:
        measurement.seconds = time.perf_counter() - wall
        measurement.cpu_seconds = time.process_time() - cpu
        measurement.peak_memory_bytes = peak_memory_bytes()


def reset_peak_memory() -> None:
    """Let the peak start from what is resident now, where the system can (Linux, proc(5): clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory_bytes() -> int:
    """Most resident memory of this process, bytes, since the last reset."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def resident_memory_bytes() -> int | None:
    """Resident memory of this process now, bytes; None where the system does not say."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None
