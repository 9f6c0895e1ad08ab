"""SuperBPE: subwords first, then superwords on top of them, and text written as both trainings saw it."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from uniscale_assets.errors import TokenizerError
from uniscale_assets.tokenization import superbpe
from uniscale_assets.tokenization.bpe import Merges, learn_merges, prefix_for, read_merges
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.layout import spell, unspell
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.pretokenizers import LONGEST_LINE, build_pretokenizer, pretokenizer_of
from uniscale_assets.tokenization.spec import TokenizerSpec

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from uniscale_assets_tests.tokenization.conftest import Train

FAMILY = family_of("superbpe")
BOUNDARIES = ["phrase", "line"]


def spec_of(vocab_size: int = 1000, **options: Any) -> TokenizerSpec:
    return TokenizerSpec(name="x", family="superbpe", vocab_size=vocab_size, options=options)


def vocabulary_of(train: Train, boundaries: str) -> tuple[Merges, int]:
    """All merges, and how many of them are the first stage's."""
    directory = train("superbpe", 1000, boundaries=boundaries, transition=0.8).parent / "vocabulary"
    content = json.loads((directory / "merges.json").read_text())
    return read_merges(directory, spec_of()), content["first_stage_merges"]


def apply_merges(symbols: list[str], merges: Merges) -> list[str]:
    """BPE in the plainest way: each merge in its turn, everywhere from the left."""
    for left, right in merges:
        place = 0
        while place < len(symbols) - 1:
            if symbols[place] == left and symbols[place + 1] == right:
                symbols[place : place + 2] = [left + right]
            place += 1
    return symbols


@pytest.mark.parametrize("boundaries", BOUNDARIES)
def test_the_first_stage_is_plain_bpe_up_to_the_transition(boundaries: str, train: Train) -> None:
    merges, first = vocabulary_of(train, boundaries)
    plain = prefix_for(read_merges(train("bpe", 1000).parent / "vocabulary", spec_of(1000)), spec_of(257 + round(743 * 0.8)))
    assert merges[:first] == plain
    tokenizer = load_tokenizer(train("superbpe", 1000, boundaries=boundaries, transition=0.8))
    subwords = load_tokenizer(train("bpe", 257 + round(743 * 0.8)))
    assert [tokenizer.decode([index]) for index in range(subwords.vocab_size)] == [
        subwords.decode([index]) for index in range(subwords.vocab_size)
    ]


def test_superwords_cross_spaces_and_subwords_do_not(train: Train) -> None:
    merges, first = vocabulary_of(train, "phrase")
    inner = [b" " in unspell(left + right).strip() for left, right in merges]
    assert not any(inner[:first])
    assert any(inner[first:])


def test_what_is_said_often_becomes_one_token(tmp_path: Path) -> None:
    text = "So by the way, it is what it is. " * 20 + "There is a way by the sea. " * 5
    spec = spec_of(283, transition=0.5)
    for name in ("vocabulary", "tokenizer"):
        (tmp_path / name).mkdir()
    FAMILY.train_vocabulary(spec, [text] * 3, tmp_path / "vocabulary")
    FAMILY.cut(tmp_path / "vocabulary", spec, tmp_path / "tokenizer")
    tokenizer = load_tokenizer(tmp_path / "tokenizer")
    tokens = [tokenizer.decode([index]) for index in tokenizer.encode_batch([", it is what it is."])[0].ids]
    assert tokens == [b",", b" it is what it is", b"."]


@pytest.mark.parametrize("boundaries", BOUNDARIES)
def test_text_is_written_by_all_merges_in_their_order(boundaries: str, train: Train, unseen: list[tuple[str, str]]) -> None:
    merges, _ = vocabulary_of(train, boundaries)
    tokenizer = load_tokenizer(train("superbpe", 1000, boundaries=boundaries, transition=0.8))
    cuts = pretokenizer_of(superbpe.wider_cuts(spec_of(boundaries=boundaries)))
    # A cut of the plain way is quadratic: some hundred characters of every document.
    texts = [text[:200] for _, text in unseen[:12]]
    for text, encoding in zip(texts, tokenizer.encode_batch(texts), strict=True):
        expected = [piece for pretoken, _ in cuts.pre_tokenize_str(text) for piece in apply_merges(list(pretoken), merges)]
        assert [spell(tokenizer.decode([index])) for index in encoding.ids] == expected


def test_within_phrases_it_is_as_if_each_stage_kept_its_own_cuts(train: Train, unseen: list[tuple[str, str]]) -> None:
    merges, first = vocabulary_of(train, "phrase")
    tokenizer = load_tokenizer(train("superbpe", 1000, boundaries="phrase", transition=0.8))
    subwords = load_tokenizer(train("bpe", 257 + round(743 * 0.8)))
    wider, narrow = pretokenizer_of(superbpe.wider_cuts(spec_of())), build_pretokenizer("gpt4")
    pretokens = list(dict.fromkeys(unspell(piece).decode() for _, text in unseen[:40] for piece, _ in wider.pre_tokenize_str(text[:400])))
    assert sum(" " in pretoken.strip() for pretoken in pretokens) > 50
    for pretoken in pretokens:
        words = [unspell(word).decode() for word, _ in narrow.pre_tokenize_str(pretoken)]
        symbols = [spell(subwords.decode([index])) for word in words for index in subwords.encode_batch([word])[0].ids]
        found = [spell(tokenizer.decode([index])) for index in tokenizer.encode_batch([pretoken])[0].ids]
        assert found == apply_merges(symbols, merges[first:])


def test_fewer_tokens_than_plain_bpe_of_the_same_size(train: Train, texts: list[str]) -> None:
    plain, super_ = (load_tokenizer(train(family)) for family in ("bpe", "superbpe"))
    assert sum(len(e.ids) for e in super_.encode_batch(texts)) < sum(len(e.ids) for e in plain.encode_batch(texts))


def test_a_second_stage_without_the_first_is_refused() -> None:
    first = [("a", "b"), ("ab", "c")]
    superbpe.refuse_broken_stages(first, [*first, ("abc", "d")])
    with pytest.raises(TokenizerError, match="does not begin with the first"):
        superbpe.refuse_broken_stages(first, [("a", "b"), ("abc", "d")])
    with pytest.raises(TokenizerError, match="which are not both pieces by then"):
        superbpe.refuse_broken_stages(first, [*first, ("xy", "d")])


@pytest.mark.parametrize("boundaries", BOUNDARIES)
def test_text_without_white_space_is_cut_into_bounded_parts(boundaries: str) -> None:
    cuts = pretokenizer_of(superbpe.wider_cuts(spec_of(boundaries=boundaries)))
    for text in ("中" * 5000, "ab" * 5000, "a b " * 3000, "७" * 3000, "=" * 3000):
        assert max(len(unspell(piece).decode()) for piece, _ in cuts.pre_tokenize_str(text)) <= LONGEST_LINE


def test_memory_on_text_without_white_space_does_not_grow_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(superbpe, "CHARACTERS_AT_ONCE", 50_000)
    spec = spec_of(300, boundaries="line")
    first = learn_merges(spec_of(280), ["中文字" * 200])
    backend = superbpe.superword_backend(first, spec)

    def peak(documents: int) -> int:
        tracemalloc.start()
        for _ in superbpe.stand_ins(backend, ("中文字" * 2000 for _ in range(documents))):
            pass
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(60) < 1.5 * peak(20)


def test_the_text_of_the_second_stage_can_be_bounded(texts: list[str], tmp_path: Path) -> None:
    assert list(superbpe.limited(["ab", "cd", "ef"], 3)) == ["ab", "cd"]
    FAMILY.train_vocabulary(spec_of(400, second_stage_bytes=30_000), texts, tmp_path)
    assert json.loads((tmp_path / "merges.json").read_text())["options"]["second_stage_bytes"] == 30_000


def test_a_stream_that_can_be_read_once_is_enough(texts: list[str], tmp_path: Path) -> None:
    for name, given in (("list", texts[:60]), ("stream", iter(texts[:60]))):
        (tmp_path / name).mkdir()
        FAMILY.train_vocabulary(spec_of(400), given, tmp_path / name)
    assert (tmp_path / "list" / "merges.json").read_bytes() == (tmp_path / "stream" / "merges.json").read_bytes()


def test_a_size_that_the_text_does_not_support_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="larger than the text supports"):
        FAMILY.train_vocabulary(spec_of(5000), ["one two one two one two"], tmp_path)
    assert not list(tmp_path.iterdir())
