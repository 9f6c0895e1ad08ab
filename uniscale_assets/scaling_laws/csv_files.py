"""CSV files of numbers, read so that an error can name the file, the line and the column."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from uniscale_assets.errors import RunTableError


@dataclass(frozen=True)
class CsvRow:
    """One row of a file."""

    path: Path
    line: int
    """line in the file; the header is line 1"""
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The text of a cell, without white space around it."""
        return self.cells[column].strip()

    def positive(self, column: str) -> float:
        """The number in a cell.

        Raises:
            RunTableError: it is no number, not finite or not above zero.
        """
        text = self.text(column)
        try:
            number = float(text)
        except ValueError:
            raise self.error(column, f"{text!r} is not a number") from None
        if not math.isfinite(number):
            raise self.error(column, f"{text!r} is not finite; leave out runs that have no value")
        if number <= 0:
            raise self.error(column, f"{text} is not above zero")
        return number

    def error(self, column: str, problem: str) -> RunTableError:
        """An error that names this file, this line and a column."""
        return RunTableError(f"{self.path.name}, line {self.line}, column {column}: {problem}")


@dataclass(frozen=True)
class CsvTable:
    """A CSV file with a header."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[CsvRow, ...]

    def require(self, columns: Sequence[str], way_out: str = "") -> None:
        """Refuse a file that lacks a column.

        Raises:
            RunTableError: names the columns that are missing and those there are.
        """
        missing = [column for column in columns if column not in self.columns]
        if missing:
            there_are = ", ".join(self.columns)
            raise RunTableError(f"{self.path.name}: no column {', '.join(missing)}; it has {there_are}{way_out and '. ' + way_out}")


def read_csv(path: Path) -> CsvTable:
    """A CSV file as text, cell by cell.

    Raises:
        RunTableError: the file is missing, not UTF-8, empty, has a column twice or a row with too few or too many cells.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = tuple(name.strip() for name in next(reader, []))
            rows = [(reader.line_num, cells) for cells in reader if cells]
    except OSError as error:
        raise RunTableError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RunTableError(f"{path.name}: not a CSV file in UTF-8: {error}") from error
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise RunTableError(f"{path.name}: column {', '.join(repeated)} stands twice in the header")
    if not rows:
        raise RunTableError(f"{path.name}: no rows")
    for line, cells in rows:
        if len(cells) != len(header):
            raise RunTableError(f"{path.name}, line {line}: {len(cells)} cells under {len(header)} columns")
    return CsvTable(path, header, tuple(CsvRow(path, line, dict(zip(header, cells, strict=True))) for line, cells in rows))
