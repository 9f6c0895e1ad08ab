"""What a word is: maximal runs of letters, marks and digits; single characters where a language writes no spaces.

A character of the Unicode categories L (letters) or N (numbers) begins a word, or goes on with it; marks (M) and the joiners
U+200C and U+200D go on with one. Everything else stands between words: `don't` is two. In a language whose script is written
without spaces each letter or number is a word of its own, with the marks that follow it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

BETWEEN, CARRIER, MARK = 0, 1, 2
JOINERS = "\u200c\u200d"
# Scripts (ISO 15924) written without spaces between words, as the codes of languages carry them.
SPACELESS_SCRIPTS = frozenset({"Hani", "Hans", "Hant", "Jpan", "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Lana", "Talu", "Java", "Bali"})


def writes_spaces(language: str) -> bool:
    """Whether words of a language such as eng_Latn are told by spaces; the script of the code says so."""
    return language.partition("_")[2] not in SPACELESS_SCRIPTS


@cache
def character_classes() -> np.ndarray:
    """uint8 [0x110000]: BETWEEN, CARRIER or MARK for each Unicode scalar value."""
    import numpy as np

    of_category = {"L": CARRIER, "N": CARRIER, "M": MARK}
    classes = (of_category.get(unicodedata.category(chr(value))[0], BETWEEN) for value in range(0x110000))
    table = np.fromiter(classes, dtype=np.uint8, count=0x110000)
    table[[ord(joiner) for joiner in JOINERS]] = MARK
    return table


def word_spans(texts: Sequence[str], alone: Sequence[bool]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The words of some texts, in order.

    Args:
        texts: documents. They lie in one row of bytes, with one byte between neighbours.
        alone: for each, whether every letter is a word of its own.

    Returns:
        Start and end of each word in bytes of that row, and the start of each text there: int64 [words], [words], [texts].
    """
    import numpy as np

    # A line end keeps the words of neighbours apart; it is the one byte between them.
    points = np.frombuffer("".join(f"{text}\n" for text in texts).encode("utf-32-le"), dtype=np.uint32)
    sizes = np.array([len(text) + 1 for text in texts], dtype=np.int64)
    bytes_before = np.concatenate(([0], np.cumsum(utf8_lengths(points))))
    classes = character_classes()[points]
    begins = word_begins(classes, np.repeat(np.asarray(alone, dtype=bool), sizes))
    borders = np.flatnonzero(begins | (classes == BETWEEN))
    starts = np.flatnonzero(begins)
    ends = borders[np.searchsorted(borders, starts, side="right")]
    return bytes_before[starts], bytes_before[ends], bytes_before[np.cumsum(sizes) - sizes]


def word_begins(classes: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """bool [characters]: the carriers that begin a word: the first since the last character between words, or any where alone."""
    import numpy as np

    places = np.arange(len(classes))
    last_between = np.maximum.accumulate(np.where(classes == BETWEEN, places, -1))
    last_carrier = np.maximum.accumulate(np.where(classes == CARRIER, places, -1))
    before = np.concatenate(([-1], last_carrier[:-1]))
    return (classes == CARRIER) & (alone | (before <= last_between))


def utf8_lengths(points: np.ndarray) -> np.ndarray:
    """int64: bytes of each code point in UTF-8."""
    import numpy as np

    return 1 + (points > 0x7F).astype(np.int64) + (points > 0x7FF) + (points > 0xFFFF)


def single_word(piece: bytes) -> str | None:
    """The word that a token holds, what stands between words taken off both ends; None where it is not one word with a letter."""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return None
    classes = character_classes()
    inside = [place for place, character in enumerate(text) if classes[ord(character)] != BETWEEN]
    if not inside or len(inside) != inside[-1] - inside[0] + 1:
        return None
    word = text[inside[0] : inside[-1] + 1]
    return word if any(character.isalpha() for character in word) else None
