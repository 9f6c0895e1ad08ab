"""The architectures: a configuration for transformers, built offline, and the model that it makes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import BadInputError
from uniscale_assets.modeling.sizes import Shape, shape_of

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

ROPE_THETA = 10_000.0
"""base of the rotary embedding: the original value (arXiv 2104.09864), enough for windows of a few thousand tokens. The
published Apertus and Llama raise it, and rescale frequencies, to stretch to contexts that no proxy sees."""

SHORTEST_POSITIONS = 2048
"""`max_position_embeddings` at least; rotary embeddings have no weights, so it only tells readers what is allowed"""


def common_settings(shape: Shape, vocab_size: int, separator_id: int, context_tokens: int) -> dict[str, Any]:
    """Configuration keys that both architectures share."""
    return {
        "vocab_size": vocab_size,
        "hidden_size": shape.width,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.key_value_heads,
        "max_position_embeddings": max(SHORTEST_POSITIONS, context_tokens),
        "rope_parameters": {"rope_type": "default", "rope_theta": ROPE_THETA},
        "bos_token_id": separator_id,
        "eos_token_id": separator_id,
        "pad_token_id": None,
    }


def apertus_config(**settings: Any) -> PreTrainedConfig:
    """Apertus (arXiv 2509.14233): two-matrix MLP with xIELU, norms on queries and keys."""
    from transformers import ApertusConfig

    return ApertusConfig(**settings)


def llama_config(**settings: Any) -> PreTrainedConfig:
    """Llama (arXiv 2307.09288): gated MLP with SiLU."""
    from transformers import LlamaConfig

    return LlamaConfig(**settings)


ARCHITECTURES: dict[str, Callable[..., PreTrainedConfig]] = {"apertus": apertus_config, "llama": llama_config}


def build_config(
    architecture: str,
    size: str,
    *,
    vocab_size: int,
    separator_id: int,
    context_tokens: int,
    tie_embeddings: bool,
    initializer_range: float = 0.02,
) -> PreTrainedConfig:
    """The configuration of a named size with a tokenizer's vocabulary; no network.

    The separator is both BOS and EOS; nothing is padded.

    Raises:
        BadInputError: the architecture or the size is not known; the message lists those that are.
    """
    shape = shape_of(architecture, size)
    if architecture not in ARCHITECTURES:
        raise BadInputError(f"architecture: {architecture!r} is not known; known are {', '.join(sorted(ARCHITECTURES))}")
    settings = common_settings(shape, vocab_size, separator_id, context_tokens)
    return ARCHITECTURES[architecture](**settings, tie_word_embeddings=tie_embeddings, initializer_range=initializer_range, dtype="float32")


def build_model(config: PreTrainedConfig, seed: int, embedding_initializer_range: float | None = None) -> PreTrainedModel:
    """A model with fresh float32 weights that depend on the configuration and the seed alone, on the CPU.

    Args:
        config: from `build_config`.
        seed: of the draw; the global generator of torch is left as it was.
        embedding_initializer_range: standard deviation of the input embeddings (and of a tied head); None keeps the
            configuration's.
    """
    import torch
    from transformers import AutoModelForCausalLM

    silence_xielu()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    if embedding_initializer_range is not None:
        # Scaled, not drawn again: the same draw at another width.
        model.get_input_embeddings().weight.data.mul_(embedding_initializer_range / config.initializer_range)
    return model


def silence_xielu() -> None:
    """Keep transformers from warning, once for each process, that the CUDA kernel of xIELU is not installed."""
    logging.getLogger("transformers.activations").setLevel(logging.ERROR)
