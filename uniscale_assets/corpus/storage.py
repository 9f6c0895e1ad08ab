"""Documents in Parquet, written and read a few megabytes at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from uniscale_assets.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from pyarrow.parquet import ParquetFile

# A reader of many languages holds about one row group of each; a writer holds one. Small groups keep both small, and
# compress about as well as large ones.
ROW_GROUP_BYTES = 1024 * 1024
# Short documents are cut into groups by number, for what Arrow keeps besides the text.
ROW_GROUP_DOCUMENTS = 4096


def document_schema(*, with_language: bool) -> Any:
    """A `pyarrow.Schema`: columns id, text, bytes (UTF-8 bytes) and characters (Unicode scalar values); language before them."""
    import pyarrow as pa

    fields = [("id", pa.string()), ("text", pa.large_string()), ("bytes", pa.int64()), ("characters", pa.int64())]
    return pa.schema([("language", pa.string()), *fields] if with_language else fields)


class DocumentWriter:
    """Writes rows of ``document_schema`` to one Parquet file; the same rows give the same bytes."""

    def __init__(self, path: Path, *, with_language: bool = False) -> None:
        from pyarrow.parquet import ParquetWriter

        self.schema = document_schema(with_language=with_language)
        columns = self.schema.names
        self._writer = ParquetWriter(
            path,
            self.schema,
            compression="zstd",
            use_dictionary=cast("Any", ["language"] if with_language else False),
            write_statistics=cast("Any", [name for name in columns if name not in ("id", "text")]),
        )
        self._columns: list[list[Any]] = [[] for _ in columns]
        self._bytes = 0

    def add(self, row: Sequence[str | int], size: int) -> None:
        """Append one row, its values in the order of the schema; ``size`` is the UTF-8 bytes of its text."""
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)
        self._bytes += size
        if self._bytes >= ROW_GROUP_BYTES or len(self._columns[0]) >= ROW_GROUP_DOCUMENTS:
            self.flush()

    def flush(self) -> None:
        """Write the rows at hand as one row group."""
        import pyarrow as pa

        if self._columns[0]:
            arrays = [pa.array(column, field.type) for column, field in zip(self._columns, self.schema, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema))
            for column in self._columns:
                column.clear()
            self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._writer.close()


def open_documents(path: Path) -> ParquetFile:
    """Open a file of documents.

    Raises:
        ArtifactError: it is missing or damaged.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(path, memory_map=False, pre_buffer=False)
    except (OSError, pa.ArrowException) as error:
        raise ArtifactError(f"{path}: not readable as Parquet ({error}); materialize the artifact again") from error


def read_batches(path: Path, columns: Sequence[str]) -> Iterator[Any]:
    """`pyarrow.RecordBatch`es of some columns of a file of documents, at most one row group each.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    import pyarrow as pa

    with open_documents(path) as file:
        try:
            for group in range(file.num_row_groups):
                yield from file.iter_batches(ROW_GROUP_DOCUMENTS, row_groups=[group], columns=list(columns), use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise ArtifactError(f"{path}: damaged Parquet ({error}); materialize the artifact again") from error
