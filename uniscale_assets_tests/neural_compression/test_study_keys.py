"""What a study file may say of byte models and tokenizers that compress, and what its fingerprints depend on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from uniscale_assets.errors import StudyError
from uniscale_assets.home import Home
from uniscale_assets.lineage import STAGES, Lineage, stages_of
from uniscale_assets.materializing import Selection
from uniscale_assets.resources.store import Artifact, ArtifactStore
from uniscale_assets.study import Study, load_study, parse_study
from uniscale_assets.tokenization.protocol import given_vocab_size

STUDY = load_study(str(Path(__file__).with_name("miniature_neural.yaml")))
PLAIN = load_study(str(Path(__file__).parents[1] / "miniature.yaml"))
FILES = {
    "mixture": ["tokenizer.parquet", "train.parquet", "validation.parquet", "test.parquet"],
    "byte_model": ["byte_model.safetensors", "byte_model.json"],
    "token_shards": ["train.ids.npy", "validation.ids.npy", "test.ids.npy"],
}


def with_tokenizer(**tokenizer: Any) -> dict[str, Any]:
    content = STUDY.model_dump(mode="json")
    content["tokenizers"].append({"name": "another", "family": "equal_info", **tokenizer})
    return content


def changed(*path: str | int, value: Any) -> Study:
    content = STUDY.model_dump(mode="json")
    part: Any = content
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return Study.model_validate_json(json.dumps(content))


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        ({"options": {"byte_model": "m9"}}, "'m9' is not among byte_models; there are m1"),
        ({"options": {}}, "byte_model"),
        ({"options": {"byte_model": "m1", "scheme": "greedy"}}, "allow_lossy: true"),
        ({"options": {"byte_model": "m1", "scheme": "most_probable", "window_bits": 24}}, "window_bits 16 and reset every"),
        ({"options": {"byte_model": "m1", "window_bits": 20}}, "window_bits"),
        ({"options": {"byte_model": "m1"}, "vocab_size": 300}, "has 257 ids"),
        ({"options": {"byte_model": "m1"}, "pretokenizer": "gpt4"}, "leave the key out"),
        ({"options": {"byte_model": "m1", "tokens": 8}}, "tokens"),
        ({"family": "gzip", "options": {"byte_model": "m1"}}, "byte_model"),
    ],
)
def test_a_tokenizer_that_cannot_be_is_refused(tokenizer: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        parse_study(with_tokenizer(**tokenizer), "study.yaml")


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([{"name": "m1"}, {"name": "m1"}], "named twice: m1"),
        ([{"name": "m1"}, {"name": "gzip"}], "named twice: gzip"),
        ([{"name": "m1", "size": "7B"}], "byte_models: m1: size: '7B' has no shape for llama"),
        ([{"name": "m1", "layers": 3}], "unknown key; allowed here: name, size, context_bytes"),
        ([], "there are none"),
    ],
)
def test_byte_models_that_cannot_be_are_refused(models: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        parse_study({**STUDY.model_dump(mode="json"), "byte_models": models}, "study.yaml")


def test_text_is_not_cut_and_sizes_are_known() -> None:
    spec = STUDY.tokenizer("ac")
    assert (spec.pretokenizer, spec.vocab_size) == ("none", None)
    assert STUDY.tokenizer("bpe_400").pretokenizer == "gpt4"
    sizes = {name: given_vocab_size(STUDY.tokenizer(name)) for name in ("bytes", "ac", "most_probable", "bpe_400")}
    assert sizes == {"bytes": 257, "ac": 257, "most_probable": 65_537, "bpe_400": 400}
    again = Study.model_validate_json(STUDY.model_dump_json())
    assert again == STUDY


def test_cuts_of_one_codebook_share_it() -> None:
    content = with_tokenizer(options={"byte_model": "m1", "scheme": "most_probable", "token_bits": 8})
    study = parse_study(content, "study.yaml")
    assert len(study.vocabularies) == len(STUDY.vocabularies)
    assert study.vocabulary_of("another") == study.vocabulary_of("most_probable")


def fill(store: ArtifactStore, study: Study) -> None:
    """Commit every missing artifact of a study; the content of each file is its own name and its artifact's fingerprint."""
    lineage = Lineage[Artifact](study, store)
    for stage in STAGES:
        for target in lineage.targets(stage).values():
            if store.find(stage, target.fingerprint or "") is None:
                with store.writing(stage, target.label, target.fingerprint or "") as draft:
                    for name in FILES.get(stage, ["content"]):
                        (draft.path / name).write_text(f"{name} {target.fingerprint}")


def missing(store: ArtifactStore, study: Study) -> dict[str, list[Any]]:
    lineage = Lineage[Artifact](study, store)
    found = {stage: [str(key) for key in lineage.missing(stage)] for stage in STAGES}
    return {stage: keys for stage, keys in found.items() if keys}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    store = ArtifactStore(Home(tmp_path_factory.mktemp("home")))
    fill(store, STUDY)
    fill(store, PLAIN)
    return store


def test_a_byte_model_changes_what_is_made_from_it_and_nothing_else(store: ArtifactStore) -> None:
    assert missing(store, STUDY) == {}
    seed = missing(store, changed("byte_models", 0, "seed", value=5))
    assert seed["byte_model"] == ["m1"]
    # What the byte model becomes is not known yet, so neither is what is made from it.
    assert set(seed["vocabulary"]) == {"ac", "greedy", "most_probable", "owned_cell_24"}
    assert all("bpe_400" not in key and "gzip" not in key for keys in seed.values() for key in keys)
    renamed = STUDY.model_dump(mode="json")
    renamed["byte_models"].append({**renamed["byte_models"][0], "name": "m2"})
    assert missing(store, Study.model_validate_json(json.dumps(renamed))) == {}


def test_another_tokenizer_changes_no_other(store: ArtifactStore) -> None:
    study = parse_study(with_tokenizer(options={"byte_model": "m1", "scheme": "delay"}), "study.yaml")
    found = missing(store, study)
    assert set(found) == {"vocabulary", "tokenizer", "token_shards", "tokenizer_metrics", "checkpoint", "bits_per_byte"}
    assert all("another" in key for keys in found.values() for key in keys)


def test_the_report_of_a_byte_model_changes_no_tokenizer(store: ArtifactStore) -> None:
    lineage = Lineage[Artifact](STUDY, store)
    artifact = lineage.require(lineage.byte_model("m1"))
    hashes = [artifact.hash_of_files("byte_model.safetensors"), artifact.hash_of_files("byte_model.json")]
    assert hashes[0] != hashes[1]
    assert lineage.vocabulary("ac").fingerprint is not None


def test_studies_without_byte_models_have_no_such_stage(store: ArtifactStore) -> None:
    assert "byte_model" not in stages_of(PLAIN)
    assert "byte_model" in stages_of(STUDY)
    assert missing(store, PLAIN) == {}
    assert Lineage[Artifact](PLAIN, store).targets("byte_model") == {}


def test_a_byte_model_is_wanted_by_its_tokenizers() -> None:
    assert Selection(tokenizers=("gzip",)).wants("m1", STUDY) is False
    assert Selection(tokenizers=("gzip", "ac")).wants("m1", STUDY) is True
    assert Selection().wants("m1", STUDY) is True


def test_a_study_is_read_without_anything_heavy() -> None:
    code = (
        "import sys, json; from uniscale_assets.study import load_study; load_study('neural_demo'); print(json.dumps(sorted(sys.modules)))"
    )
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert not {"numba", "numpy", "torch", "safetensors", "transformers"} & set(loaded)
