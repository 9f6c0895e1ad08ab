"""What `training` takes, and what it refuses by name."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from uniscale_assets.modeling.spec import TrainingSpec

LEAST = {"budget": {"value": 1000}, "context": {"bytes": 100}, "batch": {"contexts": 4}}


def parse(**changes):
    return TrainingSpec.model_validate_json(json.dumps({**LEAST, **changes}))


def test_the_least_a_study_says():
    spec = parse()
    assert spec.budget.values == (1000.0,)
    assert spec.optimizer.name == "muon"
    assert not spec.repeat


def test_several_budgets():
    assert parse(budget={"rule": "flops", "value": [1e15, 1e16]}).budget.values == (1e15, 1e16)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": {"value": 0}}, "above zero"),
        ({"budget": {"value": []}}, "above zero"),
        ({"budget": {"value": float("inf")}}, "above zero|finite"),
        ({"budget": {"value": float("nan")}}, "above zero|finite"),
        ({"budget": {"value": [5, 5]}}, "listed twice"),
        ({"budget": {"rule": "epochs", "value": 1}}, "bytes_per_parameter"),
        ({"batch": {"contexts": 0}}, "greater than 0"),
        ({"optimizer": {"betas": [0.9, 1.0]}}, "betas: 0.9 and 1 must lie"),
        ({"optimizer": {"lr": 0.1}}, "optimizer.lr"),
        ({"schedule": {"name": "warmup_stable_decay", "warmup": 0.5, "hold_until": 0.4}}, "before the end of the warm-up"),
        ({"precision": "fp16"}, "'auto', 'fp32' or 'bf16'"),
        ({"divergence_factor": 1.0}, "greater than 1"),
    ],
)
def test_what_is_wrong_is_said(changes, message):
    with pytest.raises(ValidationError, match=message):
        parse(**changes)
