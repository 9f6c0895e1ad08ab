"""How stable a tokenization is: what a word before a sentence changes in its tokens (arXiv 2404.03626, section 6.1, Figure 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.neural_compression.edit_distance import all_distances

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from uniscale_assets.tokenization.protocol import Tokenizer

SENTENCE = "The three currently living species are: African savanna elephants, African forest elephants, and the Asian elephants."
"""of the paper's Table 7"""
PREFIXES, COMMON_WORDS = 500, 3000
WORDS_SEED = 500


@dataclass(frozen=True)
class DistanceRow:
    """How many pairs of tokenizations are how far apart."""

    distance: int
    """tokens inserted, deleted or replaced"""
    pairs: int
    share: float
    """of all pairs"""
    mean_tokens: float
    """of a sentence with its prefix; the same in every row"""


@dataclass(frozen=True)
class PieceRow:
    """A piece of the sentence: the tokens that account for it."""

    position: int
    ids: str
    """of its tokens, separated by spaces; tokens that account for no bytes go with those after them"""
    text: str
    """what is no UTF-8 or cannot be printed is written as Python escapes it: \\xNN, \\n"""


def prefix_words(count: int = PREFIXES, among: int = COMMON_WORDS) -> list[str]:
    """A fixed sample of the most frequent English words, by wordfreq; letters only, in alphabetical order."""
    import random

    from wordfreq import top_n_list

    words = [word for word in top_n_list("en", 2 * among, wordlist="small") if word.isascii() and word.isalpha()][:among]
    return sorted(random.Random(WORDS_SEED).sample(words, count))


def prefix_distances(tokenizer: Tokenizer, words: Sequence[str], sentence: str = SENTENCE) -> pl.DataFrame:
    """Levenshtein distances between the tokenizations of a sentence under one-word prefixes, over all pairs of prefixes.

    Args:
        tokenizer: any.
        words: each is put before the sentence with a space.
        sentence: UTF-8 text.

    Returns:
        Columns of `DistanceRow`, by distance.
    """
    import numpy as np
    import polars as pl

    ids = [encoding.ids for encoding in tokenizer.encode_batch([f"{word} {sentence}" for word in words])]
    distances, counts = np.unique(all_distances(ids), return_counts=True)
    mean, whole = sum(map(len, ids)) / len(ids), int(counts.sum())
    rows = zip(distances.tolist(), counts.tolist(), strict=True)
    return pl.DataFrame([DistanceRow(distance, pairs, pairs / whole, mean) for distance, pairs in rows])


def segmentation(tokenizer: Tokenizer, sentence: str = SENTENCE) -> pl.DataFrame:
    """The pieces that a tokenizer cuts a sentence into (the paper's Table 7), from the bytes that its tokens account for.

    Args:
        tokenizer: any.
        sentence: UTF-8 text.

    Returns:
        Columns of `PieceRow`; the texts joined are the sentence.
    """
    import polars as pl

    encoding, text = tokenizer.encode_batch([sentence])[0], sentence.encode()
    pieces = [PieceRow(number, *piece) for number, piece in enumerate(pieces_of(encoding.ids, encoding.byte_ends, text))]
    return pl.DataFrame(pieces)


def pieces_of(ids: np.ndarray, byte_ends: np.ndarray, text: bytes) -> list[tuple[str, str]]:
    """Ids and text of each piece."""
    pieces: list[tuple[str, str]] = []
    waiting: list[str] = []
    before = 0
    for token, end in zip(ids.tolist(), byte_ends.tolist(), strict=True):
        waiting.append(str(token))
        if end > before:
            pieces.append((" ".join(waiting), readable(text[before:end])))
            waiting, before = [], end
    if waiting and pieces:
        pieces[-1] = (" ".join([pieces[-1][0], *waiting]), pieces[-1][1])
    return pieces


def readable(text: bytes) -> str:
    """Bytes as text in one line: what is no UTF-8 or cannot be printed is written as Python escapes it."""
    shown = text.decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in shown)
