"""Reading a tokenizer directory of any family."""

from __future__ import annotations

from pathlib import Path

from uniscale_assets.errors import BadInputError, TokenizerError
from uniscale_assets.tokenization.description import PROBE_TEXT, probe_hash, read_description
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.protocol import Tokenizer


def load_tokenizer(directory: Path) -> Tokenizer:
    """Read a tokenizer directory, and check that it encodes as it did when it was made.

    Raises:
        TokenizerError: the directory is no tokenizer, its family is not known, or its ids on the probe text changed.
    """
    description = read_description(directory)
    try:
        tokenizer = family_of(description.family).load(directory)
    except BadInputError as error:
        raise TokenizerError(f"{directory}: {error}") from error
    found = (tokenizer.vocab_size, tokenizer.separator_id)
    if found != (description.vocab_size, description.separator_id):
        raise TokenizerError(f"{directory}: vocabulary size and separator id are {found}, not as uniscale.json says; materialize it again")
    if probe_hash(tokenizer.encode_batch([PROBE_TEXT])[0].ids.tolist()) != description.probe_hash:
        raise TokenizerError(
            f"{directory}: encodes otherwise than when it was made: its files changed, or another version of tokenizers reads "
            "them; materialize the tokenizer again"
        )
    return tokenizer
