"""What vocabularies hold, and how numbers are cut."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from uniscale_assets.tokenization import metrics
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.metrics_digits import cut_alike, cut_numbers, kind_of, kind_shares, number_rows, sample_numbers
from uniscale_assets.tokenization.metrics_vocabulary import (
    kind_of_entry,
    length_table,
    script_shares,
    text_length_rows,
    token_lengths,
    vocabulary_rows,
)
from uniscale_assets.tokenization.pieces import pieces_of
from uniscale_assets.tokenization.shards import open_shard, write_token_shards

from .greedy import GreedyTokenizer, write_mixture

if TYPE_CHECKING:
    from uniscale_assets_tests.tokenization.conftest import Train


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        (" the", "Latn"),
        ("Größe,", "Latn"),
        ("привет", "Cyrl"),
        ("ا", "Arab"),
        ("中文", "Hani"),
        ("食べる", "Jpan"),
        ("カタ", "Kana"),
        ("한국", "Hang"),
        ("aя", "mixed"),
        ("中a", "mixed"),
        (" 42", "digits"),
        ("٣", "digits"),
        ("  \n", "spaces"),
        ("...", "signs"),
        ("\u0301", "signs"),
        ("👍", "signs"),
        (b"\xe4\xb8", "bytes"),
        (b" \xd0", "bytes"),
    ],
)
def test_an_entry_is_of_the_script_of_its_letters(piece: str | bytes, kind: str) -> None:
    assert kind_of_entry(piece if isinstance(piece, bytes) else piece.encode()) == kind


def test_shares_of_a_vocabulary_by_hand() -> None:
    rows = {metric: value for _, metric, value, _ in vocabulary_rows([b"", b"the", b" of", "да".encode(), b"\xd0", b""])}
    assert rows == {
        "token_bytes_mean": 11 / 4,
        "token_bytes_median": 3,
        "token_bytes_longest": 4,
        "script_share_Cyrl": 1 / 4,
        "script_share_Latn": 2 / 4,
        "script_share_bytes": 1 / 4,
    }


@pytest.mark.parametrize("family", ["bpe", "unigram"])
def test_shares_of_a_real_vocabulary_add_up(family: str, train: Train) -> None:
    pieces = pieces_of(load_tokenizer(train(family)))
    shares = script_shares([piece for piece in pieces if piece])
    assert sum(shares.values()) == pytest.approx(1)
    # 128 bytes are no text by themselves, and nothing of the corpus is Greek.
    assert shares["bytes"] >= 128 / 999
    assert {"Latn", "Cyrl", "Arab", "Hira"} <= set(shares)
    assert shares.get("Grek", 0) < 0.01


def test_lengths_of_text_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the| cat|s, nothing, and a token for no byte before the: lengths 3 4 1, 0 3.
    tokenizer = GreedyTokenizer(["the", " cat"], frozenset({" cat"}))
    mixture = write_mixture(tmp_path / "mixture", test=[("eng_Latn", "the cats"), ("eng_Latn", ""), ("eng_Latn", "the"), ("eng_Latn", "")])
    (tmp_path / "shards").mkdir()
    write_token_shards(tokenizer, mixture, tmp_path / "shards")
    for at_once in (metrics.TOKENS_AT_ONCE, 1):
        monkeypatch.setattr(metrics, "TOKENS_AT_ONCE", at_once)
        counts = token_lengths(open_shard(tmp_path / "shards", "test"))
        assert counts.tolist() == [1, 1, 0, 2, 1]
    assert [(metric, value) for _, metric, value, _ in text_length_rows(counts)] == [
        ("text_token_bytes_median", 3.0),
        ("text_token_bytes_p90", 4.0),
    ]
    table = length_table(pieces_of(tokenizer), counts)
    assert table.rows() == [(0, 0, 1), (1, 256, 1), (3, 1, 2), (4, 1, 1), (13, 1, 0)]


def test_lengths_of_real_text_are_the_steps_of_its_byte_ends(train: Train, mixture: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(train("bpe"))
    write_token_shards(tokenizer, mixture, tmp_path)
    shard = open_shard(tmp_path, "test")
    pieces = pieces_of(tokenizer)
    assert dict(enumerate(token_lengths(shard).tolist())) == {
        **dict.fromkeys(range(len(token_lengths(shard))), 0),
        **Counter(len(pieces[index]) for index in shard.ids.tolist()),
    }


@pytest.mark.parametrize(
    ("cut", "kind"),
    [
        ((5,), "whole"),
        ((1, 1, 1, 1), "single_digits"),
        ((3, 3), "even_groups"),
        ((3, 3, 2), "left_to_right"),
        ((3, 1), "left_to_right"),
        ((2, 3, 3), "right_to_left"),
        ((1, 3, 3), "right_to_left"),
        ((1, 3, 1), "irregular"),
        ((1, 1, 2), "irregular"),
        ((2, 2, 3), "irregular"),
    ],
)
def test_ways_to_cut_a_number(cut: tuple[int, ...], kind: str) -> None:
    assert kind_of(cut) == kind


def test_samples_hold_every_short_number_and_are_spread_over_the_long_ones() -> None:
    assert sample_numbers(1) == list("0123456789")
    assert sample_numbers(2) == [str(number) for number in range(10, 100)]
    for digits in range(3, 9):
        numbers = sample_numbers(digits)
        assert {len(number) for number in numbers} == {digits}
        assert len(set(numbers)) == len(numbers) == 500
        assert Counter(number[0] for number in numbers).most_common()[-1][1] >= 50
        assert len({number[-1] for number in numbers}) == 10
        assert numbers == sorted(numbers)


def test_numbers_in_groups_of_three() -> None:
    # Every group of one to three digits is a piece, and the longest is taken first: 12345 is 123|45.
    groups = [str(number) for number in range(1000)] + [f"{number:03}" for number in range(100)] + [f"{number:02}" for number in range(10)]
    rows = {metric: value for _, metric, value, _ in number_rows(GreedyTokenizer(groups))}
    assert [rows[f"number_tokens_{digits}"] for digits in range(1, 9)] == [1, 1, 1, 2, 2, 2, 3, 3]
    # Of the lengths 4 to 8 only 6 is made of whole groups.
    assert rows["numbers_left_to_right"] == pytest.approx(4 / 5)
    assert rows["numbers_even_groups"] == pytest.approx(1 / 5)
    assert rows["numbers_cut_alike"] == 1
    assert sum(value for metric, value in rows.items() if metric.startswith("numbers_") and metric != "numbers_cut_alike") == pytest.approx(
        1
    )


def test_numbers_cut_by_what_they_are() -> None:
    # Only 99 is a piece: numbers that hold it are cut otherwise than others.
    group = cut_numbers(GreedyTokenizer(["99"]), 4)
    with_pair = sum("99" in number for number in sample_numbers(4))
    assert 0 < with_pair < 250
    assert cut_alike([group]) == pytest.approx(1 - with_pair / 500)
    assert kind_shares([group])["single_digits"] == pytest.approx(1 - with_pair / 500)


@pytest.mark.parametrize(("pretokenizer", "most"), [("gpt4", 3), ("apertus", 1)])
def test_presets_cut_numbers_as_they_promise(pretokenizer: str, most: int, train: Train) -> None:
    rows = {metric: value for _, metric, value, _ in number_rows(load_tokenizer(train("bpe", 1000, pretokenizer)))}
    for digits in range(1, 9):
        assert -(-digits // most) <= rows[f"number_tokens_{digits}"] <= digits
    if pretokenizer == "apertus":
        assert rows["numbers_single_digits"] == rows["numbers_cut_alike"] == 1


def test_counts_start_at_zero_bytes() -> None:
    assert text_length_rows(np.array([3, 1]))[0][2] == 0.0
