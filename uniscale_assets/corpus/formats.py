"""JSON lines, Parquet and text files, read as a stream of documents. Whatever is wrong with them names file and row."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from uniscale_assets.corpus.documents import SourceDocument, check_id, check_text, derived_id, place_of
from uniscale_assets.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from pyarrow.parquet import ParquetFile

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
READ_AHEAD_BYTES = 1024 * 1024
# Rows decoded at a time. Web documents have some kilobytes; book-length ones still fit.
PARQUET_BATCH_ROWS = 128


def read_file(path: Path, name: str) -> Iterator[SourceDocument]:
    """The documents of one file, by its suffix: .jsonl, .ndjson or .txt (each also with .gz or .zst after it), or .parquet.

    JSON lines and Parquet take `text` and, where there is one, `id` (else the id is a hash of the text); other columns are
    ignored. A text file is one document, with ``name`` as its id.

    Args:
        path: the file.
        name: its id where it is one document.

    Raises:
        CorpusError: an unknown suffix, a file that is damaged or cut off, no column `text`, a row without text, text that
            is not a string or not UTF-8.
    """
    suffix = format_of(path)
    if suffix == ".txt":
        return read_text(path, name)
    if suffix not in ROW_READERS:
        known = ", ".join([*ROW_READERS, ".txt"])
        raise CorpusError(f"{path}: the suffix says no format; known are {known}, and .gz or .zst after all but .parquet")
    return ROW_READERS[suffix](path)


def format_of(path: Path) -> str:
    """The suffix that names the format, that of a compression taken off."""
    inner = Path(path.stem) if path.suffix in COMPRESSIONS else path
    return "" if path.suffix in COMPRESSIONS and inner.suffix == ".parquet" else inner.suffix


@contextmanager
def opened(path: Path) -> Generator[IO[bytes]]:
    """The bytes of a file, decompressed."""
    import pyarrow as pa

    if path.suffix in COMPRESSIONS and path.stat().st_size == 0:
        # Even no text at all has a header when it is compressed.
        raise EOFError("a compressed file without content")
    # Of the decompressors at hand Arrow's is the one that notices a cut-off zstd file.
    with pa.input_stream(str(path), compression=COMPRESSIONS.get(path.suffix), buffer_size=READ_AHEAD_BYTES) as stream:
        yield io.BufferedReader(stream, READ_AHEAD_BYTES)  # pyright: ignore[reportArgumentType]


@contextmanager
def readable(path: Path, last_row: Callable[[], int]) -> Generator[None]:
    """Turn what the operating system or Arrow has against a file into an error that names file and row."""
    import pyarrow as pa

    try:
        yield
    except (OSError, EOFError, pa.ArrowException) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CorpusError(
            f"{path}: not readable after row {last_row()}: {reason}; the file is damaged, cut off or not what its suffix says:"
            " get it again, or take it out"
        ) from error


def read_json_lines(path: Path) -> Iterator[SourceDocument]:
    """One JSON object a line; blank lines are passed over."""
    row = 0
    with readable(path, lambda: row), opened(path) as lines:
        for row, line in enumerate(lines, start=1):
            if line.strip():
                yield parse_json_row(line, str(path), row)


def parse_json_row(line: bytes, file: str, row: int) -> SourceDocument:
    """One line of JSON as a document."""
    place = place_of(file, row)
    content = parse_json(decode(line, place), place)
    if "text" not in content:
        raise CorpusError(f"{place}: no `text`; it has {', '.join(content) or 'no keys'}: rename the one that holds the text")
    text = check_text(content["text"], place)
    document_id = check_id(content["id"], place) if "id" in content else derived_id(text)
    return SourceDocument(document_id, text, file, row)


def parse_json(line: str, place: str) -> dict[str, Any]:
    """A JSON object."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{place}: no JSON: {error}; each line is one JSON object") from error
    if not isinstance(content, dict):
        raise CorpusError(f"{place}: a JSON {type(content).__name__}, not an object; each line is an object with a string `text`")
    return content


def decode(content: bytes, place: str) -> str:
    """UTF-8, or an error."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{place}: not UTF-8 at byte {error.start} (0x{content[error.start]:02x}); convert the file, e.g. with"
            " `iconv -f <its encoding> -t UTF-8`"
        ) from error


def read_text(path: Path, name: str) -> Iterator[SourceDocument]:
    """A whole file as one document."""
    with readable(path, lambda: 0), opened(path) as stream:
        content = stream.read()
    place = place_of(str(path), 1)
    yield SourceDocument(check_id(name, place), decode(content, place), str(path), 1)


def read_parquet(path: Path) -> Iterator[SourceDocument]:
    """Columns text and id of a Parquet file, some rows at a time."""
    from pyarrow.parquet import ParquetFile

    row = 0
    # A buffer makes Arrow read a row group page by page; without one it would hold the whole group.
    with readable(path, lambda: row), ParquetFile(path, pre_buffer=False, buffer_size=READ_AHEAD_BYTES) as file:
        columns = text_columns(file, path)
        for batch in file.iter_batches(PARQUET_BATCH_ROWS, columns=columns, use_threads=False):
            for values in decoded_rows(batch, columns, path, before=row):
                row += 1
                yield parquet_document(values, str(path), row)


def text_columns(file: ParquetFile, path: Path) -> list[str]:
    """`text`, and `id` where there is one, with types that can hold them."""
    import pyarrow.types as types

    schema = file.schema_arrow
    if "text" not in schema.names:
        raise CorpusError(f"{path}: no column `text`; it has {', '.join(schema.names) or 'none'}: rename the one that holds the text")
    type_of_text = schema.field("text").type
    if types.is_dictionary(type_of_text):
        type_of_text = type_of_text.value_type
    if not (types.is_string(type_of_text) or types.is_large_string(type_of_text) or types.is_string_view(type_of_text)):
        raise CorpusError(f"{path}: the column `text` is of type {type_of_text}, not string; write it as strings")
    return ["text", "id"] if "id" in schema.names else ["text"]


def decoded_rows(batch: Any, columns: list[str], path: Path, before: int) -> Iterator[tuple[object, ...]]:
    """The rows of a batch as Python values; ``before`` rows of the file stand before it."""
    for row in range(batch.num_rows):
        try:
            yield tuple(batch.column(name)[row].as_py() for name in columns)
        except UnicodeDecodeError as error:
            place = place_of(str(path), before + row + 1)
            raise CorpusError(f"{place}: not UTF-8 ({error.reason}); write the file again from UTF-8 text") from error


def parquet_document(values: tuple[object, ...], file: str, row: int) -> SourceDocument:
    """One row of a Parquet file as a document."""
    place = place_of(file, row)
    text = check_text(values[0], place)
    return SourceDocument(check_id(values[1], place) if len(values) > 1 else derived_id(text), text, file, row)


ROW_READERS: dict[str, Callable[[Path], Iterator[SourceDocument]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".parquet": read_parquet,
}
