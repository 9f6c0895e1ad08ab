"""Every format and source gives the same documents, unchanged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from uniscale_assets.corpus.sources import read_source, source_fingerprint
from uniscale_assets.corpus.spec import CorpusSpec
from uniscale_assets_tests.corpus.texts import NASTY_TEXTS, build, files_spec, read_all, rows_of, write_bytes, write_rows

FORMATS = ["jsonl", "jsonl.gz", "jsonl.zst", "ndjson", "parquet"]


def read(spec: CorpusSpec, language: str, tmp_path: Path) -> list[tuple[str, str]]:
    return [(document.id, document.text) for document in read_source(spec, language, tmp_path / "cache")]


@pytest.mark.parametrize("suffix", FORMATS)
def test_text_is_never_changed(tmp_path: Path, suffix: str) -> None:
    rows = rows_of(NASTY_TEXTS)
    ledger = build(files_spec({"eng_Latn": write_rows(tmp_path / f"eng.{suffix}", rows)}), "eng_Latn", tmp_path / "out")
    assert read_all(tmp_path / "out") == {row["id"]: row["text"] for row in rows}
    assert ledger.total.bytes == sum(len(text.encode()) for text in NASTY_TEXTS)
    assert ledger.total.characters == sum(len(text) for text in NASTY_TEXTS)


@pytest.mark.parametrize("suffix", ["txt", "txt.gz", "txt.zst"])
def test_a_text_file_is_one_document_named_by_its_path(tmp_path: Path, suffix: str) -> None:
    for number, text in enumerate(NASTY_TEXTS):
        write_bytes(tmp_path / "texts" / "deep" / f"{number}.{suffix}", text.encode())
    spec = files_spec({"eng_Latn": f"{tmp_path}/texts/**/*.{suffix}"})
    build(spec, "eng_Latn", tmp_path / "out")
    assert read_all(tmp_path / "out") == {f"deep/{number}.{suffix}": text for number, text in enumerate(NASTY_TEXTS)}


def test_escapes_in_json_are_the_characters_they_stand_for(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "eng.jsonl", rb'{"id": "a", "text": "\ud83d\ude00 \u0000 \u00e9"}' + b"\n\n")
    assert read(files_spec({"eng_Latn": path}), "eng_Latn", tmp_path) == [("a", "😀 \0 é")]


def test_rows_without_ids_get_one_from_their_text(tmp_path: Path) -> None:
    texts = [{"text": text} for text in ("one", "two", "three")]
    forward = files_spec({"eng_Latn": write_rows(tmp_path / "forward.jsonl", texts)})
    backward = files_spec({"eng_Latn": write_rows(tmp_path / "backward.parquet", [{"text": "new"}, *texts[::-1]])})
    ids = {text: name for name, text in read(forward, "eng_Latn", tmp_path)}
    others = {text: name for name, text in read(backward, "eng_Latn", tmp_path)}
    assert len(set(ids.values())) == 3
    assert {text: others[text] for text in ids} == ids


@pytest.mark.parametrize("suffix", FORMATS)
def test_whole_numbers_are_ids(tmp_path: Path, suffix: str) -> None:
    path = write_rows(tmp_path / f"eng.{suffix}", [{"id": 7, "text": "seven"}, {"id": 2**60, "text": "large"}])
    assert read(files_spec({"eng_Latn": path}), "eng_Latn", tmp_path) == [("7", "seven"), (str(2**60), "large")]


def test_other_columns_are_ignored(tmp_path: Path) -> None:
    rows = [{"url": "u", "id": "a", "score": 0.5, "text": "one", "more": {"text": "no"}}]
    for suffix in FORMATS:
        spec = files_spec({"eng_Latn": write_rows(tmp_path / f"eng.{suffix}", rows)})
        assert read(spec, "eng_Latn", tmp_path) == [("a", "one")]


def test_a_glob_takes_every_matching_file_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.parquet", "sub/c.jsonl.gz"):
        write_rows(tmp_path / "in" / name, [{"id": name, "text": f"text of {name}"}])
    found = read(files_spec({"eng_Latn": f"{tmp_path}/in/**/*"}), "eng_Latn", tmp_path)
    assert [name for name, _ in found] == ["a.parquet", "b.jsonl", "sub/c.jsonl.gz"]
    assert len(read(files_spec({"eng_Latn": f"{tmp_path}/in/?.*"}), "eng_Latn", tmp_path)) == 2


def test_reading_stops_with_the_document_that_reaches_the_limit(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "eng.jsonl", rows_of(["é" * 50, "b" * 100, "c" * 100, "d"]))
    for limit, count in ((100, 1), (101, 2), (200, 2), (201, 3), (10**6, 4)):
        spec = files_spec({"eng_Latn": path}, bytes_per_language=limit)
        assert len(read(spec, "eng_Latn", tmp_path)) == count


def test_a_local_copy_of_fineweb2(tmp_path: Path) -> None:
    folder = tmp_path / "copy [1]" / "data"
    write_rows(folder / "deu_Latn" / "train" / "000_00000.parquet", rows_of(NASTY_TEXTS))
    write_rows(folder / "deu_Latn" / "train" / "000_00001.parquet", [{"text": "later", "id": "<urn:uuid:1>", "language_score": 0.9}])
    write_rows(folder / "deu_Latn" / "test" / "000_00000.parquet", [{"text": "not read", "id": "test"}])
    write_rows(folder / "eng_Latn" / "train" / "000_00000.parquet", [{"text": "english", "id": "e"}])
    spec = CorpusSpec(source="fineweb2", languages=("deu_Latn", "eng_Latn"), directory=tmp_path / "copy [1]")
    build(spec, "deu_Latn", tmp_path / "deu")
    assert read_all(tmp_path / "deu") == {row["id"]: row["text"] for row in rows_of(NASTY_TEXTS)} | {"<urn:uuid:1>": "later"}
    assert read(spec, "eng_Latn", tmp_path) == [("e", "english")]


def test_the_fingerprint_follows_the_files(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "eng.jsonl", rows_of(["one", "two"]))
    spec = files_spec({"eng_Latn": f"{tmp_path}/*.jsonl", "deu_Latn": f"{tmp_path}/*.jsonl"})
    before = source_fingerprint(spec, "eng_Latn")
    assert source_fingerprint(spec, "eng_Latn") == before
    assert source_fingerprint(spec, "deu_Latn") != before
    os.utime(path, (1, 1))
    touched = source_fingerprint(spec, "eng_Latn")
    write_rows(tmp_path / "more.jsonl", rows_of(["three"]))
    assert len({before, touched, source_fingerprint(spec, "eng_Latn")}) == 3


def test_streaming_from_the_hub_needs_a_limit() -> None:
    with pytest.raises(ValueError, match="bytes_per_language: needed to stream from the hub"):
        CorpusSpec(source="fineweb2", languages=("deu_Latn",))
