"""The lens: one sentence in each language, cut into coloured pieces by every tokenizer; cells for the report's template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.figures.style import in_study_order

if TYPE_CHECKING:
    from polars import DataFrame

    from uniscale_assets.figures.style import TokenizerStyle

SHADES = 4
"""colours that pieces take in turn"""
VISIBLE = str.maketrans({" ": "\u00b7", "\n": "\u21b5", "\t": "\u21e5", "\r": "\u240d", "\u00a0": "\u237d", "\u3000": "\u25a1"})
"""white space as it is shown"""


@dataclass(frozen=True)
class Piece:
    """One token: its text as it is shown, which of the colours, and what the pointer tells."""

    text: str
    shade: int
    note: str
    partial: bool
    """holds a part of a character, whose bytes are then written in hexadecimal"""


@dataclass(frozen=True)
class LensLine:
    """A sentence as one tokenizer cuts it."""

    tokenizer: str
    tokens: int
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class LensBlock:
    """A sentence as every tokenizer cuts it."""

    language: str
    bytes: int
    lines: Sequence[LensLine]


def lens_blocks(lens: DataFrame, styles: Mapping[str, TokenizerStyle]) -> list[LensBlock]:
    """The sentences by language, in each the tokenizers in the study's order.

    Args:
        lens: columns tokenizer, language, position, id and content, of `intrinsic_frames`.
        styles: from `style.styles_of`; give the order.
    """
    blocks: list[LensBlock] = []
    for language in sorted(set(lens["language"].to_list())):
        rows = lens.filter(language=language)
        lines = [line_of(name, rows.filter(tokenizer=name)) for name in in_study_order(rows["tokenizer"].to_list(), styles)]
        size = max(sum(map(len, rows.filter(tokenizer=line.tokenizer)["content"])) for line in lines)
        blocks.append(LensBlock(language, size, lines))
    return blocks


def line_of(tokenizer: str, rows: DataFrame) -> LensLine:
    """The pieces of one tokenizer."""
    tokens = rows.sort("position").select("id", "content").rows()
    return LensLine(tokenizer, len(tokens), [piece_of(number, token, content) for number, (token, content) in enumerate(tokens)])


def piece_of(number: int, token: int, content: bytes) -> Piece:
    """One token as it is shown."""
    text = content.decode(errors="surrogateescape")
    partial = any(is_stray(character) for character in text)
    shown = "".join(f"{ord(character) - 0xDC00:02X}" if is_stray(character) else character for character in text.translate(VISIBLE))
    size = f"{len(content)} byte" + "s" * (len(content) != 1)
    return Piece(shown or "\u2205", number % SHADES, f"id {token}, {size}" + (", part of a character" if partial else ""), partial)


def is_stray(character: str) -> bool:
    """Whether it stands for a byte that is no text by itself (PEP 383)."""
    return "\udc80" <= character <= "\udcff"
