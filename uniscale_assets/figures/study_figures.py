"""The figures of a study by name, for picture files and for the metadata that the UI shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.figures.agreement import agreement_by_language, size_scatter
from uniscale_assets.figures.corpus_mix import corpus_mix
from uniscale_assets.figures.cost import training_cost
from uniscale_assets.figures.coverage import coverage_frame, coverage_grid
from uniscale_assets.figures.downstream import accuracy_by_size
from uniscale_assets.figures.frontier import decision_frontier
from uniscale_assets.figures.intrinsic_sections import intrinsic_figures
from uniscale_assets.figures.neural_sections import neural_figures
from uniscale_assets.figures.predictors import predictor_frontier
from uniscale_assets.figures.ranking import rank_bumps, rank_rulers, ranking_dots
from uniscale_assets.figures.style import sorted_sizes, styles_of
from uniscale_assets.figures.tokenizers import bytes_per_token
from uniscale_assets.figures.training import loss_curves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotly.graph_objects import Figure

    from uniscale_assets.figures.report import ReportInputs
    from uniscale_assets.figures.style import TokenizerStyle


def study_figures(inputs: ReportInputs) -> dict[str, Figure]:
    """Every figure by file name; what depends on the budget carries it where the study lists several."""
    styles = styles_of(inputs.study.families)
    figures = {
        "bytes_per_token": bytes_per_token(inputs.tokenizer_metrics, styles),
        "text_by_language": corpus_mix(inputs.corpus_ledger),
        "loss_curves_over_bytes": loss_curves(inputs.training_curves, styles, "bytes"),
        "loss_curves_over_flops": loss_curves(inputs.training_curves, styles, "flops"),
        "training_cost": training_cost(inputs.training_runs, styles),
        "coverage": coverage_grid(coverage_frame(inputs.study.grid, inputs.statistics.coverage), styles),
        **intrinsic_figures(inputs.tokenizer_metrics, inputs.intrinsic, styles),
        **neural_figures(inputs.neural, styles),
    }
    for budget in dict.fromkeys(inputs.statistics.ranking["budget"].to_list()):
        suffix = f"_{budget}" if budget else ""
        figures |= {f"{name}{suffix}": figure for name, figure in budget_figures(inputs, budget, styles).items()}
    return figures


def budget_figures(inputs: ReportInputs, budget: str, styles: Mapping[str, TokenizerStyle]) -> dict[str, Figure]:
    """Ranking and agreement of one budget; of every smaller size with the largest."""
    numbers = inputs.statistics
    downstream = (
        {}
        if inputs.downstream is None
        else {"downstream_accuracy": accuracy_by_size(inputs.downstream.accuracies.filter(budget=budget), styles)}
    )
    ranking = numbers.ranking.filter(budget=budget, language="all")
    sizes = sorted_sizes(ranking["size"].to_list())
    largest = sizes[-1]
    scatters = {f"scatter_{small}_{largest}": size_scatter(ranking, small, largest, styles) for small in sizes[:-1]}
    return {
        "ranking": ranking_dots(ranking, styles),
        "ranks_over_sizes": rank_bumps(ranking, styles),
        **scatters,
        "decision_accuracy_against_compute": decision_frontier(numbers.rank_correlations.filter(budget=budget)),
        "predictors_against_compute": predictor_frontier(numbers.predictors.filter(budget=budget)),
        "agreement_by_language": agreement_by_language(numbers.rank_correlations.filter(budget=budget)),
        **downstream,
        "ranking_by_ruler": rank_rulers(numbers.comparisons.filter(budget=budget), largest, styles),
    }
