"""Tasks through lm-eval from files; and what is made of its log."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
import yaml

from uniscale_assets.errors import BadInputError, TaskError
from uniscale_assets.evaluation.downstream import harness
from uniscale_assets.evaluation.downstream.harness import load_tasks, run_tasks
from uniscale_assets.evaluation.downstream.keys import score_keys
from uniscale_assets.evaluation.downstream.likelihoods import TextScorer
from uniscale_assets.evaluation.downstream.results import ITEMS_FILE, SCORES_FILE, scores_of_task, standard_error, write_task_scores
from uniscale_assets.evaluation.downstream.task_files import hash_of_task
from uniscale_assets.evaluation.models import as_language_model, load_checkpoint
from uniscale_assets.evaluation.spec import DownstreamSpec
from uniscale_assets.tokenization.loading import load_tokenizer

QUESTIONS = [
    {
        "id": f"q{number}",
        "language": ("eng_Latn", "rus_Cyrl")[number % 2],
        "question": f"{number} and one is",
        "answers": answers,
        "right": right,
    }
    for number, (answers, right) in enumerate(
        [
            (["two", "a great many more"], 0),
            (["пять", "seven of them"], 1),
            (["three", "трое и ещё"], 0),
            (["one", "ten"], 1),
            (["a", "bcd"], 0),
        ]
    )
]
TASK = {
    "task": "counting",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "questions/*.jsonl"}},
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "Question: {{question}}",
    "doc_to_choice": "answers",
    "doc_to_target": "right",
    "metric_list": [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in ("acc", "acc_norm")],
    "metadata": {"version": 2.5},
}


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


def write_task(directory, **changes):
    """A user's task over local files, in a folder of its own."""
    (directory / "questions").mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{json.dumps(question, ensure_ascii=False)}\n" for question in QUESTIONS)
    (directory / "questions" / "some.jsonl").write_text(lines, encoding="utf-8")
    path = directory / "counting.yaml"
    path.write_text(yaml.safe_dump({**TASK, **changes}, allow_unicode=True), encoding="utf-8")
    return path


def run(scorer, path, limit=None):
    """Scores of one task from a file, and what lm-eval itself aggregated."""
    (task,) = load_tasks([str(path)], None)
    runs = run_tasks(scorer, [task], limit, None)
    return scores_of_task(task, runs), runs


def test_a_task_over_local_files_is_read_from_where_it_lies(scorer, tmp_path, monkeypatch):
    path = write_task(tmp_path / "tasks")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found, runs = run(scorer, path)
    assert list(runs) == ["counting"]
    assert runs["counting"].version == "2.5"
    assert runs["counting"].samples[0]["arguments"][0] == ("Question: 0 and one is", " two")
    assert {item.item for item in found.items} == {question["id"] for question in QUESTIONS}


def test_scores_are_lm_evals_with_acc_bytes_beside_them(scorer, tmp_path):
    own, own_runs = run(scorer, write_task(tmp_path / "own"))
    metrics = [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in ("acc", "acc_bytes", "acc_norm")]
    listed, runs = run(scorer, write_task(tmp_path / "listed", metric_list=metrics))
    theirs = runs["counting"].results
    assert "acc_bytes,none" not in own_runs["counting"].results
    for scores in (own.scores, listed.scores):
        whole = {score.metric: score for score in scores if score.language == "all"}
        assert set(whole) == {"acc", "acc_bytes", "acc_norm"}
        for metric, score in whole.items():
            assert score.value == pytest.approx(theirs[f"{metric},none"])
            assert score.standard_error == pytest.approx(theirs[f"{metric}_stderr,none"])
            assert (score.documents, score.random_baseline, score.better) == (5, 0.5, "higher")
    by_item = {(item.item, item.metric): item.value for item in listed.items}
    assert by_item == {(item.item, item.metric): item.value for item in own.items}


def test_bytes_tell_what_characters_do_not(scorer, tmp_path):
    """Cyrillic has two bytes a letter: an answer that wins by characters may lose by bytes."""
    found, runs = run(scorer, write_task(tmp_path))
    for sample in runs["counting"].samples:
        likelihoods = [answer[0] for answer in sample["filtered_resps"]]
        rates = [value / len(choice.encode()) for value, choice in zip(likelihoods, sample["doc"]["answers"], strict=True)]
        expected = float(rates.index(max(rates)) == sample["target"])
        assert expected == next(item.value for item in found.items if (item.item, item.metric) == (sample["doc"]["id"], "acc_bytes"))


def test_languages_add_up_to_all_and_items_to_languages(scorer, tmp_path):
    found, _ = run(scorer, write_task(tmp_path))
    for score in found.scores:
        values = [item.value for item in found.items if item.metric == score.metric and score.language in ("all", item.language)]
        assert len(values) == score.documents
        assert sum(values) / len(values) == pytest.approx(score.value)
        assert standard_error(values) == pytest.approx(score.standard_error)
    assert {score.language: score.documents for score in found.scores if score.metric == "acc"} == {"eng_Latn": 3, "rus_Cyrl": 2, "all": 5}


def test_a_limit_takes_the_first_items(scorer, tmp_path):
    found, _ = run(scorer, write_task(tmp_path), limit=2)
    assert {item.item for item in found.items} == {"q0", "q1"}


def test_hellaswag_is_scored_as_lm_eval_defines_it_over_text_of_ones_own(scorer, tmp_path):
    """With the functions that it names beside its own file, and acc_bytes, which it does not list."""
    from pathlib import Path

    import lm_eval.tasks

    rows = [
        {"ind": number, "activity_label": "Boiling", "ctx_a": "A cook fills a pot.", "ctx_b": "he", "endings": endings, "label": "1"}
        for number, endings in enumerate(
            [["sings.", "boils the water.", "runs.", "ends."], ["ends.", "heats it [step] well.", "is.", "may."]]
        )
    ]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    included = Path(lm_eval.tasks.__file__).parent / "hellaswag" / "hellaswag.yaml"
    content = {"include": str(included), "task": "mine", "dataset_path": "json", "training_split": None}
    content["dataset_kwargs"] = {"data_files": {"validation": "rows.jsonl"}}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    found, runs = run(scorer, path)
    asked = runs["mine"].samples[1]["arguments"][1]
    assert asked == ("Boiling: A cook fills a pot. He", " heats it well.")
    assert {score.metric: score.random_baseline for score in found.scores} == {"acc": 0.25, "acc_norm": 0.25, "acc_bytes": 0.25}
    assert hash_of_task(path)


def test_likelihoods_of_texts_are_scored_as_lm_eval_aggregates_them(scorer, tmp_path):
    metrics = [{"metric": "bits_per_byte", "aggregation": "bits_per_byte", "higher_is_better": False}]
    path = write_task(
        tmp_path, output_type="loglikelihood_rolling", doc_to_text="", doc_to_target="question", doc_to_choice=None, metric_list=metrics
    )
    found, _ = run(scorer, path)
    assert not found.items
    (score,) = found.scores
    assert (score.metric, score.language, score.better, score.random_baseline) == ("bits_per_byte", "all", "lower", None)
    likelihoods = scorer.texts([question["question"] for question in QUESTIONS])
    size = sum(len(question["question"].encode()) for question in QUESTIONS)
    assert score.value == pytest.approx(-sum(one.log_likelihood for one in likelihoods) / size / 0.6931471805599453)


def test_the_files_hold_the_rows(scorer, tmp_path):
    found, _ = run(scorer, write_task(tmp_path))
    write_task_scores([found], tmp_path)
    assert pq.read_table(tmp_path / ITEMS_FILE).num_rows == len(found.items) == 15
    rows = pq.read_table(tmp_path / SCORES_FILE).to_pylist()
    assert [row["value"] for row in rows] == [score.value for score in found.scores]


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    with pytest.raises(BadInputError, match=r"nothing\.yaml: there is no such file"):
        load_tasks([str(tmp_path / "nothing.yaml")], None)
    (tmp_path / "empty.yaml").write_text("- a list\n")
    with pytest.raises((BadInputError, TaskError), match=r"empty\.yaml"):
        load_tasks([str(tmp_path / "empty.yaml")], None)
    path = write_task(tmp_path, dataset_kwargs={"data_files": {"test": "no/such.jsonl"}})
    with pytest.raises(BadInputError, match=r"counting\.yaml: there is no file .*no/such\.jsonl"):
        hash_of_task(path)


def test_without_lm_eval_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(harness.util, "find_spec", lambda _: None)
    with pytest.raises(TaskError, match=r"pip install 'uniscale-assets\[downstream\]'"):
        load_tasks(["spelling"], None)


def test_a_fingerprint_knows_all_that_a_task_is_made_of(tmp_path):
    path = write_task(tmp_path)
    before = hash_of_task(path)
    lines = tmp_path / "questions" / "some.jsonl"
    lines.write_text(lines.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    text = hash_of_task(path)
    path.write_text(path.read_text(encoding="utf-8") + "include: base.yaml\nprocess_docs: !function helpers.clean\n", encoding="utf-8")
    with pytest.raises(BadInputError, match=r"there is no file .*base\.yaml"):
        hash_of_task(path)
    (tmp_path / "base.yaml").write_text("num_fewshot: 0\n")
    included = hash_of_task(path)
    (tmp_path / "helpers.py").write_text("def clean(rows):\n    return rows\n")
    function = hash_of_task(path)
    assert len({before, text, included, function}) == 4


def test_where_a_task_lies_is_no_part_of_its_fingerprint(tmp_path):
    first, second = write_task(tmp_path / "first"), write_task(tmp_path / "second")
    keys = [score_keys(DownstreamSpec(tasks=("spelling", str(path)))) for path in (first, second)]
    assert keys[0] == keys[1]
    assert score_keys(DownstreamSpec(tasks=("spelling", "piqa")))["tasks"] == ["spelling", "piqa"]
