"""From a source to the documents of one language: without duplicates, split, counted, in a fixed order."""

from __future__ import annotations

import errno
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from uniscale_assets.corpus.deduplication import Deduplicator, StoredDocument
from uniscale_assets.corpus.ledger import LEDGER_FILE, Counts, LanguageLedger, Tally, read_ledger, write_ledger
from uniscale_assets.corpus.near_duplicates import NEAR_DUPLICATES_FILE, NearDuplicates
from uniscale_assets.corpus.sources import read_source
from uniscale_assets.corpus.spec import SPLITS, CorpusSpec, SplitFractions, SplitName
from uniscale_assets.corpus.splits import split_of
from uniscale_assets.corpus.storage import DocumentWriter
from uniscale_assets.errors import CorpusError, DiskFullError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

__all__ = ["build_documents", "read_ledger"]


def build_documents(spec: CorpusSpec, language: str, output: Path, *, cache: Path | None = None) -> LanguageLedger:
    """Read one language and write a Parquet file for each split, and ``ledger.json``.

    The text is never changed. Empty documents are passed over, exact duplicates dropped (the smallest id stays), both are
    counted. Rows are in the order of ``order_key``, so the same documents give the same files whatever order they come in.
    Memory does not grow with the text; disk space of about twice the text is used under ``output`` while it runs. Where
    ``spec.near_duplicates`` asks for it, near-duplicates are dropped, counted and listed too; see `near_duplicates.py`.

    Args:
        spec: the study's corpus.
        language: one of ``spec.languages``.
        output: an existing empty directory; gets ``<split>.parquet`` (id, text, bytes, characters) and ``ledger.json``, and
            ``near_duplicates.parquet`` (kept, dropped, similarity) where they are looked for.
        cache: where a download stays between attempts; without it a download starts over.

    Returns:
        Exact counts, also by split.

    Raises:
        CorpusError: the language has no text, or some of it is wrong; names file and row.
        DownloadError: the hub cannot be read.
        DiskFullError: no space left.
    """
    with disk_space(output), TemporaryDirectory(prefix=".scratch-", dir=output) as scratch:
        deduplicator = Deduplicator(language, Path(scratch))
        documents = deduplicator.run(read_source(spec, language, cache or Path(scratch) / "cache"))
        near = NearDuplicates(spec.near_duplicates, language, Path(scratch)) if spec.near_duplicates else None
        if near is not None:
            documents = near.run(documents, lambda name: split_of(name, spec.splits) is not None, output / NEAR_DUPLICATES_FILE)
        splits, unassigned = write_splits(documents, spec.splits, output)
        if not deduplicator.read.documents:
            raise CorpusError(
                f"{language}: no text in the source {spec.source!r}: {deduplicator.empty_documents} documents, all of them empty"
            )
        ledger = LanguageLedger(
            language=language,
            source=spec.source,
            read=deduplicator.read.counts(),
            duplicates=deduplicator.duplicates.counts(),
            empty_documents=deduplicator.empty_documents,
            unassigned=unassigned,
            splits=splits,
            near_duplicates=near.dropped.counts() if near else None,
        )
        write_ledger(output / LEDGER_FILE, ledger)
        return ledger


def write_splits(documents: Iterable[StoredDocument], fractions: SplitFractions, output: Path) -> tuple[dict[SplitName, Counts], Counts]:
    """Write each document to the file of its split; counts by split, and of those that no split takes."""
    counts: dict[SplitName | None, Tally] = {split: Tally() for split in (*SPLITS, None)}
    with ExitStack() as stack:
        writers = {split: stack.enter_context(DocumentWriter(output / f"{split}.parquet")) for split in SPLITS}
        for document in documents:
            split = split_of(document.id, fractions)
            text = document.text.decode()
            counts[split].add(len(document.text), len(text))
            if split is not None:
                writers[split].add((document.id, text, len(document.text), len(text)), len(document.text))
    return {split: counts[split].counts() for split in SPLITS}, counts[None].counts()


@contextmanager
def disk_space(output: Path) -> Generator[None]:
    """Turn a full disk into an error that says what to do.

    Raises:
        DiskFullError: the disk, or the user's quota, is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFullError(
            f"{output}: no space left on the disk; free some (building takes about three times the text),"
            " or set UNISCALE_HOME to a larger one"
        ) from error
