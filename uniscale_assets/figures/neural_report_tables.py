"""The tables of the report on neural compression: frames in, cells of text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_flops, trimmed
from uniscale_assets.figures.report_tables import NOTHING, Cell, Table, number, percent
from uniscale_assets.figures.style import in_study_order, sorted_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polars import DataFrame

    from uniscale_assets.figures.style import TokenizerStyle

SIGNIFICANT = 0.05
"""the paper's threshold"""


def compression_table(compression: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Table:
    """Compression of every tokenizer over all languages.

    Args:
        compression: rows of `tables.COMPRESSION`.
        styles: give the order.
    """
    found = {row["tokenizer"]: row for row in compression.filter(language="all").iter_rows(named=True)}
    rows: list[list[Cell]] = []
    for name in in_study_order(list(found), styles):
        row = found[name]
        numbers = [row[column] for column in ("bytes_per_token", "compression_in_bits", "uniform_bits_per_byte", "unigram_bits_per_byte")]
        rows.append([Cell(name), Cell(row["family"]), Cell(f"{row['vocab_size']:,}"), *(Cell(number(value, 3)) for value in numbers)])
    columns = [
        "tokenizer",
        "family",
        "vocabulary",
        "bytes per token",
        "compression in bits",
        "uniform bits per byte",
        "unigram bits per byte",
    ]
    bits = "8 bits of each raw byte over the bits of its tokens"
    caption = f"On the test split. Compression in bits: {bits}. Uniform: every id of text equally likely."
    return Table(columns, rows, caption, frozenset({0, 1}))


def cost_table(costs: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Table:
    """Bits per byte with the standard deviation of a seed, and FLOPs of inference, by tokenizer and size.

    Args:
        costs: rows of `tables.INFERENCE_COSTS`, of one budget.
        styles: give the order.
    """
    sizes = sorted_sizes(costs["size"].to_list())
    found = {(row["tokenizer"], row["size"]): row for row in costs.iter_rows(named=True)}
    rows: list[list[Cell]] = []
    for name in in_study_order(costs["tokenizer"].to_list(), styles):
        own = [found.get((name, size)) for size in sizes]
        first = next(row for row in own if row)
        rows.append([Cell(name), Cell(trimmed(first["bytes_per_step"])), Cell(encoding_cost(first)), *(cost_cell(row) for row in own)])
    caption = (
        "Mean over seeds ± standard deviation of a seed, bits per byte; below, FLOPs of inference for each raw byte: body, head, attention,"
        " and the tokenizer's own."
    )
    return Table(["tokenizer", "bytes per step", "of the FLOPs for encoding", *sizes], rows, caption)


def encoding_cost(row: Mapping[str, Any]) -> str:
    """FLOPs that encoding takes for each byte."""
    return format_flops(row["encoding_flops_per_byte"]) if row["encoding_flops_per_byte"] else "none"


def cost_cell(row: Mapping[str, Any] | None) -> Cell:
    """One tokenizer at one size."""
    if row is None:
        return Cell(NOTHING, note="no model of this size yet")
    spread = "" if row["standard_deviation"] is None else f" ± {row['standard_deviation']:.4f}"
    note = f"{row['seeds']} seeds; 2N / bytes per token and encoding: {format_flops(row['body_flops_per_byte'])} FLOPs a byte"
    return Cell(number(row["bits_per_byte"]) + spread, f"{format_flops(row['flops_per_byte'])} FLOPs", note=note)


def welch_table(tests: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Table:
    """p-values of Welch's test between every pair of tokenizers.

    Args:
        tests: rows of `tables.WELCH_TESTS`, of one budget and size.
        styles: give the order.
    """
    found = {(row["tokenizer"], row["other"]): row for row in tests.iter_rows(named=True)}
    names = in_study_order([name for pair in found for name in pair], styles)
    rows = [[Cell(name), *(welch_cell(found, name, other) for other in names)] for name in names]
    caption = (
        "Two-sided p-values over seeds, each pair by itself; below, the difference of the means in bits per byte, row less column."
        f" Shaded: not below {SIGNIFICANT}. A dash: fewer than two seeds."
    )
    return Table(["tokenizer", *names], rows, caption)


def welch_cell(found: Mapping[tuple[str, str], Mapping[str, Any]], name: str, other: str) -> Cell:
    """One pair, whichever of them stands first."""
    row, sign = (found[name, other], 1) if (name, other) in found else (found.get((other, name)), -1)
    if row is None:
        return Cell("")
    difference = number(sign * row["difference"], sign=True)
    if row["p_value"] is None:
        return Cell(NOTHING, difference, note=f"{row['seeds']} and {row['other_seeds']} seeds")
    note = f"t = {sign * row['t_statistic']:.2f}, {row['degrees_of_freedom']:.1f} degrees of freedom"
    shown = "< 0.0001" if row["p_value"] < 0.0001 else f"{row['p_value']:.4f}"
    return Cell(shown, difference, level=row["p_value"] >= SIGNIFICANT, note=note)


def texts_table(texts: DataFrame, shown: int = 6) -> Table:
    """Windows that hold a token, by its place in them.

    Args:
        texts: rows of `tables.TOKEN_TEXTS`, of one tokenizer.
        shown: tokens listed for each place.
    """
    rows: list[list[Cell]] = []
    for position in sorted(set(texts["position"].to_list())):
        here = texts.filter(position=position)
        whole = here.filter(here["token"].is_null())
        rows += [texts_line("all", position, row) for row in whole.iter_rows(named=True)]
        rows += [
            texts_line(str(row["token"]), position, row)
            for row in here.filter(here["token"].is_not_null()).head(shown).iter_rows(named=True)
        ]
    columns = ["token", "place", "windows", "different texts", "begin alike", "texts of these windows"]
    caption = (
        "Begin alike: windows that begin with the most frequent first byte among those that hold the token at that place; a token that says"
        " how its window begins has 100 %."
    )
    return Table(columns, rows, caption, frozenset({0, 5}))


def texts_line(token: str, position: int, row: Mapping[str, Any]) -> list[Cell]:
    """One token at one place."""
    distinct = NOTHING if row["distinct_texts"] is None else f"{row['distinct_texts']:,}"
    return [
        Cell(token),
        Cell(str(position)),
        Cell(f"{row['windows']:,}"),
        Cell(distinct),
        Cell(percent(row["first_byte_share"])),
        Cell(row["texts"] or ""),
    ]


def coder_table(tasks: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Table:
    """What models learned of each coder, mean over seeds, the control on top.

    Args:
        tasks: rows of `tables.CODER_TASKS`.
        styles: give the order.
    """
    names = ["", *in_study_order([name for name in tasks["tokenizer"].to_list() if name], styles)]
    groups = [tasks.filter(tokenizer=name, task=task) for name in names for task in ("bytes alone", "decompress", "compress")]
    rows = [coder_line(group) for group in groups if group.height]
    columns = [
        "coder",
        "task",
        "target tokens right",
        "whole texts right",
        "cross-entropy (nats a token)",
        "of a uniform guess",
        "tokens of a pair",
    ]
    caption = (
        "Target tokens given the true ones before. Bytes alone is the control: the same texts without their codes; decompressing is learned"
        " as far as it does better. Mean ± standard deviation over seeds."
    )
    return Table(columns, rows, caption, frozenset({0, 1}), "No coder has been learned yet.")


def coder_line(rows: DataFrame) -> list[Cell]:
    """One coder and task."""
    row = rows.row(0, named=True)
    whole = sum(rows["whole_texts"].to_list()) / sum(rows["texts"].to_list())
    names = [row["tokenizer"] or NOTHING, row["task"]]
    accuracy, entropy = spread_of(rows["accuracy"].to_list(), 100, 2), spread_of(rows["cross_entropy_nats"].to_list(), 1, 3)
    return [Cell(text) for text in (*names, f"{accuracy} %", percent(whole), entropy, number(row["uniform_nats"], 3), str(row["length"]))]


def spread_of(values: Sequence[float], factor: float, digits: int) -> str:
    """Mean, with the standard deviation where there are several."""
    from statistics import fmean, stdev

    mean = f"{factor * fmean(values):.{digits}f}"
    return f"{mean} ± {factor * stdev(values):.{digits}f}" if len(values) > 1 else mean


def numerics_table(numerics: DataFrame) -> Table:
    """Shares of distributions, windows and documents that change.

    Args:
        numerics: rows of `tables.NUMERICAL_STABILITY`, of one byte model.
    """
    units = ("distributions", "arithmetic documents", "windows", "window documents")
    keys = list(dict.fromkeys(numerics.select("question", "reference", "variant").iter_rows()))
    found = {(row["question"], row["reference"], row["variant"], row["unit"]): row for row in numerics.iter_rows(named=True)}
    rows = [[*(Cell(text) for text in key), *(share_cell(found.get((*key, unit))) for unit in units)] for key in keys]
    caption = (
        "Distributions: of the next byte, as the integers that a coder uses. Arithmetic documents: their code under ac would be another."
        " Windows: of equal_info, 16 bits, owned_cell, that the other way does not make; window documents: with such a window."
    )
    return Table(["what changes", "from", "to", *units], rows, caption, frozenset({0, 1, 2}))


def share_cell(row: Mapping[str, Any] | None) -> Cell:
    """One share with its counts."""
    return Cell(NOTHING) if row is None else Cell(percent(row["share"]), f"{row['changed']:,} of {row['whole']:,}")
