"""Tables for papers as LaTeX (booktabs), Markdown and CSV: the same cells, three ways to write them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

NOTHING = "–"
LONG_TABLE_ROWS = 45
"""more rows than a page holds"""
WIDE_TABLE_COLUMNS = 7
"""more columns than a page holds at its usual size"""
ESCAPES = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "–": "--",
    "→": r"$\to$",
    "×": r"$\times$",
    "ρ": r"$\rho$",
}


@dataclass(frozen=True)
class Entry:
    """One cell.

    Attributes:
        value: a number, a text, or None where there is nothing.
        low: lower end of its interval, where it has one.
        high: upper end.
        best: stands out in bold.
        digits: significant digits that are shown; CSV has all of them.
        decimals: digits after the point instead, where columns should line up.
    """

    value: float | str | None
    low: float | None = None
    high: float | None = None
    best: bool = False
    digits: int = 4
    decimals: int | None = None


@dataclass(frozen=True)
class PublicationTable:
    """A table for a paper.

    Attributes:
        name: of its files.
        caption: one or two sentences, with units.
        columns: headings.
        rows: as many cells each as there are columns.
        text_columns: how many columns on the left are text.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Entry]]
    text_columns: int = 1


def shown(value: float, entry: Entry) -> str:
    """A number as people read it."""
    if entry.decimals is not None:
        return f"{value:.{entry.decimals}f}"
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.{entry.digits - 1}e}"
    if float(value).is_integer() or abs(value) >= 10**entry.digits:
        return f"{value:.0f}"
    return f"{value:#.{entry.digits}g}".rstrip(".")


def text_of(entry: Entry) -> str:
    """The value alone."""
    if entry.value is None:
        return NOTHING
    return entry.value if isinstance(entry.value, str) else shown(entry.value, entry)


def interval_of(entry: Entry) -> str:
    """The interval alone; empty where there is none."""
    if entry.low is None or entry.high is None:
        return ""
    return f"[{shown(entry.low, entry)}, {shown(entry.high, entry)}]"


def escape_latex(text: str) -> str:
    """Text in which no character means anything to LaTeX."""
    return "".join(ESCAPES.get(character, character) for character in text)


def latex_number(text: str) -> str:
    """A number with a real minus sign and powers of ten."""
    mantissa, _, exponent = text.partition("e")
    signed = mantissa.replace("-", "$-$")
    return f"{signed}$\\times 10^{{{int(exponent)}}}$" if exponent else signed


def latex_entry(entry: Entry) -> str:
    """One cell."""
    text = escape_latex(text_of(entry)) if isinstance(entry.value, str) or entry.value is None else latex_number(text_of(entry))
    text = f"\\textbf{{{text}}}" if entry.best else text
    interval = interval_of(entry)
    return f"{text} {{\\scriptsize {latex_number_interval(interval)}}}" if interval else text


def latex_number_interval(interval: str) -> str:
    """An interval with real minus signs. Braces keep its bracket from being an option of what stands before it."""
    return "{" + ", ".join(latex_number(part) for part in interval.strip("[]").split(", ")).join("[]") + "}"


def to_latex(table: PublicationTable) -> str:
    """A `table` environment, or a `longtable` where a page is too short; needs the packages that its first line names."""
    alignment = "l" * table.text_columns + "r" * (len(table.columns) - table.text_columns)
    head = " & ".join(f"{escape_latex(column)}" for column in table.columns) + r" \\"
    body = [" & ".join(map(latex_entry, row)) + r" \\" for row in table.rows]
    caption = rf"\caption{{{escape_latex(table.caption)}}}\label{{tab:{re.sub('[^A-Za-z0-9]+', '-', table.name)}}}"
    if len(table.rows) > LONG_TABLE_ROWS:
        continued = [r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endlastfoot"]
        start = [r"\small", rf"\begin{{longtable}}{{{alignment}}}", caption + r" \\", r"\toprule", head, r"\midrule", r"\endfirsthead"]
        lines = ["% needs booktabs, longtable", "{", *start, *continued, *body, r"\end{longtable}", "}"]
    else:
        tabular = [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}"]
        wide = len(table.columns) > WIDE_TABLE_COLUMNS
        inner = [r"\resizebox{\linewidth}{!}{%", *tabular, "}"] if wide else tabular
        packages = "booktabs, graphicx" if wide else "booktabs"
        lines = [f"% needs {packages}", r"\begin{table}[t]", r"\centering", r"\small", caption, *inner, r"\end{table}"]
    return "\n".join(lines) + "\n"


def escape_markdown(text: str) -> str:
    """Text in which no character means anything to Markdown within a table; underscores inside words mean nothing there."""
    return re.sub(r"([\\`*|<>\[\]])", r"\\\1", text)


def markdown_entry(entry: Entry) -> str:
    """One cell."""
    text = escape_markdown(text_of(entry))
    text = f"**{text}**" if entry.best else text
    interval = interval_of(entry)
    return f"{text} ({interval.strip('[]').replace(', ', ' to ')})" if interval else text


def to_markdown(table: PublicationTable) -> str:
    """A table in GitHub's Markdown, its caption above it."""
    rule = ["---"] * table.text_columns + ["--:"] * (len(table.columns) - table.text_columns)
    rows = [[escape_markdown(column) for column in table.columns], rule, *([markdown_entry(entry) for entry in row] for row in table.rows)]
    return f"{escape_markdown(table.caption)}\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def to_csv(table: PublicationTable) -> str:
    """Comma-separated values with every digit; a column that has intervals is followed by their ends."""
    spread = [any(interval_of(row[place]) for row in table.rows) for place in range(len(table.columns))]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    heads = [[name, f"{name} low", f"{name} high"] if has else [name] for name, has in zip(table.columns, spread, strict=True)]
    writer.writerow([name for part in heads for name in part])
    for row in table.rows:
        cells = [[entry.value, entry.low, entry.high] if has else [entry.value] for entry, has in zip(row, spread, strict=True)]
        writer.writerow(["" if value is None else value for part in cells for value in part])
    return stream.getvalue()


FORMATS: dict[str, Callable[[PublicationTable], str]] = {"tex": to_latex, "md": to_markdown, "csv": to_csv}
"""writers by file suffix"""
