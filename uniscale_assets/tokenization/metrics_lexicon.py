"""Tokens that are words of a lexicon: the lists of `wordfreq`, where a language has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uniscale_assets.tokenization.metric_rows import Row, rows_of
from uniscale_assets.tokenization.metrics import ALL_LANGUAGES
from uniscale_assets.tokenization.words import single_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from uniscale_assets.tokenization.metrics_words import WordCounts

# wordfreq's lists by ISO 639-3, macrolanguages and the members that FineWeb-2 names. The package itself would take the
# list of a related language where one has none.
LISTS = {
    "ara": "ar",
    "arb": "ar",
    "ben": "bn",
    "bul": "bg",
    "cat": "ca",
    "ces": "cs",
    "cmn": "zh",
    "dan": "da",
    "deu": "de",
    "ell": "el",
    "eng": "en",
    "fas": "fa",
    "fil": "fil",
    "fin": "fi",
    "fra": "fr",
    "heb": "he",
    "hin": "hi",
    "hun": "hu",
    "ind": "id",
    "isl": "is",
    "ita": "it",
    "jpn": "ja",
    "kor": "ko",
    "lit": "lt",
    "lav": "lv",
    "lvs": "lv",
    "mkd": "mk",
    "msa": "ms",
    "zsm": "ms",
    "nld": "nl",
    "nob": "nb",
    "pes": "fa",
    "pol": "pl",
    "por": "pt",
    "ron": "ro",
    "rus": "ru",
    "bos": "sh",
    "hrv": "sh",
    "srp": "sh",
    "hbs": "sh",
    "slk": "sk",
    "slv": "sl",
    "spa": "es",
    "swe": "sv",
    "tam": "ta",
    "tur": "tr",
    "ukr": "uk",
    "urd": "ur",
    "vie": "vi",
}
# Words that come at least once in a million; the larger lists hold what was ever misspelt.
WORD_LIST = "small"


def lexicon_of(language: str) -> frozenset[str] | None:
    """The words of a language such as eng_Latn, in wordfreq's own spelling; None where it has no list. About a tenth of a megabyte on disk.

    Read from the list's file and not kept: the package's own functions keep every list that was ever asked for.
    """
    code = LISTS.get(language.partition("_")[0])
    if code is None:
        return None
    from wordfreq import available_languages, read_cBpack

    return frozenset(word for words in read_cBpack(available_languages(WORD_LIST)[code]) for word in words)


def valid_word_rows(counts: WordCounts, pieces: Sequence[bytes]) -> list[Row]:
    """``valid_word_tokens`` of each language that has a list, and over them.

    Args:
        counts: of the test split.
        pieces: bytes of every id.
    """
    found: dict[str, tuple[float, float]] = {}
    for language, whole, tokens in zip(counts.languages[:-1], counts.whole_by_id, counts.tokens, strict=False):
        words = lexicon_of(language)
        if words is not None and tokens:
            found[language] = (valid_word_tokens(whole, pieces, words, LISTS[language.partition("_")[0]]), float(tokens))
    if not found:
        return []
    valid, tokens = (sum(values) for values in zip(*found.values(), strict=True))
    shares = [number / of for number, of in found.values()]
    return rows_of("valid_word_tokens", [*found, ALL_LANGUAGES], [*shares, valid / tokens])


def valid_word_tokens(whole: np.ndarray, pieces: Sequence[bytes], words: frozenset[str], code: str) -> int:
    """Tokens that are one whole word of the text which the language's list has; over the text tokens, a share of tokens.

    The word is spelled by wordfreq's rules for the language (case folded, normalized, Arabic and Hebrew without points).
    Numbers are no words.

    Args:
        whole: int64 [vocab_size], how often each id stands as whole words.
        pieces: bytes of every id.
        words: the language's list.
        code: the language, as wordfreq writes it.
    """
    from wordfreq.preprocess import preprocess_text

    number = 0
    for index in whole.nonzero()[0].tolist():
        word = single_word(pieces[index])
        # The package takes a code wherever it says that it takes a language.
        if word is not None and preprocess_text(word, cast("Any", code)) in words:
            number += int(whole[index])
    return number
