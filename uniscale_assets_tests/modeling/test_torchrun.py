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
from uniscale_assets.modeling.torchrun import train_with_torchrun

from .conftest import Trained

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
    theirs = Trained.weights.fget(type("Output", (), {"output": tmp_path / "output"}))
    for name, weight in base.weights.items():
        scale = max(float(np.abs(weight).max()), 1e-3)
        assert np.abs(weight - theirs[name]).max() < 0.1 * scale, name
        assert np.abs(weight - theirs[name]).mean() < 0.01 * scale, name
    AutoModelForCausalLM.from_pretrained(tmp_path / "output")


def test_an_error_of_a_rank_comes_back_as_it_was(make_task, tmp_path):
    (tmp_path / "output").mkdir()
    task = make_task({"optimizer.learning_rate": 1e30, "optimizer.adamw_learning_rate": 1e30})
    with pytest.raises(TrainingError, match=r"training loss is (nan|inf) at step \d+"):
        train_with_torchrun(task, tmp_path / "output", tmp_path / "work", TWO, processes=2)
    assert not list((tmp_path / "output").iterdir())


def test_killed_it_leaves_no_process_and_goes_on_from_its_checkpoint(base, make_task, tmp_path):
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
    gone, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    outcome = train_with_torchrun(task, tmp_path / "output", tmp_path / "work", execution, processes=2)
    assert outcome.resumed_from_step > 0
    assert read_curve(tmp_path / "output")[-1].bytes == outcome.record.bytes
