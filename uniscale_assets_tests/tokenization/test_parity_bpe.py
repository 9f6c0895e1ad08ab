"""Parity-aware BPE: the languages come out even on the parallel text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from uniscale_assets.corpus.parity import read_parity
from uniscale_assets.errors import TokenizerError
from uniscale_assets.tokenization import bpe, parity_bpe
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.protocol import hashed_keys
from uniscale_assets.tokenization.spec import TokenizerSpec
from uniscale_assets.tokenization.training_text import TrainingText
from uniscale_assets_tests.tokenization.conftest import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets_tests.tokenization.conftest import Train

FAMILY = family_of("parity_bpe")


def spec_of(vocab_size: int = 500, **options: object) -> TokenizerSpec:
    return TokenizerSpec.model_validate({"name": "x", "family": "parity_bpe", "vocab_size": vocab_size, "options": options})


def tokens_by_language(directory: Path) -> dict[str, int]:
    """Tokens of the Universal Declaration."""
    tokenizer, parity = load_tokenizer(directory), read_parity(LANGUAGES)
    texts = {language: parity.filter(language=language)["text"].to_list() for language in LANGUAGES}
    return {language: sum(len(encoding.ids) for encoding in tokenizer.encode_batch(of)) for language, of in texts.items()}


def test_all_languages_take_the_same_number_of_tokens(train: Train) -> None:
    even, plain = tokens_by_language(train("parity_bpe")), tokens_by_language(train("bpe"))
    # Not closer than the last merge of a language brings it: at this size about a hundred tokens at once.
    assert max(even.values()) / min(even.values()) < 1.02
    assert max(plain.values()) / min(plain.values()) > 1.2
    assert max(even.values()) < max(plain.values())


def test_merges_at_the_start_can_be_those_of_plain_bpe(train: Train) -> None:
    plain = bpe.read_merges(train("bpe").parent / "vocabulary", spec_of())
    begun, even = (bpe.read_merges(train("parity_bpe", global_merges=number).parent / "vocabulary", spec_of()) for number in (100, 0))
    assert set(begun[:100]) == set(plain[:100])
    assert set(even[:100]) != set(plain[:100])


def test_targets_by_language_take_the_place_of_the_parallel_text(train: Train) -> None:
    ratio = dict.fromkeys(LANGUAGES, 1.0)
    favoured = tokens_by_language(train("parity_bpe", ratio={**ratio, "jpn_Jpan": 4.0}))
    even = tokens_by_language(train("parity_bpe", ratio=ratio))
    assert favoured["jpn_Jpan"] < even["jpn_Jpan"]


def test_a_target_that_is_missing_is_named(training_text: TrainingText, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"options.ratio: has no arb_Arab, jpn_Jpan, rus_Cyrl"):
        FAMILY.train_vocabulary(spec_of(ratio={"eng_Latn": 1.0}), training_text, tmp_path)


def test_a_language_without_parallel_text_is_named(tmp_path: Path) -> None:
    text = TrainingText(lambda: [("eng_Latn", "words " * 50), ("tlh_Latn", "tlhIngan Hol " * 50)])
    with pytest.raises(TokenizerError, match=r"no parity text in tlh_Latn; .* or give options.ratio for every language"):
        FAMILY.train_vocabulary(spec_of(), text, tmp_path)


def test_text_without_languages_is_refused(texts: list[str], tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="hand it a TrainingText, which knows them"):
        FAMILY.train_vocabulary(spec_of(), texts, tmp_path)


def test_more_pairs_than_training_can_count_are_refused_over_all_languages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = TrainingText(lambda: [("eng_Latn", "ab " * 1000), ("fra_Latn", "ab " * 1000)])
    monkeypatch.setattr(bpe, "LARGEST_PAIR_COUNT", 1500)
    with pytest.raises(TokenizerError, match="more than 1,500 times"):
        FAMILY.train_vocabulary(spec_of(258), text, tmp_path)


def test_the_yardstick_is_in_the_fingerprint_where_it_is_used() -> None:
    assert hashed_keys(spec_of())["options"] == {"parity": parity_bpe.parity_hash()}
    assert hashed_keys(spec_of(ratio={"eng_Latn": 1.0}))["options"] == {"ratio": {"eng_Latn": 1.0}}


def test_a_size_that_the_text_does_not_support_is_refused(tmp_path: Path) -> None:
    text = TrainingText(lambda: [("eng_Latn", "aaaa bbbb aaaa bbbb")])
    with pytest.raises(TokenizerError, match="larger than the text supports"):
        FAMILY.train_vocabulary(spec_of(5000), text, tmp_path)
