"""What must be true of token shards before a number is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.errors import ArtifactError, LossyTokenizerError, TokenizerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from uniscale_assets.tokenization.shards import TokenShard

BLOCK_TOKENS = 2**20
"""Tokens checked at a time, so that memory does not grow with the shard."""


def check_shard(shard: TokenShard, vocab_size: int, separator_id: int, name: str) -> None:
    """Refuse a shard whose numbers would mean nothing.

    Args:
        shard: tokens of one split.
        vocab_size: every id lies below it.
        separator_id: no text token has it.
        name: what errors call the shard.

    Raises:
        ArtifactError: no documents, or one without bytes.
        LossyTokenizerError: byte ends that fall, or that do not end at the document's bytes.
        TokenizerError: an id that is no text token of this vocabulary.
    """
    if len(shard.document_bytes) == 0:
        raise ArtifactError(f"{name}: there are no documents; give this split more bytes in the study, then encode again")
    check_byte_totals(shard, name)
    check_byte_order(shard, name)
    check_ids(shard, vocab_size, separator_id, name)


def check_byte_totals(shard: TokenShard, name: str) -> None:
    """Each document has bytes, and its tokens account for all of them and for no more."""
    import numpy as np

    document_bytes, offsets = np.asarray(shard.document_bytes), np.asarray(shard.offsets)
    empty = np.flatnonzero(document_bytes <= 0)
    if len(empty):
        raise ArtifactError(f"{name}: {describe(shard, empty[0])} has no bytes; leave it out of the corpus")
    last = offsets[1:] - 1
    accounted = np.zeros(len(document_bytes), np.int64)
    has_tokens = np.diff(offsets) > 0
    accounted[has_tokens] = shard.byte_ends[last[has_tokens]]
    wrong = np.flatnonzero(accounted != document_bytes)
    if len(wrong):
        first = wrong[0]
        raise LossyTokenizerError(
            f"{name}: {describe(shard, first)} has {document_bytes[first]} bytes and its tokens account for {accounted[first]}; "
            f"so in {len(wrong)} documents. A tokenizer that loses or invents bytes cannot be compared: mend it or leave it out",
        )


def check_byte_order(shard: TokenShard, name: str) -> None:
    """Byte ends never fall within a document."""
    import numpy as np

    for first, end in blocks(len(shard.byte_ends)):
        ends = shard.byte_ends[max(0, first - 1) : end]
        falls = np.flatnonzero(ends[1:] < ends[:-1]) + max(1, first)
        falls = falls[~np.isin(falls, shard.offsets)]
        if len(falls):
            document = int(np.searchsorted(shard.offsets, falls[0], side="right")) - 1
            raise LossyTokenizerError(f"{name}: byte ends fall within {describe(shard, document)}; encode the text again")


def check_ids(shard: TokenShard, vocab_size: int, separator_id: int, name: str) -> None:
    """Every id is a text token of the vocabulary."""
    for first, end in blocks(len(shard.ids)):
        block: np.ndarray = shard.ids[first:end]
        if int(block.max()) >= vocab_size:
            raise TokenizerError(f"{name}: the id {block.max()} lies outside the vocabulary of {vocab_size}; encode the text again")
        if bool((block == separator_id).any()):
            raise TokenizerError(f"{name}: the separator (id {separator_id}) stands among the text tokens; encode the text again")


def blocks(tokens: int) -> Iterator[tuple[int, int]]:
    """First and end of each block of tokens."""
    return ((first, min(first + BLOCK_TOKENS, tokens)) for first in range(0, tokens, BLOCK_TOKENS))


def describe(shard: TokenShard, document: int) -> str:
    """A document as errors name it."""
    language, identity = shard.documents()[document]
    return f"document {identity!r} ({language})"
