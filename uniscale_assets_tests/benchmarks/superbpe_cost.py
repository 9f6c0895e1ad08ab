"""CPU seconds of training SuperBPE over those of plain BPE of the same size (at most 3), and what both spend text on.

    python -m uniscale_assets_tests.benchmarks.superbpe_cost [--vocab-size 4096]

On the whole embedded corpus, each training alone, one thread.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets_tests.benchmarks.bpe_sizes import cpu_seconds, read_texts

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import TokenizerSpec

LIMIT = 3.0
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain BPE": ("bpe", {}),
    "SuperBPE within phrases": ("superbpe", {"boundaries": "phrase"}),
    "SuperBPE within lines": ("superbpe", {"boundaries": "line"}),
}


def bytes_per_token(spec: TokenizerSpec, vocabulary: Path, folder: Path, texts: list[str]) -> float:
    """Of the tokenizer that a vocabulary gives, on the text it was trained on."""
    from uniscale_assets.tokenization.families import family_of

    folder.mkdir()
    family = family_of(spec.family)
    family.cut(vocabulary, spec, folder)
    tokens = sum(len(encoding.ids) for encoding in family.load(folder).encode_batch(texts))
    return sum(len(text.encode()) for text in texts) / tokens


def main() -> None:
    """Print the CPU seconds of each, and the ratios."""
    os.environ["RAYON_NUM_THREADS"] = "1"
    import tokenizers  # noqa: F401 - the import is no part of the measurement

    from uniscale_assets.tokenization.families import family_of
    from uniscale_assets.tokenization.spec import TokenizerSpec

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocab-size", type=int, default=4096)
    size = parser.parse_args().vocab_size
    texts, seconds = read_texts(), dict.fromkeys(WAYS, 0.0)
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, (family, options)) in enumerate(WAYS.items()):
            spec = TokenizerSpec(name="x", family=family, vocab_size=size, options=options)
            learned = Path(scratch) / f"vocabulary_{number}"

            def train(output: Path, spec: TokenizerSpec = spec) -> None:
                family_of(spec.family).train_vocabulary(spec, texts, output)

            seconds[name] = cpu_seconds(train, learned)
            rate = bytes_per_token(spec, learned, Path(scratch) / f"tokenizer_{number}", texts)
            print(f"{name}, {size} ids: {seconds[name]:.2f} CPU s, {rate:.3f} bytes per token")
    for name in list(WAYS)[1:]:
        print(f"{name} over plain BPE, CPU seconds: {seconds[name] / seconds['plain BPE']:.2f} (at most {LIMIT:g})")


if __name__ == "__main__":
    main()
