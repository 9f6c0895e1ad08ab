"""What `uniscale laws` leaves in a directory: parameters as JSON, optima as CSV, a report as text."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.files import write_text
from uniscale_assets.scaling_laws.report import report_lines

if TYPE_CHECKING:
    from polars import DataFrame

    from uniscale_assets.scaling_laws.analysis import MethodLaws
    from uniscale_assets.scaling_laws.results import AllocationLaw, Estimate, LossLaw

POWER_LAW, COMPRESSION_RATE = "_power_law_params.json", "_compression_rate_params.json"
OPTIMA, REPORT = "_isoflop_optima.csv", "_report.txt"
OPTIMA_COLUMNS = {
    "compute_flops": "compute_flops",
    "bytes_per_token": "T",
    "optimal_bytes": "B_star",
    "optimal_parameters": "N_star",
    "optimal_bits_per_byte": "L_star",
    "bytes_per_parameter": "rho_star",
    "flag": "flag",
}


def write_law_files(laws: MethodLaws, directory: Path) -> list[Path]:
    """Write the files of one method, each whole; a law that could not be fitted leaves no file, nor one from before.

    Args:
        laws: its name is the files' prefix.
        directory: made where it is not there.

    Returns:
        The files written.
    """
    contents = {
        POWER_LAW: None if laws.allocation is None else as_json(power_law_params(laws.allocation)),
        COMPRESSION_RATE: None if not laws.losses else as_json(compression_rate_params(laws.losses[0])),
        OPTIMA: optima_csv(laws.optima),
        REPORT: "\n".join(report_lines(laws)) + "\n",
    }
    written: list[Path] = []
    for ending, content in contents.items():
        path = directory / f"{laws.name}{ending}"
        if content is None:
            path.unlink(missing_ok=True)
        else:
            write_text(path, content)
            written.append(path)
    return written


def power_law_params(law: AllocationLaw) -> dict[str, Any]:
    """Law I as a JSON value."""
    named = {
        "B_optimal_data": ({"B_0": law.optimal_bytes.scale}, law.optimal_bytes),
        "N_optimal_params": ({"N_0": law.optimal_parameters.scale}, law.optimal_parameters),
    }
    estimates = {
        name: {**scale, "alpha": power.compute_exponent, "beta": power.compression_exponent} for name, (scale, power) in named.items()
    }
    return {
        **{name: values_of(group) for name, group in estimates.items()},
        "ci95": {name: intervals_of(group) for name, group in estimates.items()},
        "r2": {name: power.r_squared for name, (_, power) in named.items()},
    }


def compression_rate_params(law: LossLaw) -> dict[str, Any]:
    """Law II as a JSON value; a coefficient that the residual model lacks is null."""
    estimates = {"L_0": law.L_0, "gamma": law.gamma, "F": law.F, "delta": law.delta, "T_0": law.T_0, "E": law.E}
    return {
        "residual_model": law.residual_model,
        **values_of(estimates),
        "ci95": intervals_of(estimates),
        "r2": law.r_squared,
        "rmse": law.rmse,
    }


def values_of(estimates: dict[str, Any]) -> dict[str, float | None]:
    """The value of each estimate."""
    return {name: None if estimate is None else finite(estimate.value) for name, estimate in estimates.items()}


def intervals_of(estimates: dict[str, Any]) -> dict[str, list[float | None] | None]:
    """Both ends of each estimate's interval."""
    return {name: None if estimate is None else ends_of(estimate) for name, estimate in estimates.items()}


def ends_of(estimate: Estimate) -> list[float | None]:
    """The ends of an interval; null where one is not bounded."""
    return [finite(estimate.low), finite(estimate.high)]


def finite(value: float) -> float | None:
    """A number that JSON has, or null."""
    return value if math.isfinite(value) else None


def as_json(content: dict[str, Any]) -> str:
    """Indented JSON, keys in their order."""
    return json.dumps(content, indent=2, allow_nan=False, default=float) + "\n"


def optima_csv(optima: DataFrame) -> str:
    """The optima under the short names that `read_optima` and `--optima` read."""
    import polars as pl

    short_names = optima.select(list(OPTIMA_COLUMNS)).rename(OPTIMA_COLUMNS)
    # An empty text would be written as two quotation marks.
    return short_names.with_columns(pl.col("flag").replace("", None)).write_csv()
