"""Peak memory of building a corpus, large over small: it must not grow with the text (at most 1.2 from 200 MB to 1 GB).

    python uniscale_assets_tests/benchmarks/corpus_memory.py [--sizes 200 1000] [--format jsonl|jsonl.gz|parquet]
        [--document-bytes 8000]

Each size runs in a process of its own: documents of every language, their mixture, and one pass over it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = ("eng_Latn", "deu_Latn", "fra_Latn", "rus_Cyrl")
LIMIT = 1.2


def generate_rows(size: int, seed: int, longest: int) -> Iterator[dict[str, str]]:
    """``size`` bytes in documents of up to ``longest`` characters, every twentieth an exact copy of the one before."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyzäöéя", k=rng.randint(2, 11))) for _ in range(20_000)]
    pool = " ".join(rng.choices(words, k=200_000))
    written = number = 0
    text = ""
    while written < size:
        if number % 20 or not text:
            start = rng.randrange(len(pool) - longest)
            text = f"{seed}.{number} {pool[start : start + rng.randint(longest // 25, longest)]}"
        yield {"id": f"document-{number}", "text": text}
        written += len(text.encode())
        number += 1


def write_rows(path: Path, rows: Iterator[dict[str, str]]) -> None:
    """Write rows in the format of the suffix; Parquet in row groups of 50,000 rows, as large as they come."""
    if path.suffix == ".parquet":
        write_parquet(path, rows)
        return
    with gzip.open(path, "wt", compresslevel=1) if path.suffix == ".gz" else path.open("w") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_parquet(path: Path, rows: Iterator[dict[str, str]]) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    schema = pa.schema({"id": pa.string(), "text": pa.string()})
    with ParquetWriter(path, schema, compression="zstd") as writer:
        batch: list[dict[str, str]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == 50_000:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch.clear()
        writer.write_table(pa.Table.from_pylist(batch, schema))


def build(folder: Path, suffix: str, megabytes: int) -> None:
    """What is measured; prints its peak resident memory in bytes and its seconds."""
    from uniscale_assets.corpus.build import build_documents
    from uniscale_assets.corpus.mixing import build_mixture, iterate_documents
    from uniscale_assets.corpus.spec import CorpusSpec, SplitBytes

    files = {language: str(folder / f"{language}.{suffix}") for language in LANGUAGES}
    spec = CorpusSpec(source="files", languages=LANGUAGES, files=files, bytes=SplitBytes(train=megabytes * 500_000))
    start = time.perf_counter()
    documents = {language: folder / "documents" / language for language in LANGUAGES}
    for language, directory in documents.items():
        directory.mkdir(parents=True)
        build_documents(spec, language, directory)
    mixture = folder / "mixture"
    mixture.mkdir()
    build_mixture(spec, documents, mixture)
    read = sum(document.bytes for document in iterate_documents(mixture, "train"))
    print(json.dumps({"peak": peak_memory(), "seconds": time.perf_counter() - start, "train_bytes": read}))


def peak_memory() -> int:
    """Peak resident bytes of this process. On Linux not `ru_maxrss`, which a process inherits from the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(megabytes: int, suffix: str, longest: int, scratch: Path | None) -> dict[str, float]:
    """Generate and build in a process of its own."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        for seed, language in enumerate(LANGUAGES):
            write_rows(Path(folder) / f"{language}.{suffix}", generate_rows(megabytes * 1_000_000 // len(LANGUAGES), seed, longest))
        command = [sys.executable, __file__, "--build", folder, "--format", suffix, "--sizes", str(megabytes)]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    """Print the peak of each size and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1000], help="megabytes of text, from small to large")
    parser.add_argument("--format", choices=["jsonl", "jsonl.gz", "parquet"], default="jsonl")
    parser.add_argument("--document-bytes", type=int, default=8000, help="length of the longest document; the mean is about half")
    parser.add_argument("--scratch", type=Path, help="directory with room for five times the text")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        build(options.build, options.format, options.sizes[0])
        return
    results = {size: measure(size, options.format, options.document_bytes, options.scratch) for size in options.sizes}
    for size, result in results.items():
        print(f"corpus, {size} MB of {options.format}: peak {result['peak'] / 1e6:.0f} MB, {result['seconds']:.0f} s")
    small, large = options.sizes[0], options.sizes[-1]
    print(f"corpus memory, {large} MB over {small} MB: {results[large]['peak'] / results[small]['peak']:.3f} (at most {LIMIT})")


if __name__ == "__main__":
    main()
