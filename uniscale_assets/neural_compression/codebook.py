"""A compiled codebook: the strings of a 16-bit window, their tokens, and what encodes and decodes with them.

A codebook is one file, `codebook.safetensors`: for each string the one it extends, its last byte and its token. All else is derived. It
carries its rule, the hash of the byte model that it was compiled from, and its own hash, which is checked when it is read: decoding
never evaluates a model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from uniscale_assets.errors import TokenizerError
from uniscale_assets.neural_compression.schemes import CELLS
from uniscale_assets.neural_compression.tensor_files import read_about, write_tensors

if TYPE_CHECKING:
    import numpy.typing as npt

    from uniscale_assets.neural_compression.compilation import Strings

    Integers = npt.NDArray[np.int64]

FILE = "codebook.safetensors"
FORMAT = "uniscale codebook 1"


@dataclass(frozen=True)
class Windows:
    """Documents as windows.

    tokens: int32, one a window, all documents joined. ends: int64, bytes of its document accounted for after each window.
    counts: int64 [documents], windows of each.
    """

    tokens: np.ndarray
    ends: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class Codebook:
    """Strings in breadth-first order, the empty one first; tokens are -1 for it alone."""

    scheme: str
    model_hash: str
    parents: Integers
    bytes: Integers
    tokens: Integers

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the rule, the model and every string with its token."""
        digest = hashlib.sha256(f"{FORMAT}\n{self.scheme}\n{self.model_hash}\n".encode())
        for column in (self.parents, self.bytes, self.tokens):
            digest.update(np.ascontiguousarray(column, dtype="<i4").tobytes())
        return digest.hexdigest()

    @cached_property
    def depths(self) -> Integers:
        """Bytes of each string."""
        depths = np.zeros(len(self.parents), dtype=np.int64)
        for first, last in self.levels:
            depths[first:last] = depths[self.parents[first]] + 1
        return depths

    @cached_property
    def levels(self) -> list[tuple[int, int]]:
        """Ranges of strings of one length, from one byte on."""
        found: list[tuple[int, int]] = []
        first = 1
        while first < len(self.parents):
            start = found[-1][0] if found else 0
            last = first + int(np.searchsorted(self.parents[first:], first))
            assert self.parents[first] >= start
            found.append((first, last))
            first = last
        return found

    @cached_property
    def ends_at(self) -> Integers:
        """The string that a window ending at each string stands for: itself, or, under ``delay``, the shortest with its token."""
        if self.scheme != "delay":
            return np.arange(len(self.parents))
        # Strings with one token lie on one branch, not always next to each other.
        return np.where(self.tokens >= 0, self.text_of_token[self.tokens], 0)

    @cached_property
    def text_of_token(self) -> Integers:
        """The string that each token decodes to, -1 where a token stands for none: int64 [65536].

        Of several strings with one token, ``delay`` takes the shortest and ``greedy`` the longest.
        """
        found = np.full(CELLS, -1, dtype=np.int64)
        order = np.arange(1, len(self.parents))
        if self.scheme == "delay":
            order = order[::-1]
        found[self.tokens[order]] = order
        return found

    @cached_property
    def steps(self) -> tuple[np.ndarray, int, np.ndarray, np.ndarray]:
        """What `walker.walk` takes: steps, inner, emitted, taken, over strings numbered with those that have extensions first."""
        has_extensions = np.zeros(len(self.parents), dtype=bool)
        has_extensions[self.parents[1:]] = True
        order = np.concatenate([np.flatnonzero(has_extensions), np.flatnonzero(~has_extensions)])
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.arange(len(order))
        inner = int(has_extensions.sum())
        steps = np.zeros((inner, 256), dtype=np.int32)
        steps[number[self.parents[1:]], self.bytes[1:]] = number[1:]
        emitted = self.tokens[self.ends_at][order].astype(np.int32)
        return steps.reshape(-1), inner, emitted, self.depths[self.ends_at][order].astype(np.int32)

    @cached_property
    def spelling(self) -> tuple[np.ndarray, np.ndarray]:
        """Bytes of every token: starts int64 [65537], letters uint8."""
        strings = self.text_of_token
        lengths = np.where(strings >= 0, self.depths[strings], 0)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        letters = np.zeros(int(starts[-1]), dtype=np.uint8)
        place, left = strings.copy(), lengths.copy()
        while (left > 0).any():
            chosen = np.flatnonzero(left > 0)
            letters[starts[chosen] + left[chosen] - 1] = self.bytes[place[chosen]]
            place[chosen] = self.parents[place[chosen]]
            left[chosen] -= 1
        return starts, letters

    def encode(self, documents: Sequence[bytes]) -> Windows:
        """Windows of documents."""
        from uniscale_assets.neural_compression.walker import walk

        text = np.frombuffer(b"".join(documents), dtype=np.uint8)
        offsets = np.concatenate([[0], np.cumsum(np.fromiter(map(len, documents), np.int64, len(documents)))])
        tokens, ends = np.empty(len(text), np.int32), np.empty(len(text), np.int64)
        counts = np.zeros(len(documents), np.int64)
        steps, inner, emitted, taken = self.steps
        written = walk(text, offsets, steps, inner, emitted, taken, tokens, ends, counts)
        return Windows(tokens[:written], ends[:written], counts)

    def decode(self, tokens: np.ndarray) -> bytes:
        """The bytes of windows.

        Raises:
            TokenizerError: a token that stands for no string.
        """
        from uniscale_assets.neural_compression.walker import spell

        starts, letters = self.spelling
        size = int((starts[tokens + 1] - starts[tokens]).sum())
        output = np.empty(size, np.uint8)
        wrong = spell(tokens, starts, letters, output)
        if wrong >= 0:
            raise TokenizerError(
                f"token {tokens[wrong]} at place {wrong} stands for no string of this codebook: a foreign or damaged stream"
            )
        return output.tobytes()

    def string(self, number: int) -> bytes:
        """The bytes of a string."""
        letters: list[int] = []
        while number > 0:
            letters.append(int(self.bytes[number]))
            number = int(self.parents[number])
        return bytes(reversed(letters))


def codebook_of(strings: Strings, scheme: str, model_hash: str) -> Codebook:
    """A codebook of compiled strings."""
    return Codebook(scheme, model_hash, strings.parents, strings.bytes, strings.tokens)


def write_codebook(codebook: Codebook, output: Path) -> None:
    """Write ``output / codebook.safetensors``."""
    arrays = {
        "parents": codebook.parents.astype(np.int32),
        "bytes": codebook.bytes.astype(np.uint8),
        "tokens": codebook.tokens.astype(np.int32),
    }
    about = {"format": FORMAT, "scheme": codebook.scheme, "model_hash": codebook.model_hash, "content_hash": codebook.content_hash}
    write_tensors(arrays, about, output / FILE)


def read_codebook(directory: Path) -> Codebook:
    """Read and check a codebook.

    Raises:
        TokenizerError: missing, damaged, foreign, or its content is not what its hash says.
    """
    from safetensors import SafetensorError, safe_open

    path = directory / FILE
    if not path.is_file():
        raise TokenizerError(f"{path}: missing; materialize the tokenizer again")
    try:
        with safe_open(path, framework="numpy") as file:
            about = read_about(file)
            columns = [file.get_tensor(name).astype(np.int64) for name in ("parents", "bytes", "tokens")]
    except (SafetensorError, OSError, ValueError) as error:
        raise TokenizerError(f"{path}: damaged: {error}; materialize the tokenizer again") from error
    if about.get("format") != FORMAT:
        raise TokenizerError(f"{path}: no codebook (format {about.get('format')!r}, {FORMAT!r} is wanted)")
    codebook = Codebook(about["scheme"], about["model_hash"], *columns)
    if codebook.content_hash != about["content_hash"]:
        raise TokenizerError(f"{path}: its content is not what its hash says; materialize the tokenizer again")
    return codebook
