"""The tables of the study report: frames in, cells of text out. Agreement between sizes has a module of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_bytes, format_count, format_flops, format_seconds, trimmed
from uniscale_assets.figures.ranking import level_with_best, names_by_rank
from uniscale_assets.figures.style import sorted_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polars import DataFrame

    from uniscale_assets.figures.style import TokenizerStyle

NOTHING = "–"
MINUS = "−"


@dataclass(frozen=True)
class Cell:
    """One cell: its text, a smaller line below, and how it stands out."""

    text: str
    below: str = ""
    best: bool = False
    level: bool = False
    """cannot be told from the best"""
    note: str = ""
    """shown under the pointer"""


@dataclass(frozen=True)
class Table:
    """A table of the report; the first column is text, the others are numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    text_columns: frozenset[int] = field(default=frozenset({0}))
    if_empty: str = "Nothing to show yet."


def number(value: float | None, digits: int = 4, *, sign: bool = False) -> str:
    """A number with a real minus sign; a dash where there is none."""
    if value is None:
        return NOTHING
    return f"{value:{'+' if sign else ''}.{digits}f}".replace("-", MINUS)


def percent(value: float | None) -> str:
    """A share in percent; one digit more where it is small."""
    if value is None:
        return NOTHING
    return f"{value:.0%}" if value >= 0.095 or value == 0 else f"{trimmed(value * 100, 2)}%"


def span(low: float | None, high: float | None, digits: int = 4, *, share: bool = False) -> str:
    """An interval; empty where it is not known."""
    if low is None or high is None:
        return ""
    return f"{percent(low)} to {percent(high)}" if share else f"{number(low, digits)} to {number(high, digits)}"


RANKING_CAPTION = (
    "Bits per byte, mean over seeds, best of the largest size first. Below: difference to the best of the size with its 95 % interval,"
    " paired over documents and simultaneous over all pairs. Bold: the best. Shaded: cannot be told from the best."
    " Information capacity: bits saved for each million FLOPs of inference, tokenizer included, at the largest size."
)
INTERVAL_CAPTION = (
    "95 % intervals of the values themselves: documents that are hard for every tokenizer make them wide,"
    " and they say little about differences."
)
SEPARATION_CAPTION = (
    "Pairs of tokenizers whose difference is more than noise: against the seeds alone, each pair by itself at 5 %;"
    " and under simultaneous 95 % intervals."
)


def ranking_table(ranking: DataFrame, styles: Mapping[str, TokenizerStyle], lost: Mapping[str, float]) -> Table:
    """Bits per byte of every tokenizer at every size, with the interval of its difference to the size's best.

    Args:
        ranking: of `statistics.ranking`, of one budget and language.
        styles: give the order of equals.
        lost: of tokenizers that lose text, the share of windows that they do not give back.
    """
    sizes = sorted_sizes(ranking["size"].to_list())
    names = names_by_rank(ranking, sizes, styles)
    cells = {name: [Cell(name, f"loses {percent(lost[name])} of windows" if name in lost else "")] for name in names}
    for size in sizes:
        rows = ranking.filter(size=size)
        level = level_with_best(rows)
        found = {row["tokenizer"]: row for row in rows.iter_rows(named=True)}
        for name in names:
            cells[name].append(ranking_cell(found[name], level) if name in found else Cell(NOTHING, note="no model of this size yet"))
    capacities = {
        row["tokenizer"]: row["information_capacity"] for row in ranking.filter(ranking["size"].is_in(sizes[-1:])).iter_rows(named=True)
    }
    columns = ["tokenizer", *sizes, f"information capacity at {' '.join(sizes[-1:])} (bits/MFLOP)"]
    return Table(columns, [[*cells[name], Cell(per_million(capacities.get(name)))] for name in names], RANKING_CAPTION)


def per_million(capacity: float | None) -> str:
    """Information capacity in bits for each million FLOPs."""
    return NOTHING if capacity is None else trimmed(capacity * 1e6, 3)


def ranking_cell(row: dict[str, Any], level: frozenset[str]) -> Cell:
    """One tokenizer at one size."""
    interval = span(row["difference_low"], row["difference_high"])
    difference = number(row["difference_to_best"], sign=True) + (f" ({interval})" if interval else "")
    itself = span(row["low"], row["high"])
    note = f"rank {row['rank']:g}, {row['seeds']} seeds" + (f"; interval of the value itself {itself}" if itself else "")
    best = row["tokenizer"] == row["best"]
    return Cell(number(row["bits_per_byte"]), "best" if best else difference, best, row["tokenizer"] in level, note)


def interval_table(ranking: DataFrame) -> Table:
    """Every row of the ranking with the interval of the value itself."""
    rows: list[list[Cell]] = []
    for size in sorted_sizes(ranking["size"].to_list()):
        for row in ranking.filter(size=size).sort("rank", "tokenizer").iter_rows(named=True):
            names = [size, f"{row['rank']:g}", row["tokenizer"], str(row["seeds"])]
            values = [number(row["bits_per_byte"]), span(row["low"], row["high"]) or NOTHING, per_million(row["information_capacity"])]
            rows.append([Cell(text) for text in (*names, *values)])
    columns = ["size", "rank", "tokenizer", "seeds", "bits per byte", "95 % interval", "information capacity (bits/MFLOP)"]
    return Table(columns, rows, INTERVAL_CAPTION, frozenset({0, 2}))


def separation_table(separations: DataFrame) -> Table:
    """How many pairs of tokenizers differ by more than noise, by size."""
    rows: list[list[Cell]] = []
    by_size = {row["size"]: row for row in separations.iter_rows(named=True)}
    for size in sorted_sizes(list(by_size)):
        row = by_size[size]
        counts = [NOTHING if row[name] is None else f"{row[name]} of {row['pairs']}" for name in ("above_seed_spread", "separated")]
        rows.append([Cell(size), *(Cell(text) for text in counts), Cell(number(row["seed_standard_deviation"]))])
    columns = ["size", "pairs above the seeds' spread", "pairs apart (seeds and documents)", "standard deviation of a seed (bits per byte)"]
    return Table(columns, rows, SEPARATION_CAPTION)


def tokenizer_table(tokenizers: DataFrame) -> Table:
    """The tokenizers: what they are, how they compress, what they cost."""
    rows = [
        [
            Cell(row["tokenizer"]),
            Cell(row["family"]),
            Cell(row["pretokenizer"]),
            Cell(f"{row['vocab_size']:,}"),
            Cell(number(row["bytes_per_token"], 3)),
            Cell(number(row["unigram_bits_per_byte"], 3)),
            Cell(NOTHING if row["training_seconds"] is None else format_seconds(row["training_seconds"])),
            Cell(NOTHING if row["peak_memory_bytes"] is None else format_bytes(row["peak_memory_bytes"])),
        ]
        for row in tokenizers.iter_rows(named=True)
    ]
    columns = [
        "tokenizer",
        "family",
        "pretokenizer",
        "vocabulary",
        "bytes per token",
        "unigram bits per byte",
        "vocabulary training",
        "peak memory",
    ]
    return Table(columns, rows, "", frozenset({0, 1, 2}))


def cost_table(runs: DataFrame) -> Table:
    """What the trainings of each size took, all together."""
    rows: list[list[Cell]] = []
    for size in sorted_sizes(runs["size"].to_list()):
        here = runs.filter(size=size)
        flops, seconds, memory = (sum_of(here, column) for column in ("training_flops", "seconds", "peak_memory_bytes"))
        most = max((value for value in here["peak_memory_bytes"].to_list() if value is not None), default=None)
        rows.append(
            [
                Cell(size),
                Cell(str(here.height)),
                Cell(parameters_of(here)),
                Cell(format_flops(flops)),
                Cell(format_seconds(seconds)),
                Cell(NOTHING if not memory or most is None else format_bytes(most)),
                Cell(", ".join(sorted({str(device) for device in here["device"].to_list() if device}))),
            ]
        )
    columns = ["size", "models", "parameters, all", "training FLOPs, all models", "training time, all models", "peak memory", "device"]
    return Table(columns, rows, "", frozenset({0, 6}))


def sum_of(rows: DataFrame, column: str) -> float:
    """Sum of a column's known values."""
    return float(sum(value for value in rows[column].to_list() if value is not None))


def parameters_of(runs: DataFrame) -> str:
    """Least and most parameters of one model, embeddings and head among them."""
    parts = ("non_embedding_parameters", "embedding_parameters", "head_parameters")
    totals = [sum(row[part] or 0 for part in parts) for row in runs.iter_rows(named=True)]
    low, high = format_count(min(totals)), format_count(max(totals))
    return low if low == high else f"{low} to {high}"


def corpus_table(ledger: DataFrame) -> Table:
    """Documents and bytes of each split, in the corpus and in the mixture."""
    rows: list[list[Cell]] = []
    for split in ("tokenizer", "train", "validation", "test"):
        here = ledger.filter(split=split)
        if here.height:
            documents, taken = (f"{sum_of(here, column):,.0f}" for column in ("documents", "mixture_documents"))
            sizes = [format_bytes(sum_of(here, column)) for column in ("bytes", "mixture_bytes")]
            rows.append([Cell(split), Cell(str(here.height)), Cell(documents), Cell(sizes[0]), Cell(taken), Cell(sizes[1])])
    return Table(["split", "languages", "documents there", "bytes there", "documents taken", "bytes taken"], rows)
