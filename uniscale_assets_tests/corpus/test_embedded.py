"""The corpus that ships with the package, and what the demo study takes of it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from uniscale_assets.corpus.mixing import build_mixture, iterate_documents
from uniscale_assets.corpus.sources import embedded_directory, read_source
from uniscale_assets.corpus.spec import SPLITS, CorpusSpec
from uniscale_assets.study import load_study
from uniscale_assets_tests.corpus.texts import build_all

SOURCES = {"debian-handbook", "gnome-user-docs", "fastapi-docs"}
LANGUAGES = sorted(path.name.partition(".")[0] for path in (embedded_directory() / "corpus").iterdir())


def test_every_document_is_of_a_source_that_the_notice_names(tmp_path: Path) -> None:
    notice = (embedded_directory() / "NOTICE").read_text(encoding="utf-8")
    assert len(LANGUAGES) == 12
    for language in LANGUAGES:
        spec = CorpusSpec(source="embedded", languages=(language,))
        sources = {document.id.partition("/")[0] for document in read_source(spec, language, tmp_path)}
        assert sources <= SOURCES
        assert language in notice
    assert all(f"{source}/..." in notice for source in SOURCES)


def test_the_package_stays_small() -> None:
    assert sum(path.stat().st_size for path in embedded_directory().rglob("*") if path.is_file()) < 3_000_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_those_of_the_project(shared_data: Path, tmp_path: Path, language: str) -> None:
    spec = CorpusSpec(source="embedded", languages=(language,))
    with gzip.open(shared_data / "mini" / f"{language}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    expected = [(row["id"], row["text"]) for row in rows if row["source"] in SOURCES]
    assert [(document.id, document.text) for document in read_source(spec, language, tmp_path)] == expected


def test_the_script_that_made_the_data_makes_it_again(shared_data: Path, repository_root: Path, tmp_path: Path) -> None:
    script = repository_root / "uniscale_assets_tests" / "corpus" / "build_embedded.py"
    subprocess.run([sys.executable, script, shared_data, tmp_path], check=True)
    for path in sorted(path for path in embedded_directory().rglob("*.gz")):
        again = tmp_path / path.relative_to(embedded_directory())
        # Another zlib may compress to other bytes; what is inside is the same.
        assert gzip.decompress(again.read_bytes()) == gzip.decompress(path.read_bytes())


def test_the_demo_study_gets_the_text_it_asks_for(tmp_path: Path) -> None:
    study = load_study("demo")
    spec = study.corpus
    documents = build_all(spec, tmp_path / "documents")
    (tmp_path / "mixture").mkdir()
    ledger = build_mixture(spec, documents, tmp_path / "mixture")
    for split in SPLITS:
        asked = getattr(spec.bytes, split)
        assert 0.98 * asked <= ledger.total(split).bytes <= asked
        assert all(counts.documents for counts in ledger.splits[split].values())
    assert ledger.total("train").bytes >= max(study.training.budget.values)
    taken = [document.id for document in iterate_documents(tmp_path / "mixture", "test")]
    trained = {document.id for split in ("tokenizer", "train", "validation") for document in iterate_documents(tmp_path / "mixture", split)}
    assert not trained & set(taken)
