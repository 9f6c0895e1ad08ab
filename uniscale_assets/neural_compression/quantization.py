"""From a trained checkpoint to a byte model in integers, and the file that holds it."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import TokenizerError
from uniscale_assets.neural_compression.integer_model import MATRICES, STREAM, WEIGHT_LIMIT, IntegerByteModel, Layer, Matrix, limits
from uniscale_assets.neural_compression.probabilities import BYTES
from uniscale_assets.neural_compression.tensor_files import read_about, write_tensors

if TYPE_CHECKING:
    import numpy as np

FILE = "byte_model.safetensors"
FORMAT = "uniscale integer byte model 1"
NAMES = {
    "query": "self_attn.q_proj",
    "key": "self_attn.k_proj",
    "value": "self_attn.v_proj",
    "output": "self_attn.o_proj",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
    "attention_norm": "input_layernorm",
    "feed_forward_norm": "post_attention_layernorm",
}


def quantize_checkpoint(checkpoint: Path, context: int, output: Path) -> None:
    """Write the integer model of a Llama checkpoint over bytes to ``output / byte_model.safetensors``.

    Args:
        checkpoint: `config.json` and `model.safetensors`; vocabulary: the separator, then 256 bytes.
        context: bytes after which its context starts afresh, the separator among them.

    Raises:
        TokenizerError: another architecture or vocabulary.
    """
    from safetensors.numpy import load_file

    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    refuse_other_models(config, checkpoint)
    weights = load_file(checkpoint / "model.safetensors")
    tensors: dict[str, np.ndarray] = {}
    for number in range(config["num_hidden_layers"]):
        for name, source in NAMES.items():
            tensors |= stored(f"layers.{number}.{name}", weights[f"model.layers.{number}.{source}.weight"], matrix=name in MATRICES)
    embedding = weights["model.embed_tokens.weight"]
    grid = limits(STREAM)[0]
    tensors["embedding"] = (embedding.astype("float64") * grid).round() / grid
    tensors["final_norm"] = weights["model.norm.weight"].astype("float32")
    tensors |= stored("head", embedding if config["tie_word_embeddings"] else weights["lm_head.weight"], matrix=True)
    about = {"format": FORMAT, "heads": config["num_attention_heads"], "context": context, "epsilon": config["rms_norm_eps"]}
    write_tensors(tensors, about, output / FILE)


def refuse_other_models(config: dict[str, Any], checkpoint: Path) -> None:
    """Raise where a checkpoint is no byte model that integers can stand for."""
    wanted = {
        "model_type": "llama",
        "vocab_size": BYTES + 1,
        "num_key_value_heads": config.get("num_attention_heads"),
        "hidden_act": "silu",
    }
    for key, value in wanted.items():
        if config.get(key) != value:
            raise TokenizerError(f"{checkpoint}: a byte model has {key} {value}, this checkpoint {config.get(key)}")


def stored(name: str, weight: np.ndarray, *, matrix: bool) -> dict[str, np.ndarray]:
    """A matrix as int16 [inputs, outputs] with its unit, or a gain as float32."""
    import numpy as np

    if not matrix:
        return {name: weight.astype(np.float32)}
    unit = math.floor(math.log2(WEIGHT_LIMIT / max(float(np.abs(weight).max()), 1e-12)))
    integers = np.rint(np.ldexp(weight.T.astype(np.float64), unit)).astype(np.int16)
    return {name: np.ascontiguousarray(integers), f"{name}.unit": np.array([unit], dtype=np.int32)}


def read_integer_model(directory: Path) -> IntegerByteModel:
    """Read ``byte_model.safetensors``.

    Raises:
        TokenizerError: missing, damaged or foreign.
    """
    from safetensors import SafetensorError, safe_open

    path = directory / FILE
    if not path.is_file():
        raise TokenizerError(f"{path}: missing; materialize the byte model, then the tokenizer, again")
    try:
        with safe_open(path, framework="numpy") as file:
            about = read_about(file)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        if about.get("format") != FORMAT:
            raise TokenizerError(f"{path}: no integer byte model (format {about.get('format')!r}, {FORMAT!r} is wanted)")
        return assembled(tensors, about)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise TokenizerError(f"{path}: damaged: {error}; materialize the byte model again") from error


def assembled(tensors: dict[str, np.ndarray], about: dict[str, str]) -> IntegerByteModel:
    """The model of some tensors."""
    import numpy as np

    def matrix(name: str) -> Matrix:
        return Matrix(tensors[name].astype(np.float64), int(tensors[f"{name}.unit"][0]))

    def gain(name: str) -> np.ndarray:
        return tensors[name].astype(np.float64)

    layers: list[Layer] = []
    while f"layers.{len(layers)}.query" in tensors:
        prefix = f"layers.{len(layers)}."
        matrices = {name: matrix(prefix + name) for name in MATRICES}
        norms = (gain(prefix + "attention_norm"), gain(prefix + "feed_forward_norm"))
        layers.append(Layer(**matrices, attention_norm=norms[0], feed_forward_norm=norms[1]))
    weights = (layers, gain("embedding"), matrix("head"), gain("final_norm"))
    return IntegerByteModel(*weights, heads=int(about["heads"]), context=int(about["context"]), epsilon=float(about["epsilon"]))


def model_hash(directory: Path) -> str:
    """SHA-256 of a model's file."""
    return hashlib.sha256((directory / FILE).read_bytes()).hexdigest()
