"""A fingerprint changes with what a stage depends on, and with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from uniscale_assets.errors import UniscaleError
from uniscale_assets.home import Home
from uniscale_assets.lineage import STAGES, Lineage, MissingInputError
from uniscale_assets.modeling.spec import ExecutionSpec
from uniscale_assets.resources.store import Artifact, ArtifactStore
from uniscale_assets.study import Study, load_study

STUDY = load_study(str(Path(__file__).parents[1] / "miniature.yaml"))
FILES = {
    "mixture": ["tokenizer.parquet", "train.parquet", "validation.parquet", "test.parquet"],
    "token_shards": ["train.ids.npy", "validation.ids.npy", "test.ids.npy"],
}


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """A store that holds the whole study; the content of each file is its own name and its artifact's fingerprint."""
    store = ArtifactStore(Home(tmp_path))
    fill(store, STUDY)
    return store


def fill(store: ArtifactStore, study: Study) -> None:
    """Commit every missing artifact of a study."""
    lineage = Lineage[Artifact](study, store)
    for stage in STAGES:
        for target in lineage.targets(stage).values():
            if store.find(stage, target.fingerprint or "") is None:
                with store.writing(stage, target.label, target.fingerprint or "") as draft:
                    for name in FILES.get(stage, ["content"]):
                        (draft.path / name).write_text(f"{name} {target.fingerprint}")


def missing(store: ArtifactStore, study: Study) -> dict[str, int]:
    """How many partitions of each stage the store lacks; stages that lack none are left out."""
    lineage = Lineage[Artifact](study, store)
    counts = {stage: len(lineage.missing(stage)) for stage in STAGES}
    return {stage: count for stage, count in counts.items() if count}


def changed(**changes: Any) -> Study:
    """The study with values replaced, at keys joined by double underscores."""
    content = STUDY.model_dump(mode="json")
    for key, value in changes.items():
        *parents, last = key.split("__")
        part = content
        for parent in parents:
            part = part[parent]
        part[last] = value
    import json

    return Study.model_validate_json(json.dumps(content))


def test_nothing_is_missing_from_a_full_store(store: ArtifactStore) -> None:
    assert missing(store, STUDY) == {}


def test_everything_is_missing_from_an_empty_one_and_only_text_can_be_made(tmp_path: Path) -> None:
    lineage = Lineage[Artifact](STUDY, ArtifactStore(Home(tmp_path)))
    assert {stage: len(lineage.missing(stage)) for stage in STAGES} == {stage: len(lineage.targets(stage)) for stage in STAGES}
    assert all(target.fingerprint for target in lineage.targets("documents").values())
    assert all(target.fingerprint is None for stage in STAGES[1:] for target in lineage.targets(stage).values())
    with pytest.raises(MissingInputError, match="materialize `mixture` first"):
        lineage.require(lineage.mixture())


@pytest.mark.parametrize(
    ("study", "expected"),
    [
        (changed(seeds=[1, 2, 3]), {"checkpoint": 4, "bits_per_byte": 4, "downstream_scores": 4}),
        (changed(models__sizes=["0.06M", "0.2M", "0.8M"]), {"checkpoint": 4, "bits_per_byte": 4, "downstream_scores": 4}),
        (changed(evaluation__stride_bytes=64), {"bits_per_byte": 8}),
        (changed(evaluation__batch_tokens=512), {}),
        (changed(execution=ExecutionSpec(checkpoint_minutes=1.0).model_dump(mode="json")), {}),
        (changed(nightly__flops=1.0), {}),
        (changed(name="another", description="shares everything"), {}),
        (changed(training__optimizer__learning_rate=0.02), {"checkpoint": 8, "bits_per_byte": 8, "downstream_scores": 8}),
        (changed(downstream__limit=4), {"downstream_scores": 8}),
        (changed(downstream__batch_tokens=512), {}),
        (changed(downstream__offline__items_per_language=7), {"downstream_tasks": 1, "downstream_scores": 8}),
        (changed(downstream__tasks=["spelling"]), {"downstream_tasks": 1, "downstream_scores": 8}),
        (changed(downstream__tasks=["hellaswag"]), {"downstream_scores": 8}),
        (changed(downstream=None), {}),
    ],
    ids=[
        "seed",
        "size",
        "stride",
        "batch_tokens",
        "execution",
        "nightly",
        "name",
        "learning_rate",
        "limit",
        "task_batch",
        "items",
        "tasks",
        "named",
        "none",
    ],
)
def test_a_change_redoes_only_what_depends_on_it(store: ArtifactStore, study: Study, expected: dict[str, int]) -> None:
    assert missing(store, study) == expected


def test_a_new_tokenizer_leaves_the_others_alone(store: ArtifactStore) -> None:
    specs = STUDY.model_dump(mode="json")["tokenizers"]
    study = changed(tokenizers=[*specs, {**specs[1], "name": "unigram_500", "vocab_size": 500}])
    assert missing(store, study)["tokenizer"] == 1
    fill(store, study)
    assert missing(store, STUDY) == {}


def test_a_larger_nested_tokenizer_trains_the_vocabulary_again_but_not_what_came_out_the_same(store: ArtifactStore) -> None:
    specs = STUDY.model_dump(mode="json")["tokenizers"]
    study = changed(tokenizers=[*specs, {**specs[0], "name": "bpe_500", "vocab_size": 500}])
    lineage = Lineage[Artifact](study, store)
    assert study.vocabulary_of("bpe_400") == "bpe_500"
    assert lineage.missing("vocabulary") == ["bpe_500"]


def test_more_test_text_verifies_tokenizers_again_but_trains_no_model_again(store: ArtifactStore) -> None:
    study = changed(corpus__bytes__test=13_000)
    lineage = Lineage[Artifact](study, store)
    old = Lineage[Artifact](STUDY, store)
    same = {name: (old.require(old.mixture()).path / name).read_text() for name in FILES["mixture"]}
    mixture = lineage.mixture()
    with store.writing("mixture", "m", mixture.fingerprint or "") as draft:
        for name, text in same.items():
            (draft.path / name).write_text("more text" if name == "test.parquet" else text)
    refill_with_same_content(store, study, old)
    assert "checkpoint" not in missing(store, study)
    assert missing(store, study)["bits_per_byte"] == 8


def refill_with_same_content(store: ArtifactStore, study: Study, old: Lineage[Artifact]) -> None:
    """Make tokenizers and shards again with the content they had, but for the test split."""
    lineage = Lineage[Artifact](study, store)
    for stage in ("tokenizer", "token_shards"):
        for key, target in lineage.targets(stage).items():
            before = old.require(old.targets(stage)[key])
            with store.writing(stage, target.label, target.fingerprint or "") as draft:
                for name in before.files:
                    text = (before.path / name).read_text()
                    (draft.path / name).write_text("more text" if name.startswith("test.") else text)


def test_text_that_is_not_there_is_an_error_that_names_it() -> None:
    study = changed(corpus__languages=["eng_Latn", "swh_Latn"])
    with pytest.raises(UniscaleError, match="swh_Latn"):
        Lineage[Artifact](study, ArtifactStore(Home(Path("/nowhere")))).targets("documents")
