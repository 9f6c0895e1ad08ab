"""Trainings side by side in worker processes."""

from __future__ import annotations

from pathlib import Path

from uniscale_assets.errors import BudgetError, TrainingError
from uniscale_assets.modeling.curve import read_curve
from uniscale_assets.modeling.launch import (
    TrainingFailed,
    TrainingFinished,
    TrainingRequest,
    error_named,
    train_side_by_side,
    training_cost,
)
from uniscale_assets.modeling.pool import Pool
from uniscale_assets.modeling.processes import one_thread_each
from uniscale_assets.modeling.spec import ExecutionSpec

from .conftest import equal, weights_of


def request(key, task, directory: Path):
    (directory / key).mkdir()
    return TrainingRequest(key=key, task=task, output=directory / key, work_directory=directory / f"{key}.work", execution=ExecutionSpec())


def test_each_trains_as_it_would_alone_and_one_that_fails_takes_none_along(base, make_task, tmp_path):
    requests = [
        request("base", make_task(), tmp_path),
        request("again", make_task(), tmp_path),
        request("greedy", make_task(budget_value=1e6), tmp_path),
        request("diverged", make_task({"optimizer.learning_rate": 1e30, "optimizer.adamw_learning_rate": 1e30}), tmp_path),
        request("lost", make_task(shards=tmp_path / "nowhere"), tmp_path),
    ]
    heard = []
    with Pool([one_thread_each()] * 2) as pool:
        results = {result.key: result for result in train_side_by_side(requests, pool, lambda key, event: heard.append((key, event.step)))}
    assert results.keys() == {"base", "again", "greedy", "diverged", "lost"}
    for key in ("base", "again"):
        result = results[key]
        assert isinstance(result, TrainingFinished)
        assert result.outcome.record == base.record
        assert equal(weights_of(tmp_path / key), base.weights)
        assert read_curve(tmp_path / key) == read_curve(base.output)
        assert (key, base.record.steps) in heard
    greedy, diverged, lost = (results[key] for key in ("greedy", "diverged", "lost"))
    assert isinstance(greedy, TrainingFailed)
    assert isinstance(greedy.error, BudgetError)
    assert "epochs" in str(greedy.error)
    assert isinstance(diverged, TrainingFailed)
    assert isinstance(diverged.error, TrainingError)
    assert isinstance(lost, TrainingFailed)
    assert "nowhere" in str(lost.error)
    assert not [path for key in ("greedy", "diverged", "lost") for path in (tmp_path / key).iterdir()]


def test_the_larger_training_costs_more(make_task, tmp_path):
    costs = [training_cost(make_task(size=size)) for size in ("0.06M", "0.2M", "0.8M")]
    assert costs == sorted(costs)
    assert costs[0] > 0
    assert training_cost(make_task(shards=tmp_path)) == 0.0


def test_errors_keep_their_class_across_processes():
    assert type(error_named("BudgetError", "too much")) is BudgetError
    foreign = error_named("OutOfMemoryError", "CUDA out of memory")
    assert type(foreign) is TrainingError
    assert str(foreign) == "OutOfMemoryError: CUDA out of memory"
    assert type(error_named("annotations", "a name that is no error")) is TrainingError
