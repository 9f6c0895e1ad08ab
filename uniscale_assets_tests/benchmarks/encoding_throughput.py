"""Throughput of ``encode_batch``, which counts bytes, over calling the library directly (at least 0.9).

    python -m uniscale_assets_tests.benchmarks.encoding_throughput [--families bpe unigram superbpe] [--rounds 5]

On the whole embedded corpus, 4096 ids, one thread, batches of a megabyte. Directly means ``encode_batch_fast`` of the same
tokenizer and reading the ids. Both take turns; the least CPU seconds of each count.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets_tests.benchmarks.bpe_sizes import read_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from uniscale_assets.tokenization.byte_level import ByteLevelTokenizer

LIMIT = 0.9
TRAINED_ON = 400


def trained(family: str, texts: list[str], folder: Path) -> ByteLevelTokenizer:
    """A tokenizer of 4096 ids; what it was trained on matters little to its speed."""
    from uniscale_assets.tokenization.families import family_of
    from uniscale_assets.tokenization.protocol import trained_as
    from uniscale_assets.tokenization.spec import TokenizerSpec

    spec = TokenizerSpec(name="x", family=family, vocab_size=4096)
    learned = trained_as(spec)
    for name in ("vocabulary", "tokenizer"):
        (folder / name).mkdir(parents=True)
    family_of(learned.family).train_vocabulary(learned, texts[:: max(1, len(texts) // TRAINED_ON)], folder / "vocabulary")
    family_of(family).cut(folder / "vocabulary", spec, folder / "tokenizer")
    tokenizer: Any = family_of(family).load(folder / "tokenizer")
    return tokenizer


def seconds_of(encode: Callable[[list[str]], int], batches: list[list[str]]) -> float:
    """CPU seconds over all batches."""
    start = time.process_time()
    for batch in batches:
        encode(batch)
    return time.process_time() - start


def ratio_of(tokenizer: ByteLevelTokenizer, batches: list[list[str]], rounds: int) -> tuple[float, float]:
    """Megabytes a CPU second directly, and ours over that."""

    def ours(texts: list[str]) -> int:
        return sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts))

    def directly(texts: list[str]) -> int:
        return sum(len(encoding.ids) for encoding in tokenizer.backend.encode_batch_fast(texts, add_special_tokens=False))

    times = [(seconds_of(directly, batches), seconds_of(ours, batches)) for _ in range(rounds)]
    library, platform = (min(column) for column in zip(*times, strict=True))
    size = sum(len(text.encode()) for batch in batches for text in batch)
    return size / library / 1e6, library / platform


def main() -> None:
    """Print a line for each family."""
    os.environ["RAYON_NUM_THREADS"] = "1"
    from uniscale_assets.tokenization.batching import batches

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", default=["bpe", "unigram", "superbpe"])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    texts = read_texts()
    parts = list(batches(texts, len, 2**20))
    for family in arguments.families:
        with tempfile.TemporaryDirectory() as scratch:
            speed, ratio = ratio_of(trained(family, texts, Path(scratch)), parts, arguments.rounds)
        print(f"{family}: {speed:.2f} MB a CPU second directly; encode_batch over that: {ratio:.3f} (at least {LIMIT})")


if __name__ == "__main__":
    main()
