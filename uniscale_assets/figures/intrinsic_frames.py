"""What is drawn of tokenizers besides single values, and the values set beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.style import in_study_order
from uniscale_assets.tokenization.metric_definitions import DEFINITIONS, GROUPS, SCRIPT_PREFIX, MetricDefinition, definition_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polars import DataFrame

    from uniscale_assets.figures.style import TokenizerStyle

WHOLE = "all"
ONE_SCALE: dict[str, Any] = {"shared_xaxes": "all", "shared_yaxes": "all"}
"""of panels that are to be compared"""


@dataclass(frozen=True)
class IntrinsicFrames:
    """Files that lie beside the metrics in the artifacts of stage `tokenizer_metrics`, a column tokenizer before the others."""

    rank_frequency: DataFrame
    """columns tokenizer, language, rank and share"""
    token_lengths: DataFrame
    """columns tokenizer, bytes, entries and tokens"""
    lens: DataFrame
    """columns tokenizer, language, position, id and content"""


def no_frames() -> IntrinsicFrames:
    """Those of a study that has no tokenizer yet."""
    import polars as pl

    columns = {"tokenizer": pl.String, "language": pl.String}
    return IntrinsicFrames(
        pl.DataFrame(schema={**columns, "rank": pl.Int64, "share": pl.Float64}),
        pl.DataFrame(schema={"tokenizer": pl.String, "bytes": pl.Int64, "entries": pl.Int64, "tokens": pl.Int64}),
        pl.DataFrame(schema={**columns, "position": pl.Int64, "id": pl.Int64, "content": pl.Binary}),
    )


def metrics_in_order(metrics: DataFrame) -> list[MetricDefinition]:
    """The metrics that a study has, by group and within it in the order of their definitions, scripts last and by name."""
    present = set(metrics["metric"].to_list())
    plain = [definition for name, definition in DEFINITIONS.items() if name in present]
    scripts = [definition_of(name) for name in sorted(present) if name.startswith(SCRIPT_PREFIX)]
    return sorted([*plain, *scripts], key=lambda definition: GROUPS.index(definition.group))


def languages_of(metrics: DataFrame) -> list[str]:
    """'all' first, then codes in order."""
    present = set(metrics["language"].to_list())
    return [WHOLE] * (WHOLE in present) + sorted(present - {WHOLE})


@dataclass(frozen=True)
class MetricLine:
    """One metric over all languages, of every tokenizer that has it."""

    definition: MetricDefinition
    unit: str
    values: Mapping[str, float]

    @property
    def best(self) -> frozenset[str]:
        """Tokenizers with the best value; none where it is not known which way is better, or where all are equal."""
        if self.definition.better == "neither" or len(set(self.values.values())) < 2:
            return frozenset()
        choose = max if self.definition.better == "higher" else min
        top = choose(self.values.values())
        return frozenset(name for name, value in self.values.items() if value == top)


def metric_lines(metrics: DataFrame, styles: Mapping[str, TokenizerStyle]) -> list[MetricLine]:
    """Every metric that has a value over all languages."""
    whole = metrics.filter(language=WHOLE)
    lines: list[MetricLine] = []
    for definition in metrics_in_order(whole):
        rows = whole.filter(metric=definition.name)
        found = dict(zip(rows["tokenizer"].to_list(), rows["value"].to_list(), strict=True))
        names = in_study_order(list(found), styles)
        lines.append(MetricLine(definition, rows["unit"][0], {name: found[name] for name in names}))
    return lines
