"""A full disk is said in words. The kernel's own ENOSPC is used: /dev/full takes no byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from uniscale_assets.corpus import spill
from uniscale_assets.corpus.build import build_documents
from uniscale_assets.corpus.mixing import build_mixture
from uniscale_assets.errors import DiskFullError
from uniscale_assets_tests.corpus.texts import build_all, files_spec, many_rows, write_rows

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full (Linux)")
MESSAGE = r"no space left on the disk; free some .*, or set UNISCALE_HOME to a larger one"


def test_while_documents_are_written(tmp_path: Path) -> None:
    spec = files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", many_rows(500))})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "train.parquet").symlink_to(FULL)
    with pytest.raises(DiskFullError, match=MESSAGE):
        build_documents(spec, "eng_Latn", tmp_path / "out")
    assert not (tmp_path / "out" / "ledger.json").exists()


def test_while_rows_are_set_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", many_rows(500))})
    make_directory = Path.mkdir

    def full_directory(path: Path, *arguments: object, **options: object) -> None:
        make_directory(path, *arguments, **options)  # type: ignore[arg-type]
        if path.name == "by_text":
            for place in range(1 << spill.BITS):
                (path / f"{place:02}").symlink_to(FULL)

    monkeypatch.setattr(Path, "mkdir", full_directory)
    make_directory(tmp_path / "out")
    with pytest.raises(DiskFullError, match=MESSAGE):
        build_documents(spec, "eng_Latn", tmp_path / "out")
    assert {path.suffix for path in (tmp_path / "out").iterdir()} <= {".parquet"}


def test_while_a_mixture_is_written(tmp_path: Path) -> None:
    spec = files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", many_rows(500))})
    documents = build_all(spec, tmp_path / "documents")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "test.parquet").symlink_to(FULL)
    with pytest.raises(DiskFullError, match=MESSAGE):
        build_mixture(spec, documents, tmp_path / "out")
