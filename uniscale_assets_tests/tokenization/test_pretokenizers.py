"""Both families see the same pretokens, bounded, at training and at encoding."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from uniscale_assets.tokenization.layout import BYTE_CHARACTERS, spell, unspell
from uniscale_assets.tokenization.pretokenizers import PRESETS, build_pretokenizer, segments
from uniscale_assets.tokenization.pretokens import PretokenCounter, count_pretokens

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import PretokenizerName
    from uniscale_assets_tests.tokenization.conftest import Train

PARTS = st.sampled_from(["\n", "\r", " ", "\t", "a", "B", "é", "中", "7", "/", "!", "'s", "\u0301", "\u2028", "\x1c", "\u00a0", "ا", "0"])
TEXTS = st.lists(PARTS, max_size=60).map("".join)


def cut(name: PretokenizerName, text: str) -> list[str]:
    """The pretokens of a text, as text."""
    return [unspell(piece).decode(errors="replace") for piece, _ in build_pretokenizer(name).pre_tokenize_str(text)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt2", ["Don", "'t", " pay", " 12345", "€!!", " ", " OK", "\r\n", "\n", "x"]),
        ("gpt4", ["Don", "'t", " pay", " ", "123", "45", "€!!", " ", " OK", "\r\n\n", "x"]),
        ("apertus", ["Don", "'t", " pay", " ", "1", "2", "3", "4", "5", "€!!", " ", " OK", "\r\n\n", "x"]),
        ("none", ["Don't pay 12345€!!  OK\r\n", "\n", "x"]),
    ],
)
def test_presets_cut_as_the_released_tokenizers_do(name: PretokenizerName, expected: list[str]) -> None:
    assert cut(name, "Don't pay 12345€!!  OK\r\n\nx") == expected


def test_possessive_quantifiers_work_in_this_engine() -> None:
    # Read as a repetition, `?+` would take both marks with the word, and `++` would take exponential time.
    assert cut("gpt4", "$word") == ["$word"]
    assert cut("gpt4", "$$word") == ["$$", "word"]
    assert "".join(cut("gpt4", "!" * 5000 + "\u2028")) == "!" * 5000 + "\u2028"


@pytest.mark.parametrize("name", PRESETS)
def test_pretokens_are_bounded(name: PretokenizerName) -> None:
    longest = PRESETS[name].longest
    text = "字" * 1000 + " " * 1000 + "{" * 1000 + "x" * 1000
    pieces = cut(name, text)
    assert "".join(pieces) == text
    assert max(map(len, pieces)) == longest


def test_byte_characters_are_those_of_the_library() -> None:
    from tokenizers import pre_tokenizers

    assert sorted(BYTE_CHARACTERS) == sorted(pre_tokenizers.ByteLevel.alphabet())
    text = "".join(map(chr, range(0x300)))
    [(piece, _)] = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)
    assert spell(text.encode()) == piece
    assert unspell(piece) == text.encode()


@pytest.mark.parametrize("name", PRESETS)
def test_unigram_counts_exactly_the_pretokens_that_bpe_sees(name: PretokenizerName, texts: list[str], train: Train) -> None:
    backend = Tokenizer.from_file(str(train("bpe", pretokenizer=name) / "tokenizer.json"))
    seen = Counter(piece for text in texts for piece, _ in backend.pre_tokenizer.pre_tokenize_str(text))
    counted = count_pretokens(texts, name, capacity=10**7)
    assert {spell(pretoken.encode()): count for pretoken, count in counted.counts.items()} == seen
    assert counted.undercount == 0


@pytest.mark.parametrize("name", PRESETS)
@given(text=TEXTS)
def test_long_documents_are_cut_only_where_every_preset_cuts(name: PretokenizerName, text: str) -> None:
    parts = list(segments(text, characters=5))
    assert "".join(parts) == text
    assert [piece for part in parts for piece in cut(name, part)] == cut(name, text)


def test_lines_are_cut_into_segments() -> None:
    text = "Zeile\n" * 100
    assert max(map(len, segments(text, characters=60))) < 80


def test_rare_pretokens_are_forgotten_within_the_stated_error() -> None:
    words = [f"rare{number}" for number in range(3000)]
    stream = [word for index in range(3000) for word in ("often", "sometimes" if index % 3 == 0 else "often", words[index])]
    exact, counter = Counter(stream), PretokenCounter(capacity=1000)
    for start in range(0, len(stream), 100):
        counter.add(stream[start : start + 100])
        assert len(counter.counts) <= 1000
    assert counter.undercount > 0
    for word in ("often", "sometimes"):
        assert exact[word] - counter.undercount <= counter.counts[word] <= exact[word]
    assert [word for word, _ in counter.ordered()[:2]] == ["often", "sometimes"]
