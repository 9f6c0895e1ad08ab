"""What a training runs on: the device, its memory, the versions of the libraries."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

LIBRARIES = ("torch", "transformers", "accelerate", "safetensors", "numpy")
PROCESS_STATUS = Path("/proc/self/status")


def library_versions() -> dict[str, str]:
    """Versions of the libraries that decide a training's numbers."""
    return {name: metadata.version(name) for name in LIBRARIES}


def process_count() -> int:
    """Processes of this training, as torchrun says; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def process_rank() -> int:
    """Index of this process among them."""
    return int(os.environ.get("RANK", "0"))


def has_accelerator() -> bool:
    """Whether torch sees a GPU (CUDA, ROCm or Apple's)."""
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()


def device_name() -> str:
    """The accelerator's name, or the processor's and the threads used."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    if torch.backends.mps.is_available():
        return f"Apple GPU ({processor_name()})"
    return f"CPU ({processor_name()}, threads: {torch.get_num_threads()})"


def processor_name() -> str:
    """The processor's model."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8", errors="replace").splitlines() if information.is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def forget_peak_memory() -> None:
    """Start to measure peak memory anew, so that a worker's earlier trainings do not count."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    # On another system than Linux, or without the right to, the peak is the process's own.
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def peak_memory_bytes() -> int:
    """Peak memory since `forget_peak_memory`: of the GPU, or resident memory of this process."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    if PROCESS_STATUS.is_file():
        peaks = [line for line in PROCESS_STATUS.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:")]
        return int(peaks[0].split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
