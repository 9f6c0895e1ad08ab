"""WordPiece: the longest piece from the left, over the vocabulary that its published trainer learns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokenizers import Tokenizer as Backend
from tokenizers import models, trainers

from uniscale_assets.tokenization.byte_level import assemble
from uniscale_assets.tokenization.layout import BYTE_CHARACTERS, SEPARATOR_TEXT, spell
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.pretokens import count_pretokens
from uniscale_assets.tokenization.spec import TokenizerSpec
from uniscale_assets.tokenization.wordpiece import LONGEST_MATCHED_BYTES

if TYPE_CHECKING:
    from uniscale_assets_tests.tokenization.conftest import Train


def longest_from_the_left(word: bytes, pieces: set[bytes]) -> list[bytes]:
    """Wu et al. 2016, in the plainest way."""
    found: list[bytes] = []
    while word:
        size = next(size for size in range(len(word), 0, -1) if word[:size] in pieces)
        found.append(word[:size])
        word = word[size:]
    return found


def test_words_are_cut_into_the_longest_pieces_from_the_left(train: Train, unseen: list[tuple[str, str]]) -> None:
    tokenizer = load_tokenizer(train("wordpiece"))
    pieces = {tokenizer.decode([index]) for index in range(1, tokenizer.vocab_size)}
    counted = count_pretokens([text for _, text in unseen], "gpt4", 10**6).counts
    words = [word for word in counted if len(word.encode()) <= LONGEST_MATCHED_BYTES]
    assert len(words) > 2000
    for word, encoding in zip(words, tokenizer.encode_batch(words), strict=True):
        assert [tokenizer.decode([index]) for index in encoding.ids] == longest_from_the_left(word.encode(), pieces)


def test_a_word_of_any_length_is_cut_and_none_is_unknown(train: Train) -> None:
    tokenizer = load_tokenizer(train("wordpiece"))
    text = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3 + "中" * 300
    [encoding] = tokenizer.encode_batch([text])
    assert tokenizer.decode(encoding.ids) == text.encode()


def test_merge_order_and_longest_match_cut_some_words_otherwise(train: Train, unseen: list[tuple[str, str]]) -> None:
    texts = [text for _, text in unseen]
    matched, merged = (load_tokenizer(train(family)).encode_batch(texts) for family in ("wordpiece", "bpe"))
    different = sum(a.ids.tolist() != b.ids.tolist() for a, b in zip(matched, merged, strict=True))
    assert different > len(texts) / 2


def test_the_published_trainer_learns_the_same_pieces(train: Train, texts: list[str]) -> None:
    backend = assemble(models.WordPiece(vocab={}, unk_token=SEPARATOR_TEXT), TokenizerSpec(name="x", family="wordpiece", vocab_size=1000))
    trainer = trainers.WordPieceTrainer(
        vocab_size=999, min_frequency=2, initial_alphabet=list(BYTE_CHARACTERS), continuing_subword_prefix="", show_progress=False
    )
    backend.train_from_iterator(texts, trainer=trainer)
    ours = Backend.from_file(str(train("wordpiece") / "tokenizer.json")).get_vocab()
    assert set(ours) - {SEPARATOR_TEXT} == set(backend.get_vocab())


def test_the_inside_of_a_word_is_not_marked(train: Train) -> None:
    model = json.loads((train("wordpiece") / "tokenizer.json").read_text())["model"]
    assert (model["type"], model["continuing_subword_prefix"]) == ("WordPiece", "")
    assert list(model["vocab"])[1:257] == [spell(bytes([byte])) for byte in range(256)]
