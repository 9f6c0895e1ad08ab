"""What the ids of a tokenizer stand for, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.errors import TokenizerError
from uniscale_assets.tokenization.protocol import spells_by_token

if TYPE_CHECKING:
    from uniscale_assets.tokenization.protocol import Tokenizer


def pieces_of(tokenizer: Tokenizer) -> list[bytes]:
    """Bytes of every id.

    None for the separator; none for an id that stands for nothing, as some of a codebook do; none for any
    where tokens have no meaning one by one.
    """
    if not spells_by_token(tokenizer):
        return [b""] * tokenizer.vocab_size
    return [piece_of(tokenizer, index) for index in range(tokenizer.vocab_size)]


def piece_of(tokenizer: Tokenizer, index: int) -> bytes:
    """Bytes of an id. Only a tokenizer of raw bytes may refuse one: it stands for nothing."""
    try:
        return tokenizer.decode([index])
    except TokenizerError:
        if getattr(tokenizer, "takes_bytes", False):
            return b""
        raise
