"""Characters that the text has often enough are tokens; all others are bytes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from uniscale_assets.errors import TokenizerError
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.spec import TokenizerSpec

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets_tests.tokenization.conftest import Train

FAMILY = family_of("characters")


@pytest.mark.parametrize("least_count", [2, 50])
def test_every_character_above_the_count_is_a_token_and_no_other(least_count: int, train: Train, texts: list[str]) -> None:
    tokenizer = load_tokenizer(train("characters", None, least_count=least_count))
    frequent = {character for character, count in Counter("".join(texts)).items() if count >= least_count and not character.isascii()}
    assert {tokenizer.decode([index]).decode() for index in range(257, tokenizer.vocab_size)} == frequent
    assert tokenizer.vocab_size == 257 + len(frequent)


def test_a_character_is_one_token_or_its_bytes(train: Train, unseen: list[tuple[str, str]]) -> None:
    tokenizer = load_tokenizer(train("characters", None))
    known = {tokenizer.decode([index]).decode() for index in range(257, tokenizer.vocab_size)}
    for _, text in unseen[:10]:
        [encoding] = tokenizer.encode_batch([text])
        expected = [1 if character in known else len(character.encode()) for character in text]
        assert len(encoding.ids) == sum(expected)


def test_a_size_takes_the_most_frequent(train: Train, texts: list[str]) -> None:
    tokenizer = load_tokenizer(train("characters", 300))
    ordered = sorted(((-count, character) for character, count in Counter("".join(texts)).items() if not character.isascii()))
    assert [tokenizer.decode([index]).decode() for index in range(257, 300)] == [character for _, character in ordered[:43]]


def test_a_count_that_no_character_reaches_leaves_bytes(train: Train) -> None:
    tokenizer = load_tokenizer(train("characters", None, least_count=10**9))
    assert tokenizer.vocab_size == 257
    assert tokenizer.encode_batch(["日本"])[0].ids.tolist() == [1 + byte for byte in "日本".encode()]


def test_a_size_that_the_text_does_not_support_says_what_it_does(train: Train, tmp_path: Path) -> None:
    spec = TokenizerSpec(name="x", family="characters", vocab_size=5000, options={"least_count": 10**6})
    with pytest.raises(TokenizerError, match=r"vocab_size 5000 is larger .*: it supports 257 ids with options.least_count"):
        FAMILY.cut(train("characters", None).parent / "vocabulary", spec, tmp_path)


def test_a_damaged_vocabulary_is_named(tmp_path: Path) -> None:
    (tmp_path / "characters.json").write_text('{"characters": [["é"]]}')
    with pytest.raises(TokenizerError, match=r"characters.json: not readable as counts of characters"):
        FAMILY.cut(tmp_path, TokenizerSpec(name="x", family="characters"), tmp_path)
