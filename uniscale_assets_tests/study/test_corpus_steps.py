"""Steps that a corpus may take change the fingerprints of the studies that take them, and of no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from uniscale_assets.errors import StudyError
from uniscale_assets.files import hash_of
from uniscale_assets.home import Home
from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.store import Artifact, ArtifactStore
from uniscale_assets.study import Study, load_study, parse_study, resolve_paths

STUDY = load_study(str(Path(__file__).parents[1] / "miniature.yaml"))


def with_steps(**steps: Any) -> Study:
    content = STUDY.model_dump(mode="json")
    content["corpus"] |= steps
    return Study.model_validate_json(json.dumps(content))


def lineage(study: Study, home: Path) -> Lineage[Artifact]:
    return Lineage[Artifact](study, ArtifactStore(Home(home)))


def commit_documents(of: Lineage[Artifact], store: ArtifactStore) -> None:
    for target in of.targets("documents").values():
        with store.writing("documents", target.label, target.fingerprint or "") as draft:
            (draft.path / "content").write_text(target.label)


def test_a_study_without_the_steps_has_the_fingerprints_from_before_there_were_any(tmp_path: Path) -> None:
    from uniscale_assets.corpus.sources import source_fingerprint

    of = lineage(STUDY, tmp_path)
    corpus = STUDY.corpus
    splits = {"tokenizer": corpus.splits.tokenizer, "train": corpus.splits.train, "validation": corpus.splits.validation}
    keys = {"source": source_fingerprint(corpus, "eng_Latn"), "splits": {**splits, "test": corpus.splits.test}, "limit": None}
    assert of.documents("eng_Latn").fingerprint == hash_of({"stage": "documents", "version": 1, "keys": keys, "inputs": {}})
    assert not {"near_duplicates", "decontamination"} & set(STUDY.model_dump()["corpus"])
    assert not {"near_duplicates", "decontamination"} & set(json.loads(STUDY.model_dump_json())["corpus"])


def test_near_duplicates_make_documents_again_and_decontamination_only_the_mixture(tmp_path: Path) -> None:
    store = ArtifactStore(Home(tmp_path))
    plain, near = lineage(STUDY, tmp_path), lineage(with_steps(near_duplicates={}), tmp_path)
    stricter = lineage(with_steps(near_duplicates={"threshold": 0.9}), tmp_path)
    assert len({of.documents("eng_Latn").fingerprint for of in (plain, near, stricter)}) == 3
    clean, shorter = (lineage(with_steps(decontamination=keys), tmp_path) for keys in ({}, {"ngram": 8}))
    assert clean.documents("eng_Latn") == plain.documents("eng_Latn")
    commit_documents(plain, store)
    mixtures = [of.mixture().fingerprint for of in (plain, clean, shorter)]
    assert None not in mixtures
    assert len(set(mixtures)) == 3


def test_other_evaluation_text_changes_the_mixture_and_a_moved_folder_does_not(tmp_path: Path) -> None:
    store = ArtifactStore(Home(tmp_path))
    commit_documents(lineage(STUDY, tmp_path), store)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "items.jsonl").write_text('{"text": "one"}')

    def fingerprint(folder: str) -> str | None:
        study = with_steps(decontamination={"against": ["test", "items.jsonl"]})
        return lineage(resolve_paths(study, tmp_path / folder), tmp_path).mixture().fingerprint

    first = fingerprint("a")
    (tmp_path / "a").rename(tmp_path / "b")
    assert fingerprint("b") == first
    (tmp_path / "b" / "items.jsonl").write_text('{"text": "other"}')
    assert fingerprint("b") != first


@pytest.mark.parametrize(
    ("steps", "named"),
    [
        (
            {"near_duplicates": {"treshold": 0.8}},
            "corpus.near_duplicates.treshold: unknown key; allowed here: threshold, shingle, permutations",
        ),
        ({"near_duplicates": {"threshold": 2}}, "corpus.near_duplicates.threshold"),
        ({"decontamination": {"against": ["train"]}}, "corpus.decontamination: against: 'train' is training text"),
        ({"decontamination": {"action": "remove"}}, "corpus.decontamination.action"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_allowed(steps: dict[str, Any], named: str) -> None:
    content = STUDY.model_dump(mode="json")
    content["corpus"] |= steps
    with pytest.raises(StudyError) as caught:
        parse_study(content, "study.yaml")
    assert f"study.yaml: {named}" in str(caught.value)
