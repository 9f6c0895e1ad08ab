"""A tokenizer that loses, invents or miscounts a byte is refused, and told apart from one that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import models, normalizers, pre_tokenizers

from uniscale_assets.errors import LossyTokenizerError
from uniscale_assets.tokenization.byte_level import ByteLevelTokenizer
from uniscale_assets.tokenization.layout import BYTE_CHARACTERS, SEPARATOR_TEXT
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.spec import TokenizerSpec
from uniscale_assets.tokenization.verify import difference, random_documents, verify_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from uniscale_assets.tokenization.protocol import Encoding
    from uniscale_assets_tests.tokenization.conftest import Train

SPEC = TokenizerSpec(name="x", family="bpe", vocab_size=1000)
DOCUMENTS = [("eng_Latn", "Plain words."), ("fra_Latn", "Un café.")]


@pytest.mark.parametrize(("family", "pretokenizer"), [("bpe", "gpt4"), ("unigram", "apertus"), ("bpe", "none"), ("unigram", "gpt2")])
def test_our_families_lose_nothing(family: str, pretokenizer: str, train: Train, unseen: list[tuple[str, str]]) -> None:
    verification = verify_tokenizer(load_tokenizer(train(family, pretokenizer=pretokenizer)), SPEC, unseen)
    assert verification.scalars == 1_112_064
    assert verification.documents == len(unseen) == sum(verification.languages.values())
    assert set(verification.languages) == {language for language, _ in unseen}
    assert verification.bytes == sum(len(text.encode()) for _, text in unseen)
    assert (verification.byte_symbols, verification.vocab_size) == (256, 1000)


def backend(train: Train) -> Any:
    return Backend.from_file(str(train("bpe") / "tokenizer.json"))


def with_normalizer(changed: Any) -> None:
    changed.normalizer = normalizers.NFC()


def with_strip(changed: Any) -> None:
    changed.normalizer = normalizers.Strip()


def with_prefix_space(changed: Any) -> None:
    changed.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)


def without_white_space(changed: Any) -> None:
    changed.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


def without_byte_level(changed: Any) -> None:
    changed.pre_tokenizer = pre_tokenizers.WhitespaceSplit()


def with_separator_as_added_token(changed: Any) -> None:
    changed.add_special_tokens([SEPARATOR_TEXT])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_normalizer, r"'\\u0340' \(U\+0340\)|is lost"),
        (with_strip, "is lost"),
        (with_prefix_space, "is given back"),
        (without_white_space, r"' ' \(U\+0020\) at byte \d+ is lost"),
        (without_byte_level, "is lost|not a byte"),
        (with_separator_as_added_token, "the separator stands among the tokens of a text, in '<separator token>'"),
    ],
)
def test_what_makes_others_lossy_is_refused(change: Callable[[Any], None], message: str, train: Train) -> None:
    changed = backend(train)
    change(changed)
    with pytest.raises(LossyTokenizerError, match=message):
        verify_tokenizer(ByteLevelTokenizer(changed), SPEC, DOCUMENTS)


def test_the_language_of_a_lost_document_is_named(train: Train) -> None:
    changed = backend(train)
    changed.normalizer = normalizers.Replace("é", "e")
    with pytest.raises(LossyTokenizerError, match=r"documents, fra_Latn: 'é' \(U\+00E9\) at byte 6 is lost: b'e.' is given back"):
        verify_tokenizer(ByteLevelTokenizer(changed), SPEC, DOCUMENTS)


def test_a_single_scalar_value_that_is_lost_is_found(train: Train) -> None:
    changed = backend(train)
    changed.normalizer = normalizers.Replace("\ufdfa", "")
    with pytest.raises(LossyTokenizerError, match=r"runs of Unicode scalar values: .*\(U\+FDFA\)"):
        verify_tokenizer(ByteLevelTokenizer(changed), SPEC, DOCUMENTS)


def test_a_byte_that_is_not_in_the_vocabulary_is_named() -> None:
    vocabulary = {piece: index for index, piece in enumerate([SEPARATOR_TEXT, *BYTE_CHARACTERS[:-1]])}
    incomplete = Backend(models.BPE(vocab=vocabulary, merges=[]))
    with pytest.raises(LossyTokenizerError, match="1 bytes are not in the vocabulary, first 0xFF"):
        verify_tokenizer(ByteLevelTokenizer(incomplete), SPEC.model_copy(update={"vocab_size": 256}), DOCUMENTS)


def test_another_size_than_asked_is_refused(train: Train) -> None:
    with pytest.raises(LossyTokenizerError, match="x: the vocabulary has 999 ids, vocab_size asks for 1000"):
        verify_tokenizer(load_tokenizer(train("bpe", 999)), SPEC, DOCUMENTS)


class Miscounting(ByteLevelTokenizer):
    """A tokenizer whose byte ends, or ids, are changed by a function."""

    def __init__(self, of: Any, change: Callable[[Encoding], Encoding]) -> None:
        super().__init__(of)
        self.change = change

    def encode_batch(self, texts: Sequence[str]) -> list[Encoding]:
        return [self.change(encoding) if len(encoding.ids) > 1 else encoding for encoding in super().encode_batch(texts)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda encoding: replace(encoding, byte_ends=encoding.byte_ends + 1), r"byte ends account for \d+ of \d+ bytes"),
        (lambda encoding: replace(encoding, byte_ends=encoding.byte_ends[::-1]), "byte ends decrease"),
        (lambda encoding: replace(encoding, byte_ends=encoding.byte_ends[:-1]), r"\d+ ids, but \d+ byte ends"),
        (lambda encoding: replace(encoding, byte_ends=encoding.byte_ends - encoding.byte_ends[0] - 1), "byte ends decrease"),
        (lambda encoding: replace(encoding, ids=encoding.ids + 1000), "ids outside the vocabulary of 1000"),
        (lambda encoding: replace(encoding, ids=encoding.ids[:-1], byte_ends=encoding.byte_ends[:-1]), "is lost"),
        (
            lambda encoding: replace(encoding, ids=np.append(encoding.ids, 34), byte_ends=np.append(encoding.byte_ends, 9)),
            "never there, first 0x21",
        ),
    ],
)
def test_byte_ends_and_ids_that_do_not_add_up_are_refused(change: Callable[[Encoding], Encoding], message: str, train: Train) -> None:
    with pytest.raises(LossyTokenizerError, match=message):
        verify_tokenizer(Miscounting(backend(train), change), SPEC, DOCUMENTS)


def test_random_documents_are_those_of_the_seed() -> None:
    assert random_documents(1) == random_documents(1) != random_documents(2)
    assert len(set("".join(random_documents(1)))) > 50_000


def test_a_difference_inside_a_character_names_the_character() -> None:
    assert difference("a中b".encode(), "a丮b".encode()).startswith("'中' (U+4E2D) at byte 1 is lost")
    assert difference("a中".encode(), b"a\xe4").startswith("'中' (U+4E2D) at byte 1 is lost")
