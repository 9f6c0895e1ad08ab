"""``uniscale.json``: what a tokenizer directory says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from uniscale_assets.errors import TokenizerError
from uniscale_assets.files import hash_of, write_text
from uniscale_assets.specification import Specification

DESCRIPTION_FILE = "uniscale.json"

# Several scripts, letter case, digits, runs of spaces, CRLF, emoji with joiners, unassigned and control characters, a
# decomposed accent that normalization would change, and spellings of special tokens: what silently swapped classes and
# settings of other versions treat differently.
PROBE_TEXT = (
    "The quick brown fox  doesn't JUMP over 1234567 lazy dogs.\r\n\r\n\tdef f(x):\n        return x**2  # ok\n"
    " Größe, déjà vu, cafe\u0301, İstanbul \u00a0 Привет, мир! العربية 123 हिन्दी भाषा ภาษาไทย 日本語の文章。 中文 한국어 "
    "\u2581\u200d\ufeff 👩‍👩‍👧‍👦🏳️‍🌈 \U000e0041\x00\x7f <s></s><unk><|endoftext|><separator token>[UNK] ''\n\n\n   "
)


class Description(Specification):
    """The part of a tokenizer that its files alone do not show.

    ``probe_hash`` is of the ids of ``PROBE_TEXT``: it tells a tokenizer that encodes otherwise than it did when it
    was made, be it by another file or by another version of a library.
    ``encoding_flops_per_byte``: floating-point operations that encoding takes for each raw byte. None where pieces are looked
    up; 2 x the parameters that a neural tokenizer runs over a byte.
    """

    family: str
    vocab_size: int
    pretokenizer: str
    separator_id: int
    separator_text: str
    probe_hash: str
    encoding_flops_per_byte: float = 0.0


def probe_hash(ids: Sequence[int]) -> str:
    """SHA-256 (hex) of the ids of ``PROBE_TEXT``."""
    return hash_of([int(token) for token in ids])


def write_description(directory: Path, description: Description) -> None:
    """Write ``uniscale.json``; what costs nothing is left out, so that the files of such tokenizers stay as they were."""
    free = None if description.encoding_flops_per_byte else {"encoding_flops_per_byte"}
    write_text(directory / DESCRIPTION_FILE, description.model_dump_json(indent=2, exclude=free) + "\n")


def read_description(directory: Path) -> Description:
    """Read ``uniscale.json``.

    Raises:
        TokenizerError: the directory is none of ours, or the file is damaged; the message says what is missing.
    """
    path = directory / DESCRIPTION_FILE
    if not directory.is_dir():
        raise TokenizerError(f"{directory}: no such directory; a tokenizer is a directory with {DESCRIPTION_FILE}")
    if not path.is_file():
        raise TokenizerError(f"{directory}: not a tokenizer directory, {DESCRIPTION_FILE} is missing; materialize the tokenizer again")
    try:
        return Description.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise TokenizerError(f"{path}: damaged ({error.error_count()} mistakes); materialize the tokenizer again") from error
