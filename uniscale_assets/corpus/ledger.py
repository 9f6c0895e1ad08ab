"""Exact counts of the text: what was read, what was dropped, what each split holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SerializerFunctionWrapHandler, ValidationError, model_serializer

from uniscale_assets.corpus.spec import SPLITS, SplitName
from uniscale_assets.errors import ArtifactError
from uniscale_assets.files import write_text
from uniscale_assets.specification import Specification

if TYPE_CHECKING:
    from pathlib import Path

LedgerType = TypeVar("LedgerType", bound=Specification)
LEDGER_FILE = "ledger.json"
MIXTURE_FILE = "mixture.json"


class Counts(Specification):
    """Documents, their UTF-8 bytes and their Unicode scalar values."""

    documents: int = 0
    bytes: int = 0
    characters: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            documents=self.documents + other.documents, bytes=self.bytes + other.bytes, characters=self.characters + other.characters
        )


@dataclass
class Tally:
    """Counts while they grow, one document at a time."""

    documents: int = 0
    bytes: int = 0
    characters: int = 0

    def add(self, size: int, characters: int) -> None:
        """One more document of ``size`` bytes."""
        self.documents += 1
        self.bytes += size
        self.characters += characters

    def counts(self) -> Counts:
        """As they stand."""
        return Counts(documents=self.documents, bytes=self.bytes, characters=self.characters)


class LanguageLedger(Specification):
    """The text of one language. read = duplicates + near-duplicates + unassigned + all splits; empty documents are not counted
    as read. near_duplicates is None, and not written, where the study does not look for them."""

    language: str
    source: str
    read: Counts
    duplicates: Counts
    empty_documents: int
    unassigned: Counts
    splits: dict[SplitName, Counts]
    near_duplicates: Counts | None = None

    @model_serializer(mode="wrap")
    def _without_unused(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_none(serialize(self), "near_duplicates")

    @property
    def total(self) -> Counts:
        """All splits together."""
        return sum((self.splits[split] for split in SPLITS), Counts())


class EvaluationCounts(Specification):
    """Evaluation text that training text was held against: documents, and those with too few words to share any n-gram."""

    documents: int = 0
    too_short: int = 0


class DecontaminationLedger(Specification):
    """Training documents that share an n-gram with evaluation text, by split and language; ``removed`` from the mixture or not."""

    removed: bool
    against: dict[str, EvaluationCounts]
    found: dict[SplitName, dict[str, Counts]]


class MixtureLedger(Specification):
    """What a mixture takes: counts by split and language, and the bytes that were asked of each split (null: all).

    decontamination is None, and not written, where the study does not ask for it.
    """

    asked_bytes: dict[SplitName, int | None]
    splits: dict[SplitName, dict[str, Counts]]
    decontamination: DecontaminationLedger | None = None

    @model_serializer(mode="wrap")
    def _without_unused(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_none(serialize(self), "decontamination")

    def total(self, split: SplitName) -> Counts:
        """One split over all languages."""
        return sum(self.splits[split].values(), Counts())


def without_none(content: dict[str, Any], key: str) -> dict[str, Any]:
    """A ledger without a part that its study does not have: then it is what it was before there was such a part."""
    return {name: value for name, value in content.items() if name != key or value is not None}


def write_ledger(path: Path, ledger: Specification) -> None:
    """Write a ledger as JSON, one value a line."""
    write_text(path, ledger.model_dump_json(indent=1) + "\n")


def read_ledger(directory: Path) -> LanguageLedger:
    """The ledger in a directory of documents.

    Raises:
        ArtifactError: there is none, or it is not one.
    """
    return parse_ledger(LanguageLedger, directory / LEDGER_FILE)


def read_mixture_ledger(directory: Path) -> MixtureLedger:
    """The ledger in a directory of a mixture.

    Raises:
        ArtifactError: there is none, or it is not one.
    """
    return parse_ledger(MixtureLedger, directory / MIXTURE_FILE)


def parse_ledger(kind: type[LedgerType], path: Path) -> LedgerType:
    """A ledger of that kind, or ``ArtifactError``."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactError(f"{path}: no ledger: {error}; materialize the artifact again") from error
