"""What arithmetic changes: the same byte model in other precisions, batch shapes and ways to see a text, against its integers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from uniscale_assets.neural_compression.contexts import ByteModel

PRECISIONS = ("float64", "float32", "bfloat16", "integer")
LANES = 16
SCHEME, WINDOW_BITS = "owned_cell", 16


@dataclass(frozen=True)
class NumericsRow:
    """How much differs between two ways to run one byte model over the same text."""

    question: str
    """`precision`, `batch size` or `cache`"""
    reference: str
    variant: str
    unit: str
    """`distributions`: integer CDFs of the next byte; `arithmetic documents`: those whose code under `ac` is another; `windows`,
    `window documents`: of equal_info, 16 bits, owned_cell"""
    changed: int
    whole: int
    share: float


@dataclass(frozen=True)
class Way:
    """A way to run a byte model."""

    precision: str
    lanes: int
    """documents side by side"""
    cached: bool
    """byte by byte, keys and values kept; else a whole sequence at once"""

    def __str__(self) -> str:
        return f"{self.precision}, {'byte by byte' if self.cached else 'whole'}, batch {self.lanes}"


class Comparisons:
    """One byte model's outputs on some documents, each way computed once."""

    def __init__(self, directory: Path, documents: Sequence[bytes]) -> None:
        self.directory = directory
        self.context = self.integer_model.context
        # One context each: what starts afresh would be the same question again.
        self.documents = sorted((text[: self.context - 1] for text in documents if text), key=lambda text: -len(text))
        self._distributions: dict[Way, list[np.ndarray]] = {}
        self._windows: dict[Way, list[set[tuple[int, int]]]] = {}

    @cached_property
    def integer_model(self) -> Any:
        """The byte model that codes."""
        from uniscale_assets.neural_compression.quantization import read_integer_model

        return read_integer_model(self.directory)

    def model(self, precision: str) -> ByteModel:
        """The byte model in some precision."""
        if precision == "integer":
            return self.integer_model
        import torch

        from uniscale_assets.neural_compression.byte_models import CHECKPOINT
        from uniscale_assets.neural_compression.float_model import FloatByteModel

        return FloatByteModel(self.directory / CHECKPOINT, self.context, getattr(torch, precision))

    def distributions(self, way: Way) -> list[np.ndarray]:
        """Of each document int64 [bytes, 257]: the distribution that each of its bytes is coded with."""
        if way not in self._distributions:
            model, found = self.model(way.precision), list["np.ndarray"]()
            for first in range(0, len(self.documents), way.lanes):
                found += distributions_of(model, self.documents[first : first + way.lanes], cached=way.cached)
            self._distributions[way] = found
        return self._distributions[way]

    def windows(self, way: Way) -> list[set[tuple[int, int]]]:
        """Of each document its windows: value and byte end."""
        from uniscale_assets.neural_compression.stepwise import WindowEncoder
        from uniscale_assets.neural_compression.windows import rule_of

        if way not in self._windows:
            encoder = WindowEncoder(self.model(way.precision), rule_of(SCHEME, WINDOW_BITS), "every")
            parts = [self.documents[first : first + way.lanes] for first in range(0, len(self.documents), way.lanes)]
            self._windows[way] = [set(zip(one.values, one.ends, strict=True)) for part in parts for one in encoder.encode(part)]
        return self._windows[way]

    def rows(self, question: str, reference: Way, variant: Way) -> list[NumericsRow]:
        """Everything that differs between two ways; windows are only made byte by byte."""
        names = (question, str(reference), str(variant))
        found = self._coded(self.distributions(reference), self.distributions(variant))
        if reference.cached and variant.cached:
            found |= changed_windows(self.windows(reference), self.windows(variant))
        return [NumericsRow(*names, unit, changed, whole, changed / whole) for unit, (changed, whole) in found.items() if whole]

    def _coded(self, ones: list[np.ndarray], others: list[np.ndarray]) -> dict[str, tuple[int, int]]:
        """Distributions that differ, and documents with a byte whose own parts differ."""
        import numpy as np

        changed, documents = 0, 0
        for text, one, other in zip(self.documents, ones, others, strict=True):
            changed += int((one != other).any(axis=1).sum())
            letters, places = np.frombuffer(text, np.uint8).astype(np.int64), np.arange(len(text))
            parts = [cumulative[places, letters + step] for cumulative in (one, other) for step in (0, 1)]
            documents += int((parts[0] != parts[2]).any() or (parts[1] != parts[3]).any())
        whole = sum(len(one) for one in ones)
        return {"distributions": (changed, whole), "arithmetic documents": (documents, len(ones))}


def distributions_of(model: ByteModel, documents: Sequence[bytes], *, cached: bool) -> list[np.ndarray]:
    """The distribution of every byte of documents that stand side by side, the longest first."""
    import numpy as np

    longest = len(documents[0])
    symbols = np.zeros((len(documents), longest), dtype=np.int64)
    for row, text in enumerate(documents):
        symbols[row, 1 : len(text)] = np.frombuffer(text[:-1], np.uint8).astype(np.int64) + 1
    past = model.empty_past(len(documents), longest)
    parts = np.split(symbols, longest, axis=1) if cached else [symbols]
    found = np.concatenate([model.distributions(part, past) for part in parts], axis=1)
    return [found[row, : len(text)] for row, text in enumerate(documents)]


def changed_windows(ones: list[set[tuple[int, int]]], others: list[set[tuple[int, int]]]) -> dict[str, tuple[int, int]]:
    """Windows of the first that the second has not, and documents with such a window."""
    lost = [len(one - other) for one, other in zip(ones, others, strict=True)]
    return {
        "windows": (sum(lost), sum(map(len, ones))),
        "window documents": (sum(one != other for one, other in zip(ones, others, strict=True)), len(ones)),
    }


def questions() -> list[tuple[str, Way, Way]]:
    """What is compared: each precision with float64, a batch with single documents, a sequence at once with byte by byte."""
    exact = Way("float64", LANES, cached=True)
    found = [("precision", exact, Way(name, LANES, cached=True)) for name in PRECISIONS[1:]]
    found += [("batch size", Way(name, LANES, cached=True), Way(name, 1, cached=True)) for name in PRECISIONS]
    return [*found, *(("cache", Way(name, LANES, cached=True), Way(name, LANES, cached=False)) for name in PRECISIONS)]


def numerical_stability(directory: Path, documents: Sequence[bytes], progress: Callable[[int, int], None] | None = None) -> pl.DataFrame:
    """The shares of distributions, windows and documents that change with precision, batch size and cache.

    Args:
        directory: of a byte model: `byte_model.safetensors` and `checkpoint/`.
        documents: text; of each the first context is taken.
        progress: called with comparisons done and all there are.

    Returns:
        Columns of `NumericsRow`. Rows of `integer` against `integer` are zero by construction of the model.
    """
    import polars as pl

    comparisons, rows = Comparisons(directory, documents), list[NumericsRow]()
    asked = questions()
    for number, question in enumerate(asked, 1):
        rows += comparisons.rows(*question)
        if progress is not None:
            progress(number, len(asked))
    return pl.DataFrame(rows)
