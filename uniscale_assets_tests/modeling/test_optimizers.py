"""Muon and AdamW as defined, in one optimizer whose rates the schedule moves."""

from __future__ import annotations

import copy

import pytest
import torch
from accelerate import Accelerator

from uniscale_assets.modeling.architectures import build_config, build_model
from uniscale_assets.modeling.optimizers import QUINTIC, MuonWithAdamW, orthogonalized, parameter_groups
from uniscale_assets.modeling.spec import OptimizerSpec


def build(tied=True, architecture="apertus"):
    config = build_config(architecture, "0.06M", vocab_size=300, separator_id=0, context_tokens=32, tie_embeddings=tied)
    return build_model(config, seed=1)


def gradients(model, seed):
    torch.manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)


def step(model, optimizer, seed):
    gradients(model, seed)
    optimizer.step()


def names_by_rule(model, spec):
    names = {parameter: name for name, parameter in model.named_parameters()}
    found: dict[str, list[str]] = {}
    for group in parameter_groups(model, spec):
        key = f"{group['rule']}{' decayed' if group['weight_decay'] else ''}"
        found.setdefault(key, []).extend(names[parameter] for parameter in group["params"])
    return found


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("architecture", ["apertus", "llama"])
def test_every_parameter_is_in_one_group_and_only_matrices_decay(tied, architecture):
    model = build(tied, architecture)
    every = dict(model.named_parameters())
    head = [] if tied else ["lm_head.weight"]
    hidden = [name for name, weight in every.items() if weight.ndim == 2 and "layers" in name]
    rest = [name for name in every if name not in (*hidden, *head)]
    muon = names_by_rule(model, OptimizerSpec(name="muon"))
    adamw = names_by_rule(model, OptimizerSpec(name="adamw"))
    expected = {"muon decayed": hidden, "adamw": rest, **({"adamw decayed": head} if head else {})}
    assert muon == expected
    assert adamw == {"adamw decayed": hidden + head, "adamw": rest}
    assert "model.embed_tokens.weight" in rest


def test_five_steps_send_singular_values_close_to_one():
    torch.manual_seed(0)
    matrices = torch.randn(3, 24, 60)
    values = torch.linalg.svdvals(orthogonalized(matrices, 5).float())
    assert 0.6 < values.min() < values.max() < 1.3
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    cosine = torch.nn.functional.cosine_similarity(orthogonalized(matrices, 5).float().flatten(1), (u @ v).flatten(1))
    assert cosine.min() > 0.97
    assert not torch.equal(orthogonalized(matrices, 5), orthogonalized(matrices, 3))


def plain_muon(weight, gradient, momentum, spec):
    """One update of one matrix by the formulas, float32, without batching."""
    momentum.mul_(spec.momentum).add_(gradient, alpha=1 - spec.momentum)
    x = (1 - spec.momentum) * gradient + spec.momentum * momentum
    x = x.T if x.shape[0] > x.shape[1] else x
    x = x / x.norm()
    for _ in range(spec.newton_schulz_steps):
        gram = x @ x.T
        x = QUINTIC[0] * x + (QUINTIC[1] * gram + QUINTIC[2] * gram @ gram) @ x
    x = x.T if weight.shape[0] > weight.shape[1] else x
    weight.mul_(1 - spec.learning_rate * spec.weight_decay)
    weight.add_(x, alpha=-spec.learning_rate * max(1, weight.shape[0] / weight.shape[1]) ** 0.5)


def test_muon_is_its_formulas_matrix_by_matrix():
    spec = OptimizerSpec(name="muon", learning_rate=0.02, momentum=0.9, newton_schulz_steps=4, weight_decay=0.3)
    model, reference = build(), build()
    optimizer = MuonWithAdamW(parameter_groups(model, spec))
    hidden = [name for name, weight in reference.named_parameters() if weight.ndim == 2 and "layers" in name]
    weights, start = dict(reference.named_parameters()), {name: weight.detach().clone() for name, weight in reference.named_parameters()}
    momenta = {name: torch.zeros_like(weights[name]) for name in hidden}
    for seed in range(3):
        step(model, optimizer, seed)
        gradients(reference, seed)
        with torch.no_grad():
            for name in hidden:
                plain_muon(weights[name], weights[name].grad, momenta[name], spec)
    ours = dict(model.named_parameters())
    for name in hidden:
        moved, expected = ours[name] - start[name], weights[name] - start[name]
        # bf16 in the iteration: three digits.
        assert (moved - expected).norm() < 0.02 * expected.norm(), name


def test_adamw_is_torchs():
    spec = OptimizerSpec(name="adamw", adamw_learning_rate=0.01, betas=(0.8, 0.9), epsilon=1e-6, weight_decay=0.2)
    model, reference = build(tied=False), build(tied=False)
    ours = MuonWithAdamW(parameter_groups(model, spec))
    groups = [{"params": group["params"], "weight_decay": group["weight_decay"]} for group in parameter_groups(reference, spec)]
    theirs = torch.optim.AdamW(groups, lr=0.01, betas=(0.8, 0.9), eps=1e-6)
    for seed in range(3):
        step(model, ours, seed)
        step(reference, theirs, seed)
    for one, other in zip(model.parameters(), reference.parameters(), strict=True):
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_weight_decay_moves_only_decayed_matrices(name):
    spec = OptimizerSpec(name=name, weight_decay=0.5, learning_rate=0.1, adamw_learning_rate=0.1)
    model = build(tied=False)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    MuonWithAdamW(parameter_groups(model, spec)).step()
    for key, weight in model.named_parameters():
        decayed = weight.ndim == 2 and "embed" not in key
        assert torch.allclose(weight, before[key] * (0.95 if decayed else 1.0), rtol=1e-6), key


def test_the_schedule_moves_what_step_reads_after_accelerate_has_prepared_it():
    model = build()
    # Rates so high that a step which ignored the schedule would show at once.
    original = MuonWithAdamW(parameter_groups(model, OptimizerSpec(learning_rate=1.0, adamw_learning_rate=2.0, weight_decay=0.0)))
    optimizer = Accelerator(cpu=True).prepare(original)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: [0.5, 0.0][min(done, 1)])
    assert [group["lr"] for group in original.param_groups] == [0.5, 1.0]
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    step(model, optimizer, 0)
    assert all(not torch.equal(weight, before[name]) for name, weight in model.named_parameters())
    scheduler.step()
    frozen = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    step(model, optimizer, 1)
    assert all(torch.equal(weight, frozen[name]) for name, weight in model.named_parameters())


@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_state_survives_a_round_trip(name):
    spec = OptimizerSpec(name=name)
    model = build()
    optimizer = MuonWithAdamW(parameter_groups(model, spec))
    step(model, optimizer, 0)
    other = copy.deepcopy(model)
    restored = MuonWithAdamW(parameter_groups(other, spec))
    restored.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    step(model, optimizer, 1)
    step(other, restored, 1)
    assert all(torch.equal(one, two) for one, two in zip(model.parameters(), other.parameters(), strict=True))


def test_parameters_without_gradient_stay():
    model = build()
    optimizer = MuonWithAdamW(parameter_groups(model, OptimizerSpec(weight_decay=0.5)))
    gradients(model, 0)
    still = model.model.layers[0].mlp.up_proj.weight
    still.grad = None
    before = still.detach().clone()
    optimizer.step()
    assert torch.equal(still, before)
