"""A training learns, says what it did, and leaves a checkpoint that transformers loads; a failed one leaves nothing."""

from __future__ import annotations

import errno
import json
import math

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from uniscale_assets.errors import BadInputError, TokenizerError, TrainingError
from uniscale_assets.files import hash_directory
from uniscale_assets.modeling.curve import ROWS, read_curve
from uniscale_assets.modeling.spec import ExecutionSpec
from uniscale_assets.modeling.training import build_trainer, prepare_training, read_record, train_model
from uniscale_assets.modeling.xielu import FusedXIELU
from uniscale_assets.tokenization.loading import load_tokenizer

from .conftest import Trained, equal


def test_the_loss_falls_well_below_a_uniform_models(base):
    curve = read_curve(base.output)
    assert curve[0].loss_nats == pytest.approx(math.log(400), rel=0.05)
    assert base.record.final_loss_nats < 0.85 * math.log(400)


def test_the_checkpoint_loads_as_safetensors_only(base):
    files = {path.name for path in base.output.iterdir()}
    assert {"model.safetensors", "config.json", "training.json", "curve.parquet", "tokenizer.json"} <= files
    assert not [name for name in files if name.endswith((".bin", ".pt", ".pth", ".pkl"))]
    model = AutoModelForCausalLM.from_pretrained(base.output)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert not any(type(module) is FusedXIELU for module in model.modules())
    assert model.config.use_cache
    assert model.config.vocab_size == 400


def test_the_tokenizer_lies_beside_the_weights(base):
    text = "Ein Satz, и ещё один."
    theirs = AutoTokenizer.from_pretrained(base.output)(text, add_special_tokens=False)["input_ids"]
    assert theirs == load_tokenizer(base.output).encode_batch([text])[0].ids.tolist()


def test_the_trained_loss_is_the_loaded_models(base, make_task):
    # The last step's batch, scored with the committed weights: one small update apart from what that step measured.
    batches = build_trainer(prepare_training(make_task()), base.work, ExecutionSpec()).batches
    model = AutoModelForCausalLM.from_pretrained(base.output)
    (batch,) = batches.step(batches.steps - 1)
    with torch.no_grad():
        logits = model(batch["input_ids"]).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten()).item()
    assert loss == pytest.approx(read_curve(base.output)[-1].loss_nats, abs=0.1)


def test_the_record_adds_up(base, make_task):
    record, prepared = base.record, prepare_training(make_task())
    assert read_record(base.output) == record
    assert record.bytes == 3000 + record.overshoot_bytes
    assert record.bytes_per_token == record.bytes / record.text_tokens
    labels = record.text_tokens + record.separator_tokens
    assert record.steps == math.ceil(labels / record.context_tokens / 3)
    assert record.training_flops == pytest.approx(record.body_flops + record.attention_flops + record.head_flops)
    assert record.body_flops == 6.0 * record.non_embedding_parameters * labels
    assert (record.embedding_parameters, record.head_parameters) == (400 * 48, 0)
    assert prepared.plan.flops.total == record.training_flops


def test_the_curve_is_exact(base):
    curve, record = read_curve(base.output), base.record
    assert len(curve) == min(ROWS, record.steps)
    assert [row.step for row in curve] == sorted({row.step for row in curve})
    last = curve[-1]
    assert (last.step, last.bytes, last.tokens) == (record.steps, record.bytes, record.text_tokens)
    assert last.flops == pytest.approx(record.training_flops)
    assert all(0 < row.bits_per_byte < 8 for row in curve)


def test_a_row_is_the_mean_over_its_steps(make_task, tmp_path):
    # More steps than rows, in sequence: the text tokens' own share of the loss, by hand.
    task = make_task({"batch.contexts": 1, "shuffle_windows": False})
    trained = Trained(task, tmp_path)
    curve = read_curve(trained.output)
    assert len(curve) == ROWS < trained.record.steps
    prepared = prepare_training(task)
    first = prepared.windows.batch(np.arange(curve[0].step))
    assert (curve[0].bytes, curve[0].tokens) == (first.bytes, first.text_tokens)
    labels = np.count_nonzero(first.labels >= 0)
    # The first rows hold no separator but the stream's first, which is no label: all of the loss is text's.
    assert labels == first.text_tokens
    assert curve[0].bits_per_byte == pytest.approx(curve[0].loss_nats * labels / math.log(2) / first.bytes)


def test_the_same_task_gives_the_same_bytes_and_another_seed_does_not(base, make_task, tmp_path):
    again, other = Trained(make_task(), tmp_path / "again"), Trained(make_task(seed=2), tmp_path / "other")
    assert hash_directory(again.output) == hash_directory(base.output)
    assert not equal(other.weights, base.weights)
    assert read_curve(other.output)[0].bytes != read_curve(base.output)[0].bytes


def test_nothing_in_the_artifact_says_when_where_or_how_fast(base):
    text = (base.output / "training.json").read_text()
    assert not {"seconds", "device", "libraries", "peak_memory_bytes"} & json.loads(text).keys()
    assert str(base.work) not in text


def test_the_outcome_says_what_it_took(base):
    outcome = base.outcome
    assert outcome.cpu_seconds > 0
    assert 0 < outcome.seconds < 600
    assert outcome.tokens_per_second == pytest.approx(outcome.record.text_tokens / outcome.seconds)
    assert 1e8 < outcome.peak_memory_bytes < 1e11
    assert (outcome.attempts, outcome.resumed_from_step, outcome.set_aside) == (1, 0, None)
    assert outcome.libraries["torch"] == torch.__version__
    assert outcome.device


def test_accumulation_changes_nothing_but_the_order_of_sums(base, make_task, tmp_path):
    # Three contexts in steps of two: the second is half masked, and the last batch is ragged besides.
    split = Trained(make_task({"batch.contexts_per_device_step": 2}), tmp_path)
    for one, other in zip(read_curve(base.output), read_curve(split.output), strict=True):
        assert (one.bytes, one.tokens) == (other.bytes, other.tokens)
        assert one.loss_nats == pytest.approx(other.loss_nats, rel=2e-3)


@pytest.mark.parametrize("architecture", ["apertus", "llama"])
@pytest.mark.parametrize("tied", [True, False])
def test_every_architecture_trains_tied_and_untied(architecture, tied, make_task, tmp_path):
    trained = Trained(make_task(architecture=architecture, tie_embeddings=tied), tmp_path)
    assert trained.record.final_loss_nats < 0.9 * math.log(400)
    model = AutoModelForCausalLM.from_pretrained(trained.output)
    assert (model.get_input_embeddings().weight is model.get_output_embeddings().weight) == tied
    assert trained.record.head_parameters == (0 if tied else 400 * 48)


def test_text_is_repeated_where_the_study_says_so(make_task, tmp_path):
    task = make_task({"repeat": True, "context.bytes": 400, "batch.contexts": 40}, budget_value=90_000.0)
    trained = Trained(task, tmp_path)
    assert trained.record.bytes == 90_000 + trained.record.overshoot_bytes
    assert read_curve(trained.output)[-1].bytes == trained.record.bytes


def test_progress_is_told(make_task, tmp_path):
    heard = []
    (tmp_path / "output").mkdir()
    train_model(make_task(), tmp_path / "output", tmp_path / "work", ExecutionSpec(), heard.append)
    assert heard[-1].step == heard[-1].steps
    assert heard[-1].bytes >= 3000
    assert [event.step for event in heard] == sorted(event.step for event in heard)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"optimizer.learning_rate": 1e30, "optimizer.adamw_learning_rate": 1e30},
            r"training loss is (nan|inf) at step \d+ of \d+, learning rate",
        ),
        ({"optimizer.adamw_learning_rate": 30.0, "divergence_factor": 1.01}, r"diverges at step \d+ of \d+, learning rate .*smoothed loss"),
    ],
)
def test_a_loss_that_is_not_finite_or_diverges_commits_nothing(keys, message, make_task, tmp_path):
    (tmp_path / "output").mkdir()
    with pytest.raises(TrainingError, match=message):
        train_model(make_task({**keys, "schedule.warmup": 0.1}), tmp_path / "output", tmp_path / "work", ExecutionSpec())
    assert not list((tmp_path / "output").iterdir())


def test_a_full_disk_is_said_and_leaves_nothing(make_task, tmp_path, monkeypatch):
    def full(*arguments):
        (tmp_path / "output" / "half").write_text("written")
        raise OSError(errno.ENOSPC, "No space left on device", "model.safetensors")

    monkeypatch.setattr("uniscale_assets.modeling.training.write_checkpoint", full)
    (tmp_path / "output").mkdir()
    with pytest.raises(TrainingError, match=r"disk is full at model\.safetensors"):
        train_model(make_task(budget_value=300.0), tmp_path / "output", tmp_path / "work", ExecutionSpec())
    assert not list((tmp_path / "output").iterdir())


def test_a_missing_tokenizer_is_said_before_anything_is_trained(make_task, tmp_path):
    with pytest.raises(TokenizerError, match="no tokenizer to be copied"):
        train_model(make_task(tokenizer=tmp_path), tmp_path / "output", tmp_path / "work", ExecutionSpec())
    assert not (tmp_path / "work").exists()


def test_a_reporter_that_is_not_installed_is_named_before_anything_runs(make_task, tmp_path, monkeypatch):
    monkeypatch.setattr("uniscale_assets.modeling.training.util.find_spec", lambda _: None)
    (tmp_path / "output").mkdir()
    with pytest.raises(BadInputError, match=r"execution\.report_to: wandb not installed"):
        train_model(make_task(), tmp_path / "output", tmp_path / "work", ExecutionSpec(report_to=("wandb",)))
    assert not (tmp_path / "work").exists()


def test_an_installed_reporter_hears_every_row(make_task, tmp_path):
    from transformers import TrainerCallback

    heard = []

    class Reporter(TrainerCallback):
        def on_log(self, args, state, control, logs=None, **kwargs):  # noqa: ARG002
            heard.append(logs)

    trainer = build_trainer(prepare_training(make_task()), tmp_path, ExecutionSpec())
    trainer.args.report_to = ["tensorboard"]
    trainer.add_callback(Reporter())
    for step in range(3):
        trainer.sums.begin_step(0.1, 10)
        trainer.sums.add(torch.ones(10), torch.ones(10, dtype=torch.bool), 10, 20 + step)
        trainer.record_steps()
    rows = [logs for logs in heard if "bits_per_byte" in logs]
    assert [row["loss"] for row in rows] == [1.0] * 3
    assert [row["bytes"] for row in rows] == [20, 41, 63]
