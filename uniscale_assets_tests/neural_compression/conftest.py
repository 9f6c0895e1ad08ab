"""A tiny byte model with random weights, sharpened so that its distributions are far from uniform."""

from __future__ import annotations

from pathlib import Path

import pytest

from uniscale_assets.neural_compression.integer_model import IntegerByteModel
from uniscale_assets.neural_compression.quantization import quantize_checkpoint, read_integer_model

CONTEXT = 64


@pytest.fixture(scope="session")
def byte_model_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as a trained byte model has it: `checkpoint/` and `byte_model.safetensors`."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    directory = tmp_path_factory.mktemp("byte_model")
    config = LlamaConfig(
        vocab_size=257,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        initializer_range=0.3,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        model = LlamaForCausalLM(config)
    model.save_pretrained(directory / "checkpoint")
    quantize_checkpoint(directory / "checkpoint", CONTEXT, directory)
    return directory


@pytest.fixture(scope="session")
def byte_model(byte_model_directory: Path) -> IntegerByteModel:
    """The tiny byte model in integers."""
    return read_integer_model(byte_model_directory)
