"""Words in a row as 64-bit hashes: what near-duplicates and contamination are found by.

A word is what stands between white space, compatibility forms and case folded, without anything but letters, marks and
digits; what is left empty is no word. Where a language writes no spaces, characters stand for words, as many as a word has on
average, and a run of Latin letters or digits among them counts as one. So "13 words" are 13 words of English, 26 characters
of Chinese or Japanese and 52 of Thai.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import uint64
    from numpy.typing import NDArray

# Characters of a word, on average and rounded, in scripts that write no spaces.
CHARACTERS_PER_WORD = {
    "Hani": 2, "Hans": 2, "Hant": 2, "Jpan": 2, "Khmr": 4, "Laoo": 4, "Mymr": 4, "Thai": 4, "Tibt": 4,
}  # fmt: skip

MULTIPLIER = 0x9E3779B97F4A7C15
"""of the polynomial that joins the hashes in a row; odd, so that it has an inverse"""
BLOCK = 1 << 16
"""hashes joined at a time"""
PIECE = 1 << 20
"""characters of a text that are taken apart at a time: a book in one row must not become a list of all its words"""
REMEMBERED_WORDS = 1 << 19
"""words whose hashes are kept, about 100 MB; the most frequent come back soon after they are forgotten"""
KEPT_CATEGORIES = frozenset("LMN")
WHITE_SPACE = re.compile(r"\s")
# Latin letters with diacritics reach from U+00C0 to U+024F.
CHARACTER = re.compile("[0-9A-Za-z\u00c0-\u024f]+|.", re.DOTALL)


@dataclass(frozen=True)
class Shingles:
    """``size`` words in a row, or as many characters in a row as ``size`` says."""

    size: int
    characters: bool = False

    @classmethod
    def of_language(cls, language: str, words: int) -> Shingles:
        """``words`` words in a row of a language with a code such as eng_Latn or tha_Thai."""
        each = CHARACTERS_PER_WORD.get(language.partition("_")[2])
        return cls(words * each, characters=True) if each else cls(words)

    def units(self, text: str) -> NDArray[uint64]:
        """Hashes of the text's words, or of its characters, in order."""
        import numpy as np

        parts = [hash_units(self.cut(piece)) for piece in pieces(text)]
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.uint64), *parts])

    def cut(self, text: str) -> list[str]:
        """A text in what may be words, or in characters."""
        return CHARACTER.findall(unicodedata.normalize("NFKC", text)) if self.characters else text.split()

    def hashes(self, text: str) -> NDArray[uint64]:
        """Hashes of every ``size`` units in a row, in order; none where the text has fewer."""
        return joined(self.units(text), self.size)

    def spell(self, text: str, position: int) -> str:
        """The words (or characters) that the hash at ``position`` is of, as they stand in the text but for white space."""
        spelled = [unit for piece in pieces(text) for unit in self.cut(piece) if UNIT_HASHES[unit]]
        return ("" if self.characters else " ").join(spelled[position : position + self.size])


def pieces(text: str) -> Iterator[str]:
    """A text in pieces of about ``PIECE`` characters, cut at white space where there is some."""
    start = 0
    while len(text) - start > PIECE:
        space = WHITE_SPACE.search(text, start + PIECE, start + PIECE + 1000)
        end = space.start() if space else start + PIECE
        yield text[start:end]
        start = end
    yield text[start:]


def normal_form(word: str) -> str:
    """A word without case, compatibility variants and anything but letters, marks and digits."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return folded if folded.isalnum() else "".join(c for c in folded if unicodedata.category(c)[0] in KEPT_CATEGORIES)


class UnitHashes(dict[str, int]):
    """The hash of each word or character that was met; 0 for what is none. The values depend on nothing but the word."""

    def __missing__(self, word: str) -> int:
        normal = normal_form(word)
        value = int.from_bytes(hashlib.blake2b(normal.encode(), digest_size=8).digest(), "little") or 1 if normal else 0
        if len(self) >= REMEMBERED_WORDS:
            self.clear()
        self[word] = value
        return value


UNIT_HASHES = UnitHashes()


def hash_units(units: list[str]) -> NDArray[uint64]:
    """A hash for each word, or character, without those that are none."""
    import numpy as np

    hashes = np.fromiter(map(UNIT_HASHES.__getitem__, units), np.uint64, len(units))
    return hashes if hashes.all() else hashes[hashes != 0]


def mixed(values: NDArray[uint64]) -> NDArray[uint64]:
    """A bijection of 64-bit numbers after which every bit depends on every bit. Source: SplitMix64 (Steele, Lea & Flood 2014)."""
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@cache
def powers(base: int, count: int) -> NDArray[uint64]:
    """base^0, base^1, ... modulo 2^64."""
    import numpy as np

    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


def joined(units: NDArray[uint64], size: int) -> NDArray[uint64]:
    """One hash for each ``size`` units in a row: a polynomial of them (Karp & Rabin 1987), mixed.

    Returns:
        As many as there are places where ``size`` units begin; each depends on those units and their order alone.
    """
    import numpy as np

    blocks: list[Any] = [joined_block(units[start : start + BLOCK + size - 1], size) for start in range(0, len(units) - size + 1, BLOCK)]
    return blocks[0] if len(blocks) == 1 else np.concatenate([np.empty(0, np.uint64), *blocks])


def joined_block(units: NDArray[uint64], size: int) -> NDArray[uint64]:
    """``joined`` of a few units, by the differences of running sums."""
    import numpy as np

    longest = BLOCK + size
    sums = np.zeros(len(units) + 1, np.uint64)
    np.cumsum(units * powers(MULTIPLIER, longest)[: len(units)], dtype=np.uint64, out=sums[1:])
    count = len(units) - size + 1
    return mixed((sums[size:] - sums[:count]) * powers(pow(MULTIPLIER, -1, 1 << 64), longest)[:count])
