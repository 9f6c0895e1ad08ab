"""What every tokenizer is to the rest of the platform, and the registry of families."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

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
    """A trained tokenizer."""

    vocab_size: int
    separator_id: int

    def encode_batch(self, texts: Sequence[str]) -> list[Encoding]:
        """Encode documents; text that spells a special token stays text."""
        ...

    def decode(self, ids: Sequence[int] | np.ndarray) -> bytes:
        """The bytes that ids stand for; the separator stands for none."""
        ...


class Family(Protocol):
    """A way to make tokenizers.

    ``nested`` says that the vocabulary of a smaller size is a part of a larger one's: such tokenizers share one trained
    vocabulary, at the largest size. ``train_vocabulary`` writes a directory; ``cut`` makes the tokenizer of one
    spec from it. Both write only into ``output``.
    """

    name: str
    nested: bool

    def check(self, spec: TokenizerSpec) -> None:
        """Raise ``BadInputError`` where the spec's options are wrong."""
        ...

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:
        """Train at ``spec.vocab_size`` on the documents of the tokenizer split."""
        ...

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """Write the tokenizer directory of ``spec``."""
        ...

    def load(self, directory: Path) -> Tokenizer:
        """Read a tokenizer directory."""
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
