"""Exact duplicates are dropped and counted, and nothing depends on the order of the input."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniscale_assets.corpus import spill
from uniscale_assets.corpus.ledger import Counts
from uniscale_assets.corpus.spec import SPLITS
from uniscale_assets.corpus.splits import order_key
from uniscale_assets.errors import CorpusError
from uniscale_assets.files import hash_directory
from uniscale_assets_tests.corpus.texts import build, files_spec, many_rows, read_all, read_split, write_rows


def test_of_equal_texts_the_smallest_id_stays(tmp_path: Path) -> None:
    rows = [{"id": "b", "text": "same"}, {"id": "a", "text": "same"}, {"id": "c", "text": "same"}, {"id": "d", "text": "same "}]
    ledger = build(files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", rows)}), "eng_Latn", tmp_path / "out")
    assert read_all(tmp_path / "out") == {"a": "same", "d": "same "}
    assert ledger.duplicates == Counts(documents=2, bytes=8, characters=8)
    assert ledger.read == ledger.duplicates + ledger.total


def test_the_same_row_twice_is_a_duplicate(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "é"}, {"id": "a", "text": "é"}]
    ledger = build(files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", rows)}), "eng_Latn", tmp_path / "out")
    assert (ledger.duplicates, ledger.total) == (Counts(documents=1, bytes=2, characters=1),) * 2


def test_equal_texts_in_two_languages_both_stay(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "x.jsonl", [{"id": "a", "text": "same"}])
    spec = files_spec({"eng_Latn": path, "deu_Latn": path})
    for language in spec.languages:
        assert build(spec, language, tmp_path / language).duplicates.documents == 0
        assert read_all(tmp_path / language) == {"a": "same"}


def test_one_id_for_two_texts_names_both_places(tmp_path: Path) -> None:
    write_rows(tmp_path / "in" / "1.jsonl", [{"id": "a", "text": "one"}, {"id": "b", "text": "two"}])
    write_rows(tmp_path / "in" / "2.jsonl", [{"id": "c", "text": "three"}, {"id": "d", "text": "four"}, {"id": "b", "text": "five"}])
    with pytest.raises(CorpusError) as caught:
        build(files_spec({"eng_Latn": f"{tmp_path}/in/*.jsonl"}), "eng_Latn", tmp_path / "out")
    assert "the id 'b' stands for two different texts" in str(caught.value)
    assert f"{tmp_path}/in/1.jsonl: row 2 and at {tmp_path}/in/2.jsonl: row 3" in str(caught.value)


def test_rows_are_stored_in_the_order_of_their_keys(tmp_path: Path) -> None:
    build(files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", many_rows(200))}), "eng_Latn", tmp_path / "out")
    for split in SPLITS:
        keys = [order_key("eng_Latn", row["id"]) for row in read_split(tmp_path / "out", split)]
        assert keys == sorted(keys)
        assert len(keys) > 1


@settings(max_examples=15, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=4), min_size=1, max_size=30),
    seed=st.integers(0, 99),
    files=st.integers(1, 3),
)
def test_files_in_any_order_give_the_same_bytes(texts: list[str], seed: int, files: int) -> None:
    rows = [{"id": str(number), "text": text} for number, text in enumerate([*texts, "never empty"])]
    shuffled = random.Random(seed).sample(rows, len(rows))
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_rows(base / "a" / "all.jsonl", rows)
        for number in range(files):
            write_rows(base / "b" / f"{number}.jsonl.gz", shuffled[number::files])
        ledgers = [build(files_spec({"eng_Latn": f"{folder}/{case}/*"}), "eng_Latn", base / f"out {case}") for case in "ab"]
        assert ledgers[0] == ledgers[1]
        assert hash_directory(base / "out a") == hash_directory(base / "out b")
        # By definition: of each text the smallest id.
        smallest = {row["text"]: min(other["id"] for other in rows if other["text"] == row["text"]) for row in rows if row["text"]}
        assert read_all(base / "out a") == {document_id: text for text, document_id in smallest.items()}


def test_parts_too_large_for_memory_are_split_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*many_rows(600), *many_rows(100, "twice"), *[{**row, "id": f"z{row['id']}"} for row in many_rows(100, "twice")]]
    spec = files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", rows)})
    whole = build(spec, "eng_Latn", tmp_path / "whole")
    depths: list[int] = []
    read_sorted = spill.Part.read_sorted

    def watched(part: spill.Part) -> Iterator[tuple[bytes, bytes]]:
        depths.append(part.depth)
        return read_sorted(part)

    monkeypatch.setattr(spill.Part, "read_sorted", watched)
    monkeypatch.setattr(spill, "ROWS_IN_MEMORY", 2)
    assert build(spec, "eng_Latn", tmp_path / "fine") == whole
    assert max(depths) >= 2
    assert hash_directory(tmp_path / "fine") == hash_directory(tmp_path / "whole")


def test_many_copies_of_one_text_end_the_splitting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "ROWS_IN_MEMORY", 2)
    rows = [{"id": f"{number:03}", "text": "same"} for number in range(100)]
    ledger = build(files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", rows)}), "eng_Latn", tmp_path / "out")
    assert (ledger.duplicates.documents, read_all(tmp_path / "out")) == (99, {"000": "same"})
