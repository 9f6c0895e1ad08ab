"""Files of isoFLOP optima, those published and those that `uniscale laws` writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.scaling_laws.csv_files import CsvRow, read_csv
from uniscale_assets.scaling_laws.frames import ALL_LANGUAGES, OPTIMUM_COLUMNS, frame_of

if TYPE_CHECKING:
    from polars import DataFrame

ENDING = "_isoflop_optima"
NUMBERS = {
    "compute_flops": "compute_flops",
    "T": "bytes_per_token",
    "B_star": "optimal_bytes",
    "N_star": "optimal_parameters",
    "L_star": "optimal_bits_per_byte",
}
FURTHER = {"N_total_star": "optimal_total_parameters", "rho_star": "bytes_per_parameter", "C_global": "global_compute_flops"}
TEXTS = {"tokenization": "method", "method": "method", "language": "language", "evaluation": "evaluation", "flag": "flag"}


def optimum_rows(path: Path, method: str) -> DataFrame:
    """Optima of one file; see `points.read_optima`."""
    table = read_csv(path)
    table.require(list(NUMBERS))
    stem = path.stem.removesuffix(ENDING) if path.stem.endswith(ENDING) else path.stem
    rows: list[dict[str, object]] = []
    seen: dict[tuple[object, ...], int] = {}
    for row in table.rows:
        optimum = optimum_of(row, table.columns, method or stem)
        key = tuple(optimum[name] for name in OPTIMUM_COLUMNS[:5])
        if key in seen:
            raise row.error("T", f"the same cell as in line {seen[key]}")
        seen[key] = row.line
        rows.append(optimum)
    return frame_of(rows, OPTIMUM_COLUMNS)


def optimum_of(row: CsvRow, columns: tuple[str, ...], method: str) -> dict[str, object]:
    """One row; a cell with a flag may lack its optimum."""
    texts = {ours: row.text(name) for name, ours in TEXTS.items() if name in columns and row.text(name)}
    flagged = bool(texts.get("flag"))
    here = {ours: name for name, ours in (NUMBERS | FURTHER).items() if name in columns}
    optional = set(FURTHER.values()) | ({"optimal_bytes", "optimal_parameters", "optimal_bits_per_byte"} if flagged else set())
    numbers = {ours: None if ours in optional and not row.text(name) else row.positive(name) for ours, name in here.items()}
    bytes_, parameters, rate = numbers["optimal_bytes"], numbers["optimal_parameters"], numbers["bytes_per_token"]
    if bytes_ and parameters and rate:
        numbers.setdefault("bytes_per_parameter", bytes_ / parameters)
        numbers.setdefault("global_compute_flops", 6 * parameters * bytes_ / rate)
    return {"method": method, "language": ALL_LANGUAGES, "evaluation": "bpb", "flag": "", **texts, **numbers}
