"""Law I: how bytes and parameters share a budget, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.errors import LawError
from uniscale_assets.scaling_laws.least_squares import fit_linear, student_quantile
from uniscale_assets.scaling_laws.results import AllocationLaw, Compute, Conventions, Estimate, Parameters, PowerLaw
from uniscale_assets.scaling_laws.usable import require_variety, usable_optima, value_range

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from polars import DataFrame

PARAMETER_COLUMNS: dict[Parameters, str] = {"global": "optimal_parameters", "total": "optimal_total_parameters"}
COMPUTE_COLUMNS: dict[Compute, str] = {"nominal": "compute_flops", "approximated": "global_compute_flops"}
LEAST_CELLS = 4


def fit_allocation_law(
    optima: DataFrame,
    *,
    method: str | None = None,
    evaluation: str | None = None,
    language: str | None = None,
    parameters: Parameters = "global",
    compute: Compute = "nominal",
    max_fit_compute: float | None = None,
    conventions: Conventions = "correct",
) -> AllocationLaw:
    """B* = B_0 C^alpha T^beta and N* = N_0 C^alpha_N T^beta_N by ordinary least squares on ln B* and ln N*.

    That is the optimum of the fit with many starts, see `multi_start`. The published numbers are those of compute="approximated",
    where N* is C T / (6 B*), so that N_0 = 1 / (6 B_0), alpha_N = 1 - alpha and beta_N = 1 - beta exactly. Intervals take C
    and T as known, and use Student's t with cells less 3 degrees of freedom. Source: arXiv 2605.01188.

    Args:
        optima: rows of `OPTIMUM_COLUMNS`; flagged ones are left out.
        method: its name; None where there is but one, and so for evaluation and language.
        parameters: N* without embeddings (global) or with them (total).
        compute: C is the nominal budget, or 6 N* B* / T.
        max_fit_compute: nominal budget, FLOPs, above which cells are left out.
        conventions: paper divides variances by 2 (the Hessian of the sum of squares was inverted without its factor 2), which
            makes intervals narrower by the root of 2: they cover 84 %, not 95 %.

    Raises:
        RunTableError: a value that is no positive number; several methods, evaluation sets or languages.
        LawError: fewer than 4 usable cells, 2 budgets or 2 compression rates; total parameters with approximated compute.
    """
    if (parameters, compute) == ("total", "approximated"):
        raise LawError("6 N B / T is the compute of the global parameters; take parameters=global, or compute=nominal")
    columns = ["optimal_bytes", PARAMETER_COLUMNS[parameters], COMPUTE_COLUMNS[compute]]
    rows = usable_optima(optima, columns, method=method, evaluation=evaluation, language=language, max_fit_compute=max_fit_compute)
    require_variety(rows, f"law I of {rows['method'][0]}", LEAST_CELLS, 2, 2)
    design = design_of(rows[columns[2]].to_numpy(), rows["bytes_per_token"].to_numpy())
    return AllocationLaw(
        method=rows["method"][0],
        evaluation=rows["evaluation"][0],
        parameters=parameters,
        compute=compute,
        optimal_bytes=power_law(design, rows[columns[0]].to_numpy(), conventions),
        optimal_parameters=power_law(design, rows[columns[1]].to_numpy(), conventions),
        cells=len(rows),
        compute_range=value_range(rows, columns[2]),
        compression_range=value_range(rows, "bytes_per_token"),
        conventions=conventions,
    )


def design_of(compute_flops: NDArray[np.float64], bytes_per_token: NDArray[np.float64]) -> NDArray[np.float64]:
    """[cells, 3]: 1, ln C, ln T."""
    import numpy as np

    return np.column_stack([np.ones(len(compute_flops)), np.log(compute_flops), np.log(bytes_per_token)])


def power_law(design: NDArray[np.float64], values: NDArray[np.float64], conventions: Conventions) -> PowerLaw:
    """One power law by least squares of logarithms."""
    import numpy as np

    fit = fit_linear(design, np.log(values))
    quantile = student_quantile(fit.degrees_of_freedom)
    covariance = fit.unscaled_covariance * fit.deviation**2 / (2 if conventions == "paper" else 1)
    errors = np.sqrt(np.diag(covariance)).tolist()
    scale, compute, compression = fit.coefficients.tolist()
    return PowerLaw(
        scale=Estimate.of_logarithm(scale, errors[0], quantile),
        compute_exponent=Estimate.of(compute, errors[1], quantile),
        compression_exponent=Estimate.of(compression, errors[2], quantile),
        r_squared=fit.r_squared,
        rmse=fit.rmse,
        covariance=tuple(tuple(row) for row in covariance.tolist()),
        quantile=quantile,
        residual_deviation=fit.deviation,
    )
