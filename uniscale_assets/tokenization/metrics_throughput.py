"""What encoding costs. A measurement of one machine and moment, so never a part of what is hashed."""

from __future__ import annotations

import ctypes
import gc
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.tokenization.measure import measured, resident_memory_bytes
from uniscale_assets.tokenization.metric_rows import Row, rows_of
from uniscale_assets.tokenization.metrics import ALL_LANGUAGES
from uniscale_assets.tokenization.protocol import encoding_flops_per_byte

if TYPE_CHECKING:
    from uniscale_assets.tokenization.protocol import Tokenizer

SAMPLE_BYTES = 4 * 2**20
SLOW_SAMPLE_BYTES = 2**15
"""of a tokenizer that runs a model over every byte"""
WARM_UP_TEXTS = 4
ENOUGH_SECONDS = 0.2
MOST_PASSES = 20


@dataclass(frozen=True)
class EncodingCost:
    """What encoding took.

    Attributes:
        bytes_per_cpu_second: raw bytes encoded in a CPU second, all threads together.
        memory_bytes: most resident memory above what the process held before, tokens in hand included; None where the
            system does not say.
    """

    bytes_per_cpu_second: float
    memory_bytes: int | None


def encoding_cost(tokenizer: Tokenizer, mixture: Path) -> EncodingCost:
    """Encode the first megabytes of the test text, in one batch and again until a fifth of a CPU second has gone."""
    texts = sample_texts(mixture, SLOW_SAMPLE_BYTES if encoding_flops_per_byte(tokenizer) else SAMPLE_BYTES)
    tokenizer.encode_batch(texts[:WARM_UP_TEXTS])
    size = sum(len(text.encode()) for text in texts)
    release_free_memory()
    before = resident_memory_bytes()
    with measured() as first:
        tokenizer.encode_batch(texts)
    passes, seconds = 1, first.cpu_seconds
    while seconds < ENOUGH_SECONDS and passes < MOST_PASSES:
        with measured() as cost:
            tokenizer.encode_batch(texts)
        passes, seconds = passes + 1, seconds + cost.cpu_seconds
    memory = max(0, first.peak_memory_bytes - before) if sys.platform == "linux" and before is not None else None
    return EncodingCost(size * passes / max(seconds, 1e-9), memory)


def release_free_memory() -> None:
    """Give the system back what earlier work has left free, where the C library can (glibc): a second encoding would seem to need none."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return


def sample_texts(mixture: Path, limit: int = SAMPLE_BYTES) -> list[str]:
    """The first documents of the test split, so many bytes of them."""
    from uniscale_assets.corpus.mixing import iterate_documents

    texts: list[str] = []
    size = 0
    for document in iterate_documents(mixture, "test"):
        texts.append(document.text)
        size += document.bytes
        if size >= limit:
            break
    return texts


def cost_rows(cost: EncodingCost) -> list[Row]:
    """``encoding_throughput`` (bytes/CPU second) and ``encoding_memory`` (bytes); they are of no language."""
    memory = [] if cost.memory_bytes is None else rows_of("encoding_memory", [ALL_LANGUAGES], [cost.memory_bytes])
    return [*rows_of("encoding_throughput", [ALL_LANGUAGES], [cost.bytes_per_cpu_second]), *memory]
