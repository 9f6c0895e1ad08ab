"""What the template of the study report is given: words, tables and figures, in the order of the page."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures import report_tables as tables
from uniscale_assets.figures.agreement import agreement_by_language, size_scatter
from uniscale_assets.figures.agreement_tables import agreement_table, equal_vocabulary_table, language_table
from uniscale_assets.figures.codebooks import CompressionPart, compression_part
from uniscale_assets.figures.corpus_mix import corpus_mix
from uniscale_assets.figures.cost import training_cost
from uniscale_assets.figures.coverage import coverage_frame, coverage_grid
from uniscale_assets.figures.downstream_sections import DownstreamPart, downstream_parts
from uniscale_assets.figures.frontier import decision_frontier
from uniscale_assets.figures.intrinsic_sections import IntrinsicSections, intrinsic_sections
from uniscale_assets.figures.neural_sections import NeuralSections, neural_sections
from uniscale_assets.figures.predictor_sections import PredictorPart, predictor_parts
from uniscale_assets.figures.ranking import rank_bumps, rank_rulers, ranking_dots
from uniscale_assets.figures.style import sorted_sizes, styles_of
from uniscale_assets.figures.tokenizers import bytes_per_token
from uniscale_assets.figures.training import loss_curves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.figures.report import ReportInputs
    from uniscale_assets.figures.report_tables import Table
    from uniscale_assets.figures.style import TokenizerStyle

SHOWN_SCATTERS = 4
"""pairs of sizes that are open on the page; the others unfold"""
# plotly's own set of buttons holds one that sends the figure to a server.
CONFIGURATION: dict[str, Any] = {
    "displaylogo": False,
    "plotlyServerURL": "",
    "modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
}


@dataclass(frozen=True)
class Picture:
    """A figure as HTML, with the words below it."""

    html: str
    caption: str = ""


@dataclass(frozen=True)
class BudgetPart:
    """All that depends on the budget; a study with one budget has one part, without a name."""

    budget: str
    ranking: Table
    intervals: Table
    separations: Table
    dots: Picture
    bumps: Picture
    agreement: Table
    equal_vocabulary: Table
    vocabularies: Mapping[str, Table]
    """agreement within each vocabulary size, where it has a value"""
    too_few: Sequence[str]
    """vocabulary sizes with too few tokenizers"""
    scatters: Sequence[Picture]
    more_scatters: Sequence[Picture]
    frontier: Picture
    by_language: Picture
    languages: Table
    rulers: Sequence[Picture]
    """largest size first"""


@dataclass(frozen=True)
class Sections:
    """The page."""

    inputs: ReportInputs
    parts: Sequence[BudgetPart]
    tokenizers: Table
    compression: Picture
    corpus: Table
    mix: Picture
    losses: Sequence[Picture]
    cost: Picture
    costs: Table
    coverage: Picture
    intrinsic: IntrinsicSections
    predictors: Sequence[PredictorPart]
    downstream: Sequence[DownstreamPart]
    neural: NeuralSections | None
    codebooks: CompressionPart | None


class Pictures:
    """Turns figures into HTML with ids that count up, so that the same inputs give the same page."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, figure: Figure, caption: str = "") -> Picture:
        self.count += 1
        layout: Any = figure.layout
        options = {**CONFIGURATION, "responsive": layout.width is None}
        html = figure.to_html(full_html=False, include_plotlyjs=False, validate=False, div_id=f"figure-{self.count}", config=options)
        return Picture(html, caption)


def report_sections(inputs: ReportInputs) -> Sections:
    """Make every table and figure."""
    styles, draw = styles_of(inputs.study.families), Pictures()
    budgets = list(dict.fromkeys(inputs.statistics.ranking["budget"].to_list())) or [""]
    return Sections(
        inputs=inputs,
        parts=[budget_part(inputs, budget, styles, draw) for budget in budgets],
        tokenizers=tables.tokenizer_table(inputs.tokenizers),
        compression=draw(bytes_per_token(inputs.tokenizer_metrics, styles)),
        corpus=tables.corpus_table(inputs.corpus_ledger),
        mix=draw(corpus_mix(inputs.corpus_ledger)),
        losses=[draw(loss_curves(inputs.training_curves, styles, against)) for against in ("bytes", "flops")],
        cost=draw(training_cost(inputs.training_runs, styles)),
        costs=tables.cost_table(inputs.training_runs),
        coverage=draw(coverage_grid(coverage_frame(inputs.study.grid, inputs.statistics.coverage), styles)),
        intrinsic=intrinsic_sections(inputs.tokenizer_metrics, inputs.intrinsic, styles, draw),
        predictors=predictor_parts(inputs.statistics.predictors, draw),
        downstream=downstream_parts(inputs.downstream, styles, draw),
        neural=neural_sections(inputs.neural, styles, draw),
        codebooks=compression_part(inputs.compression, inputs.tokenizer_metrics, styles),
    )


def shares_lost(metrics: DataFrame) -> dict[str, float]:
    """Of tokenizers that lose text, the share of windows that they do not give back."""
    return dict(metrics.filter(metric="ambiguous_share", language="all").select("tokenizer", "value").iter_rows())


def budget_part(inputs: ReportInputs, budget: str, styles: Mapping[str, TokenizerStyle], draw: Pictures) -> BudgetPart:
    """Ranking, agreement and rulers of one budget."""
    numbers = inputs.statistics
    ranking = numbers.ranking.filter(budget=budget, language="all")
    correlations = numbers.rank_correlations.filter(budget=budget)
    whole = correlations.filter(language="all")
    comparisons = numbers.comparisons.filter(budget=budget)
    sizes = sorted_sizes(ranking["size"].to_list())
    scatters = [draw(size_scatter(ranking, *pair, styles)) for pair in pairs_largest_first(sizes)]
    vocabularies, too_few = vocabulary_tables(whole)
    return BudgetPart(
        budget=budget,
        ranking=tables.ranking_table(ranking, styles, shares_lost(inputs.tokenizer_metrics)),
        intervals=tables.interval_table(ranking),
        separations=tables.separation_table(numbers.separations.filter(budget=budget, language="all")),
        dots=draw(ranking_dots(ranking, styles)),
        bumps=draw(rank_bumps(ranking, styles)),
        agreement=agreement_table(whole, "all", [item for item in numbers.verdict.agreements if item.budget == budget]),
        equal_vocabulary=equal_vocabulary_table(whole),
        vocabularies=vocabularies,
        too_few=too_few,
        scatters=scatters[:SHOWN_SCATTERS],
        more_scatters=scatters[SHOWN_SCATTERS:],
        frontier=draw(decision_frontier(correlations)),
        by_language=draw(agreement_by_language(correlations)),
        languages=language_table(correlations),
        rulers=[draw(rank_rulers(comparisons, size, styles)) for size in reversed(sizes)],
    )


def pairs_largest_first(sizes: Sequence[str]) -> list[tuple[str, str]]:
    """Every pair of sizes, small then large, those with the largest size first."""
    return sorted(combinations(sizes, 2), key=lambda pair: (-sizes.index(pair[1]), sizes.index(pair[0])))


def vocabulary_tables(correlations: DataFrame) -> tuple[dict[str, Table], list[str]]:
    """Agreement within each vocabulary size that has enough tokenizers, and the names of those that have not."""
    defined: dict[str, Table] = {}
    too_few: list[str] = []
    names = [name for name in dict.fromkeys(correlations["group_name"].to_list()) if name.startswith("vocab_size=")]
    for name in names:
        rows = correlations.filter(group_name=name, statistic="spearman")
        if rows["value"].is_not_null().any():
            defined[name] = agreement_table(correlations, name)
        else:
            most = max(rows["tokenizers"].to_list(), default=0)
            too_few.append(f"{name} ({most} tokenizers)")
    return defined, too_few
