"""The same byte model in floating point: what a coder would use without integers, to measure what that costs and changes.

No tokenizer is made with it. Precision, the number of contexts side by side, and whether keys and values are kept or
a sequence is seen whole, all change its last bits, and so some of its distributions.

This module imports torch; it is imported inside functions only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from uniscale_assets.neural_compression.probabilities import cumulative_of_probabilities
from uniscale_assets.neural_compression.quantization import refuse_other_models


@dataclass
class FloatPast:
    """Keys and values of some lanes: [layers, lanes, capacity, width], and each lane's positions."""

    keys: Tensor
    values: Tensor
    lengths: np.ndarray

    def make_room(self, positions: int, limit: int) -> None:
        """Grow to hold at least some positions."""
        capacity = self.keys.shape[2]
        if positions > capacity:
            extra = min(max(positions, 2 * capacity), limit) - capacity
            self.keys, self.values = (functional.pad(part, (0, 0, 0, extra)) for part in (self.keys, self.values))


class FloatByteModel:
    """A Llama checkpoint over bytes, asked as `integer_model.IntegerByteModel` is."""

    def __init__(self, checkpoint: Path, context: int, dtype: torch.dtype) -> None:
        config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
        refuse_other_models(config, checkpoint)
        self.weights = {name: value.to(dtype) for name, value in load_file(checkpoint / "model.safetensors").items()}
        self.layers, self.heads, self.width = config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"]
        self.epsilon, self.context, self.dtype = config["rms_norm_eps"], context, dtype
        self.head = self.weights["model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"]
        half = self.width // self.heads // 2
        angles = torch.arange(context).double()[:, None] / 10_000 ** (torch.arange(half).double() / half)
        self.cosines, self.sines = angles.cos().to(dtype), angles.sin().to(dtype)

    def empty_past(self, lanes: int, capacity: int) -> FloatPast:
        """No positions yet, and room for some."""
        shape = (self.layers, lanes, capacity, self.width)
        return FloatPast(torch.zeros(shape, dtype=self.dtype), torch.zeros(shape, dtype=self.dtype), np.zeros(lanes, np.int64))

    @torch.no_grad()
    def distributions(self, symbols: np.ndarray, past: FloatPast) -> np.ndarray:
        """Feed symbols to every lane: int64 [lanes, Q, 257], cumulative parts after each symbol."""
        places = torch.from_numpy(past.lengths)[:, None] + torch.arange(symbols.shape[1])
        stream = self.weights["model.embed_tokens.weight"][torch.from_numpy(symbols)]
        for layer in range(self.layers):
            stream = stream + self._attention(stream, past, layer, places)
            stream = stream + self._feed_forward(stream, layer)
        past.lengths += symbols.shape[1]
        logits = functional.linear(self._norm(stream, "model.norm.weight"), self.head)[..., 1:]
        return cumulative_of_probabilities(torch.softmax(logits.double(), dim=-1).numpy())

    def _norm(self, stream: Tensor, name: str) -> Tensor:
        return functional.rms_norm(stream, (self.width,), self.weights[name], self.epsilon)

    def _linear(self, stream: Tensor, layer: int, name: str) -> Tensor:
        return functional.linear(stream, self.weights[f"model.layers.{layer}.{name}.weight"])

    def _rotated(self, vectors: Tensor, places: Tensor) -> Tensor:
        cosines, sines = self.cosines[places][:, :, None], self.sines[places][:, :, None]
        first, second = vectors.unflatten(-1, (self.heads, -1)).chunk(2, dim=-1)
        return torch.cat([first * cosines - second * sines, second * cosines + first * sines], dim=-1).flatten(2)

    def _attention(self, stream: Tensor, past: FloatPast, layer: int, places: Tensor) -> Tensor:
        normed = self._norm(stream, f"model.layers.{layer}.input_layernorm.weight")
        query, key, value = (self._linear(normed, layer, f"self_attn.{name}_proj") for name in ("q", "k", "v"))
        rows, reach = torch.arange(len(places))[:, None], int(places.max()) + 1
        past.keys[layer, rows, places], past.values[layer, rows, places] = self._rotated(key, places), value
        parts: Any = (self._rotated(query, places), past.keys[layer, :, :reach], past.values[layer, :, :reach])
        by_head = [part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts]
        seen = torch.arange(reach)[None, None, :] <= places[:, :, None]
        mixed = functional.scaled_dot_product_attention(*by_head, attn_mask=seen[:, None])
        return self._linear(mixed.transpose(1, 2).flatten(2), layer, "self_attn.o_proj")

    def _feed_forward(self, stream: Tensor, layer: int) -> Tensor:
        normed = self._norm(stream, f"model.layers.{layer}.post_attention_layernorm.weight")
        gate = functional.silu(self._linear(normed, layer, "mlp.gate_proj"))
        return self._linear(gate * self._linear(normed, layer, "mlp.up_proj"), layer, "mlp.down_proj")
