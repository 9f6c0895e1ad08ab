"""One training over two processes of this machine: the same batches, the same model, one writer."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from transformers import AutoModelForCausalLM

from uniscale_assets.errors import TrainingError
from uniscale_assets.modeling.checkpoints import latest_checkpoint
from uniscale_assets.modeling.curve import read_curve
from uniscale_assets.modeling.launch import TrainingRequest
from uniscale_assets.modeling.processes import child_environment
from uniscale_assets.modeling.spec import ExecutionSpec
from uniscale_assets.modeling.torchrun import leave_error, read_outcome, train_with_torchrun

from .conftest import Trained, weights_of

TWO = ExecutionSpec(processes_per_training=2)
SCRIPT = """
import sys
from pathlib import Path
from uniscale_assets.modeling.launch import TrainingRequest
from uniscale_assets.modeling.training import train_model
request = TrainingRequest.model_validate_json(Path(sys.argv[1]).read_bytes())
train_model(request.task, request.output, request.work_directory, request.execution)
"""


def test_two_processes_train_the_model_that_one_trains(base, make_task, tmp_path):
    # Three contexts on two processes: each step has one masked window besides.
    heard = []
    (tmp_path / "output").mkdir()
    outcome = train_with_torchrun(make_task(), tmp_path / "output", tmp_path / "work", TWO, heard.append, processes=2)
    assert outcome.record.model_copy(update={"final_loss_nats": 0.0}) == base.record.model_copy(update={"final_loss_nats": 0.0})
    assert heard[-1].step == base.record.steps
    for one, other in zip(read_curve(base.output), read_curve(tmp_path / "output"), strict=True):
        assert (one.step, one.bytes, one.tokens, one.learning_rate) == (other.step, other.bytes, other.tokens, other.learning_rate)
        # Sums in another order, and bf16 in Muon that turns the last digits over: measured 3e-4.
        assert one.loss_nats == pytest.approx(other.loss_nats, rel=3e-3)
    theirs = weights_of(tmp_path / "output")
    for name, weight in base.weights.items():
        scale = max(float(np.abs(weight).max()), 1e-3)
        assert np.abs(weight - theirs[name]).max() < 0.1 * scale, name
        assert np.abs(weight - theirs[name]).mean() < 0.01 * scale, name
    AutoModelForCausalLM.from_pretrained(tmp_path / "output")


def test_killed_it_leaves_no_process_and_one_process_goes_on_from_its_checkpoint(make_task, tmp_path):
    (tmp_path / "output").mkdir()
    execution = ExecutionSpec(processes_per_training=2, checkpoint_minutes=1e-9)
    task = make_task(budget_value=30_000.0)
    request = TrainingRequest(key="x", task=task, output=tmp_path / "output", work_directory=tmp_path / "work", execution=execution)
    (tmp_path / "request.json").write_text(request.model_dump_json())
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path / "request.json")], env=child_environment())
    while parent.poll() is None and latest_checkpoint(tmp_path / "work") is None:
        time.sleep(0.05)
    family = psutil.Process(parent.pid).children(recursive=True)
    assert len(family) >= 3
    parent.kill()
    assert parent.wait() != 0
    alive = psutil.wait_procs(family, timeout=10)[1]
    assert not alive
    resumed = Trained(task, tmp_path)
    assert resumed.outcome.resumed_from_step > 0
    assert read_curve(tmp_path / "output")[-1].bytes == resumed.record.bytes


def test_an_error_of_a_rank_comes_back_as_it_was(tmp_path):
    leave_error(tmp_path, TrainingError("the training loss is nan at step 3"))
    leave_error(tmp_path, RuntimeError("a later rank's, which the first one's brought about"))
    with pytest.raises(TrainingError, match=r"^the training loss is nan at step 3$"):
        read_outcome(tmp_path, 1)


def test_a_foreign_error_keeps_its_name(tmp_path):
    leave_error(tmp_path, ValueError("odd"))
    with pytest.raises(TrainingError, match=r"^ValueError: odd$"):
        read_outcome(tmp_path, 1)


def test_without_an_outcome_the_end_of_the_log_is_shown(tmp_path):
    (tmp_path / "log.txt").write_text("\n".join(f"line {number}" for number in range(40)))
    with pytest.raises(TrainingError, match=r"(?s)torchrun ended with code -9.*line 39") as caught:
        read_outcome(tmp_path, -9)
    assert "line 5\n" not in str(caught.value)
