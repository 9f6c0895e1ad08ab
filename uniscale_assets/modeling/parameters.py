"""Parameters of a model by part, in closed form; tests hold them equal to the instantiated models."""

from __future__ import annotations

from dataclasses import dataclass

from uniscale_assets.modeling.sizes import Shape, shape_of


@dataclass(frozen=True)
class ParameterCounts:
    """Parameters of a model by part."""

    non_embedding: int
    """size N: all but the input embeddings and the output head"""
    embedding: int
    """input embeddings, vocabulary x width"""
    head: int
    """output head; 0 where it is tied to the embeddings"""

    @property
    def total(self) -> int:
        """All parameters."""
        return self.non_embedding + self.embedding + self.head


def count_parameters(architecture: str, size: str, vocab_size: int, tie_embeddings: bool) -> ParameterCounts:
    """Parameters by part of a named size with a vocabulary.

    Raises:
        BadInputError: the architecture or the size is not known.
    """
    shape = shape_of(architecture, size)
    table = vocab_size * shape.width
    return ParameterCounts(non_embedding_parameters(architecture, shape), table, 0 if tie_embeddings else table)


def non_embedding_parameters(architecture: str, shape: Shape) -> int:
    """Size N of a shape: attention, MLP, norms and activations of every layer, and the last norm."""
    key_value_width = shape.key_value_heads * shape.head_dim
    attention = 2 * shape.width**2 + 2 * shape.width * key_value_width
    if architecture == "apertus":
        # Apertus norms queries and keys (one weight a head dimension) and its xIELU learns two scalars.
        layer = attention + 2 * shape.width * shape.feed_forward + 2 * shape.head_dim + 2
    else:
        layer = attention + 3 * shape.width * shape.feed_forward
    return shape.layers * (layer + 2 * shape.width) + shape.width
