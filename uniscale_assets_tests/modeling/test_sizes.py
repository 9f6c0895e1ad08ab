"""A size means what its name says, in every architecture."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForCausalLM

from uniscale_assets.errors import BadInputError
from uniscale_assets.modeling.architectures import ARCHITECTURES, build_config, silence_xielu
from uniscale_assets.modeling.parameters import count_parameters
from uniscale_assets.modeling.sizes import SHAPES, shape_of
from uniscale_assets.size_names import parameters_of_size_name

ALL = [(architecture, size) for architecture, shapes in SHAPES.items() for size in shapes]
DEMO = {"0.005M", "0.01M", "0.02M", "0.04M", "0.06M", "0.1M", "0.2M", "0.8M"}


def instantiate(architecture, size, tie_embeddings):
    silence_xielu()
    config = build_config(architecture, size, vocab_size=1000, separator_id=0, context_tokens=64, tie_embeddings=tie_embeddings)
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32)


@pytest.mark.parametrize(("architecture", "size"), ALL)
def test_a_size_is_within_five_percent_of_its_name_and_counted_as_the_model_counts(architecture, size):
    counts = {tied: count_parameters(architecture, size, 1000, tied) for tied in (True, False)}
    for tied, count in counts.items():
        model = instantiate(architecture, size, tied)
        embedding, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
        assert (embedding is head) == tied
        assert count.total == sum(parameter.numel() for parameter in model.parameters())
        assert (count.embedding, count.head) == (embedding.numel(), 0 if tied else head.numel())
        assert count.non_embedding == count.total - count.embedding - count.head
    assert counts[True].non_embedding == pytest.approx(parameters_of_size_name(size), rel=0.05)


@pytest.mark.parametrize(("architecture", "size"), ALL)
def test_heads_are_64_or_128_wide_but_in_the_demos(architecture, size):
    shape = shape_of(architecture, size)
    assert shape.heads * shape.head_dim == shape.width
    assert shape.heads % shape.key_value_heads == 0
    assert size in DEMO or shape.head_dim in (64, 128)


def test_every_architecture_has_the_same_sizes():
    assert SHAPES.keys() == ARCHITECTURES.keys()
    assert len({tuple(shapes) for shapes in SHAPES.values()}) == 1
    assert list(SHAPES["apertus"]) == sorted(SHAPES["apertus"], key=parameters_of_size_name)
    assert {*DEMO, "4M", "20M", "50M", "100M", "300M", "1B", "3B"} <= SHAPES["apertus"].keys()


def test_an_unknown_size_is_named_with_those_there_are():
    with pytest.raises(BadInputError, match=r"'7B' has no shape for apertus; known are 0\.005M, .*300M, 1B, 3B"):
        shape_of("apertus", "7B")
    with pytest.raises(BadInputError, match="'gpt' is not known; known are apertus, llama"):
        shape_of("gpt", "1B")
