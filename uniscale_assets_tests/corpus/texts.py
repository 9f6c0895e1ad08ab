"""What the tests of this room share: files in every format, and corpora built from them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from uniscale_assets.corpus.build import build_documents
from uniscale_assets.corpus.ledger import LanguageLedger
from uniscale_assets.corpus.spec import SPLITS, CorpusSpec

# What a reader is tempted to change: line ends, blanks, decomposed letters, controls, a byte order mark, a line separator.
NASTY_TEXTS = [
    "plain",
    " blanks at both ends \n\n",
    "line\r\nends\rof\nall kinds\u2028and\x85these",
    "cafe\u0301 and café",
    "nul \0 and bell \a",
    "\ufeffbyte order mark",
    "emoji 👩‍👩‍👧 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "\t",
    "العربية हिन्दी 日本語",
    '{"text": "looks like JSON"}',
]


def rows_of(texts: Iterable[str]) -> list[dict[str, Any]]:
    """Rows with ids document-0, document-1, ..."""
    return [{"id": f"document-{number}", "text": text} for number, text in enumerate(texts)]


def many_rows(count: int, prefix: str = "document") -> list[dict[str, Any]]:
    """Rows of 40 to 440 bytes, each text different."""
    return [{"id": f"{prefix}-{number}", "text": f"{prefix} {number}: " + "word " * (5 + number * 7919 % 80)} for number in range(count)]


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows in the format of the suffix."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = list(rows)
    if path.suffix == ".parquet":
        write_table(pa.Table.from_pylist(rows), path, row_group_size=3)
        return path
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    return write_bytes(path, content)


def write_bytes(path: Path, content: bytes) -> Path:
    """Write bytes, compressed as the suffix says."""
    import pyarrow as pa

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    elif path.suffix == ".zst":
        with pa.output_stream(str(path), compression="zstd") as stream:
            stream.write(content)
    else:
        path.write_bytes(content)
    return path


def files_spec(files: Mapping[str, Path | str], **more: Any) -> CorpusSpec:
    """A corpus of the user's files."""
    return CorpusSpec(source="files", languages=tuple(files), files={code: str(path) for code, path in files.items()}, **more)


def build(spec: CorpusSpec, language: str, output: Path) -> LanguageLedger:
    """Build one language into a new directory."""
    output.mkdir(parents=True)
    return build_documents(spec, language, output)


def build_all(spec: CorpusSpec, output: Path) -> dict[str, Path]:
    """Build every language; directories by language."""
    for language in spec.languages:
        build(spec, language, output / language)
    return {language: output / language for language in spec.languages}


def read_split(directory: Path, split: str) -> list[dict[str, Any]]:
    """Rows of one split, in stored order."""
    from pyarrow.parquet import read_table

    return read_table(directory / f"{split}.parquet").to_pylist()


def read_all(directory: Path) -> dict[str, str]:
    """Texts of all splits, by id."""
    return {row["id"]: row["text"] for split in SPLITS for row in read_split(directory, split)}
