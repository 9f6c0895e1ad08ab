"""The tables of a study that go into a paper: frames in, cells out. `publication_formats` writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.intrinsic_frames import MetricLine, languages_of, metric_lines
from uniscale_assets.figures.publication_formats import Entry, PublicationTable
from uniscale_assets.figures.style import in_study_order, sorted_sizes, styles_of
from uniscale_assets.tokenization.metric_definitions import TEXTS, definition_of

if TYPE_CHECKING:
    from polars import DataFrame

    from uniscale_assets.figures.report import ReportInputs
    from uniscale_assets.figures.style import TokenizerStyle

    Styles = Mapping[str, TokenizerStyle]

BY_LANGUAGE = ("bytes_per_token", "fertility", "vocabulary_utilization", "renyi_efficiency", *(f"{text}_premium" for text in TEXTS))
"""intrinsic metrics that have a table by language"""
AGREEMENT = {
    "spearman": "Spearman",
    "kendall": "Kendall",
    "decision_accuracy": "decision accuracy",
    "winner_probability": "winner's probability",
    "regret": "regret (bits per byte)",
    "compute_share": "share of compute",
}
LESS_IS_BETTER = frozenset({"regret", "compute_share"})


def publication_tables(inputs: ReportInputs, downstream: DataFrame) -> list[PublicationTable]:
    """Every table for which there are rows.

    Args:
        inputs: of the study report.
        downstream: rows of `tables.DOWNSTREAM_SCORES`.
    """
    styles, found = styles_of(inputs.study.families), inputs.statistics
    tables: list[PublicationTable] = []
    for budget in dict.fromkeys(found.ranking["budget"].to_list()):
        suffix, ranking = f"_{budget}" if budget else "", found.ranking.filter(budget=budget)
        tables += ranking_tables(ranking, styles, suffix)
        tables += language_tables(ranking, styles, suffix)
        tables.append(agreement_table(found.rank_correlations.filter(budget=budget), suffix))
        tables.append(predictor_table(found.predictors.filter(budget=budget), suffix))
    tables += intrinsic_tables(inputs.tokenizer_metrics, styles)
    tables += downstream_tables(downstream, styles)
    return [table for table in tables if table.rows]


def marked(values: Sequence[float | None], *, lower: bool) -> list[bool]:
    """Which values are the best; none where there are fewer than two, or all are the same."""
    known = [value for value in values if value is not None]
    if len(set(known)) < 2:
        return [False] * len(values)
    best = min(known) if lower else max(known)
    return [value == best for value in values]


def grid(
    rows: DataFrame, column: str, names: Sequence[str], headings: Sequence[str], make: Callable[[Mapping[str, Any]], Entry], *, lower: bool
) -> list[list[Entry]]:
    """A row for each tokenizer, a cell for each value of a column, the best of each column marked."""
    found = {(row["tokenizer"], row[column]): make(row) for row in rows.iter_rows(named=True)}
    columns: list[list[Entry]] = []
    for heading in headings:
        cells = [found.get((name, heading), Entry(None)) for name in names]
        numbers = [cell.value if isinstance(cell.value, float | int) else None for cell in cells]
        columns.append([with_best(cell, best) for cell, best in zip(cells, marked(numbers, lower=lower), strict=True)])
    return [[Entry(name), *(column[place] for column in columns)] for place, name in enumerate(names)]


def with_best(entry: Entry, best: bool) -> Entry:
    """The same cell, in bold or not."""
    from dataclasses import replace

    return replace(entry, best=best)


def names_by(ranking: DataFrame, size: str, styles: Styles) -> list[str]:
    """Tokenizers, best of a size first, then those that it lacks in the study's order."""
    whole = ranking.filter(language="all", size=size).sort("rank", "tokenizer")["tokenizer"].to_list()
    return [*whole, *(name for name in in_study_order(ranking["tokenizer"].to_list(), styles) if name not in whole)]


def ranking_tables(ranking: DataFrame, styles: Styles, suffix: str) -> list[PublicationTable]:
    """Bits per byte by size with intervals, differences to the best of each size, and information capacity."""
    whole = ranking.filter(language="all")
    sizes = sorted_sizes(whole["size"].to_list())
    if not sizes:
        return []
    names = names_by(ranking, sizes[-1], styles)

    def entry(value: str, low: str | None, high: str | None, decimals: int | None) -> Callable[[Mapping[str, Any]], Entry]:
        return lambda row: Entry(row[value], row[low] if low else None, row[high] if high else None, digits=3, decimals=decimals)

    values = entry("bits_per_byte", "low", "high", 4)
    differences = entry("difference_to_best", "difference_low", "difference_high", 4)
    capacities = entry("information_capacity", None, None, None)
    known = whole.filter(whole["information_capacity"].is_not_null())
    interval = "with the 95 % interval of the value (seeds and documents)"
    simultaneous = "with its 95 % interval, paired over documents and simultaneous over all pairs of a size"
    return [
        PublicationTable(
            f"ranking{suffix}",
            f"Bits per byte by size, mean over seeds, {interval}; lower is better.",
            ["tokenizer", *sizes],
            grid(whole, "size", names, sizes, values, lower=True),
        ),
        PublicationTable(
            f"ranking_differences{suffix}",
            f"Bits per byte above the best tokenizer of each size, {simultaneous}.",
            ["tokenizer", *sizes],
            grid(whole, "size", names, sizes, differences, lower=True),
        ),
        PublicationTable(
            f"information_capacity{suffix}",
            "Information capacity by size: bits saved for each FLOP of inference, the tokenizer's own cost included; higher is better.",
            ["tokenizer", *sizes],
            grid(known, "size", names, sizes, capacities, lower=False) if known.height else [],
        ),
    ]


def language_tables(ranking: DataFrame, styles: Styles, suffix: str) -> list[PublicationTable]:
    """Bits per byte by language, at the largest size."""
    sizes = sorted_sizes(ranking["size"].to_list())
    if not sizes:
        return []
    rows, languages = ranking.filter(size=sizes[-1]), languages_of(ranking)
    names = names_by(ranking, sizes[-1], styles)
    cells = grid(rows, "language", names, languages, lambda row: Entry(row["bits_per_byte"], decimals=3), lower=True)
    caption = f"Bits per byte by language at {sizes[-1]}, mean over seeds; lower is better."
    return [PublicationTable(f"bits_per_byte_by_language{suffix}", caption, ["tokenizer", *languages], cells)]


def agreement_table(correlations: DataFrame, suffix: str) -> PublicationTable:
    """How each size agrees with each larger one, over all tokenizers and languages."""
    rows = correlations.filter(language="all", group_name="all")
    pairs = list(dict.fromkeys(zip(rows["small_size"].to_list(), rows["large_size"].to_list(), strict=True)))
    found = {(row["small_size"], row["large_size"], row["statistic"]): row for row in rows.iter_rows(named=True)}
    columns: list[list[Entry]] = []
    for statistic in AGREEMENT:
        cells = [agreement_entry(found.get((*pair, statistic))) for pair in pairs]
        best = marked([cell.value if isinstance(cell.value, float) else None for cell in cells], lower=statistic in LESS_IS_BETTER)
        columns.append([with_best(cell, mark) for cell, mark in zip(cells, best, strict=True)])
    p_values = [Entry((found.get((*pair, "spearman")) or {}).get("p_value"), digits=2) for pair in pairs]
    body = [
        [*map(Entry, pair), *(column[place] for column in columns), p_value]
        for place, (pair, p_value) in enumerate(zip(pairs, p_values, strict=True))
    ]
    caption = "Agreement of each size with each larger one, with 95 % intervals for these tokenizers; p-values of Spearman by permutation."
    return PublicationTable(f"rank_correlations{suffix}", caption, ["small size", "large size", *AGREEMENT.values(), "p"], body, 2)


def agreement_entry(row: Mapping[str, Any] | None) -> Entry:
    """One statistic of a pair of sizes."""
    return Entry(None) if row is None else Entry(row["value"], row["low"], row["high"], digits=3)


def predictor_table(predictors: DataFrame, suffix: str) -> PublicationTable:
    """What orders the tokenizers as the largest size does, cheapest first."""
    rows = [row for row in predictors.iter_rows(named=True) if row["decision_accuracy"] is not None]
    accurate = marked([row["decision_accuracy"] for row in rows], lower=False)
    regrets = marked([row["regret"] for row in rows], lower=True)
    body = [
        [
            Entry(row["kind"].replace("_", " ")),
            Entry(row["predictor"].replace("_", " ")),
            Entry(row["compute_flops"], digits=3),
            Entry(row["decision_accuracy"], row["decision_accuracy_low"], row["decision_accuracy_high"], accurate[place], 3),
            Entry(row["regret"], row["regret_low"], row["regret_high"], regrets[place], decimals=4),
            Entry(row["spearman"], digits=3),
            Entry(row["as_good_as_training"]),
        ]
        for place, row in enumerate(rows)
    ]
    columns = ["kind", "predictor", "training FLOPs", "decision accuracy", "regret (bits per byte)", "Spearman", "as good as training"]
    caption = "Predictors of the largest size's ranking with 95 % intervals, and what their training takes."
    return PublicationTable(f"predictors{suffix}", caption, columns, body, 2)


def intrinsic_tables(metrics: DataFrame, styles: Styles) -> list[PublicationTable]:
    """Every metric over all languages, and some of them by language."""
    if metrics.is_empty():
        return []
    lines = metric_lines(metrics, styles)
    names = in_study_order(metrics["tokenizer"].to_list(), styles)
    body = [[Entry(line.definition.title), Entry(line.unit), *line_entries(line, names)] for line in lines]
    caption = "Intrinsic metrics over all languages; bold: the best where it is known which way is better."
    tables = [PublicationTable("intrinsic_metrics", caption, ["metric", "unit", *names], body, 2)]
    for metric in BY_LANGUAGE:
        rows, definition = metrics.filter(metric=metric), definition_of(metric)
        languages = languages_of(rows)
        cells = grid(rows, "language", names, languages, lambda row: Entry(row["value"], digits=3), lower=definition.better == "lower")
        units = ", ".join(dict.fromkeys(rows["unit"].to_list()))
        caption = f"{definition.title} ({units}) by language; {definition.better} is better."
        tables.append(PublicationTable(f"{metric}_by_language", caption, ["tokenizer", *languages], cells if rows.height else []))
    return tables


def line_entries(line: MetricLine, names: Sequence[str]) -> list[Entry]:
    """The values of one metric."""
    return [Entry(line.values.get(name), best=name in line.best) for name in names]


def downstream_tables(scores: DataFrame, styles: Styles) -> list[PublicationTable]:
    """Scores on downstream tasks at the largest size, mean over seeds; a table for each metric."""
    import polars as pl

    tables: list[PublicationTable] = []
    for budget in dict.fromkeys(scores["budget"].to_list()):
        here = scores.filter(budget=budget, language="all")
        size = sorted_sizes(here["size"].to_list())[-1] if here.height else ""
        whole = here.filter(size=size)
        for metric in dict.fromkeys(whole["metric"].to_list()):
            rows = whole.filter(metric=metric)
            value, error = pl.col("value").mean(), (pl.col("standard_error") ** 2).sum().sqrt() / pl.len()
            means = rows.group_by("tokenizer", "task", maintain_order=True).agg(value.alias("value"), error.alias("error"))
            tasks = sorted(set(rows["task"].to_list()))
            lower = rows["better"][0] == "lower"
            body = grid(means, "task", in_study_order(rows["tokenizer"].to_list(), styles), tasks, downstream_entry, lower=lower)
            direction = "lower" if lower else "higher"
            interval = "95 % intervals from the standard error over items"
            caption = f"Downstream tasks at {size}: {metric} ({rows['unit'][0]}), mean over seeds, {interval}; {direction} is better."
            name = f"downstream_{metric}" + (f"_{budget}" if budget else "")
            tables.append(PublicationTable(name, caption, ["tokenizer", *tasks], body))
    return tables


def downstream_entry(row: Mapping[str, Any]) -> Entry:
    """A score with 1.96 standard errors to either side."""
    value, error = row["value"], row["error"]
    return Entry(value, value - 1.96 * error, value + 1.96 * error, decimals=3) if error else Entry(value, decimals=3)
