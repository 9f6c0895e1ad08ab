"""The four budget rules by hand, and a plan that needs no torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from uniscale_assets.errors import BudgetError
from uniscale_assets.modeling.budget import context_tokens, plan_training
from uniscale_assets.modeling.flops import training_flops_per_token
from uniscale_assets.modeling.processes import child_environment
from uniscale_assets.modeling.training import prepare_training

N = 60_244  # the smallest Apertus


def plan(make_task, rule, value, vocab_size=500, bytes_per_token=2.5, **training):
    task = make_task({"budget.rule": rule, "budget.value": value, "context.bytes": 100, "batch.contexts": 7, **training})
    return plan_training("apertus", "0.06M", True, task.training, value, vocab_size, bytes_per_token)


def test_bytes(make_task):
    found = plan(make_task, "bytes", 10_000)
    assert (found.bytes, found.labels, found.context_tokens) == (10_000, 4000, 40)
    assert (found.windows, found.steps) == (100, 15)
    per_token = training_flops_per_token("apertus", "0.06M", 500, 40)
    assert found.flops.total == pytest.approx(4000 * per_token.total)
    assert (found.parameters.non_embedding, found.parameters.embedding, found.parameters.head) == (N, 500 * 48, 0)


def test_bytes_per_parameter(make_task):
    assert plan(make_task, "bytes_per_parameter", 1.5).bytes == round(1.5 * N)


def test_tokens_per_parameter(make_task):
    found = plan(make_task, "tokens_per_parameter", 2)
    assert (found.labels, found.bytes) == (2 * N, 5 * N)


def test_flops_trains_no_token_more_than_they_pay_for(make_task):
    per_token = training_flops_per_token("apertus", "0.06M", 500, 40).total
    found = plan(make_task, "flops", 1e10)
    assert found.labels == int(1e10 / per_token)
    assert found.flops.total <= 1e10 < (found.labels + 1) * per_token


@pytest.mark.parametrize(("context_bytes", "bytes_per_token", "tokens"), [(320, 2.5, 128), (320, 3.1447, 102), (100, 3.0, 33), (1, 4.0, 1)])
def test_a_context_in_bytes_is_rounded_to_tokens(context_bytes, bytes_per_token, tokens):
    assert context_tokens(context_bytes, bytes_per_token) == tokens


def test_the_plan_of_a_study_is_what_is_trained(make_task):
    prepared = prepare_training(make_task(budget_value=38_000.0))
    plan, prefix = prepared.plan, prepared.prefix
    assert (plan.bytes, plan.labels) == (prefix.bytes, prefix.text_tokens + prefix.separator_tokens)
    assert plan.windows == len(prepared.windows)
    estimate = plan_training("apertus", "0.06M", True, prepared.task.training, 38_000, 400, prepared.summary.bytes_per_token)
    assert estimate.labels == pytest.approx(plan.labels, rel=0.2)
    assert estimate.context_tokens == plan.context_tokens


def test_more_than_the_text_has_is_refused_with_the_epochs(make_task):
    with pytest.raises(BudgetError, match=r"training\.budget: .* 2[0-9]\.\d\d epochs: .*training\.repeat"):
        prepare_training(make_task(budget_value=1_000_000.0))
    repeated = prepare_training(make_task({"repeat": True}, budget_value=1_000_000.0))
    assert repeated.prefix.bytes - repeated.prefix.overshoot_bytes == 1_000_000


def test_planning_imports_neither_torch_nor_transformers():
    script = (
        "import sys\n"
        "import uniscale_assets.modeling as room, pkgutil, importlib\n"
        "hold_torch = {'optimizers', 'step_sums', 'trainer', 'xielu'}\n"
        "for module in {found.name for found in pkgutil.iter_modules(room.__path__)} - hold_torch:\n"
        "    importlib.import_module(f'uniscale_assets.modeling.{module}')\n"
        "from uniscale_assets.modeling import budget\n"
        "from uniscale_assets.modeling.spec import TrainingSpec\n"
        "keys = {'budget': {'value': 1e5}, 'context': {'bytes': 100}, 'batch': {'contexts': 4}}\n"
        "plan = budget.plan_training('llama', '50M', False, TrainingSpec.model_validate(keys), 1e5, 1000, 3.0)\n"
        "heavy = {'torch', 'transformers', 'accelerate', 'datasets', 'pyarrow', 'polars', 'scipy', 'dagster'} & set(sys.modules)\n"
        "assert plan.steps and not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=child_environment())
