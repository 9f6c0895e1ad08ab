"""An artifact is whole or not there, known by its fingerprint, and never silently damaged."""

import json
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from uniscale_assets.errors import AlreadyRunningError, ArtifactError
from uniscale_assets.home import Home
from uniscale_assets.resources.store import Artifact, ArtifactStore

FINGERPRINT, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(Home(tmp_path))


def commit(store: ArtifactStore, text: str = "text", fingerprint: str = FINGERPRINT, *, replace: bool = False) -> Artifact:
    with store.writing("stage", "a label", fingerprint, replace=replace) as draft:
        (draft.path / "sub").mkdir()
        (draft.path / "sub" / "file.txt").write_text(text)
        draft.metadata["seconds"] = 1.5
    assert draft.committed is not None
    return draft.committed


def test_what_is_committed_is_found_with_its_files_and_metadata(store: ArtifactStore) -> None:
    committed = commit(store)
    found = store.find("stage", FINGERPRINT)
    assert found == committed
    assert (found.path / "sub" / "file.txt").read_text() == "text"
    assert found.metadata == {"seconds": 1.5}
    assert list(found.files) == ["sub/file.txt"]


def test_another_fingerprint_stays_beside_and_is_never_mixed_in(store: ArtifactStore) -> None:
    first, second = commit(store), commit(store, "other", OTHER)
    assert first.path != second.path
    assert store.find("stage", FINGERPRINT) == first
    assert store.find("stage", OTHER) == second
    assert store.find("another_stage", FINGERPRINT) is None


def test_the_content_hash_is_of_content_alone(tmp_path: Path) -> None:
    one, two = commit(ArtifactStore(Home(tmp_path / "1"))), commit(ArtifactStore(Home(tmp_path / "2")))
    other = commit(ArtifactStore(Home(tmp_path / "3")), "other")
    assert one.content_hash == two.content_hash != other.content_hash


def test_a_failure_commits_nothing_and_leaves_nothing(store: ArtifactStore) -> None:
    with pytest.raises(RuntimeError, match="half way"), store.writing("stage", "label", FINGERPRINT) as draft:
        (draft.path / "file").write_text("half")
        raise RuntimeError("half way")
    assert store.find("stage", FINGERPRINT) is None
    assert list((store.home.artifacts / "stage").iterdir()) == []


def test_committing_again_keeps_what_is_there_unless_told_to_replace(store: ArtifactStore) -> None:
    first = commit(store)
    assert commit(store, "second").content_hash == first.content_hash
    replaced = commit(store, "second", replace=True)
    assert replaced.content_hash != first.content_hash
    assert store.find("stage", FINGERPRINT) == replaced


def test_a_changed_byte_is_named_when_the_artifact_is_read(store: ArtifactStore) -> None:
    artifact = commit(store)
    assert store.verify(artifact) == artifact
    (artifact.path / "sub" / "file.txt").write_text("TEXT")
    with pytest.raises(ArtifactError, match=r"sub/file\.txt.*materialize it again"):
        ArtifactStore(store.home).verify(artifact)


@pytest.mark.parametrize("damage", ["truncate", "remove", "record"])
def test_damage_is_named_when_the_artifact_is_looked_up(store: ArtifactStore, damage: str) -> None:
    artifact = commit(store)
    file = artifact.path / "sub" / "file.txt"
    if damage == "truncate":
        file.write_text("t")
    elif damage == "remove":
        file.unlink()
    else:
        (artifact.path / "artifact.json").write_text("{")
    with pytest.raises(ArtifactError, match="Remove the directory"):
        store.find("stage", FINGERPRINT)


def hold(home: Path, holding: "multiprocessing.synchronize.Event") -> None:  # type: ignore[name-defined]
    with ArtifactStore(Home(home)).writing("stage", "label", FINGERPRINT) as draft:
        (draft.path / "file").write_text("half")
        holding.set()
        signal.pause()


def test_of_two_at_once_one_works_and_the_other_says_so_and_a_killed_one_leaves_no_lock(store: ArtifactStore) -> None:
    context = multiprocessing.get_context("spawn")
    holding = context.Event()
    process = context.Process(target=hold, args=(store.home.root, holding))
    process.start()
    assert holding.wait(30)
    with pytest.raises(AlreadyRunningError, match=str(process.pid)):
        commit(store)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert commit(store).files
    assert [path.name for path in (store.home.artifacts / "stage").iterdir()] == [f"a-label-{FINGERPRINT[:16]}"]


def test_what_depends_on_one_file_does_not_see_another(store: ArtifactStore) -> None:
    def write(train: str, test: str, fingerprint: str) -> Artifact:
        with store.writing("stage", "label", fingerprint) as draft:
            (draft.path / "train.txt").write_text(train)
            (draft.path / "test.txt").write_text(test)
        assert draft.committed is not None
        return draft.committed

    first, second = write("a", "b", FINGERPRINT), write("a", "c", OTHER)
    assert first.hash_of_files("train.*") == second.hash_of_files("train.*")
    assert first.hash_of_files("test.*") != second.hash_of_files("test.*")
    with pytest.raises(ArtifactError, match="holds no file"):
        first.hash_of_files("validation.*")


def test_a_full_disk_is_named(store: ArtifactStore) -> None:
    full = Path("/dev/full")
    with pytest.raises(ArtifactError, match="nothing was committed"), store.writing("stage", "label", FINGERPRINT):
        full.write_text("x" * 100_000)
    assert store.find("stage", FINGERPRINT) is None


def test_the_record_can_be_read_by_anyone(store: ArtifactStore) -> None:
    record = json.loads((commit(store).path / "artifact.json").read_text())
    assert record["label"] == "a label"
    assert record["fingerprint"] == FINGERPRINT
