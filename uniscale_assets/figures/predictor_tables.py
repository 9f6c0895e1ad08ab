"""Predictors as tables of the study report, and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_flops
from uniscale_assets.figures.report_tables import NOTHING, Cell, Table, number, percent, span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polars import DataFrame

    Row = Mapping[str, Any]

BEST_METRICS = 6
"""intrinsic metrics beside the trained predictors; all of them have a table of their own"""
COLUMNS = [
    "predictor",
    "training FLOPs",
    "decision accuracy",
    "of the pairs told apart",
    "regret (bits per byte)",
    "Spearman",
    "by chance",
    "as good as training",
]
CAPTION = (
    "Cheapest first; bold: on the frontier of decision accuracy, as nothing has more for as much training or less. Below: 95 % intervals."
    " Told apart are the pairs whose difference at the largest size is more than its noise. By chance: how often a random order would have"
    " such a decision accuracy, of metrics the best of as many random orders as there are metrics that order differently."
)
NOTHING_YET = "It takes a size with three tokenizers, and metrics, curves or smaller sizes that predict it."


def predictor_table(predictors: DataFrame) -> Table:
    """What was trained, the best metrics and the ceiling, cheapest first.

    Args:
        predictors: of `statistics.predictors`, of one budget.
    """
    rows = defined(predictors)
    metrics = [row for row in rows if row["kind"] == "intrinsic_metric"]
    best = sorted(metrics, key=lambda row: -row["decision_accuracy"])[:BEST_METRICS]
    return table_of([row for row in rows if row in best or row["kind"] != "intrinsic_metric"], CAPTION)


def metric_table(predictors: DataFrame) -> Table:
    """Every intrinsic metric, those that order most pairs right first."""
    rows = [row for row in predictors.iter_rows(named=True) if row["kind"] == "intrinsic_metric"]
    rows.sort(key=lambda row: (row["decision_accuracy"] is None, -(row["decision_accuracy"] or 0.0), row["predictor"]))
    return table_of(rows, "")


def defined(predictors: DataFrame) -> list[Row]:
    """Predictors with a value."""
    return [row for row in predictors.iter_rows(named=True) if row["decision_accuracy"] is not None]


def table_of(rows: Sequence[Row], caption: str) -> Table:
    """Rows of predictors as a table."""
    return Table(COLUMNS, [cells_of(row) for row in rows], caption, frozenset({0, 7}), NOTHING_YET)


def cells_of(row: Row) -> list[Cell]:
    """One predictor."""
    is_ceiling = row["kind"] == "ceiling"
    below = "ceiling" if is_ceiling else row["direction"] if row["kind"] == "intrinsic_metric" else ""
    apart = (
        None
        if row["separated_accuracy"] is None
        else f"{row['separated_accuracy'] * row['separated_pairs']:.3g} of {row['separated_pairs']}"
    )
    return [
        Cell(row["predictor"], below, row["on_frontier"], note=row["note"]),
        Cell(flops_of(row)),
        Cell(percent(row["decision_accuracy"]), span(row["decision_accuracy_low"], row["decision_accuracy_high"], share=True)),
        Cell(apart or NOTHING, span(row["separated_accuracy_low"], row["separated_accuracy_high"], share=True)),
        Cell(number(row["regret"]), span(row["regret_low"], row["regret_high"])),
        Cell(number(row["spearman"], 2)),
        Cell(percent(row["chance"])),
        Cell("" if is_ceiling else row["as_good_as_training"]),
    ]


def flops_of(row: Row) -> str:
    """What a predictor's training takes."""
    if row["compute_flops"] is None:
        return NOTHING
    return format_flops(row["compute_flops"]) if row["compute_flops"] else "none"


def predictors_markdown(predictors: DataFrame) -> str:
    """Every predictor with a value as a Markdown table, by budget, cheapest first."""
    lines = ["| budget | predictor | training FLOPs | decision accuracy | regret | as good as training |", "|---|---|--:|--:|--:|---|"]
    for row in defined(predictors):
        interval = span(row["decision_accuracy_low"], row["decision_accuracy_high"], share=True)
        accuracy = percent(row["decision_accuracy"]) + (f" ({interval})" if interval else "")
        cells = [row["budget"], row["predictor"], flops_of(row), accuracy, number(row["regret"]), row["as_good_as_training"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
