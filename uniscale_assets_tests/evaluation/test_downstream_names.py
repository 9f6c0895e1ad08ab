"""Tasks and groups of lm-eval by name, and the hub that their text comes from."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import yaml

from uniscale_assets.errors import BadInputError, TaskError
from uniscale_assets.evaluation.downstream import harness
from uniscale_assets.evaluation.downstream.harness import load_tasks, run_tasks
from uniscale_assets.evaluation.downstream.hub import hub_if_there
from uniscale_assets.evaluation.downstream.likelihoods import TextScorer
from uniscale_assets.evaluation.downstream.results import scores_of_task
from uniscale_assets.evaluation.models import as_language_model, load_checkpoint
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets_tests.evaluation.test_downstream_tasks import TASK, write_task


@pytest.fixture(scope="module", autouse=True)
def offline():
    """No test here may reach the hub."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        patch.setattr("datasets.config.HF_HUB_OFFLINE", True)
        yield


@pytest.fixture(scope="module")
def scorer(checkpoint, tokenizer_directory):
    """An untrained model."""
    return TextScorer(as_language_model(load_checkpoint(checkpoint)), load_tokenizer(tokenizer_directory), 64, 512)


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """An index of three tasks, one of which is scored by written text; a group, a group of groups and a tag."""
    from lm_eval.tasks import TaskManager

    files = {"data_files": {"test": str(write_task(tmp_path / "text").parent / "questions" / "some.jsonl")}}
    written = {"output_type": "generate_until", "doc_to_choice": None, "doc_to_target": "question", "tag": "marked"}
    written |= {"metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}]}
    written |= {"generation_kwargs": {"until": [" "], "max_gen_toks": 4, "do_sample": False}}
    index = tmp_path / "index"
    index.mkdir()
    for name, content in (
        *((f"counting_{number}", {**TASK, "task": f"counting_{number}", "dataset_kwargs": files}) for number in range(2)),
        ("writing", {**TASK, "task": "writing", "dataset_kwargs": files, **written}),
        ("both", {"group": "both", "task": ["counting_0", "counting_1"]}),
        ("every", {"group": "every", "task": ["both", {"group": "inner", "task": ["marked"]}]}),
        ("listed", {"task": ["counting_0", "counting_1"]}),
    ):
        (index / f"{name}.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    manager = TaskManager(include_defaults=False, include_path=index)
    monkeypatch.setattr(harness, "task_manager", lambda: manager)
    harness.load_named.cache_clear()
    yield index
    harness.load_named.cache_clear()


def test_a_group_gives_its_members_and_all_of_them_together(scorer, groups):
    """And each member's items keep apart from the others'."""
    (task,) = load_tasks(["both"], None)
    found = scores_of_task(task, run_tasks(scorer, [task], None, None))
    assert {score.task: score.documents for score in found.scores if score.metric == "acc" and score.language == "all"} == {
        "both": 10,
        **dict.fromkeys(task.members, 5),
    }
    assert {item.task for item in found.items} == {"both"}
    assert len({item.item for item in found.items}) == 10


@pytest.mark.usefixtures("groups")
def test_a_group_of_groups_and_tags_is_all_of_their_tasks(scorer):
    """Of choices and of written text, each with its own metrics; a task that stands in two names runs once."""
    every, marked = load_tasks(["every", "marked"], None)
    assert list(every.members) == ["counting_0", "counting_1", "writing"]
    runs = run_tasks(scorer, [every, marked], None, None)
    assert list(runs) == ["counting_0", "counting_1", "writing"]
    found = scores_of_task(every, runs)
    whole = {(score.task, score.metric): score.documents for score in found.scores if score.language == "all"}
    assert whole["every", "acc"] == 10
    assert whole["every", "exact_match"] == whole["writing", "exact_match"] == 5
    assert {score.metric for score in scores_of_task(marked, runs).scores} == {"exact_match"}


@pytest.mark.parametrize("name", ["both", "every", "listed"])
def test_a_group_in_a_file_is_refused_and_told_what_to_write(groups, name):
    with pytest.raises(BadInputError, match=rf"{name}\.yaml: is a group; name the files of its tasks"):
        load_tasks([str(groups / f"{name}.yaml")], None)


@pytest.fixture
def a_few_of_lm_evals_tasks(monkeypatch):
    """lm-eval's own files of three tasks; indexing all 14,000 takes ten seconds."""
    from pathlib import Path

    import lm_eval.tasks

    own = Path(lm_eval.tasks.__file__).parent
    manager = lm_eval.tasks.TaskManager(include_defaults=False, include_path=[own / name for name in ("hellaswag", "piqa", "arc")])
    monkeypatch.setattr(harness, "task_manager", lambda: manager)
    harness.load_named.cache_clear()


@pytest.mark.usefixtures("a_few_of_lm_evals_tasks")
def test_a_wrong_name_is_told_what_there_is():
    with pytest.raises(BadInputError, match=r"'helaswag' is neither a task of lm-eval .* close to it are hellaswag"):
        load_tasks(["helaswag"], None)
    with pytest.raises(BadInputError, match="close to it are spelling"):
        load_tasks(["speling"], None)


@pytest.mark.usefixtures("a_few_of_lm_evals_tasks")
def test_a_name_whose_text_cannot_be_fetched_says_what_works_without_the_hub(monkeypatch, tmp_path):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    with pytest.raises(TaskError, match=r"hellaswag: cannot be loaded: .* true_continuation and spelling"):
        load_tasks(["hellaswag"], None)


def test_a_hub_that_does_not_answer_is_asked_once_and_then_left_alone(monkeypatch):
    """What is loaded meanwhile takes itself to be offline, and finds what was fetched before or nothing; afterwards all is as it was."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", False)
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{port}")
    with hub_if_there():
        assert constants.is_offline_mode()
    assert not constants.is_offline_mode()
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as hub:
        Thread(target=hub.handle_request, daemon=True).start()
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{hub.server_port}")
        with hub_if_there():
            assert not constants.is_offline_mode()
