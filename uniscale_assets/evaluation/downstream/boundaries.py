"""Where text may be cut: between characters, and between words where a language parts them by spaces."""

from __future__ import annotations

import unicodedata
from itertools import accumulate

# ISO 15924 codes of scripts whose words are not parted by spaces; Tibetan and Khmer part syllables or phrases.
SCRIPTS_WITHOUT_SPACES = frozenset({"Bopo", "Hani", "Hans", "Hant", "Hira", "Jpan", "Kana", "Khmr", "Laoo", "Mymr", "Thai", "Tibt"})


def has_spaces(language: str) -> bool:
    """Whether a language parts words by spaces, by the script in its code (`jpn_Jpan`); a code without a script does."""
    return language.rpartition("_")[2] not in SCRIPTS_WITHOUT_SPACES


def is_mark(character: str) -> bool:
    """Whether a character belongs to the one before it: accents, vowel signs, joiners and variation selectors."""
    return unicodedata.category(character).startswith("M") or character in "\u200c\u200d"


def is_letter(character: str) -> bool:
    """Whether a character is part of a word."""
    return unicodedata.category(character).startswith("L") or is_mark(character)


def units(word: str) -> list[str]:
    """The characters of a word, each with the marks that follow it."""
    found: list[str] = []
    for character in word:
        if found and is_mark(character):
            found[-1] += character
        else:
            found.append(character)
    return found


def cuts(text: str, language: str) -> list[tuple[int, int]]:
    """Where a text may be cut, as (characters, UTF-8 bytes) before the cut, ascending.

    With spaces: after a word, so that what follows begins with a space, as models expect words to. Without: before any
    character that is no mark. The beginning and the end of the text are among them.
    """
    ends = [0, *accumulate(len(character.encode()) for character in text)]
    inner = range(1, len(text))
    if has_spaces(language):
        places = [place for place in inner if text[place].isspace() and not text[place - 1].isspace()]
    else:
        places = [place for place in inner if not is_mark(text[place])]
    return [(place, ends[place]) for place in (0, *places, len(text))] if text else []
