"""Child processes: how they find this package, and that they end with their parent."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from importlib import util
from pathlib import Path

LOOK_SECONDS = 0.5


def exit_with_parent(parent: int) -> None:
    """End this process within a second of its parent's end, however that ended; returns at once.

    Watches the parent's id. The kernel's parent-death signal (PR_SET_PDEATHSIG) would fire as soon as the *thread* that
    started the child ends, and Dagster starts runs from threads.

    Args:
        parent: id of the parent, told by it: it may have died before this process first looks.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="exit_with_parent", daemon=True).start()


def child_environment(**changes: str) -> dict[str, str]:
    """This environment with ``changes``, in which a child finds this package wherever it was started."""
    import uniscale_assets

    root = str(Path(uniscale_assets.__file__).resolve().parent.parent)
    paths = [root, *(path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path != root)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", **changes}


def kept_memory() -> dict[str, str]:
    """Environment of a child that trains: glibc keeps what is freed, in huge pages where the kernel has them.

    Otherwise every step asks the kernel anew for logits and gradients of tens of megabytes, and half of a small model's CPU time
    goes into zeroing pages. No result changes; peak memory grows by a sixth at most (logits of 40 MB). What the user says stands.
    """
    tunables = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=4294967296"
    return {"GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", tunables)}


def one_thread_each() -> dict[str, str]:
    """Environment of a child that computes with one thread: it must stand before numpy or torch is imported."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    return {**dict.fromkeys(names, "1"), "TOKENIZERS_PARALLELISM": "false"}


def visible_gpus() -> list[str]:
    """Ids of the GPUs that torch would use, without importing it; empty where torch is a CPU build."""
    if not torch_has_cuda():
        return []
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [name for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if name not in ("", "-1")]
    numbers = [path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*")]
    return sorted(numbers, key=int)


def torch_has_cuda() -> bool:
    """Whether the installed torch is built for CUDA or ROCm, read off its version file."""
    found = util.find_spec("torch")
    if found is None or not found.submodule_search_locations:
        return False
    version = Path(found.submodule_search_locations[0]) / "version.py"
    return bool(re.search(r"^(cuda|hip)\b[^=\n]*= *['\"]", version.read_text(encoding="utf-8"), re.MULTILINE))


def usable_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def worker_environments(parallel: int | None = None, devices_each: int = 1) -> list[dict[str, str]]:
    """Environment of each side-by-side worker: one for each GPU, else one of one thread for each core.

    Args:
        parallel: another number of workers; workers beyond the devices share them in turn.
        devices_each: GPUs or cores that one worker's job spreads over.
    """
    gpus = visible_gpus()
    if not gpus:
        return [one_thread_each()] * (parallel or max(1, usable_cores() // devices_each))
    groups = [gpus[first : first + devices_each] for first in range(0, len(gpus) - devices_each + 1, devices_each)] or [gpus]
    return [{"CUDA_VISIBLE_DEVICES": ",".join(groups[index % len(groups)])} for index in range(parallel or len(groups))]
