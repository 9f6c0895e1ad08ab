"""Evaluations in worker processes: side by side, light, and with the same result."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint
from uniscale_assets.evaluation.results import EvaluationSummary
from uniscale_assets.evaluation.spec import EvaluationSpec
from uniscale_assets.evaluation.task import EVALUATE_TASK, EvaluationTask
from uniscale_assets.modeling.pool import Job, JobFailed, JobFinished, run_side_by_side
from uniscale_assets.modeling.processes import worker_environments

CONTEXT_BYTES = 90

LIGHT = """
import json, sys
from uniscale_assets.evaluation import bits_per_byte, models, results, scoring, task, verification, windows
heavy = {"torch", "transformers", "numpy", "pyarrow"} & set(sys.modules)
assert not heavy, f"importing the room imports {heavy}"
task.evaluate_task(json.loads(sys.stdin.read()), lambda value: None)
others = {"dagster", "polars", "duckdb", "plotly", "datasets", "lm_eval"} & set(sys.modules)
assert not others, f"an evaluation imports {others}"
"""


def task_of(checkpoint, shards, output):
    output.mkdir()
    return EvaluationTask(
        checkpoint=checkpoint, shards=shards, spec=EvaluationSpec(stride_bytes=40), context_bytes=CONTEXT_BYTES, output=output
    )


def test_an_evaluation_imports_little_and_the_room_nothing(checkpoint, shards, tmp_path):
    task = task_of(checkpoint, shards, tmp_path / "output")
    done = subprocess.run([sys.executable, "-c", LIGHT], input=json.dumps(task.payload()), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_that_fails_in_a_pool_does_not_take_the_others_along(checkpoint, shards, tmp_path):
    good = task_of(checkpoint, shards, tmp_path / "good")
    bad = task_of(tmp_path / "nowhere", shards, tmp_path / "bad")
    jobs = [Job("bad", EVALUATE_TASK, bad.payload()), Job("good", EVALUATE_TASK, good.payload())]
    told = []
    results = {
        result.job.key: result for result in run_side_by_side(jobs, worker_environments(1), lambda key, value: told.append((key, value)))
    }

    assert isinstance(results["bad"], JobFailed)
    assert results["bad"].error == "ArtifactError"
    assert "nowhere" in results["bad"].message
    assert isinstance(results["good"], JobFinished)
    key, (done, total) = told[-1]
    assert (key, done) == ("good", total)

    summary = EvaluationSummary.model_validate(results["good"].result)
    (tmp_path / "here").mkdir()
    here = evaluate_checkpoint(checkpoint, shards, good.spec, CONTEXT_BYTES, tmp_path / "here")
    assert summary.windows == here.windows
    assert summary.all_languages.bits_per_byte == pytest.approx(here.all_languages.bits_per_byte, rel=1e-6)
    assert sorted(path.name for path in good.output.iterdir()) == ["bits_per_byte.parquet", "document_scores.parquet"]
