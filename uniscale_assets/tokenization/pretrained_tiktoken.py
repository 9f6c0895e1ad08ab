"""A released tiktoken file: byte strings and their ranks, run by tiktoken itself."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from uniscale_assets.errors import BadInputError
from uniscale_assets.tokenization.piece_tokenizer import PieceTokenizer

Ranks = dict[bytes, int]


def read_ranks(path: Path) -> Ranks:
    """Rank, which is the id, by byte string.

    Raises:
        BadInputError: a line is not base64, a space and a number.
    """
    ranks: Ranks = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            content, rank = line.split()
            ranks[base64.b64decode(content, validate=True)] = int(rank)
        except (ValueError, binascii.Error) as error:
            raise BadInputError(f"{path}, line {number}: not base64, a space and a rank") from error
    return ranks


def tiktoken_tokenizer(ranks: Ranks, pattern: str, separator_id: int) -> PieceTokenizer:
    """The tokenizer of some ranks; the separator follows the last of them.

    Raises:
        BadInputError: the pattern is no regular expression of tiktoken's.
    """
    import tiktoken

    try:
        encoding = tiktoken.Encoding("pretrained", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    except ValueError as error:
        raise BadInputError(f"options: pattern: {error}") from error
    pieces = [b""] * (separator_id + 1)
    for piece, rank in ranks.items():
        pieces[rank] = piece
    return PieceTokenizer(encoding.encode_ordinary_batch, pieces, separator_id)
