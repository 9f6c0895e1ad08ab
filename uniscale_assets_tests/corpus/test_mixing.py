"""A mixture takes what is asked, whole documents of all languages, in one fixed order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from uniscale_assets.corpus.ledger import Counts, read_ledger, read_mixture_ledger
from uniscale_assets.corpus.mixing import build_mixture, iterate_documents
from uniscale_assets.corpus.spec import SPLITS, CorpusSpec, MixingSpec, SplitBytes
from uniscale_assets.corpus.splits import order_key
from uniscale_assets.errors import ArtifactError, CorpusError
from uniscale_assets.files import hash_directory
from uniscale_assets_tests.corpus.texts import build_all, files_spec, many_rows, read_split, write_rows

EVEN = MixingSpec(temperature=1e9, largest_share=1.0)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[CorpusSpec, dict[str, Path]]:
    """Three languages of very different sizes."""
    base = tmp_path_factory.mktemp("corpus")
    counts = {"eng_Latn": 4000, "deu_Latn": 1500, "jpn_Jpan": 200}
    files = {language: write_rows(base / f"{language}.jsonl", many_rows(count, language)) for language, count in counts.items()}
    spec = files_spec(files)
    return spec, build_all(spec, base / "documents")


def asking(spec: CorpusSpec, **update: Any) -> CorpusSpec:
    return spec.model_copy(update=update)


def mix(spec: CorpusSpec, documents: dict[str, Path], output: Path) -> dict[str, list[tuple[str, str]]]:
    """Language and id of every document, by split."""
    output.mkdir()
    build_mixture(spec, documents, output)
    return {split: [(document.language, document.id) for document in iterate_documents(output, split)] for split in SPLITS}


def test_everything_where_nothing_is_asked(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    mixed = mix(spec, documents, tmp_path / "mixture")
    for split in SPLITS:
        there = {(language, row["id"]) for language in spec.languages for row in read_split(documents[language], split)}
        assert set(mixed[split]) == there
        assert len(mixed[split]) == len(there)


def test_shares_are_met_from_below_and_counted_exactly(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    asked = {"tokenizer": 60_000, "train": 150_000, "validation": 9_000, "test": 12_000}
    (tmp_path / "mixture").mkdir()
    ledger = build_mixture(asking(spec, bytes=SplitBytes(**asked), mixing=EVEN), documents, tmp_path / "mixture")
    for split in SPLITS:
        rows = read_split(tmp_path / "mixture", split)
        for language in spec.languages:
            own = [row for row in rows if row["language"] == language]
            counted = Counts(
                documents=len(own), bytes=sum(len(row["text"].encode()) for row in own), characters=sum(len(row["text"]) for row in own)
            )
            assert ledger.splits[split][language] == counted
        assert 0.98 * asked[split] <= ledger.total(split).bytes <= asked[split]
    # Even shares, but the smallest language has less than a third of 150,000 to give: all of it is taken.
    assert ledger.splits["train"]["jpn_Jpan"] == read_ledger(documents["jpn_Jpan"]).splits["train"]
    shared = [ledger.splits["train"][language].bytes for language in ("eng_Latn", "deu_Latn")]
    assert shared[0] == pytest.approx(shared[1], rel=0.02)
    assert read_mixture_ledger(tmp_path / "mixture") == ledger
    assert ledger.asked_bytes == asked


def test_one_order_over_all_languages(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    mixed = mix(asking(spec, bytes=SplitBytes(train=100_000), mixing=EVEN), documents, tmp_path / "mixture")
    keys = [order_key(*document) for document in mixed["train"]]
    assert keys == sorted(keys)
    # Interleaved: no long stretch of one language.
    languages = "".join(language[0] for language, _ in mixed["train"] if language != "jpn_Jpan")
    assert max(len(run) for run in languages.replace("d", " ").split()) < 20


def test_text_comes_out_as_it_went_in(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    (tmp_path / "mixture").mkdir()
    build_mixture(spec, documents, tmp_path / "mixture")
    texts = {(language, row["id"]): row["text"] for language in spec.languages for row in read_split(documents[language], "test")}
    for document in iterate_documents(tmp_path / "mixture", "test"):
        assert document.text == texts[document.language, document.id]
        assert document.bytes == len(document.text.encode())


def test_raising_the_bytes_only_adds_documents(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    before: set[tuple[str, str]] = set()
    for asked in (150_000, 180_000, 182_000, 300_000):
        mixed = mix(asking(spec, bytes=SplitBytes(train=asked)), documents, tmp_path / str(asked))
        assert before < set(mixed["train"])
        before = set(mixed["train"])


def test_the_order_of_languages_in_the_study_plays_no_part(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    asked = SplitBytes(train=100_000, test=5_000)
    hashes: list[str] = []
    for name, languages in (("a", spec.languages), ("b", spec.languages[::-1])):
        mix(asking(spec, bytes=asked, languages=languages), documents, tmp_path / name)
        hashes.append(hash_directory(tmp_path / name, leave_out=frozenset({"mixture.json"})))
        assert json.loads((tmp_path / name / "mixture.json").read_text())["asked_bytes"]["train"] == 100_000
    assert hashes[0] == hashes[1]


def test_more_bytes_than_there_are(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    available = sum(read_ledger(path).splits["validation"].bytes for path in documents.values())
    message = rf"bytes.validation: asked are 9,000,000 bytes, available {available:,}.*; ask for less, raise splits.validation or give more"
    with pytest.raises(CorpusError, match=message):
        mix(asking(spec, bytes=SplitBytes(validation=9_000_000), mixing=EVEN), documents, tmp_path / "mixture")


def test_no_document_fits(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    with pytest.raises(CorpusError, match=r"bytes\.test: no document fits into 30 bytes; ask for more"):
        mix(asking(spec, bytes=SplitBytes(test=30)), documents, tmp_path / "mixture")


def test_a_split_without_documents(tmp_path: Path) -> None:
    spec = files_spec({"eng_Latn": write_rows(tmp_path / "eng.jsonl", [{"id": "1", "text": "alone"}])})
    with pytest.raises(
        CorpusError, match=r"splits.tokenizer: no document of any language falls into it \(0.2 of the documents\); give more"
    ):
        mix(spec, build_all(spec, tmp_path / "documents"), tmp_path / "mixture")


def test_documents_that_are_not_there(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    with pytest.raises(ArtifactError, match=r"nowhere/ledger.json: no ledger"):
        mix(spec, {**documents, "jpn_Jpan": tmp_path / "nowhere"}, tmp_path / "mixture")


def test_a_damaged_mixture(corpus: tuple[CorpusSpec, dict[str, Path]], tmp_path: Path) -> None:
    spec, documents = corpus
    mix(spec, documents, tmp_path / "mixture")
    path = tmp_path / "mixture" / "train.parquet"
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ArtifactError, match=r"train.parquet: not readable as Parquet .*; materialize the artifact again"):
        list(iterate_documents(tmp_path / "mixture", "train"))
