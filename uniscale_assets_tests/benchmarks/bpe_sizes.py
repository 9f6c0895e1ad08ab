"""CPU seconds of three BPE sizes, trained once and cut, over the largest alone (at most 1.15).

    python -m uniscale_assets_tests.benchmarks.bpe_sizes [--sizes 8000 16000 32000]

On the whole embedded corpus. Both are read off one run: the training is the same, the cuts are not. Beside it stands what a
training for each size takes.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 1.15


def read_texts() -> list[str]:
    """Every document of the embedded corpus."""
    from uniscale_assets.corpus.sources import embedded_directory, read_source
    from uniscale_assets.corpus.spec import CorpusSpec

    languages = tuple(sorted(path.name.split(".")[0] for path in (embedded_directory() / "corpus").glob("*.jsonl.gz")))
    spec = CorpusSpec(source="embedded", languages=languages)
    return [document.text for language in languages for document in read_source(spec, language, Path())]


def cpu_seconds(work: Callable[[Path], None], output: Path) -> float:
    """CPU seconds of work that fills a directory."""
    from uniscale_assets.tokenization.measure import measured

    output.mkdir()
    with measured() as cost:
        work(output)
    return cost.cpu_seconds


def main() -> None:
    """Print the CPU seconds of the training and of each cut, and the ratio."""
    import tokenizers  # noqa: F401 - the import is no part of the measurement

    from uniscale_assets.tokenization.families import family_of
    from uniscale_assets.tokenization.spec import TokenizerSpec

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[8000, 16000, 32000])
    sizes = sorted(parser.parse_args().sizes)
    texts, family = read_texts(), family_of("bpe")
    specs = {size: TokenizerSpec(name=f"bpe_{size}", family="bpe", vocab_size=size) for size in sizes}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        # Largest first: what a first training warms up is not charged to the others.
        trained = {
            size: cpu_seconds(lambda output, size=size: family.train_vocabulary(specs[size], texts, output), folder / f"trained_{size}")
            for size in reversed(sizes)
        }
        largest = folder / f"trained_{sizes[-1]}"
        cut = {
            size: cpu_seconds(lambda output, size=size: family.cut(largest, specs[size], output), folder / f"cut_{size}") for size in sizes
        }
    for size in sizes:
        print(f"BPE {size}: a training of its own {trained[size]:.2f} CPU s, cut from the largest {cut[size]:.2f} CPU s")
    alone = trained[sizes[-1]] + cut[sizes[-1]]
    together = trained[sizes[-1]] + sum(cut.values())
    separate = sum(trained.values()) + sum(cut.values())
    print(f"BPE sizes, a training for each over the largest alone: {separate / alone:.3f}")
    print(f"BPE sizes, all cut from one training over the largest alone: {together / alone:.3f} (at most {LIMIT})")


if __name__ == "__main__":
    main()
