"""Unigram: SentencePiece's own segmentation, kept in Hugging Face's format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import sentencepiece

from uniscale_assets.errors import BadInputError, TokenizerError
from uniscale_assets.files import hash_directory
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.layout import BYTE_CHARACTERS, SEPARATOR_TEXT, spell
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.pretokens import count_pretokens
from uniscale_assets.tokenization.spec import TokenizerSpec
from uniscale_assets.tokenization.unigram import UnigramOptions, scored_pieces, spelled_rows, train_sentencepiece

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets_tests.tokenization.conftest import Train

FAMILY = family_of("unigram")


def spec_of(vocab_size: int = 1000, **more: object) -> TokenizerSpec:
    return TokenizerSpec.model_validate({"name": "x", "family": "unigram", "vocab_size": vocab_size, **more})


def test_every_pretoken_is_segmented_as_by_sentencepiece(train: Train, texts: list[str], unseen: list[tuple[str, str]]) -> None:
    counted = count_pretokens(texts, "gpt4", capacity=10**7)
    model = train_sentencepiece(spelled_rows(counted.ordered()), spec_of(), UnigramOptions())
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    converted = load_tokenizer(train("unigram"))
    pretokens = [*counted.counts, *count_pretokens([text for _, text in unseen], "gpt4", capacity=10**7).counts]
    assert len(pretokens) > 9_000
    scores = scored_pieces(model)
    ties = 0
    for pretoken, encoding in zip(pretokens, converted.encode_batch(pretokens), strict=True):
        expected = processor.encode(spell(pretoken.encode()), out_type=str)
        found = [spell(converted.decode([index])) for index in encoding.ids]
        # SentencePiece adds up in 32 bits: between segmentations of one score, such as f|ff and ff|f, rounding decides.
        if found != expected:
            ties += 1
            assert sum(map(scores.__getitem__, found)) == pytest.approx(sum(map(scores.__getitem__, expected)), rel=1e-6)
    assert ties <= len(pretokens) / 1000


def test_the_layout_is_separator_then_bytes_then_pieces(train: Train) -> None:
    model = json.loads((train("unigram") / "tokenizer.json").read_text())["model"]
    pieces = [piece for piece, _ in model["vocab"]]
    assert pieces[0] == SEPARATOR_TEXT
    assert tuple(pieces[1:257]) == BYTE_CHARACTERS
    assert len(pieces) == len(set(pieces)) == 1000
    assert model["unk_id"] is None
    scores = [score for _, score in model["vocab"][257:]]
    assert scores == sorted(scores, reverse=True)
    assert max(len(piece) for piece in pieces[257:]) <= 32


def test_the_longest_piece_is_an_option(texts: list[str], tmp_path: Path) -> None:
    spec = spec_of(400, options={"longest_piece": 3})
    FAMILY.train_vocabulary(spec, texts, tmp_path)
    pieces = [piece for piece, _ in json.loads((tmp_path / "pieces.json").read_text())["pieces"]]
    assert max(map(len, pieces)) == 3


def test_bounded_counting_is_recorded(texts: list[str], tmp_path: Path) -> None:
    FAMILY.train_vocabulary(spec_of(400, options={"distinct_pretokens": 1000}), texts, tmp_path)
    assert json.loads((tmp_path / "pieces.json").read_text())["pretoken_undercount"] > 0


@pytest.mark.parametrize("vocab_size", [257, 258, 511])
def test_the_vocabulary_is_exactly_as_asked(vocab_size: int, train: Train) -> None:
    assert load_tokenizer(train("unigram", vocab_size)).vocab_size == vocab_size


def test_a_vocabulary_larger_than_the_text_supports_says_how_many_it_supports(tmp_path: Path) -> None:
    texts = ["words and more words, and other words again"] * 3
    with pytest.raises(TokenizerError, match=r"x: vocab_size 5000 is larger than the text supports: it supports (\d+) ids") as failure:
        FAMILY.train_vocabulary(spec_of(5000), texts, tmp_path)
    assert not list(tmp_path.iterdir())
    supported = int(str(failure.value).split("supports ")[-1].split()[0])
    FAMILY.train_vocabulary(spec_of(supported), texts, tmp_path)
    with pytest.raises(TokenizerError, match="larger than the text supports"):
        FAMILY.train_vocabulary(spec_of(supported + 1), texts, tmp_path)


def test_text_that_looks_like_the_trainers_own_symbols_is_learned(tmp_path: Path) -> None:
    # SentencePiece gives meaning to these where they are pieces, and to tabs in its table.
    text = "<unk>\n<s>\n</s>\n▁word\n\ue000\n\ttab\t7\n⁇ \x00 " * 50
    spec = spec_of(262, pretokenizer="none")
    for name in ("vocabulary", "tokenizer"):
        (tmp_path / name).mkdir()
    FAMILY.train_vocabulary(spec, [text], tmp_path / "vocabulary")
    FAMILY.cut(tmp_path / "vocabulary", spec, tmp_path / "tokenizer")
    tokenizer = load_tokenizer(tmp_path / "tokenizer")
    assert tokenizer.decode(tokenizer.encode_batch([text])[0].ids) == text.encode()
    assert len(tokenizer.encode_batch(["<unk>\n"])[0].ids) < 6


def test_the_order_of_documents_does_not_matter(texts: list[str], train: Train, tmp_path: Path) -> None:
    FAMILY.train_vocabulary(spec_of(), texts[::-1], tmp_path)
    assert hash_directory(tmp_path) == hash_directory(train("unigram").parent / "vocabulary")


def test_a_vocabulary_of_another_size_is_refused(train: Train, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"pieces.json: trained for 1000 ids, but x asks for vocab_size: 999"):
        FAMILY.cut(train("unigram").parent / "vocabulary", spec_of(999), tmp_path)


@pytest.mark.parametrize("options", [{"longest": 3}, {"longest_piece": "3"}, {"longest_piece": 0}])
def test_wrong_options_name_the_key_and_what_is_allowed(options: dict[str, object]) -> None:
    with pytest.raises(BadInputError, match=rf"options: {next(iter(options))}: .*longest_piece, distinct_pretokens"):
        FAMILY.check(spec_of(options=options))
