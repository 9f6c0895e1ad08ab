"""Each key under `training` changes what it says; a key without a line here fails."""

from __future__ import annotations

from typing import Any

import pytest

from uniscale_assets.errors import BudgetError, TrainingError
from uniscale_assets.modeling.curve import read_curve
from uniscale_assets.modeling.spec import ExecutionSpec, TrainingSpec
from uniscale_assets.modeling.training import build_trainer, prepare_training
from uniscale_assets.modeling.xielu import FusedXIELU
from uniscale_assets.specification import Specification

from .conftest import Trained, equal

SHORT = {"budget.value": 700}
"""some eight steps"""

PER_PARAMETER = {"budget.rule": "bytes_per_parameter", "budget.value": 0.012}
DECAY = {"schedule.name": "warmup_stable_decay"}
CHANGES_WEIGHTS: dict[str, tuple[Any, dict[str, Any]]] = {
    # key: another value, and what else the study says
    "budget.value": (900, {}),
    "budget.rule": ("tokens_per_parameter", PER_PARAMETER),
    "context.bytes": (64, {}),
    "batch.contexts": (2, {}),
    "optimizer.name": ("adamw", {}),
    "optimizer.learning_rate": (0.02, {}),
    "optimizer.momentum": (0.5, {}),
    "optimizer.newton_schulz_steps": (3, {}),
    "optimizer.adamw_learning_rate": (0.01, {}),
    "optimizer.betas": ((0.9, 0.99), {}),
    "optimizer.epsilon": (1e-2, {}),
    "optimizer.weight_decay": (0.3, {}),
    "optimizer.clip_norm": (0.05, {}),
    "schedule.name": ("warmup_stable_decay", {}),
    "schedule.warmup": (0.5, {}),
    "schedule.hold_until": (0.4, DECAY),
    "schedule.final": (0.5, {}),
    "initializer_range": (0.05, {}),
    "embedding_initializer_range": (0.1, {}),
    "shuffle_windows": (False, {}),
    "precision": ("bf16", {"precision": "fp32"}),
}
CHANGES_SOMETHING_ELSE = {"batch.contexts_per_device_step", "repeat", "compile", "gradient_checkpointing", "divergence_factor"}
"""each has a test of its own below"""


def leaves(spec: type[Specification], prefix: str = "") -> set[str]:
    """Paths of all keys that hold no further keys."""
    found = set()
    for name, field in spec.model_fields.items():
        kind = field.annotation
        nested = isinstance(kind, type) and issubclass(kind, Specification)
        found |= leaves(kind, f"{prefix}{name}.") if nested else {prefix + name}
    return found


def test_every_key_has_its_line():
    assert leaves(TrainingSpec) == CHANGES_WEIGHTS.keys() | CHANGES_SOMETHING_ELSE


@pytest.fixture(scope="module")
def trained(make_task, tmp_path_factory):
    """Trains with some keys, each combination once."""
    made: dict[str, Trained] = {}

    def train(keys: dict[str, Any]) -> Trained:
        name = repr(sorted(keys.items()))
        if name not in made:
            made[name] = Trained(make_task({**SHORT, **keys}), tmp_path_factory.mktemp("keys"))
        return made[name]

    return train


@pytest.mark.parametrize("key", CHANGES_WEIGHTS)
def test_the_key_changes_the_weights(key, trained):
    value, others = CHANGES_WEIGHTS[key]
    before, after = trained(others), trained({**others, key: value})
    assert not equal(before.weights, after.weights)


def test_contexts_per_device_step_splits_the_work(make_task, tmp_path):
    def arguments(keys):
        return build_trainer(prepare_training(make_task({"batch.contexts": 8, **keys})), tmp_path, ExecutionSpec()).args

    whole, split = arguments({}), arguments({"batch.contexts_per_device_step": 2})
    assert (whole.per_device_train_batch_size, whole.gradient_accumulation_steps) == (8, 1)
    assert (split.per_device_train_batch_size, split.gradient_accumulation_steps) == (2, 4)


def test_repeat_reads_the_text_again(make_task):
    with pytest.raises(BudgetError):
        prepare_training(make_task(budget_value=100_000.0))
    assert prepare_training(make_task({"repeat": True}, budget_value=100_000.0)).prefix.bytes >= 100_000


def test_compile_compiles(make_task, tmp_path):
    def trainer(keys):
        return build_trainer(prepare_training(make_task(keys)), tmp_path, ExecutionSpec())

    assert trainer({}).accelerator.state.dynamo_plugin.backend == "NO"
    compiled = trainer({"compile": True})
    assert compiled.accelerator.state.dynamo_plugin.backend == "INDUCTOR"
    # The compiler fuses the stock activation by itself, and cannot see into ours.
    assert not any(isinstance(module, FusedXIELU) for module in compiled.model.modules())


def test_gradient_checkpointing_computes_layers_again_and_changes_no_weight(make_task, trained, tmp_path, monkeypatch):
    calls = []

    def watched(*arguments):
        trainer = build_trainer(*arguments)
        trainer.model.model.layers[0].self_attn.register_forward_hook(lambda *_: calls.append(1))
        return trainer

    monkeypatch.setattr("uniscale_assets.modeling.training.build_trainer", watched)
    again = Trained(make_task({**SHORT, "gradient_checkpointing": True}), tmp_path)
    assert len(calls) == 2 * again.record.steps
    assert equal(again.weights, trained({}).weights)


def test_divergence_factor_is_where_a_training_stops(make_task, trained, tmp_path):
    keys = {"optimizer.adamw_learning_rate": 3.0}
    with pytest.raises(TrainingError, match="diverges"):
        Trained(make_task({**SHORT, **keys, "divergence_factor": 1.001}), tmp_path)
    assert trained({**keys, "divergence_factor": 1e6}).record.steps


def test_bf16_keeps_float32_weights_and_close_losses(trained):
    exact, coarse = trained({"precision": "fp32"}), trained({"precision": "bf16"})
    assert {weight.dtype.name for weight in coarse.weights.values()} == {"float32"}
    for one, other in zip(read_curve(exact.output), read_curve(coarse.output), strict=True):
        assert other.loss_nats == pytest.approx(one.loss_nats, rel=0.05)
    # One precision does not leak into the next training of the same process.
    assert equal(exact.weights, trained({}).weights)
