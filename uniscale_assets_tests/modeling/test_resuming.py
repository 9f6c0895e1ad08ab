"""Killed at any step and started again: the same weights and the same curve as a training that ran through."""

from __future__ import annotations

import json
import logging
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from uniscale_assets.errors import TrainingError
from uniscale_assets.modeling import trainer as trainer_module
from uniscale_assets.modeling.checkpoints import MANIFEST, claim_work_directory, latest_checkpoint, new_checkpoint, step_of
from uniscale_assets.modeling.curve import read_curve
from uniscale_assets.modeling.launch import TrainingRequest
from uniscale_assets.modeling.processes import child_environment, one_thread_each
from uniscale_assets.modeling.spec import ExecutionSpec

from .conftest import Trained, equal

EVERY_STEP = ExecutionSpec(checkpoint_minutes=1e-9)
SCRIPT = """
import sys
from pathlib import Path
from uniscale_assets.modeling.launch import TrainingRequest
from uniscale_assets.modeling.training import train_model
request = TrainingRequest.model_validate_json(Path(sys.argv[1]).read_bytes())
train_model(request.task, request.output, request.work_directory, request.execution)
"""


def stop_at(trainer_class, step, monkeypatch):
    """Make trainings fail after a step, once."""
    original = trainer_class.record_steps

    def record_steps(self):
        original(self)
        if self.recorder.step == step:
            monkeypatch.setattr(trainer_class, "record_steps", original)
            raise RuntimeError("stopped")

    monkeypatch.setattr(trainer_class, "record_steps", record_steps)


def steps_done(work: Path) -> int:
    """The newest checkpoint's step."""
    return max((step_of(path) or 0 for path in work.glob("checkpoint-*")), default=0)


def test_killed_by_the_kernel_at_random_steps(make_task, tmp_path):
    task = make_task(budget_value=5000.0)
    through = Trained(task, tmp_path / "through")
    directory = tmp_path / "killed"
    (directory / "output").mkdir(parents=True)
    request = TrainingRequest(key="x", task=task, output=directory / "output", work_directory=directory / "work", execution=EVERY_STEP)
    (tmp_path / "request.json").write_text(request.model_dump_json())
    kills: list[int] = []
    for step in sorted(random.sample(range(2, through.record.steps - 10), 2)):
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / "request.json")]
        process = subprocess.Popen(command, env=child_environment(**one_thread_each()))
        while process.poll() is None and steps_done(directory / "work") < step:
            time.sleep(0.001)
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
        assert not list((directory / "output").iterdir())
        kills.append(steps_done(directory / "work"))
    resumed = Trained(task, directory, EVERY_STEP)
    assert resumed.outcome.resumed_from_step >= kills[-1] - 1 > 0, kills
    assert equal(resumed.weights, through.weights), f"killed at {kills}"
    assert read_curve(resumed.output) == read_curve(through.output)
    assert resumed.record == through.record


@pytest.mark.parametrize(("architecture", "name"), [("llama", "muon"), ("apertus", "adamw")])
def test_a_stopped_training_goes_on_where_it_was(architecture, name, make_task, tmp_path, monkeypatch):
    task = make_task({"optimizer.name": name, "batch.contexts_per_device_step": 2}, architecture=architecture)
    through = Trained(task, tmp_path / "through")
    stop_at(trainer_module.StudyTrainer, 13, monkeypatch)
    with pytest.raises(RuntimeError, match="stopped"):
        Trained(task, tmp_path / "stopped", EVERY_STEP)
    resumed = Trained(task, tmp_path / "stopped", EVERY_STEP)
    assert (resumed.outcome.resumed_from_step, resumed.outcome.attempts) == (12, 2)
    assert equal(resumed.weights, through.weights)
    assert read_curve(resumed.output) == read_curve(through.output)


def test_time_adds_up_over_attempts(make_task, tmp_path, monkeypatch):
    stop_at(trainer_module.StudyTrainer, 20, monkeypatch)
    with pytest.raises(RuntimeError, match="stopped"):
        Trained(make_task(), tmp_path)
    (first,) = json.loads((tmp_path / "work" / "effort.json").read_text())
    outcome = Trained(make_task(), tmp_path).outcome
    assert outcome.seconds > first["seconds"] > 0
    assert outcome.cpu_seconds > first["cpu_seconds"] > 0
    assert (outcome.attempts, outcome.resumed_from_step) == (2, 0)


@pytest.mark.parametrize("damage", ["no manifest", "truncated", "a file is gone"])
def test_a_checkpoint_that_is_not_whole_is_passed_over(damage, make_task, tmp_path, monkeypatch, caplog):
    task = make_task()
    through = Trained(task, tmp_path / "through")
    stop_at(trainer_module.StudyTrainer, 11, monkeypatch)
    with pytest.raises(RuntimeError, match="stopped"):
        Trained(task, tmp_path / "stopped", EVERY_STEP)
    work = tmp_path / "stopped" / "work"
    whole = latest_checkpoint(work)
    half = work / "checkpoint-15"
    half.mkdir()
    for path in whole.iterdir():
        (half / path.name).write_bytes(path.read_bytes())
    match damage:
        case "no manifest":
            (half / MANIFEST).unlink()
        case "truncated":
            (half / trainer_module.WEIGHTS).write_bytes(b"short")
        case _:
            (half / trainer_module.OPTIMIZER).unlink()
    with caplog.at_level(logging.WARNING):
        assert latest_checkpoint(work) == whole
    assert "checkpoint-15" in caplog.text
    resumed = Trained(task, tmp_path / "stopped", EVERY_STEP)
    assert resumed.outcome.resumed_from_step == 10
    assert equal(resumed.weights, through.weights)


def test_a_failure_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path):
    with new_checkpoint(tmp_path, 3) as directory:
        (directory / "weights").write_text("three")
    with pytest.raises(OSError, match="full"), new_checkpoint(tmp_path, 5) as directory:
        (directory / "weights").write_text("fi")
        raise OSError("full")
    assert latest_checkpoint(tmp_path) == tmp_path / "checkpoint-3"
    with new_checkpoint(tmp_path, 7) as directory:
        (directory / "weights").write_text("seven")
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-7"]


def test_another_fingerprint_is_set_aside_with_a_message(make_task, tmp_path, monkeypatch, caplog):
    stop_at(trainer_module.StudyTrainer, 9, monkeypatch)
    with pytest.raises(RuntimeError, match="stopped"):
        Trained(make_task(), tmp_path, EVERY_STEP)
    with caplog.at_level(logging.WARNING):
        other = Trained(make_task(seed=2, fingerprint="e" * 64), tmp_path, EVERY_STEP)
    assert "set aside" in caplog.text
    assert other.outcome.resumed_from_step == 0
    aside = Path(other.outcome.set_aside)
    assert latest_checkpoint(aside).name == "checkpoint-8"
    assert equal(other.weights, Trained(make_task(seed=2, fingerprint="e" * 64), tmp_path / "fresh").weights)


def test_a_work_directory_is_claimed_once_and_kept(tmp_path):
    work = tmp_path / "work"
    assert claim_work_directory(work, "a") is None
    (work / "something").write_text("kept")
    assert claim_work_directory(work, "a") is None
    assert (work / "something").exists()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "something").write_text("of whom?")
    assert claim_work_directory(tmp_path / "foreign", "a") is not None


def test_short_trainings_write_no_checkpoint(base):
    assert not list(base.work.glob("*checkpoint*"))


def test_a_diverged_training_does_not_end_otherwise_the_second_time(make_task, tmp_path):
    task = make_task({"optimizer.learning_rate": 1e30, "optimizer.adamw_learning_rate": 1e30})
    messages = []
    for _ in range(2):
        with pytest.raises(TrainingError) as caught:
            Trained(task, tmp_path, EVERY_STEP)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
