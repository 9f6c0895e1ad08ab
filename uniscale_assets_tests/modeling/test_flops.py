"""FLOPs by the definition, and against what torch counts in a real model."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from uniscale_assets.modeling.architectures import build_config, build_model
from uniscale_assets.modeling.flops import training_flops_per_token
from uniscale_assets.modeling.parameters import count_parameters
from uniscale_assets.modeling.sizes import shape_of

VOCAB_SIZE, CONTEXT, WINDOWS = 1000, 96, 2


def test_by_hand():
    # 0.06M Apertus: d = 48, two layers, N = 60,244.
    flops = training_flops_per_token("apertus", "0.06M", vocab_size=1000, context_tokens=100)
    assert flops.body == 6 * 60_244
    assert flops.head == 3 * 2 * 1000 * 48
    assert flops.attention == 3 * 2 * 2 * 48 * 100
    assert flops.total == flops.body + flops.head + flops.attention
    assert flops.times(10).total == 10 * flops.total


@pytest.mark.parametrize(("architecture", "size"), [("apertus", "0.2M"), ("llama", "0.2M"), ("apertus", "4M")])
def test_against_the_flops_that_torch_counts(architecture, size):
    config = build_config(architecture, size, vocab_size=VOCAB_SIZE, separator_id=0, context_tokens=CONTEXT, tie_embeddings=True)
    config._attn_implementation = "eager"
    model, ids = build_model(config, seed=1), torch.randint(0, VOCAB_SIZE, (WINDOWS, CONTEXT))
    with FlopCounterMode(display=False) as counter:
        model(input_ids=ids, use_cache=False).logits.sum().backward()
    ours = training_flops_per_token(architecture, size, VOCAB_SIZE, CONTEXT)
    # Torch counts matrix products alone, so without norms and scalars; and every score of attention, masked or not.
    vectors = sum(parameter.numel() for parameter in model.parameters() if parameter.ndim != 2)
    assert vectors < 0.01 * count_parameters(architecture, size, VOCAB_SIZE, True).non_embedding
    expected = ours.total - 6 * vectors + ours.attention
    # The rotary table is one more small product, forward alone.
    rotary = counter.get_total_flops() - WINDOWS * CONTEXT * expected
    assert 0 <= rotary <= 2 * WINDOWS * CONTEXT * shape_of(architecture, size).head_dim
