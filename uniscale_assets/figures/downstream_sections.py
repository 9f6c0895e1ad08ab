"""The part of the study report on downstream tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.agreement_tables import agreement_table
from uniscale_assets.figures.downstream import accuracy_by_size
from uniscale_assets.figures.report_tables import NOTHING, Cell, Table, percent
from uniscale_assets.figures.style import sorted_sizes

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.figures.report_sections import Picture
    from uniscale_assets.figures.style import TokenizerStyle
    from uniscale_assets.statistics.downstream import DownstreamStatistics


@dataclass(frozen=True)
class TaskPart:
    """One task by one metric."""

    name: str
    accuracies: Table
    agreement: Table


@dataclass(frozen=True)
class DownstreamPart:
    """The downstream tasks of one budget."""

    budget: str
    figure: Picture
    tasks: Sequence[TaskPart]


def downstream_parts(
    found: DownstreamStatistics | None, styles: Mapping[str, TokenizerStyle], draw: Callable[[Figure], Picture]
) -> list[DownstreamPart]:
    """One part for each budget; none where a study has no downstream tasks.

    Args:
        found: of `statistics.downstream`; None where the study asks for no tasks.
        styles: from `style.styles_of`.
        draw: turns figures into HTML.
    """
    if found is None:
        return []
    budgets = list(dict.fromkeys(found.accuracies["budget"].to_list())) or [""]
    return [downstream_part(found, budget, styles, draw) for budget in budgets]


def downstream_part(
    found: DownstreamStatistics, budget: str, styles: Mapping[str, TokenizerStyle], draw: Callable[[Figure], Picture]
) -> DownstreamPart:
    """Accuracies and agreement of one budget, over all languages."""
    accuracies = found.accuracies.filter(budget=budget)
    whole = accuracies.filter(language="all")
    correlations = found.rank_correlations.filter(budget=budget, language="all")
    pairs = list(dict.fromkeys(zip(whole["task"], whole["metric"], strict=True)))
    tasks = [
        TaskPart(
            f"{task}, {metric}",
            accuracy_table(whole.filter(task=task, metric=metric)),
            agreement_table(correlations.filter(metric=f"{task} {metric}"), "all", regret="regret (share of items)"),
        )
        for task, metric in pairs
    ]
    return DownstreamPart(budget, draw(accuracy_by_size(accuracies, styles)), tasks)


def accuracy_table(rows: DataFrame) -> Table:
    """Accuracy of every tokenizer at every size in one task by one metric, the most accurate of the largest size first.

    Args:
        rows: of `statistics.downstream`, of one budget, language, task and metric.
    """
    sizes = sorted_sizes(rows["size"].to_list())
    found = {(row["tokenizer"], row["size"]): row for row in rows.iter_rows(named=True)}
    names = list(dict.fromkeys(name for size in reversed(sizes) for name in rows.filter(size=size).sort("rank", "tokenizer")["tokenizer"]))
    lines = [[Cell(name), *(accuracy_cell(found.get((name, size))) for size in sizes)] for name in names]
    items, chance = rows["items"].max(), rows["random_baseline"].max()
    baseline = "" if chance is None else f" A random choice is right in {percent(float(str(chance)))}."
    caption = (
        f"{items} items; mean over seeds; below, the 95 % interval over seeds and items.{baseline} Shaded: cannot be told from the best."
    )
    return Table(["tokenizer", *sizes], lines, caption)


def accuracy_cell(row: Mapping[str, Any] | None) -> Cell:
    """One tokenizer at one size."""
    if row is None:
        return Cell(NOTHING, note="no scores of this size yet")
    interval = "" if row["low"] is None else f"{row['low']:.1%} to {row['high']:.1%}"
    best = row["tokenizer"] == row["best"]
    behind = "" if best else f", {-row['difference_to_best'] * 100:.1f} points behind the best"
    note = f"rank {row['rank']:g}, {row['seeds']} seeds{behind}"
    return Cell(f"{row['accuracy']:.1%}", interval, best, row["separated"] is False and not best, note)
