"""Both laws with intervals on 54 cells, against a plain loop of scipy's BFGS from 2197 starts; ratios of CPU time taken in one run.

The loop only finds the optimum; its intervals would come on top.

    python -m uniscale_assets_tests.benchmarks.scaling_fits [starts an axis]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import polars as pl

from uniscale_assets.scaling_laws.allocation import fit_allocation_law
from uniscale_assets.scaling_laws.loss_law import fit_loss_law
from uniscale_assets.scaling_laws.multi_start import STARTS_AN_AXIS, MultiStartCheck, multi_start_check
from uniscale_assets.scaling_laws.results import AllocationLaw, LossLaw
from uniscale_assets_tests.scaling_laws.simulated_laws import optima_of_known_laws

REPEATS = 7


def main(starts_an_axis: int = STARTS_AN_AXIS) -> None:
    """Print the ratio of each law and of both."""
    optima = optima_of_known_laws(0.006)
    print(f"{len(optima)} cells, {starts_an_axis**3} starts for each fitted quantity")
    first, ours_first = timed(lambda: fit_allocation_law(optima))
    second, ours_second = timed(lambda: fit_loss_law(optima))
    loop_first = searched(first, optima, starts_an_axis)
    loop_second = searched(second, optima, starts_an_axis)
    print(f"law I   {ours_first * 1e3:8.2f} ms   loop {loop_first:7.1f} s   {loop_first / ours_first:9.0f} x faster")
    print(f"law II  {ours_second * 1e3:8.2f} ms   loop {loop_second:7.1f} s   {loop_second / ours_second:9.0f} x faster")
    ours, loop = ours_first + ours_second, loop_first + loop_second
    print(f"both    {ours * 1e3:8.2f} ms   loop {loop:7.1f} s   {loop / ours:9.0f} x faster (at least 50 wanted)")
    if loop < 50 * ours:
        raise SystemExit("slower than wanted")


def timed(fit: Callable[[], AllocationLaw | LossLaw]) -> tuple[AllocationLaw | LossLaw, float]:
    """A law, and the median CPU seconds of fitting it; the first fit imports and warms up."""
    law, seconds = fit(), []
    for _ in range(REPEATS):
        start = time.process_time()
        fit()
        seconds.append(time.process_time() - start)
    return law, sorted(seconds)[REPEATS // 2]


def searched(law: AllocationLaw | LossLaw, optima: pl.DataFrame, starts_an_axis: int) -> float:
    """CPU seconds that the loop takes; it must come to the law's optimum and to nothing better."""
    start = time.process_time()
    checks: tuple[MultiStartCheck, ...] = multi_start_check(law, optima, starts_an_axis=starts_an_axis)
    seconds = time.process_time() - start
    for check in checks:
        print(f"  {check.what}: objective {check.law_objective:.10g}, of the loop {check.best_objective:.10g}", flush=True)
        if not check.agrees:
            raise SystemExit(f"{check.what}: the loop came to another optimum")
    return seconds


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
