"""Splits are a function of the document id alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from uniscale_assets.corpus.spec import SPLITS, SplitFractions
from uniscale_assets.corpus.splits import split_of
from uniscale_assets_tests.corpus.texts import build, files_spec, many_rows, read_split, write_rows

QUARTERS = SplitFractions(tokenizer=0.25, train=0.25, validation=0.25, test=0.25)


@pytest.mark.parametrize(
    ("document_id", "first_bytes", "split"),
    [
        # From `printf a | sha256sum` and so on; by hand: 0x02 / 0xff is in the first quarter, 0x65 and 0x50 in the second, ...
        ("5", "ef2d127d", "test"),
        ("1", "6b86b273", "train"),
        ("4", "4b227777", "train"),
        ("c", "2e7d2c03", "tokenizer"),
        ("a", "ca978112", "test"),
        ("11", "4fc82b26", "train"),
        ("14", "8527a891", "validation"),
    ],
)
def test_by_the_leading_bytes_of_sha256(document_id: str, first_bytes: str, split: str) -> None:
    assert hashlib.sha256(document_id.encode()).hexdigest().startswith(first_bytes)
    assert split_of(document_id, QUARTERS) == split


def test_shares_are_what_the_fractions_say() -> None:
    fractions = SplitFractions(tokenizer=0.1, train=0.5, validation=0.1, test=0.2)
    count = 40_000
    counts = Counter(split_of(str(number), fractions) for number in range(count))
    for split in SPLITS:
        share = getattr(fractions, split)
        # Five standard deviations of a binomial.
        assert abs(counts[split] / count - share) < 5 * (share * (1 - share) / count) ** 0.5
    assert abs(counts[None] / count - 0.1) < 5 * (0.09 / count) ** 0.5


def test_fractions_that_add_up_to_one_leave_nothing() -> None:
    # 0.7 + 0.2 + 0.05 + 0.05 is below 1 in floating point.
    fractions = SplitFractions(tokenizer=0.7, train=0.2, validation=0.05, test=0.05)
    assert None not in {split_of(str(number), fractions) for number in range(10_000)}


def test_no_document_is_in_two_splits_and_none_is_lost(tmp_path: Path) -> None:
    rows = many_rows(300)
    build(files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", rows)}), "eng_Latn", tmp_path / "out")
    ids = [row["id"] for split in SPLITS for row in read_split(tmp_path / "out", split)]
    assert len(ids) == len(set(ids))
    assert set(ids) == {row["id"] for row in rows}


def test_translations_share_a_split_and_more_documents_move_none(tmp_path: Path) -> None:
    english, german = many_rows(200), [{"id": row["id"], "text": f"deutsch {row['text']}"} for row in many_rows(120)]
    spec = files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", english), "deu_Latn": write_rows(tmp_path / "deu.jsonl", german)})
    larger = files_spec({"eng_Latn": write_rows(tmp_path / "more.jsonl", [*many_rows(90, "new"), *english])})
    for case, (which, language) in {"a": (spec, "eng_Latn"), "b": (spec, "deu_Latn"), "c": (larger, "eng_Latn")}.items():
        build(which, language, tmp_path / case)
    first, translated, grown = (
        {row["id"]: split for split in SPLITS for row in read_split(tmp_path / case, split)} for case in ("a", "b", "c")
    )
    assert {document_id: first[document_id] for document_id in translated} == translated
    assert {document_id: grown[document_id] for document_id in first} == first
    assert set(first.values()) == set(SPLITS)


def test_what_the_fractions_leave_over_is_counted(tmp_path: Path) -> None:
    fractions = SplitFractions(tokenizer=0.2, train=0.2, validation=0.1, test=0.1)
    path = write_rows(tmp_path / "eng.jsonl", many_rows(200))
    ledger = build(files_spec({"eng_Latn": path}, splits=fractions), "eng_Latn", tmp_path / "out")
    assert ledger.unassigned.documents > 40
    assert ledger.total + ledger.unassigned == ledger.read
