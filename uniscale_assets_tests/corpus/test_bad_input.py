"""What is wrong with a text file is said with file, row and a way out, and nothing is left half done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from uniscale_assets.corpus.build import build_documents
from uniscale_assets.corpus.sources import read_source
from uniscale_assets.corpus.spec import CorpusSpec
from uniscale_assets.errors import CorpusError
from uniscale_assets_tests.corpus.texts import build, files_spec, many_rows, rows_of, write_bytes, write_rows

GOOD = b'{"id": "a", "text": "fine"}\n'


def jsonl(second_line: bytes) -> Callable[[Path], Path]:
    """A file whose second row is wrong."""
    return lambda folder: write_bytes(folder / "eng.jsonl", GOOD + second_line + b"\n")


def parquet(*rows: dict[str, object]) -> Callable[[Path], Path]:
    return lambda folder: write_rows(folder / "eng.parquet", rows)


def invalid_utf8_parquet(folder: Path) -> Path:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    buffers = pa.array([b"fine", b"\xff\xfe"], pa.binary()).buffers()
    text = pa.StringArray.from_buffers(2, buffers[1], buffers[2])
    write_table(pa.table({"id": ["a", "b"], "text": text}), folder / "eng.parquet")
    return folder / "eng.parquet"


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (jsonl(b'{"id": "b"}'), "row 2: no `text`; it has id: rename the one that holds the text"),
        (jsonl(b"{}"), "row 2: no `text`; it has no keys"),
        (jsonl(b'{"id": "b", "text": null}'), "row 2: no text; give the row a string `text`, or remove the row"),
        (jsonl(b'{"id": "b", "text": 5}'), "row 2: `text` is of type int, not a string"),
        (jsonl(b'{"id": "b", "text": ["x"]}'), "row 2: `text` is of type list, not a string"),
        (jsonl(b'{"id": "b", "text": "\xff"}'), "row 2: not UTF-8 at byte 21 (0xff); convert the file"),
        (jsonl('{"id": "b", "text": "Zürich"}'.encode("latin-1")), "row 2: not UTF-8 at byte 22 (0xfc)"),
        (jsonl(b'{"id": "b", "text": "x\\ud800y"}'), "row 2: `text` is no valid Unicode: a lone surrogate \\ud800 at character 1"),
        (jsonl(b'{"id": "b\\udc00", "text": "x"}'), "row 2: `id` is no valid Unicode: a lone surrogate \\udc00 at character 1"),
        (jsonl(b'{"id": null, "text": "x"}'), "row 2: `id` is None; give every row an id"),
        (jsonl(b'{"id": "", "text": "x"}'), "row 2: `id` is ''; give every row an id"),
        (jsonl(b'{"id": true, "text": "x"}'), "row 2: `id` is True"),
        (jsonl(b'{"id": "b", "text": "x"'), "row 2: no JSON"),
        (jsonl(b'"x"'), "row 2: a JSON str, not an object"),
        (jsonl(b"[" * 100_000), "row 2: no JSON"),
        (parquet({"id": "a", "text": "fine"}, {"id": "b", "text": None}), "row 2: no text"),
        (parquet({"id": "a", "text": "fine"}, {"id": None, "text": "x"}), "row 2: `id` is None"),
        (parquet({"id": "a", "content": "x"}), "no column `text`; it has id, content: rename"),
        (parquet({"id": "a", "text": 5}), "the column `text` is of type int64, not string"),
        (parquet({"id": "a", "text": b"x"}), "the column `text` is of type binary, not string"),
        (invalid_utf8_parquet, "row 2: not UTF-8"),
        (lambda folder: write_bytes(folder / "eng.txt", b"caf\xe9"), "row 1: not UTF-8 at byte 3 (0xe9)"),
        (lambda folder: write_bytes(folder / "eng.csv", b"x"), "the suffix says no format; known are .jsonl, .ndjson, .parquet, .txt"),
        (lambda folder: write_bytes(folder / "eng.parquet.gz", b"x"), "the suffix says no format"),
    ],
)
def test_a_row_that_cannot_be_used(tmp_path: Path, write: Callable[[Path], Path], message: str) -> None:
    path = write(tmp_path)
    with pytest.raises(CorpusError) as caught:
        build(files_spec({"eng_Latn": path}), "eng_Latn", tmp_path / "out")
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst", "txt.gz", "txt.zst", "parquet"])
@pytest.mark.parametrize("damage", ["cut off", "cut off at the very end", "garbled", "empty", "other format"])
def test_a_damaged_file(tmp_path: Path, suffix: str, damage: str) -> None:
    rows = many_rows(3000)
    path = tmp_path / f"eng.{suffix}"
    if suffix.startswith("txt"):
        write_bytes(path, json.dumps(rows).encode())
    else:
        write_rows(path, rows)
    content = path.read_bytes()
    middle = len(content) // 2
    garbled = content[:middle] + bytes(byte ^ 0x55 for byte in content[middle : middle + 2000]) + content[middle + 2000 :]
    damaged = {
        "cut off": content[:middle],
        "cut off at the very end": content[:-3],
        "garbled": garbled,
        "empty": b"",
        "other format": b"no compressed file " * 99,
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(CorpusError, match=re.escape(str(path))):
        build(files_spec({"eng_Latn": path}), "eng_Latn", tmp_path / "out")


def test_a_cut_off_file_says_how_far_it_could_be_read(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "eng.jsonl.gz", many_rows(100_000))
    path.write_bytes(path.read_bytes()[:-1000])
    read = 0
    with pytest.raises(CorpusError, match=r"not readable after row (\d+): .*; the file is damaged, cut off or not") as caught:
        for _ in read_source(files_spec({"eng_Latn": path}), "eng_Latn", tmp_path):
            read += 1
    assert f"after row {read}:" in str(caught.value)
    assert read > 50_000


def test_no_file_matches(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"files.deu_Latn: no file matches .*nothing\*\.jsonl; correct the path, or take the language out"
    ):
        build(files_spec({"deu_Latn": f"{tmp_path}/nothing*.jsonl"}), "deu_Latn", tmp_path / "out")


def test_no_local_copy_of_a_language(tmp_path: Path) -> None:
    spec = CorpusSpec(source="fineweb2", languages=("deu_Latn",), directory=tmp_path)
    with pytest.raises(CorpusError, match=r"directory, language deu_Latn: no file matches .*data/deu_Latn/train/\*\.parquet"):
        build(spec, "deu_Latn", tmp_path / "out")


def test_a_language_that_is_not_embedded(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="the embedded corpus has no tha_Thai; it has arb_Arab, cmn_Hani"):
        build(CorpusSpec(source="embedded", languages=("tha_Thai",)), "tha_Thai", tmp_path / "out")


@pytest.mark.parametrize("rows", [[], [""], ["", ""]])
def test_a_language_without_text(tmp_path: Path, rows: list[str]) -> None:
    path = write_rows(tmp_path / "eng.jsonl", rows_of(rows))
    with pytest.raises(CorpusError, match=f"eng_Latn: no text in the source 'files': {len(rows)} documents, all of them empty"):
        build(files_spec({"eng_Latn": path}), "eng_Latn", tmp_path / "out")


def test_empty_documents_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "eng.jsonl", rows_of(["", "a", "", " "]))
    ledger = build(files_spec({"eng_Latn": path}), "eng_Latn", tmp_path / "out")
    assert (ledger.empty_documents, ledger.read.documents, ledger.read.bytes) == (2, 2, 2)


def test_nothing_but_the_result_stays(tmp_path: Path) -> None:
    good = files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", many_rows(50))})
    build(good, "eng_Latn", tmp_path / "out")
    names = ["ledger.json", "test.parquet", "tokenizer.parquet", "train.parquet", "validation.parquet"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    bad = files_spec({"eng_Latn": jsonl(b"{}")(tmp_path)})
    (tmp_path / "bad").mkdir()
    with pytest.raises(CorpusError):
        build_documents(bad, "eng_Latn", tmp_path / "bad")
    assert not (tmp_path / "bad" / "ledger.json").exists()
    assert not [path for path in (tmp_path / "bad").iterdir() if path.is_dir()]
