"""How tokens lie to words, counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from uniscale_assets.errors import TokenizerError
from uniscale_assets.tokenization import metrics_words
from uniscale_assets.tokenization.metrics_lexicon import LISTS, lexicon_of, valid_word_rows
from uniscale_assets.tokenization.metrics_words import count_words, word_rows
from uniscale_assets.tokenization.shards import open_shard, write_token_shards

from .greedy import GreedyTokenizer, write_mixture

Values = dict[tuple[str, str], tuple[float, str]]


def measured(tokenizer: GreedyTokenizer, documents: Sequence[tuple[str, str]], home: Path) -> Values:
    """Value and unit by metric and language."""
    home.mkdir(exist_ok=True)
    mixture = write_mixture(home / "mixture", test=documents)
    (home / "shards").mkdir()
    write_token_shards(tokenizer, mixture, home / "shards")
    counts = count_words(open_shard(home / "shards", "test"), mixture, tokenizer.vocab_size)
    rows = [*word_rows(counts), *valid_word_rows(counts, tokenizer.content)]
    return {(metric, language): (value, unit) for language, metric, value, unit in rows}


def values(found: Values, language: str) -> dict[str, float]:
    return {metric: value for (metric, of), (value, _) in found.items() if of == language}


def test_words_in_pieces(tmp_path: Path) -> None:
    # the| cat| sa|t|.| |the|c|a|t: ten tokens, four words (the, cat, sat, thecat).
    found = measured(GreedyTokenizer(["the", " cat", " sa"]), [("eng_Latn", "the cat sat. thecat")], tmp_path)
    assert values(found, "eng_Latn") == {
        "words_per_token": 4 / 10,
        "fertility": 8 / 4,
        "words_split": 2 / 4,
        "whole_word_tokens": 2 / 10,
        "word_final_tokens": 4 / 10,
        "valid_word_tokens": 2 / 10,
    }
    assert values(found, "all") == values(found, "eng_Latn")


def test_tokens_that_hold_several_words(tmp_path: Path) -> None:
    # of the| ca|t, and x|of the, where xof is a word.
    documents = [("eng_Latn", "of the cat"), ("eng_Latn", "xof the")]
    whole = values(measured(GreedyTokenizer(["of the", " ca"]), documents, tmp_path), "eng_Latn")
    assert whole["fertility"] == 5 / 5
    assert whole["words_split"] == 2 / 5
    assert whole["whole_word_tokens"] == 1 / 5
    assert whole["word_final_tokens"] == 3 / 5


def test_a_token_that_cuts_the_words_on_both_sides(tmp_path: Path) -> None:
    # o|f th|e
    found = values(measured(GreedyTokenizer(["f th"]), [("eng_Latn", "of the")], tmp_path), "eng_Latn")
    assert (found["fertility"], found["words_split"]) == (3 / 2, 1.0)
    assert (found["whole_word_tokens"], found["word_final_tokens"], found["valid_word_tokens"]) == (0.0, 1 / 3, 0.0)


def test_tokens_that_account_for_no_byte_hold_no_word_and_split_none(tmp_path: Path) -> None:
    documents = [("eng_Latn", "the cat sat. thecat")]
    loud = values(measured(GreedyTokenizer(["the", " cat", " sa"]), documents, tmp_path / "loud"), "all")
    quiet = values(measured(GreedyTokenizer(["the", " cat", " sa"], frozenset({"the", "a", "t"})), documents, tmp_path / "silent"), "all")
    # Silent tokens before the, the, a, t, t: five more tokens, in and around words.
    assert quiet["fertility"] == loud["fertility"]
    assert quiet["words_split"] == loud["words_split"]
    assert quiet["whole_word_tokens"] * 15 == pytest.approx(loud["whole_word_tokens"] * 10)


def test_a_language_without_spaces_counts_characters_and_stays_out_of_the_whole(tmp_path: Path) -> None:
    # 中文|three bytes of ，|a| |three bytes of 字: nine tokens, four characters.
    documents = [("cmn_Hani", "中文，a 字"), ("eng_Latn", "the cat")]
    found = measured(GreedyTokenizer(["the", " cat", "中文"]), documents, tmp_path)
    chinese = values(found, "cmn_Hani")
    assert chinese["fertility"] == 5 / 4
    assert chinese["words_split"] == 1 / 4
    assert chinese["whole_word_tokens"] == 2 / 9
    assert found["fertility", "cmn_Hani"][1] == "tokens/character"
    assert found["words_split", "cmn_Hani"][1] == "share of characters"
    assert ("words_per_token", "cmn_Hani") not in found
    # 中文 is a word of the list; a stands alone and is in it too.
    assert chinese["valid_word_tokens"] == 2 / 9
    assert values(found, "all") == {**values(found, "eng_Latn"), "valid_word_tokens": 4 / 11}


def test_batches_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["the", "cat", "sat", "thecat.\ncat-the", "́x"]
    documents = [("eng_Latn" if number % 3 else "jpn_Jpan", " ".join(words[number % 4 :])) for number in range(40)]
    tokenizer = GreedyTokenizer(["the", " cat", "at"])
    whole = measured(tokenizer, documents, tmp_path / "one")
    monkeypatch.setattr(metrics_words, "BATCH_BYTES", 50)
    assert measured(tokenizer, documents, tmp_path / "many") == whole


def test_a_document_without_text_and_one_without_words(tmp_path: Path) -> None:
    found = values(measured(GreedyTokenizer(["..."]), [("eng_Latn", ""), ("eng_Latn", "... "), ("eng_Latn", "")], tmp_path), "eng_Latn")
    assert found == {"words_per_token": 0.0, "whole_word_tokens": 0.0, "word_final_tokens": 0.0, "valid_word_tokens": 0.0}


def test_another_mixture_is_refused(tmp_path: Path) -> None:
    tokenizer = GreedyTokenizer(["the"])
    mixture = write_mixture(tmp_path / "mixture", test=[("eng_Latn", "the")])
    (tmp_path / "shards").mkdir()
    write_token_shards(tokenizer, mixture, tmp_path / "shards")
    other = write_mixture(tmp_path / "other", test=[("deu_Latn", "die")])
    with pytest.raises(TokenizerError, match="not what the shards hold"):
        count_words(open_shard(tmp_path / "shards", "test"), other, tokenizer.vocab_size)


def test_words_are_looked_up_as_their_language_spells_them(tmp_path: Path) -> None:
    # STRASSE folds to strasse as Straße does; İSTANBUL folds as Turkish does; ذَهَبَ loses its points.
    documents = [
        ("deu_Latn", "Straße STRASSE Zzzq"),
        ("tur_Latn", "İSTANBUL"),
        ("arb_Arab", "ذَهَبَ"),
        ("eng_Latn", "1995"),
        ("tlh_Latn", "the"),
    ]
    pieces = ["Straße", " STRASSE", " Zzzq", "İSTANBUL", "ذَهَبَ", "1995", "the"]
    found = measured(GreedyTokenizer(pieces), documents, tmp_path)
    valid = {language: value for (metric, language), (value, _) in found.items() if metric == "valid_word_tokens"}
    assert valid == {"deu_Latn": 2 / 3, "tur_Latn": 1.0, "arb_Arab": 1.0, "eng_Latn": 0.0, "all": 4 / 6}


def test_lists_are_of_the_language_itself_and_not_kept() -> None:
    from wordfreq import available_languages, get_frequency_dict, get_frequency_list

    assert set(LISTS.values()) == set(available_languages("small"))
    assert lexicon_of("tlh_Latn") is None
    get_frequency_dict.cache_clear()
    get_frequency_list.cache_clear()
    words = lexicon_of("eng_Latn")
    assert words is not None
    assert {"the", "house"} <= words
    assert "zzzq" not in words
    assert get_frequency_dict.cache_info().currsize == get_frequency_list.cache_info().currsize == 0
