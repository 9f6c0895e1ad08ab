"""Rows that fit their table: the columns of ``tables.py``, no more and no fewer, in their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.errors import WarehouseError
from uniscale_assets.tables import TABLES, Column, Table

if TYPE_CHECKING:
    import polars
    import pyarrow


def table_named(name: str) -> Table:
    """The definition of a metric table.

    Raises:
        WarehouseError: there is none of that name.
    """
    if name not in TABLES:
        raise WarehouseError(f"{name}: no such metric table; there are {', '.join(TABLES)}")
    return TABLES[name]


def arrow_schema(table: Table) -> pyarrow.Schema:
    """A table's columns as Arrow has them."""
    import pyarrow

    types = {"VARCHAR": pyarrow.large_string(), "BIGINT": pyarrow.int64(), "DOUBLE": pyarrow.float64(), "BOOLEAN": pyarrow.bool_()}
    return pyarrow.schema([pyarrow.field(column.name, types[column.type]) for column in table.columns])


def polars_type(column: Column) -> polars.DataType:
    """A column's type as polars has it."""
    import polars

    types = {"VARCHAR": polars.String(), "BIGINT": polars.Int64(), "DOUBLE": polars.Float64(), "BOOLEAN": polars.Boolean()}
    return types[column.type]


def empty_rows(table: Table) -> polars.DataFrame:
    """No rows, all columns."""
    import polars

    return polars.DataFrame(schema={column.name: polars_type(column) for column in table.columns})


def fitted_rows(table: Table, study: str, frame: polars.DataFrame) -> polars.DataFrame:
    """The rows with their columns in the table's order and types.

    Integers of every width become BIGINT, integers and floats of every width DOUBLE; a column without any value takes the type it
    should have. Nothing else is converted.

    Raises:
        WarehouseError: names the table and the column: missing, unknown, of another type, or rows of another study.
    """
    refuse_other_columns(table, frame)
    fitted = frame.select([fitted_column(table, column, frame[column.name]) for column in table.columns])
    strangers = fitted["study"].unique().drop_nulls().to_list()
    if fitted["study"].null_count() or strangers not in ([], [study]):
        raise WarehouseError(f"{table.name}.study: every row has to say {study!r}; there is {strangers or 'no value'}")
    return fitted


def refuse_other_columns(table: Table, frame: polars.DataFrame) -> None:
    """Raise where columns are missing or unknown."""
    missing = [name for name in table.column_names if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in table.column_names]
    if missing or unknown:
        faults = [f"{kind} {', '.join(names)}" for kind, names in (("missing", missing), ("unknown", unknown)) if names]
        raise WarehouseError(f"{table.name}: columns do not fit: {'; '.join(faults)}. tables.py lists what it has")


def fitted_column(table: Table, column: Column, values: polars.Series) -> polars.Series:
    """One column in the type it should have, without loss."""
    import polars

    wanted, given = polars_type(column), values.dtype
    fits = {
        "VARCHAR": isinstance(given, polars.String | polars.Categorical | polars.Enum),
        "BIGINT": given.is_integer(),
        "DOUBLE": given.is_float() or given.is_integer(),
        "BOOLEAN": given == polars.Boolean,
    }[column.type]
    if not fits and given != polars.Null:
        raise WarehouseError(f"{table.name}.{column.name}: is {given}, has to be {column.type}")
    try:
        return values.cast(wanted, strict=True)
    except polars.exceptions.InvalidOperationError as error:
        raise WarehouseError(f"{table.name}.{column.name}: a value does not fit into {column.type}: {error}") from error


def without_decimals(frame: polars.DataFrame) -> polars.DataFrame:
    """DuckDB's decimals as numbers that every format can print: whole ones as Int64 where they fit, others as Float64."""
    import polars

    def number(values: polars.Series, scale: int) -> polars.Series:
        whole = values.cast(polars.Int64, strict=False)
        exact = scale == 0 and whole.null_count() == values.null_count()
        return whole if exact else values.cast(polars.Float64)

    kinds = frame.schema.items()
    return frame.with_columns([number(frame[name], kind.scale) for name, kind in kinds if isinstance(kind, polars.Decimal)])
