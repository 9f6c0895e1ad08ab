"""Where a pretrained tokenizer lies: a file, a directory, or a repository of the hub; and which kind of file it is."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

from uniscale_assets.errors import BadInputError, DownloadError
from uniscale_assets.files import hash_file

Kind = Literal["tokenizers", "sentencepiece", "tiktoken"]
# In a directory that holds several, the first of these is taken.
PATTERNS = ("tokenizer.json", "tokenizer.model", "*.model", "*.tiktoken")
RANK_LINE = re.compile(rb"[A-Za-z0-9+/]+=* \d+\r?\n?")


def find_file(path: Path) -> Path:
    """The tokenizer file that a path means.

    Raises:
        BadInputError: there is none.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise BadInputError(f"options: path: {path}: no such file or directory")
    found = next((match for pattern in PATTERNS for match in sorted(path.glob(pattern))), None)
    if found is None:
        raise BadInputError(f"options: path: {path}: holds none of {', '.join(PATTERNS)}")
    return found


def kind_of(path: Path) -> Kind:
    """What a tokenizer file is, by its content: JSON, lines of base64 and a rank, or else SentencePiece's."""
    with path.open("rb") as stream:
        first = stream.readline(2**16)
    if first.lstrip().startswith(b"{"):
        return "tokenizers"
    return "tiktoken" if RANK_LINE.fullmatch(first) else "sentencepiece"


def content_hash(path: Path) -> str:
    """SHA-256 (hex) of a file, read again only after it changed."""
    state = path.stat()
    return _hash_at(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _hash_at(path: Path, _size: int, _changed: int) -> str:
    return hash_file(path)


def download(repository: str, revision: str | None, directory: Path) -> Path:
    """The tokenizer files of a repository on the hub, beside nothing else of it.

    Raises:
        DownloadError: it cannot be read; says what to do.
        BadInputError: it holds no tokenizer file.
    """
    from huggingface_hub import snapshot_download

    try:
        found = snapshot_download(repository, revision=revision, allow_patterns=list(PATTERNS), local_dir=directory)
    except Exception as error:  # whatever the network, the hub or the disk say
        raise DownloadError(
            f"options: hub: {repository}: {error}; with a network, an access token where the repository asks for one, and its "
            "right name it can be had; else download it and give its directory as `path`"
        ) from error
    return find_file(Path(found))
