"""FineWeb-2 (and FineWeb for English) from the Hugging Face hub: streamed, kept in parts, resumed where it broke off."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic import Field, ValidationError

from uniscale_assets.corpus.documents import SourceDocument, check_id, check_text, place_of
from uniscale_assets.corpus.formats import read_parquet
from uniscale_assets.corpus.storage import DocumentWriter
from uniscale_assets.errors import ArtifactError, DownloadError
from uniscale_assets.files import replaced_file, write_text
from uniscale_assets.specification import Specification

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What an interruption can lose.
PART_BYTES = 32 * 1024 * 1024
PROGRESS_FILE = "progress.json"


@dataclass(frozen=True)
class Subset:
    """A named subset of a dataset on the hub."""

    repository: str
    name: str

    def __str__(self) -> str:
        return f"{self.repository} {self.name}"


def subset_of(language: str) -> Subset:
    """Where the text of a language lies. FineWeb-2 has no English; of FineWeb its random sample of 10 billion tokens is taken,
    because the whole is ordered by crawl and its beginning would be one year's web."""
    if language == "eng_Latn":
        return Subset("HuggingFaceFW/fineweb", "sample-10BT")
    return Subset("HuggingFaceFW/fineweb-2", language)


class DownloadedPart(Specification):
    """One file of downloaded documents."""

    file: str
    documents: int
    bytes: int


class Progress(Specification):
    """How far a download has come: parts on disk, and where the stream goes on (`IterableDataset.state_dict`)."""

    revision: str
    reader: str = Field(description="version of `datasets` that the state belongs to")
    state: dict[str, Any] | None = None
    parts: tuple[DownloadedPart, ...] = ()
    complete: bool = False

    @property
    def bytes(self) -> int:
        """UTF-8 bytes of text on disk."""
        return sum(part.bytes for part in self.parts)

    @property
    def documents(self) -> int:
        """Documents on disk."""
        return sum(part.documents for part in self.parts)

    def suffices(self, limit: int | None) -> bool:
        """Whether there is nothing more to download for so many bytes."""
        return self.complete or (limit is not None and self.bytes >= limit)


def stream_subset(language: str, *, limit: int | None, cache: Path) -> Iterator[SourceDocument]:
    """The documents of a language, at least ``limit`` bytes of text if there are so many.

    What is not in the cache yet is downloaded first, from the revision that the cache was begun with. An interrupted
    download goes on after its last whole part. Within the file of the hub that was under way, `datasets` reads from the
    start again and skips.

    Args:
        language: FineWeb-2's name, or eng_Latn.
        limit: bytes of text; None for the whole subset.
        cache: directory that outlives an attempt.

    Raises:
        DownloadError: the hub cannot be read.
        CorpusError: a row there has no text.
    """
    subset = subset_of(language)
    directory = cache / f"{subset.repository}-{subset.name}".replace("/", "-")
    progress = read_progress(directory)
    if progress is None or not progress.suffices(limit):
        progress = download(subset, directory, progress, limit)
    for part in progress.parts:
        yield from read_parquet(directory / part.file)


def read_progress(directory: Path) -> Progress | None:
    """What an earlier attempt left; None where there was none.

    Raises:
        ArtifactError: the file is damaged.
    """
    path = directory / PROGRESS_FILE
    if not path.exists():
        return None
    try:
        return Progress.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ArtifactError(f"{path}: not readable: {error}; remove {directory} to download again") from error


def download(subset: Subset, directory: Path, progress: Progress | None, limit: int | None) -> Progress:
    """Download part by part until it suffices; every part is on disk before the progress says so."""
    from datasets import __version__ as reader

    if progress is None:
        progress = Progress(revision=latest_revision(subset), reader=reader)
    dataset = open_stream(subset, progress.revision)
    documents = resumed_documents(subset, dataset, progress, reader)
    while not progress.suffices(limit):
        part = fetch_part(documents, directory, PART_BYTES if limit is None else min(PART_BYTES, limit - progress.bytes))
        parts = (*progress.parts, part) if part.documents else progress.parts
        enough = part.bytes >= PART_BYTES or (limit is not None and progress.bytes + part.bytes >= limit)
        progress = Progress(revision=progress.revision, reader=reader, state=dataset.state_dict(), parts=parts, complete=not enough)
        write_text(directory / PROGRESS_FILE, progress.model_dump_json(indent=1))
    return progress


def resumed_documents(subset: Subset, dataset: Any, progress: Progress, reader: str) -> Iterator[SourceDocument]:
    """The documents after those on disk."""
    if progress.state is None:
        return hub_documents(subset, dataset, 0)
    if progress.reader == reader:
        dataset.load_state_dict(progress.state)
        return hub_documents(subset, dataset, progress.documents)
    # What a state looks like is an affair of each version of `datasets`. Reading again from the start always works.
    return islice(hub_documents(subset, dataset, 0), progress.documents, None)


def fetch_part(documents: Iterator[SourceDocument], directory: Path, enough: int) -> DownloadedPart:
    """Write documents to a new file until it holds ``enough`` bytes of text, or there are no more."""
    # A name of its own for each attempt: two at the same time do not write over each other's parts.
    path = directory / f"{uuid4().hex}.parquet"
    count = size = 0
    with replaced_file(path) as aside, DocumentWriter(aside) as writer:
        for document in documents:
            length = len(document.text.encode())
            writer.add((document.id, document.text, length, len(document.text)), length)
            count, size = count + 1, size + length
            if size >= enough:
                break
    if not count:
        path.unlink()
    return DownloadedPart(file=path.name, documents=count, bytes=size)


def hub_documents(subset: Subset, dataset: Any, before: int) -> Iterator[SourceDocument]:
    """The rows of a stream from where it stands; ``before`` of them were read earlier."""
    rows = iter(dataset)
    row = before
    while True:
        try:
            content = next(rows, None)
        except Exception as error:  # Hub, HTTP, Arrow and datasets each raise their own kinds.
            raise hub_error(subset, f"broke off after {row} documents", error) from error
        if content is None:
            return
        row += 1
        place = place_of(str(subset), row)
        yield SourceDocument(check_id(content.get("id"), place), check_text(content.get("text"), place), str(subset), row)


def latest_revision(subset: Subset) -> str:
    """The commit that the repository's main branch is at."""
    from huggingface_hub import HfApi

    try:
        return str(HfApi().dataset_info(subset.repository).sha)
    except Exception as error:
        raise hub_error(subset, "not found", error) from error


def open_stream(subset: Subset, revision: str) -> Any:
    """The subset as a `datasets.IterableDataset` of id and text; nothing of it is read yet."""
    from datasets import load_dataset

    try:
        return load_dataset(subset.repository, subset.name, split="train", revision=revision, streaming=True, columns=["id", "text"])
    except Exception as error:
        raise hub_error(subset, "cannot be opened", error) from error


def hub_error(subset: Subset, what: str, error: Exception) -> DownloadError:
    """An error that says what to do about the hub."""
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return DownloadError(
        f"{subset} on the Hugging Face hub: {what}: {reason}; materialize again to go on from there,"
        " or give a local copy as corpus.directory (data/<language>/train/*.parquet)"
    )
