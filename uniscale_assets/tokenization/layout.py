"""The ids that our own families share: the separator is 0, the bytes follow in order, then what was learned."""

from __future__ import annotations

from collections.abc import Iterable

# Byte-level characters never include a plain space, so no text can spell this entry of the vocabulary.
SEPARATOR_TEXT = "<separator token>"
SEPARATOR_ID = 0
FIRST_BYTE_ID = 1
BASE_SIZE = FIRST_BYTE_ID + 256


def byte_characters() -> list[str]:
    """The printable character that stands for each byte 0..255 in byte-level vocabularies.

    Printable Latin-1 characters stand for themselves, all other bytes for U+0100 and up in byte order: the mapping
    of GPT-2 (Radford et al. 2019), which the ``ByteLevel`` parts of Hugging Face tokenizers use.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


BYTE_CHARACTERS: tuple[str, ...] = tuple(byte_characters())
TO_CHARACTERS = dict(enumerate(BYTE_CHARACTERS))
TO_BYTES = {character: byte for byte, character in enumerate(BYTE_CHARACTERS)}


def spell(content: bytes) -> str:
    """Bytes as byte-level characters, one each."""
    return content.decode("latin-1").translate(TO_CHARACTERS)


def unspell(piece: str) -> bytes:
    """The bytes of a piece that is written in byte-level characters."""
    return bytes(TO_BYTES[character] for character in piece)


def lay_out(learned: Iterable[str]) -> list[str]:
    """Pieces in id order: separator, 256 bytes, learned pieces (byte-level characters)."""
    return [SEPARATOR_TEXT, *BYTE_CHARACTERS, *learned]
