"""Characters as tokens: those that the text has often enough, and bytes for all others.

The lower end of any comparison of vocabularies. With a `least_count` that no character reaches it is the bytes alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from uniscale_assets.errors import TokenizerError
from uniscale_assets.files import write_text
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.byte_level import ByteLevelTokenizer, assemble, read_tokenizer, write_tokenizer
from uniscale_assets.tokenization.layout import BASE_SIZE, lay_out, spell
from uniscale_assets.tokenization.options import read_options
from uniscale_assets.tokenization.pretokenizers import PRESETS, Preset, pretokenizer_of

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import TokenizerSpec

VOCABULARY_FILE = "characters.json"
EVERY_CHARACTER = Preset(PRESETS["none"].pattern, 1)

Counts = list[tuple[str, int]]


class CharacterOptions(Specification):
    """``options`` of the family."""

    least_count: int = Field(default=2, ge=1, description="a character that the text has less often is written in bytes")


class Characters:
    """Family ``characters``. All sizes share one count; `pretokenizer` changes nothing, as no token crosses a character.

    The vocabulary is as large as the text makes it, where `vocab_size` is left out; where it is given, the most frequent
    characters are taken, exactly that many ids.
    """

    name = "characters"
    nested = True

    def check(self, spec: TokenizerSpec) -> None:
        """Its options are those of ``CharacterOptions``."""
        read_options(spec, CharacterOptions)

    def trained_as(self, spec: TokenizerSpec) -> TokenizerSpec:
        """Counting characters depends on nothing in a spec."""
        return spec.model_copy(update={"vocab_size": None, "pretokenizer": "none", "options": {}})

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:  # noqa: ARG002 - the protocol's
        """Count the characters that take more than a byte, and write them, the most frequent first."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text)
        learned = [(character, count) for character, count in counts.items() if not character.isascii()]
        learned.sort(key=lambda entry: (-entry[1], entry[0]))
        content = {"characters": learned, "family": self.name}
        write_text(output / VOCABULARY_FILE, json.dumps(content, ensure_ascii=False, indent=0) + "\n")

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """Lay out the characters that are frequent enough."""
        from tokenizers import models

        pieces = lay_out(spell(character.encode()) for character in chosen(read_counts(vocabulary), spec))
        # A pretoken is one character: it is a piece as a whole, or its bytes are, as there are no merges.
        model = models.BPE(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[], ignore_merges=True)
        backend = assemble(model, spec)
        backend.pre_tokenizer = pretokenizer_of(EVERY_CHARACTER)
        write_tokenizer(backend, spec, output)

    def load(self, directory: Path) -> ByteLevelTokenizer:
        """Read a tokenizer directory."""
        return read_tokenizer(directory)


def chosen(counts: Counts, spec: TokenizerSpec) -> list[str]:
    """The characters that get an id.

    Raises:
        TokenizerError: there are fewer of them than `vocab_size` asks for.
    """
    least = read_options(spec, CharacterOptions).least_count
    frequent = [character for character, count in counts if count >= least]
    if spec.vocab_size is None:
        return frequent
    if len(frequent) + BASE_SIZE < spec.vocab_size:
        raise TokenizerError(
            f"{spec.name}: vocab_size {spec.vocab_size} is larger than the text supports: it supports {len(frequent) + BASE_SIZE} ids "
            f"with options.least_count {least}; lower one of them, leave vocab_size out, or give more text (corpus.bytes.tokenizer)"
        )
    return frequent[: spec.vocab_size - BASE_SIZE]


def read_counts(vocabulary: Path) -> Counts:
    """Read what ``train_vocabulary`` wrote.

    Raises:
        TokenizerError: the file is missing or damaged.
    """
    path = vocabulary / VOCABULARY_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [(str(character), int(count)) for character, count in content["characters"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TokenizerError(f"{path}: not readable as counts of characters ({error!r}); materialize the vocabulary again") from error
