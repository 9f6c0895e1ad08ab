"""What every tokenizer is to the rest of the platform, and the registry of families."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from uniscale_assets.errors import BadInputError

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.tokenization.spec import TokenizerSpec


@dataclass(frozen=True)
class Encoding:
    """One document as tokens.

    ids: int32 [tokens]; no separator among them.
    byte_ends: int64 [tokens]; raw bytes of the document accounted for after each token: non-decreasing, the last
        equals the document's UTF-8 bytes. A token may account for none.
    """

    ids: np.ndarray
    byte_ends: np.ndarray


@runtime_checkable
class Tokenizer(Protocol):
    """A trained tokenizer.

    What it may say of itself beside this, each with the value that one has which says nothing:

    - ``takes_bytes`` (False): ``encode_bytes`` encodes documents of any bytes, not only UTF-8 (`TakesBytes`).
    - ``lossy`` (False): ``decode`` may give other text than was encoded. Then ``count_lost`` counts how often (`CountsLost`).
    - ``spells_by_token`` (True): an id stands for the same bytes wherever it is. Otherwise only all ids of a document together
      have a meaning, and ``decode`` of one alone is an error.
    - ``encoding_flops_per_byte`` (0.0): floating-point operations that encoding takes for each raw byte, where a model runs.
    """

    vocab_size: int
    separator_id: int

    def encode_batch(self, texts: Sequence[str]) -> list[Encoding]:
        """Encode documents; text that spells a special token stays text."""
        ...

    def decode(self, ids: Sequence[int] | np.ndarray) -> bytes:
        """The bytes that ids stand for; the separator stands for none."""
        ...


@runtime_checkable
class TakesBytes(Protocol):
    """A tokenizer of raw bytes."""

    takes_bytes: bool

    def encode_bytes(self, documents: Sequence[bytes]) -> list[Encoding]:
        """Encode documents of any bytes."""
        ...


@runtime_checkable
class CountsLost(Protocol):
    """A lossy tokenizer."""

    def count_lost(self, documents: Sequence[bytes]) -> tuple[int, int]:
        """Windows of some documents that decode to other bytes than they were made from, and windows all together."""
        ...


class Family(Protocol):
    """A way to make tokenizers.

    ``nested`` says that the vocabulary of a smaller size is a part of a larger one's: such tokenizers share one trained
    vocabulary, at the largest size. ``train_vocabulary`` writes a directory; ``cut`` makes the tokenizer of one
    spec from it. Both write only into ``output``. What a family may be beside it: ``CutFromAnother``, ``ReadsFiles``,
    ``NeedsByteModel``. One that takes text uncut says so by an attribute ``only_pretokenizer = "none"``.
    """

    name: str
    nested: bool

    def check(self, spec: TokenizerSpec) -> None:
        """Raise ``BadInputError`` where the spec's options are wrong."""
        ...

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:
        """Train at ``spec.vocab_size`` on the documents of the tokenizer split.

        The platform hands a ``training_text.TrainingText``: it may be iterated again, and knows the language of each
        document. A family that needs neither takes any iterable of texts.
        """
        ...

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """Write the tokenizer directory of ``spec``."""
        ...

    def load(self, directory: Path) -> Tokenizer:
        """Read a tokenizer directory."""
        ...


@runtime_checkable
class CutFromAnother(Protocol):
    """A family that learns nothing of its own: its tokenizers are cut from what another one learns, and share it."""

    def trained_as(self, spec: TokenizerSpec) -> TokenizerSpec:
        """The spec whose vocabulary ``cut`` reads."""
        ...


@runtime_checkable
class ReadsFiles(Protocol):
    """A family that reads more than its spec and the text."""

    def hashed_options(self, spec: TokenizerSpec) -> dict[str, Any]:
        """The options as a fingerprint takes them: with the content of files in the place of their paths."""
        ...


@runtime_checkable
class NeedsByteModel(Protocol):
    """A family whose vocabulary is made from one of the study's byte models, and not from text."""

    def byte_model_of(self, spec: TokenizerSpec) -> str:
        """Name of the byte model."""
        ...

    def train_from_model(self, spec: TokenizerSpec, byte_model: Path, output: Path) -> None:
        """As ``Family.train_vocabulary``, from the directory of a byte model."""
        ...


@runtime_checkable
class HasGivenSize(Protocol):
    """A family whose options say how many ids there are."""

    def vocab_size_of(self, spec: TokenizerSpec) -> int:
        """Ids, the separator among them."""
        ...


FAMILIES: dict[str, Family] = {}


def register(family: Family) -> Family:
    """Make a family known to study files."""
    FAMILIES[family.name] = family
    return family


def family_of(name: str) -> Family:
    """The family of that name.

    Raises:
        BadInputError: no such family; the message lists those there are.
    """
    if name not in FAMILIES:
        raise BadInputError(f"family: {name!r} is not known; known are {', '.join(sorted(FAMILIES))}")
    return FAMILIES[name]


def byte_model_of(spec: TokenizerSpec) -> str | None:
    """Name of the byte model that a tokenizer is made from; None for one that needs none."""
    family = family_of(spec.family)
    return family.byte_model_of(spec) if isinstance(family, NeedsByteModel) else None


def given_vocab_size(spec: TokenizerSpec) -> int | None:
    """Ids of a tokenizer as far as its spec says; None where only its training does."""
    family = family_of(spec.family)
    return family.vocab_size_of(spec) if isinstance(family, HasGivenSize) else spec.vocab_size


def is_lossy(tokenizer: Tokenizer) -> bool:
    """Whether decoding may give other text than was encoded."""
    return bool(getattr(tokenizer, "lossy", False))


def spells_by_token(tokenizer: Tokenizer) -> bool:
    """Whether an id stands for the same bytes wherever it is."""
    return bool(getattr(tokenizer, "spells_by_token", True))


def encoding_flops_per_byte(tokenizer: Tokenizer) -> float:
    """Floating-point operations of encoding a raw byte; 0 where pieces are looked up."""
    return float(getattr(tokenizer, "encoding_flops_per_byte", 0.0))


def trained_as(spec: TokenizerSpec) -> TokenizerSpec:
    """The spec that a tokenizer's vocabulary is trained with: its own, or one of another family."""
    family = family_of(spec.family)
    return family.trained_as(spec) if isinstance(family, CutFromAnother) else spec


def hashed_keys(spec: TokenizerSpec) -> dict[str, Any]:
    """What a fingerprint takes of a spec: everything but its name."""
    keys = spec.model_dump(exclude={"name"})
    family = family_of(spec.family)
    return {**keys, "options": family.hashed_options(spec)} if isinstance(family, ReadsFiles) else keys
