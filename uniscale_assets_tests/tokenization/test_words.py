"""What counts as a word, against words marked by hand and against a regular expression with Unicode properties."""

from __future__ import annotations

import pytest
import regex

from uniscale_assets.corpus.sources import read_source
from uniscale_assets.corpus.spec import CorpusSpec
from uniscale_assets.tokenization.words import single_word, word_spans, writes_spaces

# The same rule, stated in another language.
PATTERN = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}\u200c\u200d]*")
ALONE = regex.compile(r"[\p{L}\p{N}][\p{M}\u200c\u200d]*")
LANGUAGES = ("eng_Latn", "rus_Cyrl", "arb_Arab", "fas_Arab", "kor_Hang", "jpn_Jpan", "cmn_Hani", "deu_Latn")


def words_of(texts: list[str], alone: list[bool]) -> list[list[str]]:
    """The words of each text."""
    starts, ends, texts_begin = word_spans(texts, alone)
    row = "\n".join(texts).encode()
    found: list[list[str]] = [[] for _ in texts]
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        text = sum(begin <= start for begin in texts_begin.tolist()) - 1
        found[text].append(row[start:end].decode())
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop, naïve x²!", ["Don", "t", "stop", "naïve", "x²"]),
        ("cafe\u0301 हिन्दी नम", ["cafe\u0301", "हिन्दी", "नम"]),
        ("می\u200cخواهم.", ["می\u200cخواهم"]),
        ("\u0301a 👍🏽\ufe0f b_c 12:30", ["a", "b", "c", "12", "30"]),
        ("", []),
        (" \n…", []),
        ("𝒳𐍈", ["𝒳𐍈"]),
    ],
)
def test_words_are_runs_of_letters_marks_and_digits(text: str, words: list[str]) -> None:
    assert words_of([text], [False]) == [words]


def test_without_spaces_each_character_is_a_word_with_its_marks() -> None:
    assert words_of(["中文，a 字", "ที่นี่", "か\u3099"], [True, True, True]) == [
        ["中", "文", "a", "字"],
        ["ที่", "นี่"],
        ["か\u3099"],
    ]


def test_words_of_neighbouring_texts_stay_apart_and_a_mark_joins_nothing_before_its_text() -> None:
    assert words_of(["ab", "cd", "", "\u0301e", "中文"], [False, False, False, False, True]) == [["ab"], ["cd"], [], ["e"], ["中", "文"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_real_text_are_those_of_the_pattern(language: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    spec = CorpusSpec(source="embedded", languages=(language,), bytes_per_language=30_000)
    texts = [document.text for document in read_source(spec, language, tmp_path_factory.getbasetemp())]
    pattern = PATTERN if writes_spaces(language) else ALONE
    assert words_of(texts, [not writes_spaces(language)] * len(texts)) == [pattern.findall(text) for text in texts]
    assert sum(map(len, texts)) > 10_000


def test_scripts_written_without_spaces() -> None:
    without = [
        language for language in ("jpn_Jpan", "cmn_Hani", "tha_Thai", "khm_Khmr", "lao_Laoo", "mya_Mymr") if not writes_spaces(language)
    ]
    assert len(without) == 6
    assert all(map(writes_spaces, ("eng_Latn", "kor_Hang", "hin_Deva", "vie_Latn", "amh_Ethi")))


@pytest.mark.parametrize(
    ("piece", "word"),
    [(b" the", "the"), ("Größe,".encode(), "Größe"), (b"of the", None), (b" 12", None), (b"...", None), (b"\xe4\xb8", None), (b"", None)],
)
def test_the_word_of_a_token(piece: bytes, word: str | None) -> None:
    assert single_word(piece) == word
