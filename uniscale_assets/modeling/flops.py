"""Training FLOPs per token, by part."""

from __future__ import annotations

from dataclasses import dataclass

from uniscale_assets.modeling.parameters import count_parameters
from uniscale_assets.modeling.sizes import shape_of


@dataclass(frozen=True)
class TrainingFlops:
    """FLOPs of training, forward and backward, by part; per token, or times tokens of a whole run."""

    body: float
    """6N: every non-embedding parameter, one multiplication and one addition, backward twice the forward"""
    attention: float
    """6LdS: scores and weighted values of causal attention, of which half is masked"""
    head: float
    """6Vd: the output head, tied or not"""

    @property
    def total(self) -> float:
        """All parts; looking embeddings up is free."""
        return self.body + self.attention + self.head

    def times(self, tokens: float) -> TrainingFlops:
        """FLOPs of that many tokens."""
        return TrainingFlops(self.body * tokens, self.attention * tokens, self.head * tokens)


def training_flops_per_token(architecture: str, size: str, vocab_size: int, context_tokens: int) -> TrainingFlops:
    """Training FLOPs of one token, 3 (2N + 2Vd + 2LdS), the definition of DESIGN.md.

    Args:
        architecture: apertus or llama.
        size: a named size.
        vocab_size: V.
        context_tokens: window length S; a token attends to S/2 others on average.

    Raises:
        BadInputError: the architecture or the size is not known.
    """
    shape = shape_of(architecture, size)
    parameters = count_parameters(architecture, size, vocab_size, tie_embeddings=True)
    return TrainingFlops(
        body=6.0 * parameters.non_embedding,
        attention=6.0 * shape.layers * shape.width * context_tokens,
        head=6.0 * vocab_size * shape.width,
    )
