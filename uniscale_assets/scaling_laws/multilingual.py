"""Optimal compression and allocation of each language, against how many bytes it takes to say the same as English."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from uniscale_assets.errors import LawError
from uniscale_assets.scaling_laws.frames import frame_of
from uniscale_assets.scaling_laws.least_squares import coefficient_draws, percentile_ends
from uniscale_assets.scaling_laws.paraboloid import axis_values, fit_surface, minimum_of, runs_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from polars import DataFrame

QUANTITIES = ("bytes_per_token", "bytes_per_parameter", "bits_per_byte")
MULTILINGUAL_COLUMNS = (
    "method",
    "language",
    "script",
    "evaluation",
    "compute_flops",
    "byte_parity",
    *(f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")),
    "r_squared",
    "rmse",
    "runs",
    "flag",
)


def multilingual_optima(points: DataFrame, byte_parity: Mapping[str, float]) -> DataFrame:
    """T*, rho* = B*/N* and the loss there for each language: the minimum of its 3D isoFLOP surface over T and rho.

    Source: arXiv 2605.01188.

    Args:
        points: rows of `POINT_COLUMNS`; runs of different methods, languages, evaluation sets and budgets are told apart.
        byte_parity: UTF-8 bytes of parallel text in a language over those in English, by language code; from FLORES or the
            Universal Declaration (`parity_of_texts`).

    Returns:
        Rows of `MULTILINGUAL_COLUMNS`, by language: bytes_per_token (T*), bytes_per_parameter (rho*) and bits_per_byte at the
        minimum with 95 % intervals (bootstrap over runs); script is the second part of the code (rus_Cyrl), empty where there
        is none; byte_parity is null where it is not known. flag: "too few runs", "no minimum", "outside the runs" or empty.

    Raises:
        RunTableError: a value that is no positive number.
    """
    key = ["method", "language", "evaluation", "compute_flops"]
    rows: list[dict[str, object]] = []
    for runs in points.sort(key).partition_by(key, maintain_order=True):
        language = str(runs["language"][0])
        named = {name: runs[name][0] for name in key}
        rows.append(
            {**named, "script": script_of(language), "byte_parity": byte_parity.get(language), "runs": float(len(runs)), **best_of(runs)}
        )
    return frame_of(rows, MULTILINGUAL_COLUMNS)


def script_of(language: str) -> str:
    """ISO 15924 script of a code such as rus_Cyrl; empty where the code names none."""
    return language.partition("_")[2]


def best_of(points: DataFrame) -> dict[str, object]:
    """The minimum of one language's surface, with intervals."""
    runs = runs_of(points, None)
    rates, ratios = runs["bytes_per_token"].to_numpy(), axis_values(runs, "rho")
    try:
        fit, center = fit_surface(rates, ratios, runs["bits_per_byte"].to_numpy(), str(runs["language"][0]))
    except LawError:
        return {"flag": "too few runs"}
    best = minimum_of(fit.coefficients)
    quality: dict[str, object] = {"r_squared": fit.r_squared, "rmse": fit.rmse}
    if math.isnan(best[2]):
        return quality | {"flag": "no minimum"}
    rate, ratio = math.exp(best[0] + center[0]), math.exp(best[1] + center[1])
    inside = rates.min() <= rate <= rates.max() and ratios.min() <= ratio <= ratios.max()
    row: dict[str, object] = {"bytes_per_token": rate, "bytes_per_parameter": ratio, "bits_per_byte": best[2]}
    return row | intervals(coefficient_draws(fit), center) | quality | {"flag": "" if inside else "outside the runs"}


def intervals(draws: NDArray[np.float64], center: tuple[float, float]) -> dict[str, object]:
    """Percentiles of the minimum over draws of the coefficients; no ends where too many draws have no minimum."""
    import numpy as np

    minima = np.array([minimum_of(draw) for draw in draws])
    minima = minima[~np.isnan(minima[:, 2])]
    if len(minima) < 0.975 * len(draws):
        return {}
    with np.errstate(over="ignore"):  # a minimum may lie beyond any number; then that end is not bounded
        values = (np.exp(minima[:, 0] + center[0]), np.exp(minima[:, 1] + center[1]), minima[:, 2])
    ends: dict[str, object] = {}
    for name, drawn in zip(QUANTITIES, values, strict=True):
        ends[f"{name}_low"], ends[f"{name}_high"] = percentile_ends(drawn)
    return ends


def parity_of_texts(texts: DataFrame, reference: str = "eng_Latn") -> dict[str, float]:
    """Byte parity from parallel texts: UTF-8 bytes over the segments that a language shares with the reference, over its bytes.

    Args:
        texts: columns language, text and a segment key (article or segment); such as `corpus.parity.read_parity()`.
        reference: the language that has parity 1.

    Raises:
        LawError: the reference has no text.
    """
    import polars as pl

    segment = "segment" if "segment" in texts.columns else "article"
    sizes = texts.with_columns(bytes=texts["text"].str.len_bytes())
    of_reference = sizes.filter(language=reference).select(segment, reference_bytes="bytes")
    if of_reference.is_empty():
        raise LawError(f"byte parity: no parallel text in {reference}")
    shared = sizes.join(of_reference, on=segment, how="inner").sort("language")
    totals = shared.group_by("language", maintain_order=True).agg(pl.col("bytes", "reference_bytes").sum())
    return {row["language"]: row["bytes"] / row["reference_bytes"] for row in totals.iter_rows(named=True)}
