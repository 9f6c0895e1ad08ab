"""The faster xIELU is the stock one: values, gradients, state dict, and checkpoints that the stock class loads."""

from __future__ import annotations

import copy

import torch
from transformers import AutoModelForCausalLM
from transformers.activations import XIELUActivation

from uniscale_assets.modeling.architectures import build_config, build_model
from uniscale_assets.modeling.xielu import FusedXIELU, use_fused_xielu


def pair():
    """A stock activation with parameters of its own, and its faster twin."""
    stock = XIELUActivation(dtype=torch.float32)
    with torch.no_grad():
        stock.alpha_p.fill_(0.3)
        stock.alpha_n.fill_(-0.7)
    fused = copy.deepcopy(stock)
    use_fused_xielu(fused)
    assert type(fused) is FusedXIELU
    return stock, fused


def values_and_gradients(activation, x, weight):
    x = x.clone().requires_grad_()
    y = activation(x)
    (y * weight).sum().backward()
    return y.detach(), x.grad, activation.alpha_p.grad, activation.alpha_n.grad


def test_values_and_all_gradients_are_the_stock_ones():
    torch.manual_seed(0)
    x = torch.cat([torch.randn(4000) * scale for scale in (0.01, 1, 10)]).view(3, 40, 100)
    weight = torch.randn(x.shape)
    stock, fused = pair()
    for one, other in zip(values_and_gradients(stock, x, weight), values_and_gradients(fused, x, weight), strict=True):
        # float32 sums of 12,000 terms, so relative to the largest.
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-6 * one.abs().max().item())


def test_gradients_against_finite_differences():
    _, fused = pair()
    fused = fused.double()
    fused._beta_scalar = 0.5
    x = torch.tensor([-3.0, -1.0, -0.1, 0.1, 1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(fused, (x,), eps=1e-6, atol=1e-5)


def test_bf16_inputs_under_autocast_stay_bf16():
    stock, fused = pair()
    x = torch.randn(50).bfloat16()
    results = [values_and_gradients(activation, x, torch.ones(50)) for activation in (stock, fused)]
    assert results[1][1].dtype == torch.bfloat16
    for one, other in zip(*results, strict=True):
        assert torch.allclose(one.float(), other.float(), rtol=0.05, atol=0.05 * one.float().abs().max().item())


def test_a_checkpoint_of_the_faster_model_gives_the_same_logits_in_the_stock_class(tmp_path):
    config = build_config("apertus", "0.2M", vocab_size=300, separator_id=0, context_tokens=64, tie_embeddings=True, initializer_range=0.1)
    model = build_model(config, seed=3)
    names = list(model.state_dict())
    use_fused_xielu(model)
    assert any(type(module) is FusedXIELU for module in model.modules())
    assert list(model.state_dict()) == names
    model.save_pretrained(tmp_path)
    stock = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert not any(type(module) is FusedXIELU for module in stock.modules())
    ids = torch.randint(0, 300, (2, 64))
    with torch.no_grad():
        assert torch.allclose(model(ids).logits, stock(ids).logits, rtol=0, atol=1e-6 * stock(ids).logits.abs().max().item() + 1e-6)
