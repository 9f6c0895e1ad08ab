"""Configurations are built offline and say what a study says; weights depend on the seed alone."""

from __future__ import annotations

import logging
import socket

import pytest
import torch
from transformers import ApertusConfig, ApertusForCausalLM, LlamaConfig, LlamaForCausalLM

from uniscale_assets.modeling.architectures import build_config, build_model

SETTINGS = {"vocab_size": 401, "separator_id": 7, "context_tokens": 3000, "tie_embeddings": True}
CLASSES = {"apertus": (ApertusConfig, ApertusForCausalLM), "llama": (LlamaConfig, LlamaForCausalLM)}


@pytest.fixture(params=["apertus", "llama"])
def architecture(request):
    return request.param


def build(architecture, seed=1, embedding_range=None, **changes):
    return build_model(build_config(architecture, "0.06M", **{**SETTINGS, **changes}), seed, embedding_range)


def test_the_configuration_says_what_was_asked(architecture, monkeypatch):
    def no_network(*arguments):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    model = build(architecture)
    config = model.config
    assert isinstance(config, CLASSES[architecture][0])
    assert isinstance(model, CLASSES[architecture][1])
    assert (config.vocab_size, config.bos_token_id, config.eos_token_id, config.pad_token_id) == (401, 7, 7, None)
    assert config.max_position_embeddings >= 3000
    assert config.rope_parameters["rope_type"] == "default"
    assert model.get_input_embeddings().weight.shape == (401, 48)


def test_all_weights_are_float32(architecture):
    assert {parameter.dtype for parameter in build(architecture).parameters()} == {torch.float32}


def test_embeddings_are_tied_where_asked(architecture):
    for tied in (True, False):
        model = build(architecture, tie_embeddings=tied)
        assert (model.get_input_embeddings().weight is model.get_output_embeddings().weight) == tied


def test_the_seed_decides_every_weight_and_leaves_the_global_generator_alone(architecture):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same, other = (dict(build(architecture, seed).named_parameters()) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    for name, weight in one.items():
        assert torch.equal(weight, same[name])
        assert weight.ndim < 2 or not torch.equal(weight, other[name])


def test_initializer_ranges_are_the_standard_deviations(architecture):
    model = build(architecture, initializer_range=0.05, embedding_range=0.4)
    for name, weight in model.named_parameters():
        if weight.ndim == 2:
            assert weight.std().item() == pytest.approx(0.4 if "embed" in name else 0.05, rel=0.05), name
    same = build(architecture, initializer_range=0.05)
    assert same.get_input_embeddings().weight.std().item() == pytest.approx(0.05, rel=0.05)


def test_an_untied_head_is_initialized_as_the_body(architecture):
    model = build(architecture, tie_embeddings=False, initializer_range=0.05, embedding_range=0.4)
    assert model.get_output_embeddings().weight.std().item() == pytest.approx(0.05, rel=0.05)


def test_no_warning_about_the_missing_kernel(caplog):
    logging.getLogger("transformers").addHandler(caplog.handler)
    try:
        build("apertus")
    finally:
        logging.getLogger("transformers").removeHandler(caplog.handler)
    assert "xIELU" not in caplog.text
