"""The metric warehouse: one immutable Parquet file for each table, study and partition.

``tables/<table>/<study>/<partition>.parquet`` is written aside and renamed, so any number of processes write and read at once
without waiting for each other, and re-materializing a partition replaces its rows and no others. ``metrics.duckdb`` beside it
holds views over these files for users (``warehouse_views.py``); nothing here opens it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from uniscale_assets.errors import WarehouseError
from uniscale_assets.files import replaced_file
from uniscale_assets.resources.warehouse_files import (
    FilesByTable,
    failures_named,
    original_name,
    parquet_bytes,
    read_fingerprint,
    read_steadily,
    remove_leftovers,
    removed_bytes,
    safe_name,
)
from uniscale_assets.resources.warehouse_rows import arrow_schema, fitted_rows, table_named, without_decimals
from uniscale_assets.resources.warehouse_views import DATABASE, comment_statements, ensure_views
from uniscale_assets.tables import TABLES, Table

if TYPE_CHECKING:
    import polars
    import pyarrow.dataset

# A database that no SQL can lead out of: not to a file, not to a Python variable, not to other settings.
CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "lock_configuration": True,
}


class Warehouse:
    """The metric tables under one home. Every method may be called by many processes and threads at once."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()

    @property
    def database(self) -> Path:
        """The file of views that a user may open with DuckDB; there after any call that writes or asks."""
        return self.home / DATABASE

    def replace(self, table: str, study: str, partition: str, frame: polars.DataFrame) -> Path:
        """Store the rows of one partition in place of those it had; the file they lie in.

        Args:
            table: name of a table of ``tables.py``.
            study: the value of the column ``study`` in every row.
            partition: any text; it appears in the file's name only.
            frame: exactly the table's columns, in any order. No rows at all is allowed.

        Raises:
            WarehouseError: the rows do not fit the table, or the file cannot be written. What was there before stays.
        """
        rows = fitted_rows(table_named(table), study, frame)
        return self._write(self._path(table, study, partition), parquet_bytes(rows))

    def remove(self, table: str, study: str, partition: str) -> bool:
        """Take the rows of one partition away; False where it had none.

        Raises:
            WarehouseError: the file cannot be written.
        """
        if partition not in self.partitions(table, study):
            return False
        self._write(self._path(table, study, partition), removed_bytes(table_named(table)))
        return True

    def partitions(self, table: str, study: str) -> dict[str, str]:
        """Partitions that have been stored, each with the fingerprint of its first row (empty where it has none).

        Only the foot of each file is read.

        Raises:
            WarehouseError: a file cannot be read.
        """
        found: dict[str, str] = {}
        for path in self._files(table_named(table), study):
            with failures_named(path, "no Parquet file of this warehouse; remove it and materialize its partition again"):
                fingerprint = read_fingerprint(path)
            if fingerprint is not None:
                found[original_name(path)] = fingerprint
        return found

    def rows(self, table: str, study: str | None = None) -> polars.DataFrame:
        """All rows of a table, or those of one study, by study and partition in the order of their files' names.

        Raises:
            WarehouseError: a file cannot be read.
        """
        import polars

        definition = table_named(table)
        read = read_steadily(lambda: self._listed([definition], study), lambda files: dataset_of(definition, files[table]).to_table())
        return polars.DataFrame(polars.from_arrow(read))

    def query(self, sql: str) -> polars.DataFrame:
        """The result of a query over the tables, each of which is a view of its name, with comments that give units.

        The SQL runs in a database in memory that reaches no file: it can write nothing, and read nothing but the tables. Sums of
        integers come back as Int64, other decimals as Float64.

        Raises:
            WarehouseError: with DuckDB's message.
        """
        with suppress(OSError):  # a home that one may only read is enough to ask
            ensure_views(self.home)
        return read_steadily(lambda: self._listed(TABLES.values()), lambda files: run_closed(sql, files))

    def _write(self, path: Path, content: bytes) -> Path:
        with failures_named(path, "not written, and what was there before is kept; free space or allow writing there, then run again"):
            ensure_views(self.home)
            remove_leftovers(path.parent)
            with replaced_file(path) as aside:
                aside.write_bytes(content)
        return path

    def _listed(self, tables: Iterable[Table], study: str | None = None) -> FilesByTable:
        return {table.name: self._files(table, study) for table in tables}

    def _files(self, table: Table, study: str | None = None) -> list[Path]:
        pattern = "*" if study is None else safe_name(study)
        return sorted((self.home / "tables" / table.name).glob(f"{pattern}/*.parquet"))

    def _path(self, table: str, study: str, partition: str) -> Path:
        return self.home / "tables" / table_named(table).name / safe_name(study) / f"{safe_name(partition)}.parquet"


def dataset_of(table: Table, files: list[Path]) -> pyarrow.dataset.Dataset:
    """The rows of a table; with its schema given, a file from before a column was added has no value there, and is no error."""
    from pyarrow import dataset

    return dataset.dataset([str(path) for path in files], schema=arrow_schema(table), format="parquet")


@dataclass(frozen=True)
class TableStream:
    """A table as DuckDB takes it through Arrow's stream protocol.

    Every scan opens the files anew. An Arrow dataset that is scanned twice would remember where in a file its columns begin, and
    look for them there in the file that has replaced it since.
    """

    table: Table
    files: list[Path]

    def __arrow_c_schema__(self) -> object:
        return arrow_schema(self.table).__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return dataset_of(self.table, self.files).scanner().to_reader().__arrow_c_stream__(requested_schema)


def run_closed(sql: str, files: FilesByTable) -> polars.DataFrame:
    """Run SQL in a database in memory that sees the tables and nothing else."""
    import duckdb

    with duckdb.connect(config=dict(CLOSED)) as connection:
        for table in TABLES.values():
            connection.register(table.name, TableStream(table, files[table.name]))
            connection.execute(";".join(comment_statements(table)))
        relation = cast("duckdb.DuckDBPyRelation | None", connection.sql(sql))
        if relation is None:
            raise WarehouseError("the SQL gives no rows; ask with SELECT, FROM, DESCRIBE, SUMMARIZE or SHOW")
        return without_decimals(relation.pl())
