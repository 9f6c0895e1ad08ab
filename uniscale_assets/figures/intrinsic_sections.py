"""What the report says of the intrinsic metrics: the values side by side, figures by group, and the lens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.intrinsic_frames import MetricLine, metric_lines, metrics_in_order, no_frames
from uniscale_assets.figures.intrinsic_frequencies import rank_frequency, rank_frequency_by_language
from uniscale_assets.figures.intrinsic_lens import LensBlock, lens_blocks
from uniscale_assets.figures.intrinsic_numbers import number_tokens, numbers_cut
from uniscale_assets.figures.intrinsic_panels import metric_panels
from uniscale_assets.figures.intrinsic_premium import premium_heatmap
from uniscale_assets.figures.intrinsic_vocabulary import length_distribution, vocabulary_by_script
from uniscale_assets.figures.quantities import trimmed
from uniscale_assets.figures.report_tables import MINUS, NOTHING, Cell, Table
from uniscale_assets.tokenization.metric_definitions import GROUPS, NUMBER_PREFIX, SCRIPT_PREFIX, TEXTS, MetricDefinition

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.figures.intrinsic_frames import IntrinsicFrames
    from uniscale_assets.figures.style import TokenizerStyle

SHOWN = frozenset({"bytes_per_token", "fertility", "renyi_efficiency"})
"""metrics whose panels are open on the page; the others unfold"""
CAPTION = "Over all languages, by group. Bold: the best, where it is known which way is better."


@dataclass(frozen=True)
class MetricPicture:
    """The panels of one metric."""

    definition: MetricDefinition
    picture: Any
    """of `report_sections`"""


@dataclass(frozen=True)
class IntrinsicSections:
    """The part of the page."""

    overview: Table
    premiums: Sequence[Any]
    open_panels: Sequence[Any]
    panels: Mapping[str, Sequence[MetricPicture]]
    """by group"""
    ranks: Any
    ranks_by_language: Any
    scripts: Any
    lengths: Any
    numbers: Sequence[Any]
    lens: Sequence[LensBlock]
    definitions: Sequence[MetricDefinition]


def intrinsic_sections(
    metrics: DataFrame, frames: IntrinsicFrames | None, styles: Mapping[str, TokenizerStyle], draw: Callable[..., Any]
) -> IntrinsicSections:
    """Make every table and figure of the intrinsic metrics.

    Args:
        metrics: rows of `tables.TOKENIZER_METRICS`.
        frames: what lies beside them; None where there is nothing yet.
        styles: from `style.styles_of`.
        draw: makes a picture of a figure, of `report_sections`.
    """
    files = frames or no_frames()
    by_language = panel_metrics(metrics)
    panels = {
        group: [
            MetricPicture(definition, draw(metric_panels(metrics, definition.name, styles)))
            for definition in by_language
            if definition.group == group and definition.name not in SHOWN
        ]
        for group in GROUPS
    }
    return IntrinsicSections(
        overview=overview_table(metric_lines(metrics, styles), list(styles)),
        premiums=[draw(figure) for figure in premium_figures(metrics, styles).values()],
        open_panels=[draw(metric_panels(metrics, item.name, styles)) for item in by_language if item.name in SHOWN],
        panels={group: pictures for group, pictures in panels.items() if pictures},
        ranks=draw(rank_frequency(files.rank_frequency, styles)),
        ranks_by_language=draw(rank_frequency_by_language(files.rank_frequency, styles)),
        scripts=draw(vocabulary_by_script(metrics, styles)),
        lengths=draw(length_distribution(files.token_lengths, styles)),
        numbers=[draw(numbers_cut(metrics, styles)), draw(number_tokens(metrics, styles))],
        lens=lens_blocks(files.lens, styles),
        definitions=[item for item in metrics_in_order(metrics) if not item.name.startswith((SCRIPT_PREFIX, NUMBER_PREFIX))],
    )


def panel_metrics(metrics: DataFrame) -> list[MetricDefinition]:
    """Metrics that have values by language."""
    return metrics_in_order(metrics.filter(metrics["language"] != "all")) if metrics.height else []


def premium_figures(metrics: DataFrame, styles: Mapping[str, TokenizerStyle]) -> dict[str, Figure]:
    """A heatmap for each parallel text that was measured."""
    present = set(metrics["metric"].to_list())
    return {f"premium_{text}": premium_heatmap(metrics, text, styles) for text in TEXTS if f"{text}_premium" in present}


def overview_table(lines: Sequence[MetricLine], order: Sequence[str]) -> Table:
    """A row for each metric, a column for each tokenizer."""
    present = {name for line in lines for name in line.values}
    names = [name for name in order if name in present] + sorted(present - set(order))
    rows: list[list[Cell]] = []
    for line in lines:
        cells = [Cell(written(line.values[name]), best=name in line.best) if name in line.values else Cell(NOTHING) for name in names]
        rows.append([Cell(line.definition.title, note=line.definition.meaning), Cell(line.unit), *cells])
    return Table(["metric", "unit", *names], rows, CAPTION, frozenset({0, 1}), "No tokenizer has been measured yet.")


def written(value: float) -> str:
    """A value with four digits, a small one with two; counts in full, with a real minus sign."""
    text = f"{value:,.0f}" if abs(value) >= 1000 else trimmed(value, 4 if abs(value) >= 0.01 else 2)
    return text.replace("-", MINUS)


def intrinsic_figures(metrics: DataFrame, frames: IntrinsicFrames | None, styles: Mapping[str, TokenizerStyle]) -> dict[str, Figure]:
    """The figures that are written as picture files, by name: of the panels those that are open on the page."""
    files = frames or no_frames()
    shown = [item.name for item in panel_metrics(metrics) if item.name in SHOWN]
    return {
        **premium_figures(metrics, styles),
        **{f"{name}_by_language": metric_panels(metrics, name, styles) for name in shown},
        "rank_frequency": rank_frequency(files.rank_frequency, styles),
        "rank_frequency_by_language": rank_frequency_by_language(files.rank_frequency, styles),
        "vocabulary_by_script": vocabulary_by_script(metrics, styles),
        "token_lengths": length_distribution(files.token_lengths, styles),
        "numbers_cut": numbers_cut(metrics, styles),
        "number_tokens": number_tokens(metrics, styles),
    }
