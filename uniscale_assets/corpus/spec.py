"""What a study says about its text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from uniscale_assets.corpus.languages import LANGUAGE_SETS
from uniscale_assets.specification import Specification

SPLITS = ("tokenizer", "train", "validation", "test")
SplitName = Literal["tokenizer", "train", "validation", "test"]
TRAINING_SPLITS: tuple[SplitName, ...] = ("tokenizer", "train")
EVALUATION_SPLITS: tuple[SplitName, ...] = ("validation", "test")
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


class NearDuplicatesSpec(Specification):
    """Documents of one language that share most of their shingles: the first in document order stays."""

    threshold: float = Field(default=0.8, gt=0, le=1, description="estimated Jaccard similarity of the shingles from which one is dropped")
    shingle: int = Field(default=5, ge=1, le=100, description="words in a row; see `shingles.py` for languages that write no spaces")
    permutations: int = Field(default=128, ge=16, le=1024, description="of MinHash; the estimate's error is about 0.5 / their root")


class DecontaminationSpec(Specification):
    """Training text (splits tokenizer and train) that shares words in a row with evaluation text."""

    ngram: int = Field(default=13, ge=4, le=100, description="words in a row; see `shingles.py` for languages that write no spaces")
    against: tuple[str, ...] = Field(
        default=("test", "validation"),
        min_length=1,
        description="splits of the mixture, and paths or globs of other evaluation text: JSON lines (every string of a row), Parquet, .txt",
    )
    action: Literal["remove document", "list only"] = "remove document"
    most_documents: int | None = Field(
        default=None,
        ge=1,
        description="n-grams in more training documents than this are boilerplate and do not count; null: all count",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in self.against:
            if name in SPLITS and name not in EVALUATION_SPLITS:
                raise ValueError(
                    f"against: {name!r} is training text; it may be {' or '.join(EVALUATION_SPLITS)}, or a path such as ./{name}"
                )
        repeated = sorted({name for name in self.against if self.against.count(name) > 1})
        if repeated:
            raise ValueError(f"against: named twice: {', '.join(repeated)}")
        return self

    @property
    def splits(self) -> tuple[SplitName, ...]:
        """The splits among what is named."""
        return tuple(split for split in EVALUATION_SPLITS if split in self.against)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths and globs among what is named."""
        return tuple(name for name in self.against if name not in EVALUATION_SPLITS)


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
    near_duplicates: NearDuplicatesSpec | None = Field(default=None, description="null keeps all but exact duplicates")
    decontamination: DecontaminationSpec | None = Field(default=None, description="null looks for no overlap")

    @model_serializer(mode="wrap")
    def _without_unused(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Steps that a study does not use are left out, so that its fingerprints are those from before there were such steps."""
        content: dict[str, Any] = serialize(self)
        return {key: value for key, value in content.items() if value is not None or key not in ("near_duplicates", "decontamination")}

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
