"""A byte model in integers: close to what it was made from, and the same however it is asked."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from uniscale_assets.errors import TokenizerError
from uniscale_assets.neural_compression.exact_arithmetic import exponential
from uniscale_assets.neural_compression.exact_tables import LOG2_E, powers_of_two, rotary_tables
from uniscale_assets.neural_compression.float_model import FloatByteModel
from uniscale_assets.neural_compression.integer_model import IntegerByteModel, cumulative_after
from uniscale_assets.neural_compression.probabilities import TOTAL
from uniscale_assets.neural_compression.quantization import FILE, quantize_checkpoint, read_integer_model


@pytest.fixture(scope="module")
def contexts() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 40), dtype=np.uint8)


def test_it_says_what_the_checkpoint_says(byte_model: IntegerByteModel, byte_model_directory: Path, contexts: np.ndarray) -> None:
    checkpoint = AutoModelForCausalLM.from_pretrained(byte_model_directory / "checkpoint", dtype=torch.float64)
    symbols = torch.from_numpy(np.concatenate([np.zeros((12, 1), np.int64), contexts.astype(np.int64) + 1], axis=1))
    with torch.no_grad():
        expected = torch.softmax(checkpoint(symbols).logits[..., 1:], dim=-1).numpy()
    found = np.diff(cumulative_after(byte_model, contexts)) / TOTAL
    # Every byte has a part of its own: 1.6 % are dealt evenly. These weights are far sharper than trained ones.
    dealt = expected * (1 - 256 / TOTAL) + 1 / TOTAL
    assert np.abs(found - dealt).max() < 16 / TOTAL
    assert (dealt * np.log2(dealt / found)).sum(axis=-1).mean() < 5e-4
    assert expected.max() > 0.2


def test_shapes_and_order_change_nothing(byte_model: IntegerByteModel, contexts: np.ndarray) -> None:
    together = cumulative_after(byte_model, contexts)
    alone = np.concatenate([cumulative_after(byte_model, contexts[row : row + 1]) for row in range(len(contexts))])
    assert (together == alone).all()
    past = byte_model.empty_past(len(contexts), 41)
    symbols = np.concatenate([np.zeros((12, 1), np.int64), contexts.astype(np.int64) + 1], axis=1)
    steps = [byte_model.distributions(symbols[:, place : place + 1], past) for place in range(41)]
    assert (np.concatenate(steps, axis=1) == together).all()


def test_threads_change_nothing(byte_model: IntegerByteModel, contexts: np.ndarray) -> None:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        alone = cumulative_after(byte_model, contexts)
    assert (cumulative_after(byte_model, contexts) == alone).all()


def test_floating_point_changes_with_precision(byte_model_directory: Path, byte_model: IntegerByteModel, contexts: np.ndarray) -> None:
    found = {}
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        model = FloatByteModel(byte_model_directory / "checkpoint", byte_model.context, dtype)
        symbols = np.concatenate([np.zeros((12, 1), np.int64), contexts.astype(np.int64) + 1], axis=1)
        found[dtype] = model.distributions(symbols, model.empty_past(12, 41))
    exact = cumulative_after(byte_model, contexts)
    assert np.abs(found[torch.float64] - exact).max() <= 16
    assert (found[torch.float32] != found[torch.float64]).any(axis=-1).mean() < 0.5
    assert (found[torch.bfloat16] != found[torch.float64]).any(axis=-1).mean() > 0.9


def test_the_exponential_is_one() -> None:
    table, scale = powers_of_two(10), LOG2_E * 2**10
    values = -np.concatenate([np.linspace(0, 40, 4001), [1e-9, 699.0]])
    found = np.array([exponential(value, table, scale, 10) for value in values])
    assert np.abs(found / np.exp(values) - 1).max() < 1e-6


def test_rotations_turn_by_position() -> None:
    cosines, sines = rotary_tables(50, 8)
    angles = np.arange(50)[:, None] / 10_000 ** (np.arange(4) / 4)
    assert np.abs(cosines - np.cos(angles)).max() < 2**-29
    assert np.abs(sines - np.sin(angles)).max() < 2**-29


def test_other_models_and_damaged_files_are_refused(byte_model_directory: Path, tmp_path: Path) -> None:
    import json
    import shutil

    with pytest.raises(TokenizerError, match="missing"):
        read_integer_model(tmp_path)
    (tmp_path / FILE).write_bytes(b"not safetensors at all")
    with pytest.raises(TokenizerError, match="damaged"):
        read_integer_model(tmp_path)
    other = tmp_path / "other"
    shutil.copytree(byte_model_directory / "checkpoint", other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "vocab_size": 300}))
    with pytest.raises(TokenizerError, match="vocab_size 257"):
        quantize_checkpoint(other, 64, tmp_path)


def test_a_checkpoint_gives_the_same_file_each_time(byte_model_directory: Path, tmp_path: Path) -> None:
    contents = {(byte_model_directory / FILE).read_bytes()}
    for _ in range(8):
        quantize_checkpoint(byte_model_directory / "checkpoint", 64, tmp_path)
        contents.add((tmp_path / FILE).read_bytes())
    assert len(contents) == 1


def test_a_full_context_is_no_longer_than_it_says(byte_model: IntegerByteModel) -> None:
    assert byte_model.context == 64
    assert math.prod(byte_model.embedding.shape) == 257 * 32
