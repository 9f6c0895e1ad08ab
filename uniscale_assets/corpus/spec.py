"""What a study says about its text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from uniscale_assets.corpus.languages import LANGUAGE_SETS
from uniscale_assets.specification import Specification

SPLITS = ("tokenizer", "train", "validation", "test")
SplitName = Literal["tokenizer", "train", "validation", "test"]
LANGUAGE_CODE = re.compile(r"^[a-z]{3}_[A-Z][a-z]{3}$")


def expand_sets(names: tuple[str, ...]) -> tuple[str, ...]:
    """Language codes, with the names of sets replaced by their members."""
    return tuple(code for name in names for code in LANGUAGE_SETS.get(name, (name,)))


class SplitFractions(Specification):
    """Shares of the documents, by a hash of the document id; they add up to at most 1."""

    tokenizer: float = Field(default=0.2, gt=0, lt=1, description="text that tokenizers are trained on")
    train: float = Field(default=0.7, gt=0, lt=1, description="text that models are trained on")
    validation: float = Field(default=0.05, gt=0, lt=1, description="text for tuning, and for bytes per token")
    test: float = Field(default=0.05, gt=0, lt=1, description="text that is scored")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        total = self.tokenizer + self.train + self.validation + self.test
        if total > 1 + 1e-9:
            raise ValueError(f"the splits add up to {total:.4g}; they may add up to 1 at most")
        return self


class SplitBytes(Specification):
    """Bytes to take of each split over all languages, in whole documents and so from below; null takes all there is, unmixed."""

    tokenizer: int | None = Field(default=None, gt=0)
    train: int | None = Field(default=None, gt=0)
    validation: int | None = Field(default=None, gt=0)
    test: int | None = Field(default=None, gt=0)


class MixingSpec(Specification):
    """How languages share a split: byte quotas proportional to size^(1/temperature), one share capped."""

    temperature: float = Field(default=3.0, ge=1, description="1 takes by size; the larger, the more evenly")
    largest_share: float = Field(default=0.5, gt=0, le=1, description="of one language; an even share is always allowed")


class CorpusSpec(Specification):
    """Where the text comes from and how it is divided."""

    source: Literal["embedded", "files", "fineweb2"]
    languages: Annotated[tuple[str, ...], AfterValidator(expand_sets)] = Field(
        min_length=1, description="codes such as eng_Latn, or one named set such as [L20]"
    )
    files: dict[str, str] | None = Field(default=None, description="source `files`: a glob for each language; see `formats.read_file`")
    directory: Path | None = Field(
        default=None, description="source `fineweb2`: a local copy in the hub's layout; null streams from the hub"
    )
    bytes_per_language: int | None = Field(default=None, gt=0, description="stop reading a language here, in the order of its files")
    splits: SplitFractions = SplitFractions()
    bytes: SplitBytes = SplitBytes()
    mixing: MixingSpec = MixingSpec()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for code in self.languages:
            if not LANGUAGE_CODE.match(code):
                raise ValueError(f"languages: {code!r} is no code like eng_Latn, nor a set ({', '.join(LANGUAGE_SETS)})")
        repeated = sorted({code for code in self.languages if self.languages.count(code) > 1})
        if repeated:
            raise ValueError(f"languages: named twice: {', '.join(repeated)}")
        if self.source == "files":
            missing = sorted(set(self.languages) - set(self.files or {}))
            if missing:
                raise ValueError(f"files: a glob is missing for {', '.join(missing)}")
        elif self.files is not None:
            raise ValueError(f"files: only the source `files` takes it, not {self.source!r}")
        if self.directory is not None and self.source != "fineweb2":
            raise ValueError(f"directory: only the source `fineweb2` takes it, not {self.source!r}")
        if self.source == "fineweb2" and self.directory is None and self.bytes_per_language is None:
            raise ValueError("bytes_per_language: needed to stream from the hub, where a language may have terabytes")
        return self
