"""The part of the study report that asks whether training is needed at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.figures.predictor_tables import metric_table, predictor_table
from uniscale_assets.figures.predictors import predictor_frontier

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.figures.report_sections import Picture
    from uniscale_assets.figures.report_tables import Table


@dataclass(frozen=True)
class PredictorPart:
    """Predictors of one budget's ranking."""

    budget: str
    frontier: Picture
    table: Table
    metrics: Table


def predictor_parts(predictors: DataFrame, draw: Callable[[Figure], Picture]) -> list[PredictorPart]:
    """One part for each budget; without rows one part that says so.

    Args:
        predictors: of `statistics.predictors`.
        draw: turns figures into HTML.
    """
    budgets = list(dict.fromkeys(predictors["budget"].to_list())) or [""]
    parts: list[PredictorPart] = []
    for budget in budgets:
        rows = predictors.filter(budget=budget)
        parts.append(PredictorPart(budget, draw(predictor_frontier(rows)), predictor_table(rows), metric_table(rows)))
    return parts
