"""Do the laws' intervals cover what they claim? Draws from known laws; prints shares, no times.

`profile` is what a one-stage law reports, `errors` are standard errors times Student's t, for comparison. Draws that show
no law at all, which `fit_loss_law` refuses, count as not covered; with few budgets and much noise there are some.

The two-stage fit is the paper's way: its bias is in standard deviations of the estimate, and relative.

    python -m uniscale_assets_tests.benchmarks.law_coverage [draws]
"""

from __future__ import annotations

import sys

from uniscale_assets.scaling_laws.loss_model import NAMES, Cells
from uniscale_assets.scaling_laws.results import ResidualModel
from uniscale_assets_tests.scaling_laws.simulated_laws import (
    BUDGETS,
    SUBWORD,
    SUBWORD_RATES,
    TrueLoss,
    allocation_coverage,
    grid_cells,
    loss_coverage,
    profile_coverage,
)

LATENT = TrueLoss()
DESIGNS = {
    "latent, 9 budgets x 6 rates": (LATENT, grid_cells()),
    "latent, 8 budgets x 6 rates": (LATENT, grid_cells(BUDGETS[:8])),
    "subword, 8 budgets x 5 rates": (SUBWORD, grid_cells(BUDGETS[1:], SUBWORD_RATES)),
    "subword, 5 budgets x 5 rates": (SUBWORD, grid_cells(BUDGETS[1:6], SUBWORD_RATES)),
    "3 budgets x 4 rates": (LATENT, grid_cells((1e19, 1e20, 1e21), (1.0, 3.0, 6.0, 12.0))),
}


def main(count: int = 4000) -> None:
    """Print coverage for each design."""
    print(f"{count} draws; shares of 95 % intervals that cover\n\nlaw I")
    for name, (_, cells) in DESIGNS.items():
        print(
            "  " + name.ljust(52), "  ".join(f"{key} {share:.3f}" for key, share in allocation_coverage(cells, 0.065, count=count).items())
        )
    print("\nlaw II, one stage")
    for name, (truth, cells) in DESIGNS.items():
        for times in (0.5, 1.0, 2.0):
            both(f"{name}, noise x {times:g}", truth.noisier(times), cells, count)
    for model in NAMES:
        both(f"latent, {model}", LATENT, grid_cells(), count, model)
    print("\nlaw II, two stages")
    for name, (truth, cells) in DESIGNS.items():
        show(name, truth, cells, count, two_stage=True)


def both(name: str, truth: TrueLoss, cells: Cells, count: int, model: ResidualModel = "compute-dependent-t") -> None:
    """Two lines of coverage of the one-stage fit."""
    found = profile_coverage(truth, cells, model, count=count)
    print("  " + f"{name}, profile".ljust(52), "  ".join(f"{key} {share:.3f}" for key, share in found.items()))
    show(f"{name}, errors", truth, cells, count, model)


def show(
    name: str, truth: TrueLoss, cells: Cells, count: int, model: ResidualModel = "compute-dependent-t", *, two_stage: bool = False
) -> None:
    """One line of coverage; under it the bias of a two-stage fit."""
    found = loss_coverage(truth, cells, model, two_stage=two_stage, count=count)
    print("  " + name.ljust(52), "  ".join(f"{key} {one.covered:.3f}" for key, one in found.items()), flush=True)
    if two_stage:
        print(" " * 54, "  ".join(f"{key} {one.bias:+.2f} sd ({one.relative_bias:+.1%})" for key, one in found.items()))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
