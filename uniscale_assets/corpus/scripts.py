"""Unicode scripts of characters, by ISO 15924 code."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# The first word of a letter's name in the Unicode Character Database, for scripts in living use.
SCRIPT_OF_NAME = {
    "ARABIC": "Arab", "ARMENIAN": "Armn", "BALINESE": "Bali", "BENGALI": "Beng", "BOPOMOFO": "Bopo", "CANADIAN": "Cans",
    "CHEROKEE": "Cher", "CJK": "Hani", "COPTIC": "Copt", "CYRILLIC": "Cyrl", "DEVANAGARI": "Deva", "ETHIOPIC": "Ethi",
    "GEORGIAN": "Geor", "GREEK": "Grek", "GUJARATI": "Gujr", "GURMUKHI": "Guru", "HANGUL": "Hang", "HEBREW": "Hebr", "HENTAIGANA": "Hira",
    "HIRAGANA": "Hira", "IDEOGRAPHIC": "Hani", "JAVANESE": "Java", "KANNADA": "Knda", "KATAKANA": "Kana",
    "KATAKANA-HIRAGANA": "Kana", "KHMER": "Khmr", "LAO": "Laoo", "LATIN": "Latn", "MALAYALAM": "Mlym", "MEETEI": "Mtei",
    "MONGOLIAN": "Mong", "MYANMAR": "Mymr", "NKO": "Nkoo", "OL": "Olck", "ORIYA": "Orya", "SINHALA": "Sinh", "SYRIAC": "Syrc",
    "TAMIL": "Taml", "TELUGU": "Telu", "THAANA": "Thaa", "THAI": "Thai", "TIBETAN": "Tibt", "TIFINAGH": "Tfng", "VAI": "Vaii",
    "YI": "Yiii",
}  # fmt: skip
OTHER = "other"

# What a language's code promises: some writing systems use several scripts.
SCRIPTS_OF_CODE = {
    "Jpan": frozenset({"Hani", "Hira", "Kana"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani"}),
    "Kore": frozenset({"Hang", "Hani"}),
}

SCRIPT_NAMES = {
    "Arab": "Arabic", "Armn": "Armenian", "Bali": "Balinese", "Beng": "Bengali", "Bopo": "Bopomofo", "Cans": "Canadian syllabics",
    "Cher": "Cherokee", "Copt": "Coptic", "Cyrl": "Cyrillic", "Deva": "Devanagari", "Ethi": "Ethiopic", "Geor": "Georgian",
    "Grek": "Greek", "Gujr": "Gujarati", "Guru": "Gurmukhi", "Hang": "Hangul", "Hani": "Han", "Hebr": "Hebrew", "Hira": "Hiragana",
    "Java": "Javanese", "Kana": "Katakana", "Khmr": "Khmer", "Knda": "Kannada", "Laoo": "Lao", "Latn": "Latin", "Mlym": "Malayalam",
    "Mong": "Mongolian", "Mtei": "Meetei Mayek", "Mymr": "Myanmar", "Nkoo": "N'Ko", "Olck": "Ol Chiki", "Orya": "Odia",
    "Sinh": "Sinhala", "Syrc": "Syriac", "Taml": "Tamil", "Telu": "Telugu", "Tfng": "Tifinagh", "Thaa": "Thaana", "Thai": "Thai",
    "Tibt": "Tibetan", "Vaii": "Vai", "Yiii": "Yi", OTHER: "other",
}  # fmt: skip


@lru_cache(maxsize=1 << 16)
def script_of(character: str) -> str | None:
    """The script of a letter, or of a mark that belongs to one script.

    Python knows no script property; the names of letters begin with their script ("The Unicode Standard", chapter 4.8).
    Compatibility forms, such as wide letters and ordinal signs, have that of the letter they stand for.

    Returns:
        ISO 15924 code; ``OTHER`` for a letter of a script that is not listed; None for what is no letter or is shared by
        scripts (digits, punctuation, combining accents).
    """
    for plain in unicodedata.normalize("NFKC", character):
        words = unicodedata.name(plain, "").split() if unicodedata.category(plain)[0] in "LM" else []
        if words and words[0] in SCRIPT_OF_NAME:
            return SCRIPT_OF_NAME[words[0]]
    return OTHER if unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lo") else None


def scripts_of_language(language: str) -> frozenset[str]:
    """The scripts that a language code such as jpn_Jpan or eng_Latn promises."""
    code = language.partition("_")[2]
    return SCRIPTS_OF_CODE.get(code, frozenset({code}))
