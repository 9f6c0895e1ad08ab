"""Runs at equal compute from a known law, small enough for every test."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import cache

import polars

from uniscale_assets.figures.scaling_report import ScalingInputs
from uniscale_assets.figures.scaling_tasks import END_TASK_COLUMNS
from uniscale_assets.scaling_laws.analysis import MethodLaws, analyse
from uniscale_assets.scaling_laws.frames import POINT_COLUMNS, frame_of
from uniscale_assets.scaling_laws.multilingual import MULTILINGUAL_COLUMNS
from uniscale_assets.scaling_laws.spec import ScalingSpec

BUDGETS = (1e15, 3e15, 1e16)
RATES = (1.0, 2.4, 3.7, 6.5)
OFFSETS = (-1.1, -0.35, 0.4, 1.2)
"""of ln B from the optimum: one run each, so four sizes"""


def best_bytes(budget: float, rate: float) -> float:
    """The optimum that the runs lie about."""
    return 1.5 * budget**0.5 * rate**0.45


def lowest_loss(budget: float, rate: float) -> float:
    """The loss there, lowest at a rate that falls from 4.3 to 3.4 with the budget."""
    return 900 * budget**-0.19 + 0.8 + 0.035 * math.log(budget**0.1 * rate / 136) ** 2


def points(
    budgets: Sequence[float] = BUDGETS,
    rates: Sequence[float] = RATES,
    offsets: Sequence[float] = OFFSETS,
    method: str = "bpe",
    evaluation: str = "test",
) -> polars.DataFrame:
    """Runs with a little noise, the same for the same arguments."""
    noise = random.Random(7)
    rows = [
        {
            "source": "trial",
            "method": method,
            "language": "all",
            "compute_flops": budget,
            "bytes_per_token": rate,
            "bytes": best_bytes(budget, rate) * math.exp(offset),
            "parameters": budget * rate / 6 / (best_bytes(budget, rate) * math.exp(offset)) * (1 - 0.05 * offset**2),
            "evaluation": evaluation,
            "bits_per_byte": lowest_loss(budget, rate) + 0.03 * offset**2 + noise.gauss(0, 0.0005),
        }
        for budget in budgets
        for rate in rates
        for offset in offsets
    ]
    return frame_of([{**row, "total_parameters": row["parameters"] * 1.3} for row in rows], POINT_COLUMNS)


def laws_of(runs: polars.DataFrame, **options: object) -> MethodLaws:
    """The laws of runs of one method."""
    return analyse(runs, None, ScalingSpec.model_validate(options), languages=None)[0]


@cache
def demo(compute: str = "nominal") -> MethodLaws:
    """Three budgets, four rates, four sizes."""
    return laws_of(points(), compute=compute)


@cache
def flagged() -> MethodLaws:
    """The same with a cell whose optimum lies outside its runs."""
    runs = points()
    outside = (polars.col("compute_flops") == BUDGETS[0]) & (polars.col("bytes_per_token") == RATES[0])
    slope = 4 - 0.05 * polars.col("bytes").log() + 0.0005 * polars.col("bytes").log() ** 2
    return laws_of(runs.with_columns(polars.when(outside).then(slope).otherwise(polars.col("bits_per_byte")).alias("bits_per_byte")))


@cache
def tiny() -> MethodLaws:
    """One budget, two rates, two sizes: nothing can be fitted."""
    return laws_of(points(BUDGETS[:1], RATES[:2], OFFSETS[:2]))


def languages() -> polars.DataFrame:
    """What is optimal in six languages of four scripts, one of them flagged and one with no known parity."""
    known = (("eng_Latn", 1.0), ("deu_Latn", 1.15), ("rus_Cyrl", 1.9), ("tha_Thai", 2.8), ("hin_Deva", 2.7), ("xxx_Latn", None))
    rows = [
        {
            "method": "bpe",
            "language": name,
            "script": name.partition("_")[2],
            "evaluation": "test",
            "compute_flops": 1e16,
            "byte_parity": parity,
            "bytes_per_token": 3.5 * (parity or 1),
            "bytes_per_token_low": 3.2 * (parity or 1),
            "bytes_per_token_high": 3.9 * (parity or 1),
            "bytes_per_parameter": 60 * (parity or 1),
            "bits_per_byte": 1.1 / (parity or 1),
            "runs": 16.0,
            "flag": "outside the runs" if name == "hin_Deva" else "",
        }
        for name, parity in known
    ]
    return frame_of(rows, MULTILINGUAL_COLUMNS)


def end_tasks() -> polars.DataFrame:
    """Two tasks, one where more is better and one where less is."""
    rows = [
        (task, unit, better, "bpe", rate, size, 2 * size / rate, level + sign * (0.1 * math.log10(size) - 0.05 * math.log(rate / 3.7) ** 2))
        for task, unit, better, level, sign in (
            ("choice", "accuracy (share)", True, -0.3, 1),
            ("text", "loss (bits per byte)", False, 2.0, -1),
        )
        for rate in RATES
        for size in (1e6, 4e6, 1.6e7)
    ]
    return polars.DataFrame(rows, schema=list(END_TASK_COLUMNS), orient="row")


def inputs(*laws: MethodLaws, **parts: object) -> ScalingInputs:
    """A report of some methods."""
    return ScalingInputs(name="trial", laws=laws, **parts)  # type: ignore[arg-type]
