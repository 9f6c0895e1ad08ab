"""Peak memory of encoding token shards, large over small: it must not grow with the text (at most 1.2 from 200 MB to 1 GB).

    python -m uniscale_assets_tests.benchmarks.shard_memory [--sizes 200 1000] [--family bpe|unigram] [--document-bytes 8000]

Each size is encoded in a process of its own. The text is lines of the embedded corpus in random order.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

LANGUAGES = ("arb_Arab", "deu_Latn", "eng_Latn", "jpn_Jpan", "rus_Cyrl")
LIMIT = 1.2
VOCAB_SIZE = 4096


def read_lines() -> list[str]:
    """Every line of the embedded corpus, with its line feed."""
    from uniscale_assets.corpus.sources import read_source
    from uniscale_assets.corpus.spec import CorpusSpec

    spec = CorpusSpec(source="embedded", languages=LANGUAGES)
    texts = [document.text for language in LANGUAGES for document in read_source(spec, language, Path())]
    return [f"{line}\n" for text in texts for line in text.splitlines()]


def write_text(path: Path, lines: list[str], size: int, longest: int) -> None:
    """``size`` bytes in documents of up to some ``longest`` bytes."""
    from uniscale_assets.corpus.storage import DocumentWriter

    source = random.Random(0)
    written = number = 0
    with DocumentWriter(path, with_language=True) as writer:
        while written < size:
            wanted, parts = source.randint(longest // 25, longest), [f"{number}\n"]
            while wanted > 0:
                parts.append(source.choice(lines))
                wanted -= len(parts[-1].encode())
            text = "".join(parts)
            writer.add(("eng_Latn", f"document-{number}", text, len(text.encode()), len(text)), len(text.encode()))
            written += len(text.encode())
            number += 1


def prepare(folder: Path, family: str, sizes: list[int], longest: int) -> None:
    """Train a tokenizer, and write a mixture for each size."""
    from uniscale_assets.tokenization.families import family_of
    from uniscale_assets.tokenization.spec import TokenizerSpec

    lines = read_lines()
    spec = TokenizerSpec(name="x", family=family, vocab_size=VOCAB_SIZE)
    for name in ("vocabulary", "tokenizer"):
        (folder / name).mkdir()
    family_of(family).train_vocabulary(spec, random.Random(0).sample(lines, 5000), folder / "vocabulary")
    family_of(family).cut(folder / "vocabulary", spec, folder / "tokenizer")
    for megabytes in sizes:
        (folder / str(megabytes)).mkdir()
        write_text(folder / str(megabytes) / "train.parquet", lines, megabytes * 1_000_000, longest)
        for split in ("validation", "test"):
            write_text(folder / str(megabytes) / f"{split}.parquet", lines, 1_000_000, longest)


def encode(folder: Path, megabytes: int) -> None:
    """What is measured; prints its cost."""
    from uniscale_assets.tokenization.loading import load_tokenizer
    from uniscale_assets.tokenization.measure import measured
    from uniscale_assets.tokenization.shards import write_token_shards

    with measured() as cost, tempfile.TemporaryDirectory(dir=folder) as output:
        summary = write_token_shards(load_tokenizer(folder / "tokenizer"), folder / str(megabytes), Path(output))
    train = summary.splits["train"]
    print(json.dumps({"peak": cost.peak_memory_bytes, "seconds": cost.seconds, "bytes": train.bytes, "tokens": train.tokens}))


def main() -> None:
    """Print the peak of each size and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1000], help="megabytes of text, from small to large")
    parser.add_argument("--family", default="bpe")
    parser.add_argument("--document-bytes", type=int, default=8000, help="length of the longest document; the mean is about half")
    parser.add_argument("--scratch", type=Path, help="directory with room for five times the text")
    parser.add_argument("--encode", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.encode:
        encode(options.encode, options.sizes[0])
        return
    results: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        prepare(Path(folder), options.family, options.sizes, options.document_bytes)
        for size in options.sizes:
            command = [sys.executable, __file__, "--encode", folder, "--sizes", str(size)]
            result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            speed = result["bytes"] / 1e6 / result["seconds"]
            print(f"shards, {size} MB, {options.family}: peak {result['peak'] / 1e6:.0f} MB, {result['seconds']:.0f} s, {speed:.1f} MB/s")
            results[size] = result
    small, large = options.sizes[0], options.sizes[-1]
    print(f"shard memory, {large} MB over {small} MB: {results[large]['peak'] / results[small]['peak']:.3f} (at most {LIMIT})")


if __name__ == "__main__":
    main()
