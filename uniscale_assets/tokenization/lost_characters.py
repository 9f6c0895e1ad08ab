"""Which characters a tokenizer does not give back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uniscale_assets.tokenization.protocol import Tokenizer

RUN = 1024
SHOWN = 12
# No mark is composed with a digit.
FRAME = "1{0}1"


def lost_characters(tokenizer: Tokenizer) -> list[str]:
    """Assigned characters, private ones apart, that do not come back from the middle of a text. In the order of Unicode."""
    lost: list[str] = []
    for run in runs():
        if not all(given_back(tokenizer, ["".join(run)])):
            kept = given_back(tokenizer, [FRAME.format(character) for character in run])
            lost += [character for character, back in zip(run, kept, strict=True) if not back]
    return lost


def runs() -> Iterator[list[str]]:
    """Every assigned character, some together."""
    assigned = [chr(value) for value in range(0x110000) if unicodedata.category(chr(value)) not in ("Cn", "Co", "Cs")]
    for start in range(0, len(assigned), RUN):
        yield assigned[start : start + RUN]


def given_back(tokenizer: Tokenizer, texts: Sequence[str]) -> list[bool]:
    """Whether each text is decoded as it was."""
    encodings = tokenizer.encode_batch(texts)
    return [tokenizer.decode(encoding.ids) == text.encode() for text, encoding in zip(texts, encodings, strict=True)]


def describe_characters(characters: Sequence[str]) -> str:
    """The first of them with their code points."""
    shown = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in characters[:SHOWN])
    return shown + (f" and {len(characters) - SHOWN:,} more" if len(characters) > SHOWN else "")
