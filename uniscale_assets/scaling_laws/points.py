"""Training runs and isoFLOP optima, read from CSV files whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.errors import RunTableError
from uniscale_assets.scaling_laws.csv_files import CsvRow, CsvTable, read_csv
from uniscale_assets.scaling_laws.frames import ALL_LANGUAGES, POINT_COLUMNS, frame_of

if TYPE_CHECKING:
    from polars import DataFrame

KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "method": ("method", "tokenization"),
    "language": ("language", "lang"),
    "compute_flops": ("compute_flops", "compute", "flops", "C"),
    "bytes_per_token": ("bytes_per_token", "compression_rate", "T"),
    "parameters": ("parameters", "global_parameters", "N"),
    "total_parameters": ("total_parameters", "N_total"),
    "bytes": ("bytes", "B"),
    "bytes_per_parameter": ("bytes_per_parameter", "rho"),
    "evaluation": ("evaluation",),
    "seed": ("seed",),
    "bits_per_byte": (),
}
"""our columns, and the names under which files may have them; losses are told by `is_loss`"""
REQUIRED = ("method", "compute_flops", "bytes_per_token", "parameters", "bytes")
MAP_HINT = "Map a column of yours: bits_per_byte=YOURS (several losses: bits_per_byte=FIRST,SECOND)"
FILE_NAME = re.compile(r"(?P<method>.+?)(?:_(?P<language>[a-z]{3}_[A-Z][a-z]{3}))?_(?P<compute_flops>\d+(?:\.\d+)?e\+?\d+)_results")
MOST_BITS = 8.0
"""bits per byte of a uniform guess over byte values"""
GLOBAL_SHARE = (1e-4, 2.0)
"""6 N B / T is between these shares of the budget in any sensible run; 0.11 to 0.85 in arXiv 2605.01188"""


@dataclass(frozen=True)
class Layout:
    """Which column of one file holds what."""

    columns: Mapping[str, str]
    losses: tuple[str, ...]
    constants: Mapping[str, str]
    """what the file's name says where its columns do not"""


def read_points(path: Path, *, mapping: Mapping[str, str] | None = None, source: str = "") -> DataFrame:
    """Training runs of one CSV file, checked: all of them or none.

    A file named PREFIX[_lang_Script]_BUDGET_results.csv says method, language and budget where its columns do not. Every
    loss column, bits per byte on one evaluation set, gives a row of its own.

    Args:
        path: CSV with a header; the names in `KNOWN_NAMES` are known, further columns are let be.
        mapping: our column -> the file's; bits_per_byte may name several, with commas between.
        source: where the runs are from; empty takes the file's name without its ending.

    Returns:
        Rows of `POINT_COLUMNS`, in the file's order.

    Raises:
        RunTableError: a missing column, a value that is no positive number, a run that stands twice, units that do not fit
            together; the message names file, line and column.
    """
    return frame_of(point_rows(path, mapping or {}, source), POINT_COLUMNS)


def read_point_files(paths: Iterable[Path], *, mapping: Mapping[str, str] | None = None, source: str = "") -> DataFrame:
    """Training runs of several CSV files, all of them or none; see `read_points`.

    Raises:
        RunTableError: as `read_points`; or a run stands in two files.
    """
    import polars as pl

    frames = {path: read_points(path, mapping=mapping, source=source) for path in paths}
    if not frames:
        raise RunTableError("no file of training runs was given")
    key = [name for name in POINT_COLUMNS if name not in ("source", "total_parameters")]
    seen: dict[tuple[object, ...], Path] = {}
    for path, frame in frames.items():
        for row in set(frame.select(key).rows()):
            if row in seen:
                raise RunTableError(f"{path.name}: the run {dict(zip(key, row, strict=True))} stands in {seen[row].name} too")
            seen[row] = path
    return pl.concat(list(frames.values()))


def point_rows(path: Path, mapping: Mapping[str, str], source: str) -> list[dict[str, object]]:
    """Rows of one file, before they are a frame."""
    table = read_csv(path)
    layout = layout_of(table, mapping)
    rows: list[dict[str, object]] = []
    seen: dict[tuple[object, ...], int] = {}
    for row in table.rows:
        run = run_of(row, layout, source or path.stem)
        seed = row.text(layout.columns["seed"]) if "seed" in layout.columns else ""
        for loss in layout.losses:
            point = run | {
                "evaluation": row.text(layout.columns["evaluation"]) if "evaluation" in layout.columns else loss,
                "bits_per_byte": bits_per_byte_of(row, loss),
            }
            key = (seed, *(point[name] for name in POINT_COLUMNS if name not in ("source", "total_parameters", "bits_per_byte")))
            if key in seen:
                raise row.error(loss, f"the same run as in line {seen[key]}; runs that differ by seed need a column seed")
            seen[key] = row.line
            rows.append(point)
    return rows


def layout_of(table: CsvTable, mapping: Mapping[str, str]) -> Layout:
    """Which column holds what: the mapping first, then known names, then the file's name."""
    unknown = sorted(set(mapping) - set(KNOWN_NAMES))
    if unknown:
        raise RunTableError(f"column mapping: {', '.join(unknown)} is not ours; ours are {', '.join(KNOWN_NAMES)}")
    table.require([name for column in mapping.values() for name in column.split(",")], "The column mapping asks for it")
    columns = {ours: name for ours, names in KNOWN_NAMES.items() for name in names[::-1] if name in table.columns}
    columns |= {ours: name for ours, name in mapping.items() if ours != "bits_per_byte"}
    match = FILE_NAME.fullmatch(table.path.stem)
    named = {key: value for key, value in match.groupdict().items() if value} if match else {}
    missing = [f"{ours} ({' or '.join(KNOWN_NAMES[ours])})" for ours in REQUIRED if ours not in columns and ours not in named]
    if missing:
        raise RunTableError(f"{table.path.name}: no column {', '.join(missing)}; it has {', '.join(table.columns)}. {MAP_HINT}")
    losses = tuple(mapping["bits_per_byte"].split(",")) if "bits_per_byte" in mapping else tuple(filter(is_loss, table.columns))
    if not losses:
        raise RunTableError(f"{table.path.name}: no loss column (such as bpb or c4); it has {', '.join(table.columns)}. {MAP_HINT}")
    return Layout(columns, losses, {ours: value for ours, value in named.items() if ours not in columns})


def is_loss(column: str) -> bool:
    """Whether a column's name says that it is a loss in bits per byte: bpb, bits_per_byte, c4, or one of them with a prefix."""
    return column == "c4" or column == "bits_per_byte" or column.rsplit("_", maxsplit=1)[-1] == "bpb" or column.endswith("_bits_per_byte")


def run_of(row: CsvRow, layout: Layout, source: str) -> dict[str, object]:
    """What a row says about the run itself, checked."""
    columns = layout.columns
    numbers = {name: row.positive(columns[name]) for name in REQUIRED[1:] if name in columns}
    if "compute_flops" not in numbers:
        numbers["compute_flops"] = float(layout.constants["compute_flops"])
    total = row.positive(columns["total_parameters"]) if columns.get("total_parameters") and row.text(columns["total_parameters"]) else None
    check_units(row, columns, numbers, total)
    texts = {name: row.text(columns[name]) if name in columns else layout.constants.get(name, "") for name in ("method", "language")}
    if not texts["method"]:
        raise row.error(columns["method"], "empty; a run needs the name of its tokenization method")
    return {"source": source, **texts, "language": texts["language"] or ALL_LANGUAGES, "total_parameters": total, **numbers}


def check_units(row: CsvRow, columns: Mapping[str, str], numbers: Mapping[str, float], total: float | None) -> None:
    """Refuse a row whose numbers cannot all be in FLOPs, parameters, bytes and bytes per token."""
    share = 6 * numbers["parameters"] * numbers["bytes"] / numbers["bytes_per_token"] / numbers["compute_flops"]
    if not GLOBAL_SHARE[0] <= share <= GLOBAL_SHARE[1]:
        names = [columns[name] for name in ("parameters", "bytes", "bytes_per_token")]
        problem = f"6 {names[0]} {names[1]} / {names[2]} is {share:.3g} times the budget; units differ (all must be plain: no millions)"
        raise row.error(columns.get("compute_flops", "(file name)"), problem)
    if total is not None and total < numbers["parameters"]:
        raise row.error(columns["total_parameters"], f"{total:g} is less than {columns['parameters']} = {numbers['parameters']:g}")
    if "bytes_per_parameter" in columns:
        given, made = row.positive(columns["bytes_per_parameter"]), numbers["bytes"] / numbers["parameters"]
        if abs(given / made - 1) > 0.01:
            problem = f"{given:g}, but {columns['bytes']} / {columns['parameters']} is {made:.6g}; units differ"
            raise row.error(columns["bytes_per_parameter"], problem)


def bits_per_byte_of(row: CsvRow, column: str) -> float:
    """A loss; one above a uniform guess over byte values is in other units."""
    loss = row.positive(column)
    if loss > MOST_BITS:
        raise row.error(column, f"{loss:g} is above the {MOST_BITS:g} bits of a uniform guess; is it in bits per byte?")
    return loss


def read_optima(path: Path, *, method: str = "") -> DataFrame:
    """isoFLOP optima of one CSV file, to fit laws to: published ones, or those that `uniscale laws` wrote.

    Columns compute_flops, T, B_star, N_star, L_star; and tokenization (or method), language, evaluation, rho_star, flag
    where there are. A file named PREFIX_isoflop_optima.csv says the method where no column does. A cell with a flag may be
    empty.

    Returns:
        Rows of `OPTIMUM_COLUMNS`; what the file does not say is null.

    Raises:
        RunTableError: as `read_points`.
    """
    from uniscale_assets.scaling_laws.optima_files import optimum_rows

    return optimum_rows(path, method)
