"""Words in a row: what counts as the same words, and what does not."""

from __future__ import annotations

import random

import pytest

from uniscale_assets.corpus import shingles
from uniscale_assets.corpus.languages import L20, L60, L100, LANGUAGE_SETS
from uniscale_assets.corpus.shingles import Shingles, joined
from uniscale_assets.corpus.spec import LANGUAGE_CODE, CorpusSpec


def values(text: str, size: int = 3, language: str = "eng_Latn") -> list[int]:
    return Shingles.of_language(language, size).hashes(text).tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The cat sat, on the mat.", "the CAT sat on the mat"),
        ("a  b\n\nc\td", "a b c d"),
        ("ﬁne ｆｉｎｅ work", "fine fine work"),
        ("cafe\u0301 noir ici", "café noir ici"),
        ("— one – two … three", "one two three"),
        ("हिन्दी में लिखा", "हिन्दी, में लिखा।"),
    ],
)
def test_case_punctuation_white_space_and_compatibility_forms_do_not_count(one: str, other: str) -> None:
    assert values(one) == values(other) != []


def test_a_vowel_sign_counts_which_is_a_mark_and_no_letter() -> None:
    assert values("की की की") != values("का का का")


def test_the_hash_of_words_in_a_row_depends_on_them_and_their_order_alone() -> None:
    words = [random.Random(0).choice("abcdef") * (1 + n % 5) for n in range(500)]
    found = values(" ".join(words), 7)
    assert len(found) == 500 - 7 + 1
    assert all((found[i] == found[j]) == (words[i : i + 7] == words[j : j + 7]) for i in range(0, 494, 3) for j in range(i, 494, 5))
    assert values("one two three") != values("three two one")


def test_hashes_joined_block_by_block_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(str(number * 7919 % 1009) for number in range(2000))
    whole = values(text, 13)
    monkeypatch.setattr(shingles, "BLOCK", 100)
    assert values(text, 13) == whole
    monkeypatch.setattr(shingles, "PIECE", 50)
    assert values(text, 13) == whole


def test_forgetting_words_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(f"word{number % 37}" for number in range(300))
    whole = values(text)
    monkeypatch.setattr(shingles, "REMEMBERED_WORDS", 4)
    assert values(text) == whole


def test_where_no_spaces_are_written_characters_stand_for_words() -> None:
    assert (Shingles.of_language("jpn_Jpan", 13), Shingles.of_language("tha_Thai", 13)) == (Shingles(26, True), Shingles(52, True))
    assert Shingles.of_language("kor_Hang", 13) == Shingles(13)
    japanese = Shingles.of_language("jpn_Jpan", 2)
    text = "私は、ＰＣ猫です。"
    assert [japanese.spell(text, place) for place in range(len(japanese.hashes(text)))] == ["私はPC猫", "はPC猫で", "PC猫です"]
    assert values("私は猫です", 2, "jpn_Jpan") == values("私は\n猫、です", 2, "jpn_Jpan")


def test_an_n_gram_is_spelled_as_it_stands_in_the_text() -> None:
    words = Shingles(3)
    text = "Well — he said: “Go home!”"
    assert [words.spell(text, place) for place in range(len(words.hashes(text)))] == ["Well he said:", "he said: “Go", "said: “Go home!”"]


def test_a_text_with_too_few_words_has_no_n_gram() -> None:
    assert values("", 3) == values("... --- !!!", 3) == values("two words", 3) == []
    assert len(joined(Shingles(3).units("exactly three words"), 3)) == 1


def test_language_sets_contain_each_other_and_hold_what_they_say() -> None:
    assert [len(L20), len(L60), len(L100)] == [20, 60, 75]
    assert L60[:20] == L20
    assert L100[:60] == L60
    for name, codes in LANGUAGE_SETS.items():
        assert len(set(codes)) == len(codes)
        assert all(LANGUAGE_CODE.match(code) for code in codes)
        assert CorpusSpec(source="embedded", languages=(name,)).languages == codes
