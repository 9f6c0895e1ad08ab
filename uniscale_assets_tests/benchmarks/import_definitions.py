"""Importing the definitions against importing Dagster alone: every run, code server and command pays it.

Each is imported in new processes, in turns, and the medians are compared. At most 2.5 is asked for.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from os import environ
from statistics import median

ROUNDS = 7
LARGEST_RATIO = 2.5


def seconds_to_import(module: str, home: str) -> float:
    """CPU seconds of a process that imports one module, less those of one that imports nothing."""
    measure = f"import time; import {module}; print(time.process_time())" if module else "import time; print(time.process_time())"
    process = subprocess.run(
        [sys.executable, "-c", measure], env=environ | {"UNISCALE_HOME": home}, capture_output=True, text=True, check=True, timeout=300
    )
    return float(process.stdout.split()[-1])


def main() -> None:
    """Print the ratio of the medians."""
    modules = ("dagster", "uniscale_assets.definitions")
    with tempfile.TemporaryDirectory() as home:
        for module in modules:  # fill the file cache and write .pyc files
            seconds_to_import(module, home)
        began = time.perf_counter()
        rounds = [[seconds_to_import(module, home) for module in modules] for _ in range(ROUNDS)]
        wall = time.perf_counter() - began
    dagster, definitions = (median(column) for column in zip(*rounds, strict=True))
    print(f"import uniscale_assets.definitions / import dagster: {definitions / dagster:.2f} (at most {LARGEST_RATIO})")
    print(f"medians of {ROUNDS} processes: {definitions:.2f} and {dagster:.2f} CPU seconds; all took {wall:.0f} s")
    if definitions / dagster > LARGEST_RATIO:
        sys.exit(1)


if __name__ == "__main__":
    main()
