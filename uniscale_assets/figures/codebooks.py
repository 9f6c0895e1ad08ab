"""The part of the study report on tokenizers that compress: their byte models, and codebooks to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.figures.intrinsic_lens import VISIBLE
from uniscale_assets.figures.quantities import format_bytes, format_count, trimmed
from uniscale_assets.figures.report_tables import NOTHING, Cell, Table, number, percent
from uniscale_assets.figures.style import in_study_order

if TYPE_CHECKING:
    from polars import DataFrame

    from uniscale_assets.figures.style import TokenizerStyle

SHARES = ("codes_with_string", "codes_used", "ambiguous_share", "ambiguous_documents", "prefix_cache_hit_rate")
NAMES = ("codes with a string", "codes in use", "windows lost", "documents lost", "strings met before")
BETWEEN = "\N{EM SPACE}"
LONGEST = "window_bytes_longest"
CAPTION = (
    "Codes of a window: those that stand for a string, and those that occur in the training text. Windows and documents lost: of the test "
    "text, where a rule is not lossless. Strings met before: share of the bytes of test text for which no model had to be asked."
)


@dataclass(frozen=True)
class CompressionFrames:
    """What the report reads of tokenizers that compress.

    byte_models: rows of `tables.BYTE_MODELS`. strings: columns tokenizer, kind, content, code, probability, bytes, count, those of
    `codebook_strings.notable_strings`.
    """

    byte_models: DataFrame
    strings: DataFrame


@dataclass(frozen=True)
class CodebookPart:
    """One codebook."""

    tokenizer: str
    strings: Table


@dataclass(frozen=True)
class CompressionPart:
    """The part of the page."""

    byte_models: Table
    windows: Table
    codebooks: Sequence[CodebookPart]


def compression_part(frames: CompressionFrames | None, metrics: DataFrame, styles: Mapping[str, TokenizerStyle]) -> CompressionPart | None:
    """Tables of the byte models, of windows, and of each codebook's strings; None where a study has none of all this.

    Args:
        frames: None where the study has no byte models.
        metrics: rows of `tables.TOKENIZER_METRICS`.
        styles: from `style.styles_of`; give the order.
    """
    if frames is None:
        return None
    names = in_study_order(frames.strings["tokenizer"].to_list(), styles)
    codebooks = [CodebookPart(name, string_table(frames.strings.filter(tokenizer=name))) for name in names]
    return CompressionPart(byte_model_table(frames.byte_models), window_table(metrics, styles), codebooks)


def byte_model_table(rows: DataFrame) -> Table:
    """A row for each byte model: what it is, how well it knows text, and what integers cost."""
    columns = ["byte model", "size", "parameters", "context (bytes)", "trained on", "bits per byte", "in float64", "cost of integers"]
    lines = [
        [
            Cell(row["byte_model"]),
            Cell(row["size"]),
            Cell(format_count(row["parameters"])),
            Cell(f"{row['context_bytes']:,}"),
            Cell(format_bytes(row["training_bytes"])),
            Cell(number(row["bits_per_byte"])),
            Cell(number(row["bits_per_byte_float"])),
            Cell(number(row["bits_per_byte"] - row["bits_per_byte_float_parts"], 5, sign=True)),
        ]
        for row in rows.iter_rows(named=True)
    ]
    caption = "On validation text. Integers: the same on every machine; their cost is against float64 coded with the same 14 bits."
    return Table(columns, lines, caption, frozenset({0, 1}), "No byte model has been trained yet.")


def window_table(metrics: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Table:
    """A row for each tokenizer that codes windows."""
    rows = metrics.filter(language="all")
    values = {(row["tokenizer"], row["metric"]): row["value"] for row in rows.iter_rows(named=True)}
    names = in_study_order([name for name, metric in values if metric in (*SHARES, LONGEST)], styles)
    lines = [[Cell(name), *(share_cell(values.get((name, metric))) for metric in SHARES), longest_cell(values, name)] for name in names]
    return Table(["tokenizer", *NAMES, "longest string"], lines, CAPTION, if_empty="No tokenizer that codes windows has been measured yet.")


def share_cell(value: float | None) -> Cell:
    """A share in percent."""
    return Cell(percent(value))


def longest_cell(values: Mapping[tuple[str, str], float], name: str) -> Cell:
    """Bytes of the longest string."""
    value = values.get((name, LONGEST))
    return Cell(NOTHING if value is None else f"{value:.0f} bytes")


def string_table(rows: DataFrame) -> Table:
    """Strings of one codebook, a line for each kind and, of the likeliest, each length."""
    lines: list[list[Cell]] = []
    for kind in dict.fromkeys(rows["kind"].to_list()):
        of_kind = rows.filter(kind=kind)
        lengths = dict.fromkeys(of_kind["bytes"].to_list()) if of_kind["probability"].is_not_null().any() else [None]
        for length in lengths:
            chosen = of_kind if length is None else of_kind.filter(bytes=length)
            lines.append(
                [
                    Cell(kind),
                    Cell(NOTHING if length is None else str(length)),
                    Cell(BETWEEN.join(map(isolated, chosen["content"])), known(chosen)),
                ]
            )
    caption = "White space is made visible; what is no character by itself is written in hexadecimal. Probabilities are the byte model's."
    return Table(["kind", "bytes", "strings"], lines, caption, frozenset({0, 2}))


def isolated(content: bytes) -> str:
    """A string that its neighbours do not turn round, whichever way its script runs."""
    return f"\N{FIRST STRONG ISOLATE}{shown(content)}\N{POP DIRECTIONAL ISOLATE}"


def shown(content: bytes) -> str:
    """A string as it can be read."""
    return content.decode(errors="backslashreplace").translate(VISIBLE)


def known(rows: DataFrame) -> str:
    """Probabilities or counts of the strings of a line, first to last."""
    column, unit = ("probability", "probability") if rows["probability"].is_not_null().any() else ("count", "times in the training text")
    values = [value for value in rows[column].to_list() if value is not None]
    if not values:
        return ""
    return f"{unit} {trimmed(values[0], 2)} to {trimmed(values[-1], 2)}"
