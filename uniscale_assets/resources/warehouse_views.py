"""``metrics.duckdb``: views over the metric tables' Parquet files, and nothing else, for whoever likes to open a file.

The warehouse itself never opens it, so a user may hold it open, to read or to write, for as long as they like. Views name files by
absolute path: the file is built again, beside, and swapped in by rename, when the home has moved or a table has other columns.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from uniscale_assets.files import hash_of, replaced_file, write_text
from uniscale_assets.resources.warehouse_rows import empty_rows
from uniscale_assets.tables import TABLES, Table

DATABASE = "metrics.duckdb"
# No study is called so: names of studies and partitions are escaped where they begin with an underscore.
SCHEMA_DIRECTORY = "_schema"
# Raise when the views change for the same tables.
VIEWS_VERSION = 1


def ensure_views(home: Path) -> Path:
    """Path of an up-to-date ``metrics.duckdb`` under ``home``; built only where it is not there or not up to date."""
    database, state = home / DATABASE, home / "tables" / "views.json"
    wanted = json.dumps({"home": str(home), "views": views_hash()})
    if not (database.exists() and read_state(state) == wanted):
        write_empty_tables(home)
        build_database(home, database)
        write_text(state, wanted)
    return database


def read_state(path: Path) -> str:
    """What the views that exist were built for; empty where nobody knows."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@cache
def views_hash() -> str:
    """Hash of everything but the home that the views depend on."""
    columns = {table.name: [[column.name, column.type, column.comment] for column in table.columns] for table in TABLES.values()}
    return hash_of([VIEWS_VERSION, {table.name: table.comment for table in TABLES.values()}, columns])


def write_empty_tables(home: Path) -> None:
    """One file without rows for each table: a view over no file at all is an error."""
    for table in TABLES.values():
        with replaced_file(home / "tables" / table.name / SCHEMA_DIRECTORY / "empty.parquet") as aside:
            empty_rows(table).write_parquet(aside)


def build_database(home: Path, database: Path) -> None:
    """Write the views into a new file and rename it to ``database``."""
    import duckdb

    with replaced_file(database) as aside:
        with duckdb.connect(str(aside)) as connection:
            for table in TABLES.values():
                for statement in view_statements(home, table):
                    connection.execute(statement)
        # What someone wrote into the old file and DuckDB has not folded in: the new file would not open beside it.
        database.with_name(f"{database.name}.wal").unlink(missing_ok=True)


def view_statements(home: Path, table: Table) -> list[str]:
    """SQL that makes the view of a table."""
    columns = ", ".join(f'CAST("{column.name}" AS {column.type}) AS "{column.name}"' for column in table.columns)
    files = quoted(f"{literal_pattern(str(home / 'tables' / table.name))}/*/*.parquet")
    # By name: a file from before a column was added has no value there, and is no error.
    view = f'CREATE VIEW "{table.name}" AS SELECT {columns} FROM read_parquet({files}, union_by_name = true)'  # noqa: S608 - names are ours
    return [view, *comment_statements(table)]


def comment_statements(table: Table) -> list[str]:
    """SQL that says what a view and its columns mean."""
    comments = [f'COMMENT ON COLUMN "{table.name}"."{column.name}" IS {quoted(column.comment)}' for column in table.columns]
    return [f'COMMENT ON VIEW "{table.name}" IS {quoted(table.comment)}', *comments]


def literal_pattern(path: str) -> str:
    """A glob pattern that matches this path and no other."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)


def quoted(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"
