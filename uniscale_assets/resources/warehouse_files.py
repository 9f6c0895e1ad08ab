"""Files of the metric warehouse: their names, their content, and how they fail."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, unquote

from uniscale_assets.errors import WarehouseError
from uniscale_assets.resources.warehouse_rows import empty_rows
from uniscale_assets.tables import Table

if TYPE_CHECKING:
    import polars

FINGERPRINT_KEY = "uniscale.fingerprint"
REMOVED_KEY = "uniscale.removed"
LONGEST_NAME = 200  # bytes; file systems take 255, and a file that is being written has a name longer by 48
LEFTOVER_SECONDS = 24 * 3600
READ_ATTEMPTS = 3
PAUSE_SECONDS = 0.05

FilesByTable = dict[str, list[Path]]
FileState = tuple[int, int] | None
Result = TypeVar("Result")


def safe_name(text: str) -> str:
    """A file name for any text: percent-encoded, so that different texts have different names and ``original_name`` reads it back.

    Raises:
        WarehouseError: the text is empty, or too long for a file name.
    """
    name = quote(text, safe="")
    if name.startswith((".", "_")):  # hidden files, and the directory of the empty tables
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if not name or len(name) > LONGEST_NAME:
        raise WarehouseError(f"{text!r}: cannot be a file name; it takes 1 to {LONGEST_NAME} bytes, percent-encoded")
    return name


def original_name(path: Path) -> str:
    """The partition that a file is named after."""
    return unquote(path.name.removesuffix(".parquet"))


def parquet_bytes(rows: polars.DataFrame) -> bytes:
    """Rows as a Parquet file, with the first row's fingerprint in its foot."""
    fingerprint = rows["fingerprint"][0] if "fingerprint" in rows.columns and rows.height else None
    return with_metadata(rows, {FINGERPRINT_KEY: fingerprint or ""})


def removed_bytes(table: Table) -> bytes:
    """A Parquet file that stands for a partition that was removed.

    A file that vanished would fail whoever has listed it and is about to read it.
    """
    return with_metadata(empty_rows(table), {REMOVED_KEY: "true"})


def with_metadata(rows: polars.DataFrame, metadata: dict[str, str]) -> bytes:
    """Rows as a Parquet file with entries in its foot."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer, metadata=metadata)
    return buffer.getvalue()


def read_fingerprint(path: Path) -> str | None:
    """The fingerprint in a file's foot; None where the partition was removed."""
    import polars

    metadata = polars.read_parquet_metadata(path)
    if REMOVED_KEY in metadata:
        return None
    if FINGERPRINT_KEY not in metadata:
        raise OSError(f"its foot does not say {FINGERPRINT_KEY}")
    return metadata[FINGERPRINT_KEY]


def remove_leftovers(directory: Path) -> None:
    """Remove what a writer that was killed long ago left half written."""
    for path in directory.glob(".*.aside"):
        try:
            if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                path.unlink()
        except FileNotFoundError:  # its writer lives, or another sweeps too
            continue


def file_states(files: FilesByTable) -> list[FileState]:
    """State of every file: after another write it is another."""
    return [file_state(path) for paths in files.values() for path in paths]


def file_state(path: Path) -> FileState:
    """Inode and time of a file, or None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def read_failures() -> tuple[type[Exception], ...]:
    """What can go wrong in reading Parquet or in SQL."""
    import duckdb
    import polars
    import pyarrow

    return OSError, duckdb.Error, pyarrow.ArrowException, polars.exceptions.PolarsError


def read_steadily(listed: Callable[[], FilesByTable], read: Callable[[FilesByTable], Result], attempts: int = READ_ATTEMPTS) -> Result:
    """Read listed files; again where one was replaced meanwhile, since who scans it twice sees its old rows and its new ones.

    Where writers never rest, the last attempt's result has to do: each scan of it is whole.

    Raises:
        WarehouseError: reading failed though no file changed, or too often.
    """
    files = listed()
    before = file_states(files)

    def steady() -> bool:
        return None not in before and file_states(files) == before

    try:
        result = read(files)
        if attempts <= 1 or steady():
            return result
    except read_failures() as error:
        if attempts <= 1 or steady():
            raise WarehouseError(str(error)) from error
    time.sleep(PAUSE_SECONDS)
    return read_steadily(listed, read, attempts - 1)


@contextmanager
def failures_named(path: Path, what: str) -> Generator[None]:
    """Say which file failed, and what that means."""
    try:
        yield
    except read_failures() as error:
        raise WarehouseError(f"{path}: {what}: {error}") from error
