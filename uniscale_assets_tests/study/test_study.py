"""A study file is read whole and strictly: a mistake names its file, its key and what is allowed."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from uniscale_assets.errors import StudyError
from uniscale_assets.study import load_study, shipped_studies

SMALL: dict[str, Any] = {
    "name": "small",
    "corpus": {"source": "embedded", "languages": ["eng_Latn", "deu_Latn"]},
    "tokenizers": [
        {"name": "bpe_300", "family": "bpe", "vocab_size": 300},
        {"name": "bpe_400", "family": "bpe", "vocab_size": 400},
        {"name": "bpe_400_gpt2", "family": "bpe", "vocab_size": 400, "pretokenizer": "gpt2"},
        {"name": "unigram_300", "family": "unigram", "vocab_size": 300},
    ],
    "models": {"sizes": ["0.06M", "0.2M"]},
    "seeds": [1, 2],
    "training": {"budget": {"rule": "bytes", "value": 20000}, "context": {"bytes": 128}, "batch": {"contexts": 2}},
}


def write(directory: Path, content: dict[str, Any]) -> str:
    path = directory / "study.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def changed(**changes: Any) -> dict[str, Any]:
    """SMALL with values set at dotted keys (double underscores)."""
    content = copy.deepcopy(SMALL)
    for key, value in changes.items():
        *parents, last = key.split("__")
        part = content
        for parent in parents:
            part = part.setdefault(parent, {})
        part[last] = value
    return content


@pytest.mark.parametrize("name", list(shipped_studies()))
def test_shipped_studies_are_right(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    assert len(study.grid) == len(study.tokenizers) * len(study.model_keys)


def test_the_demo_has_the_grid_that_is_promised() -> None:
    demo = load_study("demo")
    assert {spec.family for spec in demo.tokenizers} == {"bpe", "unigram"}
    assert len({spec.vocab_size for spec in demo.tokenizers}) == 3
    assert (len(demo.tokenizers), len(demo.models.sizes), len(demo.seeds)) == (6, 3, 2)


def test_the_seeds_twenty_languages_are_a_named_set() -> None:
    languages = load_study("fineweb2_l20").corpus.languages
    assert len(set(languages)) == 20
    assert {"eng_Latn", "swh_Latn", "tha_Thai"} <= set(languages)


def test_tokenizers_that_differ_in_vocabulary_size_alone_share_a_vocabulary(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, SMALL))
    members = {name: [spec.name for spec in specs] for name, specs in study.vocabularies.items()}
    assert members == {"bpe_400": ["bpe_300", "bpe_400"], "bpe_400_gpt2": ["bpe_400_gpt2"], "unigram_300": ["unigram_300"]}


def test_several_budgets_are_part_of_the_key(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, changed(training__budget={"rule": "flops", "value": [1.0e12, 2.0e12]})))
    keys = [str(key) for key in study.model_keys]
    assert keys[:4] == ["0.06M-1e12flops-seed1", "0.06M-1e12flops-seed2", "0.06M-2e12flops-seed1", "0.06M-2e12flops-seed2"]
    assert [study.budget_value(key) for key in study.model_keys[:4]] == [1e12, 1e12, 2e12, 2e12]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (changed(trainning={}), ["trainning", "unknown key", "training"]),
        (changed(training__optimizer={"learningrate": 1.0}), ["training.optimizer.learningrate", "learning_rate"]),
        (changed(models__sizes=["0.06M", "77M"]), ["models.sizes", "77M", "50M"]),
        (changed(models__sizes=["0.06M", "0.06M"]), ["models.sizes", "named twice"]),
        (changed(seeds=[1, 1]), ["seeds", "named twice"]),
        (changed(seeds=[]), ["seeds"]),
        (changed(tokenizers=[SMALL["tokenizers"][0]] * 2), ["tokenizers", "named twice", "bpe_300"]),
        (changed(tokenizers=[{"name": "a", "family": "bqe", "vocab_size": 300}]), ["bqe", "bpe, unigram"]),
        (changed(tokenizers=[{"name": "a", "family": "bpe", "vocab_size": 200}]), ["tokenizers.0.vocab_size", "257"]),
        (changed(tokenizers=[{"name": "a-b", "family": "bpe", "vocab_size": 300}]), ["tokenizers.0.name"]),
        (changed(corpus__languages=["english"]), ["english", "eng_Latn", "L20"]),
        (changed(corpus__source="files"), ["files", "deu_Latn"]),
        (changed(corpus__splits={"train": 0.9, "test": 0.3}), ["corpus.splits", "add up"]),
        (changed(training__budget={"rule": "bytes", "value": 0}), ["training.budget", "above zero"]),
        (changed(training__budget={"rule": "epochs", "value": 1}), ["training.budget.rule", "bytes"]),
        (changed(name="Not A Name"), ["name"]),
        (changed(seeds=["one"]), ["seeds.0"]),
    ],
)
def test_a_mistake_names_file_and_key_and_what_is_allowed(tmp_path: Path, content: dict[str, Any], words: list[str]) -> None:
    path = write(tmp_path, content)
    with pytest.raises(StudyError) as caught:
        load_study(path)
    for word in ["study.yaml", *words]:
        assert word in str(caught.value)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(write(tmp_path, changed(seeds=["one"], corpus__source="web")))
    assert "seeds.0" in str(caught.value)
    assert "corpus.source" in str(caught.value)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text(yaml.safe_dump(SMALL) + "\nseeds: [3]\n", encoding="utf-8")
    with pytest.raises(StudyError, match="'seeds' stands twice"):
        load_study(str(path))


def test_numbers_with_an_exponent_are_numbers(tmp_path: Path) -> None:
    text = yaml.safe_dump(SMALL).replace("value: 20000", "value: 2e4")
    path = tmp_path / "exponent.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_study(str(path)).training.budget.values == (20_000.0,)


@pytest.mark.parametrize("content", ["- a\n- list\n", "name: [unclosed\n", ""])
def test_what_is_no_study_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "no.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StudyError, match=r"no\.yaml"):
        load_study(str(path))


def test_an_unknown_study_lists_the_known() -> None:
    with pytest.raises(StudyError, match="demo"):
        load_study("no_such_study")


def test_paths_are_relative_to_the_study_file(tmp_path: Path) -> None:
    content = changed(corpus={"source": "fineweb2", "languages": ["eng_Latn"], "directory": "text"})
    assert load_study(write(tmp_path, content)).corpus.directory == tmp_path / "text"


def test_task_files_are_relative_to_the_study_file_and_names_are_names(tmp_path: Path) -> None:
    content = yaml.safe_load((Path(__file__).parents[1] / "miniature.yaml").read_text(encoding="utf-8"))
    content["downstream"] = {"tasks": ["spelling", "tasks/mine.yaml", "hellaswag"]}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    found = load_study(str(path)).downstream
    assert found is not None
    assert found.tasks == ("spelling", str(tmp_path / "tasks" / "mine.yaml"), "hellaswag")
    assert (found.offline_tasks, found.task_files) == (("spelling",), (found.tasks[1],))
    content["downstream"] = {"tasks": ["spelling", "spelling"]}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(StudyError, match=r"downstream: tasks: one stands twice"):
        load_study(str(path))
