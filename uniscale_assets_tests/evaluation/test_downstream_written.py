"""Tasks that are scored by written text: lm-eval's own model beside ours, gsm8k, metrics of any name, refusals."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
import torch
import yaml

from uniscale_assets.errors import BadInputError
from uniscale_assets.evaluation.downstream.generation import Ending, Prompt, write_answers
from uniscale_assets.evaluation.downstream.harness import load_tasks, run_tasks
from uniscale_assets.evaluation.downstream.likelihoods import TextScorer
from uniscale_assets.evaluation.downstream.results import ITEMS_FILE, SCORES_FILE, scores_of_task, standard_error, write_task_scores
from uniscale_assets.evaluation.models import as_language_model, load_checkpoint
from uniscale_assets.tokenization.loading import load_tokenizer

WINDOW = 40


@pytest.fixture(scope="module", autouse=True)
def offline():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="module")
def scorer(checkpoint, tokenizer_directory):
    """An untrained model that sees 40 tokens."""
    return TextScorer(as_language_model(load_checkpoint(checkpoint)), load_tokenizer(tokenizer_directory), WINDOW, 2048)


def write_task(directory, rows, **changes):
    """A user's task over local files that is scored by text."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    content = {
        "task": "going_on",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{text}}",
        "doc_to_target": "{{target}}",
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
        "generation_kwargs": {"until": ["\n\n"], "max_gen_toks": 12, "do_sample": False, "temperature": 0.0},
        "metadata": {"version": 1.0},
    }
    path = directory / "going_on.yaml"
    path.write_text(yaml.safe_dump({**content, **changes}), encoding="utf-8")
    return path


def transformers_model(directory):
    """lm-eval's own model of a checkpoint, with the separator before what it keeps of a prompt."""
    from lm_eval.models.huggingface import HFLM

    class WithSeparator(HFLM):
        """`HFLM` over this project's rule for prompts."""

        eot_token_id = 0

        def tok_batch_encode(self, strings, left_truncate_len=None, **options):
            ids, mask = super().tok_batch_encode(strings, left_truncate_len=left_truncate_len - 1, **options)
            return torch.nn.functional.pad(ids, (1, 0), value=0), torch.nn.functional.pad(mask, (1, 0), value=1)

    return WithSeparator(pretrained=str(directory), device="cpu", max_length=WINDOW, prefix_token_id=0, batch_size=1, dtype="float32")


def test_ours_is_what_transformers_writes_for_lm_eval(texts, scorer, checkpoint, tokenizer_directory, tmp_path):
    """Answers, exact matches and standard errors of a task; some answers end at a string, some prompts are longer than the window."""
    from lm_eval.evaluator import evaluate

    directory = tmp_path / "checkpoint"
    shutil.copytree(checkpoint, directory)
    shutil.copytree(tokenizer_directory, directory, dirs_exist_ok=True)
    prompts = [
        text[:size].strip() for (_, _, text), size in zip([row for row in texts if len(row[2]) > 100], [15, 60, 300] * 9, strict=False)
    ]
    free = write_answers(scorer, [Prompt(prompt, Ending((), 12)) for prompt in prompts])
    stops = sorted({text[4:6] for text in free[:3]})
    rows = [{"id": f"p{place}", "text": prompt, "target": free[place]} for place, prompt in enumerate(prompts)]
    options = {"until": stops, "max_gen_toks": 12, "do_sample": False, "temperature": 0.0}
    (task,) = load_tasks([str(write_task(tmp_path / "task", rows, generation_kwargs=options))], None)
    run = run_tasks(scorer, [task], None, None)["going_on"]
    expected = evaluate(transformers_model(directory), {"tasks": dict(task.members)}, bootstrap_iters=0, log_samples=True)
    written = [sample["filtered_resps"][0] for sample in run.samples]
    assert written == [sample["filtered_resps"][0] for sample in expected["samples"]["going_on"]]
    assert 3 <= sum(one != two for one, two in zip(written, free, strict=True)) < len(free)
    scores = scores_of_task(task, {"going_on": run})
    (score,) = scores.scores
    values = [float(one == two) for one, two in zip(written, free, strict=True)]
    assert [item.value for item in scores.items] == values
    assert (score.metric, score.unit, score.better, score.random_baseline, score.documents) == (
        "exact_match",
        "share of items",
        "higher",
        None,
        len(prompts),
    )
    assert score.value == pytest.approx(expected["results"]["going_on"]["exact_match,none"])
    assert score.standard_error == pytest.approx(run.results["exact_match_stderr,none"])
    assert score.standard_error == pytest.approx(standard_error(values))


def test_gsm8k_is_scored_by_both_of_its_filters(scorer, tmp_path):
    """As lm-eval defines it, with solved examples before each question, over text of one's own."""
    from pathlib import Path

    import lm_eval.tasks

    rows = [{"question": f"What is {number} and {number}?", "answer": f"It is so.\n#### {2 * number}"} for number in range(6)]
    included = Path(lm_eval.tasks.__file__).parent / "gsm8k" / "gsm8k.yaml"
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    content = {"include": str(included), "task": "mine", "dataset_path": "json", "dataset_name": None}
    content["dataset_kwargs"] = {"data_files": {"train": "rows.jsonl", "test": "rows.jsonl"}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    (task,) = load_tasks([str(tmp_path / "mine.yaml")], None)
    runs = run_tasks(scorer, [task], 4, None)
    found = scores_of_task(task, runs)
    assert {score.metric for score in found.scores} == {"exact_match,strict-match", "exact_match,flexible-extract"}
    assert {score.unit for score in found.scores} == {"share of items"}
    write_task_scores([found], tmp_path)
    rows = pq.read_table(tmp_path / SCORES_FILE).to_pylist()
    assert [(row["metric"], row["random_baseline"]) for row in rows] == [(score.metric, None) for score in found.scores]
    assert len(found.items) == pq.read_table(tmp_path / ITEMS_FILE).num_rows == 8
    prompt, options = runs["mine"].samples[0]["arguments"][0]
    assert prompt.count("Question:") == 6
    assert options["until"][0] == "Question:"


def test_numbers_of_items_become_scores_whatever_they_are_called(scorer, tmp_path, monkeypatch):
    """A metric of a user's function, one whose mean skips documents, and one that lm-eval aggregates in another way."""
    functions = """
def process(document, results):
    length = float(len(results[0]))
    return {"letters": length, "some": length if document["id"] == "b" else float("nan"), "median_letters": length}

def middle(values):
    return sorted(values)[len(values) // 2]
"""
    metrics = """
metric_list:
  - {metric: some, aggregation: nanmean, higher_is_better: false}
  - {metric: median_letters, aggregation: !function scoring.middle, higher_is_better: false}
process_results: !function scoring.process
"""
    rows = [{"id": name, "text": f"{name} and then", "target": ""} for name in "abc"]
    path = write_task(tmp_path, rows)
    (tmp_path / "scoring.py").write_text(functions)
    content = yaml.safe_load(path.read_text())
    content.pop("metric_list")
    path.write_text(yaml.safe_dump(content) + metrics)
    # Its bootstrap of such metrics forks, which may hang in a process with threads.
    monkeypatch.setattr("multiprocessing.Pool", None)
    (task,) = load_tasks([str(path)], None)
    runs = run_tasks(scorer, [task], None, None)
    found = scores_of_task(task, runs)
    lengths = [len(sample["filtered_resps"][0]) for sample in runs["going_on"].samples]
    values = {score.metric: (score.value, score.documents, score.better) for score in found.scores}
    assert values == {
        "letters": (pytest.approx(sum(lengths) / 3), 3, "higher"),
        "some": (lengths[1], 1, "lower"),
        "median_letters": (sorted(lengths)[1], 3, "lower"),
    }
    assert {(item.metric, item.item) for item in found.items} == {("some", "b"), *(("letters", name) for name in "abc")}


@pytest.mark.parametrize("options", [{"do_sample": True}, {"temperature": 0.7}, {"do_sample": True, "temperature": 0.0}])
def test_text_drawn_by_chance_is_refused_by_name_before_anything_runs(options, tmp_path):
    with pytest.raises(BadInputError, match=r"going_on: asks for text drawn by chance .*do_sample: false"):
        load_tasks([str(write_task(tmp_path, [{"text": "a", "target": "b"}], generation_kwargs={"until": [], **options}))], None)


def test_tokens_that_mean_nothing_alone_are_refused_before_anything_runs(scorer, tmp_path):
    (task,) = load_tasks([str(write_task(tmp_path, [{"text": "a", "target": "b"}]))], None)
    only_together = SimpleNamespace(vocab_size=600, separator_id=0, spells_by_token=False)
    with pytest.raises(BadInputError, match="going_on: is scored by text that a model writes, and the tokens"):
        run_tasks(TextScorer(scorer.model, only_together, WINDOW, 256), [task], None, None)
