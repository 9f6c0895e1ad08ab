"""Where text comes from: three sources behind one function, each a stream of documents."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.corpus.formats import read_file
from uniscale_assets.errors import CorpusError
from uniscale_assets.files import hash_file, hash_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uniscale_assets.corpus.documents import SourceDocument
    from uniscale_assets.corpus.spec import CorpusSpec


def read_source(spec: CorpusSpec, language: str, cache: Path) -> Iterator[SourceDocument]:
    """The documents of one language, up to the one that reaches ``spec.bytes_per_language`` bytes of text.

    Args:
        spec: which source, and where.
        language: one of ``spec.languages``.
        cache: directory where what is downloaded stays between attempts.

    Raises:
        CorpusError: there is no text of that language, or some of it is wrong; names file and row.
        DownloadError: the hub cannot be read.
    """
    size = 0
    for document in stream_source(spec, language, cache):
        yield document
        size += len(document.text.encode())
        if spec.bytes_per_language is not None and size >= spec.bytes_per_language:
            return


def stream_source(spec: CorpusSpec, language: str, cache: Path) -> Iterator[SourceDocument]:
    """The documents of one language, all of them."""
    if streams_from_hub(spec):
        from uniscale_assets.corpus.hub import stream_subset

        return stream_subset(language, limit=spec.bytes_per_language, cache=cache)
    return read_files(source_files(spec, language))


def streams_from_hub(spec: CorpusSpec) -> bool:
    """Whether the text is downloaded rather than read from files."""
    return spec.source == "fineweb2" and spec.directory is None


def source_files(spec: CorpusSpec, language: str) -> dict[str, Path]:
    """The files of one language by name, in the order of their names.

    Raises:
        CorpusError: there are none; says what was looked for.
    """
    if spec.source == "embedded":
        return embedded_file(language)
    if spec.source == "files":
        return matching_files(*split_glob((spec.files or {})[language]), f"files.{language}")
    # The test part of FineWeb-2 is not read: splits are made here, by id.
    return matching_files(Path(spec.directory or ".") / "data" / language / "train", "*.parquet", f"directory, language {language}")


def read_files(files: dict[str, Path]) -> Iterator[SourceDocument]:
    """Every document of some files."""
    for name, path in files.items():
        yield from read_file(path, name)


def split_glob(pattern: str) -> tuple[Path, str]:
    """The fixed directory that a glob begins with, and the rest."""
    parts = Path(pattern).parts
    fixed = next((place for place, part in enumerate(parts) if any(sign in part for sign in "*?[")), len(parts) - 1)
    return Path(*parts[:fixed]), str(Path(*parts[fixed:]))


def matching_files(base: Path, pattern: str, key: str) -> dict[str, Path]:
    """Files below ``base`` that match a glob (`**` is any folders), by path from ``base``: the same names on every machine.

    Raises:
        CorpusError: none matches.
    """
    files = {path.relative_to(base).as_posix(): path for path in base.glob(pattern) if path.is_file()}
    if not files:
        raise CorpusError(f"{key}: no file matches {base / pattern}; correct the path, or take the language out of `languages`")
    return dict(sorted(files.items()))


def embedded_directory() -> Path:
    """The text that ships with the package."""
    return Path(str(resources.files("uniscale_assets"))) / "data"


def embedded_file(language: str) -> dict[str, Path]:
    """The file of one language in the embedded corpus."""
    files = {path.name.partition(".")[0]: path for path in sorted((embedded_directory() / "corpus").glob("*.jsonl.gz"))}
    if language not in files:
        raise CorpusError(
            f"languages: the embedded corpus has no {language}; it has {', '.join(files)}; take it out, or use your own `files`"
        )
    return {files[language].name: files[language]}


def source_fingerprint(spec: CorpusSpec, language: str) -> str:
    """SHA-256 (hex) of what the text of a language is read from; a different value means the text may be different.

    Of the embedded corpus it is over its content; of files over names, sizes and times of change, so that asking does not
    read them; of the hub over the repository and subset.

    Raises:
        CorpusError: there are no files.
    """
    if streams_from_hub(spec):
        from uniscale_assets.corpus.hub import subset_of

        return hash_of([spec.source, language, str(subset_of(language))])
    files = source_files(spec, language)
    if spec.source == "embedded":
        return hash_of([spec.source, language, [hash_file(path) for path in files.values()]])
    states = [(name, path.stat()) for name, path in files.items()]
    return hash_of([spec.source, language, [[name, state.st_size, state.st_mtime_ns] for name, state in states]])
