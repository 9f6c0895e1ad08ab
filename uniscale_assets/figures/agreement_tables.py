"""Agreement between sizes as tables of the study report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.report_tables import NOTHING, Cell, Table, number, percent, span
from uniscale_assets.figures.style import sorted_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polars import DataFrame

    from uniscale_assets.statistics.verdict import Agreement

AGREEMENT_CAPTION = "Below each value its 95 % interval for these tokenizers, over seeds and documents, and the permutation p-value."
REGRET = "regret (bits per byte)"
AGREEMENT_COLUMNS = [
    "sizes",
    "Spearman",
    "tokenizers like these",
    "Kendall",
    "ceiling by the seeds",
    "Spearman, noise removed",
    "decision accuracy",
    "winner's probability",
    REGRET,
    "share of compute",
]


def agreement_table(correlations: DataFrame, group: str, agreements: Sequence[Agreement] = (), regret: str = REGRET) -> Table:
    """Agreement of every pair of sizes over one group of tokenizers.

    Args:
        correlations: rows of `tables.RANK_CORRELATIONS` of one budget and language.
        group: its ``group_name``.
        agreements: of the verdict; they give the band of each pair with the largest size.
        regret: what the column of regrets is called, with their unit.
    """
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in correlations.filter(group_name=group).iter_rows(named=True):
        found.setdefault((row["small_size"], row["large_size"]), {})[row["statistic"]] = row
    bands = {(item.small_size, item.large_size): item.strength for item in agreements}
    sizes = sorted_sizes([size for pair in found for size in pair])
    pairs = sorted(found, key=lambda pair: (-sizes.index(pair[1]), sizes.index(pair[0])))
    rows = [agreement_row(pair, found[pair], bands.get(pair, "")) for pair in pairs]
    columns = [regret if column == REGRET else column for column in AGREEMENT_COLUMNS]
    return Table(columns, rows, AGREEMENT_CAPTION, if_empty="It takes two sizes with models.")


def agreement_row(pair: tuple[str, str], found: Mapping[str, dict[str, Any]], band: str) -> list[Cell]:
    """One pair of sizes."""
    spearman, kendall = found.get("spearman", {}), found.get("kendall", {})
    tokenizers = next(iter(found.values()))["tokenizers"]
    return [
        Cell(f"{pair[0]} → {pair[1]}", ", ".join(part for part in (band, f"{tokenizers} tokenizers") if part)),
        with_p_value(spearman),
        Cell(span(spearman.get("population_low"), spearman.get("population_high"), 2) or NOTHING),
        with_p_value(kendall),
        statistic_cell(found.get("seed_ceiling", {}), 2),
        statistic_cell(found.get("noise_corrected_spearman", {}), 2),
        statistic_cell(found.get("decision_accuracy", {}), 0, share=True),
        statistic_cell(found.get("winner_probability", {}), 0, share=True),
        statistic_cell(found.get("regret", {}), 4),
        statistic_cell(found.get("compute_share", {}), 0, share=True),
    ]


def with_p_value(row: Mapping[str, Any]) -> Cell:
    """A correlation with its interval and its p-value."""
    cell = statistic_cell(row, 2)
    p_value = row.get("p_value")
    return cell if p_value is None else replace(cell, below="; ".join(part for part in (cell.below, f"p {number(p_value)}") if part))


def statistic_cell(row: Mapping[str, Any], digits: int, *, share: bool = False) -> Cell:
    """One statistic with its interval; a dash with the reason where it is not defined."""
    value = row.get("value")
    text = percent(value) if share else number(value, digits)
    return Cell(text, span(row.get("low"), row.get("high"), digits, share=share), note=row.get("note") or "")


def equal_vocabulary_table(correlations: DataFrame) -> Table:
    """Decision accuracy over the pairs of equal vocabulary size, all vocabulary sizes together."""
    rows: list[list[Cell]] = []
    for row in correlations.filter(group_name="equal vocab_size", statistic="decision_accuracy").iter_rows(named=True):
        sizes = Cell(f"{row['small_size']} → {row['large_size']}", f"{row['tokenizers']} tokenizers")
        rows.append([sizes, statistic_cell(row, 0, share=True), Cell(row["note"])])
    nothing = "No two tokenizers of equal vocabulary size have two sizes."
    return Table(["sizes", "decision accuracy", "note"], rows, text_columns=frozenset({0, 2}), if_empty=nothing)


def language_table(correlations: DataFrame) -> Table:
    """Spearman, Kendall and decision accuracy of every pair of sizes in every language, over all tokenizers."""
    found: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {}
    for row in correlations.filter(group_name="all").iter_rows(named=True):
        found.setdefault((row["language"], row["small_size"], row["large_size"]), {})[row["statistic"]] = row
    rows: list[list[Cell]] = []
    for (language, small, large), statistics in found.items():
        spearman, kendall = statistics.get("spearman", {}), statistics.get("kendall", {})
        accuracy = statistic_cell(statistics.get("decision_accuracy", {}), 0, share=True)
        values = [statistic_cell(spearman, 2), Cell(number(spearman.get("p_value"))), statistic_cell(kendall, 2), accuracy]
        rows.append([Cell(language), Cell(f"{small} → {large}"), *values])
    return Table(["language", "sizes", "Spearman", "permutation p", "Kendall", "decision accuracy"], rows, "", frozenset({0, 1}))
