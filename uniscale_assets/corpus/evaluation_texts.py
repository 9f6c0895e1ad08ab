"""Evaluation text from outside the corpus: the user's local files, such as the items of a benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uniscale_assets.corpus.documents import check_encodable, place_of
from uniscale_assets.corpus.formats import ROW_READERS, decode, format_of, opened, parse_json, read_file, readable
from uniscale_assets.corpus.sources import matching_files, split_glob

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from uniscale_assets.corpus.spec import DecontaminationSpec

JSON_LINES = frozenset(suffix for suffix in ROW_READERS if suffix != ".parquet")


def evaluation_files(pattern: str) -> dict[str, Path]:
    """The files that one path or glob of ``decontamination.against`` names, by name.

    Raises:
        CorpusError: there are none.
    """
    return matching_files(*split_glob(pattern), "decontamination.against")


def evaluation_state(spec: DecontaminationSpec) -> list[Any]:
    """What stands for the evaluation text in a fingerprint: names of splits; names, sizes and times of change of files."""
    states = [(name, path.stat()) for pattern in spec.paths for name, path in evaluation_files(pattern).items()]
    return [*spec.splits, *([name, state.st_size, state.st_mtime_ns] for name, state in states)]


def read_items(path: Path, name: str) -> Iterator[tuple[str, str]]:
    """Id and text of every item of a file: of JSON lines all strings of a row, joined by line ends; else as ``read_file`` does.

    Raises:
        CorpusError: the file is damaged, or of a format that is not known; names file and row.
    """
    if format_of(path) not in JSON_LINES:
        yield from ((document.id, document.text) for document in read_file(path, name))
        return
    row = 0
    with readable(path, lambda: row), opened(path) as lines:
        for row, line in enumerate(lines, start=1):
            if line.strip():
                place = place_of(str(path), row)
                content = parse_json(decode(line, place), place)
                text = check_encodable("\n".join(strings_of(content)), "row", place)
                yield str(content.get("id", f"row {row}")), text


def strings_of(value: object) -> Iterator[str]:
    """Every string in a JSON value, in its order; keys are not text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in cast("dict[str, object]", value).values():
            yield from strings_of(part)
    elif isinstance(value, list):
        for part in cast("list[object]", value):
            yield from strings_of(part)
