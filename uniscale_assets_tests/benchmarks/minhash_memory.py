"""Peak memory of finding near-duplicates: at most 2 GB for 1 GB of text, and what it costs beside building without.

    python uniscale_assets_tests/benchmarks/minhash_memory.py [--megabytes 100] [--document-bytes 8000] [--scratch DIR]

`--megabytes 1000` is the promise itself, some minutes. Building with and without runs in a process of its own each, over the
same text: made-up words with the frequencies of Zipf's law; every twentieth document is one before it with a few words
changed, every twentieth an exact copy. What was planted has to be found.
"""

from __future__ import annotations

import argparse
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

LIMIT = 2_000_000_000
LANGUAGE = "eng_Latn"


def generate_rows(size: int, longest: int) -> Iterator[dict[str, str]]:
    """``size`` bytes in documents of up to ``longest`` characters; near-duplicates have ids that begin with `near`."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyzäöéя", k=rng.randint(2, 11))) for _ in range(50_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    stream = iter(rng.choices(words, weights, k=1_000_000))
    before: list[str] = []
    written = number = 0
    while written < size:
        kind = "near" if number % 20 == 5 else "copy" if number % 20 == 10 else "plain"
        if kind == "plain":
            before = take(stream, rng.randint(longest // 60, longest // 6))
            if len(before) < longest // 60:
                stream = iter(rng.choices(words, weights, k=1_000_000))
                continue
        elif kind == "near":
            for place in rng.sample(range(len(before)), max(1, len(before) // 150)):
                before[place] = f"changed{number}"
        yield {"id": f"{kind}-{number}", "text": " ".join(before)}
        written += len(" ".join(before).encode())
        number += 1


def take(stream: Iterator[str], count: int) -> list[str]:
    """The next words, fewer at the end."""
    return [word for _, word in zip(range(count), stream, strict=False)]


def build(folder: Path, *, near: bool) -> None:
    """What is measured; prints its peak resident memory in bytes, its CPU seconds and what it found."""
    from uniscale_assets.corpus.build import build_documents
    from uniscale_assets.corpus.spec import CorpusSpec, NearDuplicatesSpec

    steps = NearDuplicatesSpec() if near else None
    spec = CorpusSpec(source="files", languages=(LANGUAGE,), files={LANGUAGE: str(folder / "text.jsonl")}, near_duplicates=steps)
    output = folder / f"near {near}"
    output.mkdir()
    start = time.process_time()
    ledger = build_documents(spec, LANGUAGE, output)
    found = ledger.near_duplicates.documents if ledger.near_duplicates else 0
    print(json.dumps({"peak": peak_memory(), "seconds": time.process_time() - start, "found": found, "read": ledger.read.documents}))


def peak_memory() -> int:
    """Peak resident bytes of this process. On Linux not `ru_maxrss`, which a process inherits from the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Print peak, cost and what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100, help="of text")
    parser.add_argument("--document-bytes", type=int, default=8000, help="length of the longest document; the mean is about half")
    parser.add_argument("--scratch", type=Path, help="directory with room for five times the text")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--near", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        build(options.build, near=options.near)
        return
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        planted = 0
        with (Path(folder) / "text.jsonl").open("w") as lines:
            for row in generate_rows(options.megabytes * 1_000_000, options.document_bytes):
                planted += row["id"].startswith("near")
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
        command = [sys.executable, __file__, "--build", folder]
        plain, near = (
            json.loads(subprocess.run([*command, *more], check=True, stdout=subprocess.PIPE).stdout) for more in ([], ["--near"])
        )
    megabytes = options.megabytes
    print(f"near-duplicates, {megabytes} MB in {near['read']:,} documents: found {near['found']:,} of {planted:,} planted")
    print(f"CPU seconds with over without: {near['seconds']:.0f} / {plain['seconds']:.0f} = {near['seconds'] / plain['seconds']:.2f}")
    print(f"peak memory, {megabytes} MB: {near['peak'] / 1e6:.0f} MB, without {plain['peak'] / 1e6:.0f} MB (at most {LIMIT / 1e6:.0f} MB)")


if __name__ == "__main__":
    main()
