"""Training runs of others: CSV files become a collection in the warehouse, whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.errors import BadInputError
from uniscale_assets.resources.isoflop_points import IMPORTED, TABLE
from uniscale_assets.resources.warehouse import Warehouse
from uniscale_assets.tables import TABLES

if TYPE_CHECKING:
    import polars as pl

COLLECTION_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class ImportedRuns:
    """What an import brought in."""

    name: str
    points: pl.DataFrame
    """rows of ``tables.ISOFLOP_POINTS``"""
    file: Path
    """where they lie"""

    def __str__(self) -> str:
        columns = ("method", "language", "evaluation")
        parts = [f"{column}s {', '.join(self.points[column].unique().sort())}" for column in columns]
        cells = self.points.select("method", "language", "compute_flops", "bytes_per_token").unique().height
        return f"{self.name}: {self.points.height} losses in {cells} cells; {'; '.join(parts)}"


def import_runs(warehouse: Warehouse, files: Sequence[Path], name: str, mapping: Mapping[str, str]) -> ImportedRuns:
    """Read and check every file, then write the collection, in place of one that had its name. The same files give the same rows.

    Args:
        warehouse: where the collection goes.
        files: CSV files; see `scaling_laws.points.read_points`.
        name: of the collection; what studies and `uniscale laws --imported` call it.
        mapping: our column -> the file's.

    Raises:
        BadInputError: the name cannot be used.
        RunTableError: something is wrong in a file; nothing is written, and a collection that was there stays.
    """
    import polars as pl

    from uniscale_assets.scaling_laws.points import read_point_files

    refuse_taken_name(warehouse, name)
    read = read_point_files(files, mapping=mapping)
    rows = read.with_columns(pl.col("source").alias("run"), pl.lit(name).alias("study")).select(TABLES[TABLE].column_names)
    return ImportedRuns(name, rows, warehouse.replace(TABLE, name, IMPORTED, rows))


def collection_name(file: Path) -> str:
    """A file's name as that of a collection: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", file.stem.lower()).strip("_") or "runs"


def refuse_taken_name(warehouse: Warehouse, name: str) -> None:
    """Raise ``BadInputError`` for a name that is none, or that a study has."""
    if not COLLECTION_NAME.fullmatch(name):
        raise BadInputError(f"--name {name}: a collection's name begins with a letter and holds small letters, digits and underscores")
    if set(warehouse.partitions(TABLE, name)) - {IMPORTED}:
        raise BadInputError(f"--name {name}: a study of that name has runs here; choose another name")
