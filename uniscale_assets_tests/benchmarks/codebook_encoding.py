"""A compiled 16-bit codebook: encoding against the model itself and against Hugging Face's byte-level BPE, and decoding.

    python -m uniscale_assets_tests.benchmarks.codebook_encoding [--model DIRECTORY] [--rounds 5]

On the embedded corpus, one thread. The model itself: float32, keys and values kept, 1,024 documents side by side. It is
smaller than the paper's (0.2M for 3M), so the ratio is one that a larger one only widens. CPU seconds; the least of several rounds.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

DOCUMENTS, REFERENCE_BYTES = 1024, 64
LEAST_RATIO, LEAST_SPEED = 1000, 50.0
SCHEMES = ("delay", "owned_cell", "most_probable")


def least_seconds(work: Callable[[], object], rounds: int) -> float:
    """CPU seconds of the fastest of some rounds, after one that is not counted."""
    work()
    times: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def reference_speed(directory: Path, texts: list[bytes]) -> float:
    """Bytes a CPU second of the model itself, under the rule `delay`."""
    import torch

    from uniscale_assets.neural_compression.float_model import FloatByteModel
    from uniscale_assets.neural_compression.quantization import read_integer_model
    from uniscale_assets.neural_compression.stepwise import WindowEncoder
    from uniscale_assets.neural_compression.windows import rule_of

    model = FloatByteModel(directory / "checkpoint", read_integer_model(directory).context, torch.float32)
    documents = [text[:REFERENCE_BYTES] for text in texts if len(text) >= REFERENCE_BYTES][:DOCUMENTS]
    documents += documents[: DOCUMENTS - len(documents)]
    encoder = WindowEncoder(model, rule_of("delay", 16), "every")
    return sum(map(len, documents)) / least_seconds(lambda: encoder.encode(documents, lanes=DOCUMENTS), 1)


def bpe_speed(texts: list[bytes], rounds: int, scratch: Path) -> float:
    """Bytes a CPU second of the library's byte-level BPE of 4,096 ids."""
    from uniscale_assets_tests.benchmarks.encoding_throughput import trained

    words = [text.decode() for text in texts]
    backend = trained("bpe", words, scratch / "bpe").backend
    return sum(map(len, texts)) / least_seconds(lambda: backend.encode_batch_fast(words, add_special_tokens=False), rounds)


def main() -> None:
    """Print speeds and ratios for each scheme."""
    os.environ["RAYON_NUM_THREADS"] = "1"
    import torch

    from uniscale_assets.neural_compression.codebook import codebook_of
    from uniscale_assets.neural_compression.compilation import compile_strings
    from uniscale_assets.neural_compression.equal_info import CompiledWindows
    from uniscale_assets.neural_compression.quantization import read_integer_model
    from uniscale_assets.neural_compression.schemes import scheme_of
    from uniscale_assets_tests.benchmarks._byte_models import byte_model
    from uniscale_assets_tests.benchmarks.bpe_sizes import read_texts

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    texts = [text.encode() for text in read_texts()]
    size = sum(map(len, texts))
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        directory = byte_model(arguments.model, "0.2M", 1_000_000, scratch)
        reference, library = reference_speed(directory, texts), bpe_speed(texts, arguments.rounds, scratch)
        model = read_integer_model(directory)
    print(f"the model itself: {reference / 1e3:.1f} kB a CPU second; the library's BPE: {library / 1e6:.2f} MB")
    for name in SCHEMES:
        tokenizer = CompiledWindows(codebook_of(compile_strings(model, scheme_of(name)), name, ""), 16)
        windows = tokenizer.codebook.encode(texts)
        encoding = size / least_seconds(lambda: tokenizer.codebook.encode(texts), arguments.rounds)  # noqa: B023 - called at once
        whole = size / least_seconds(lambda: tokenizer.encode_bytes(texts), arguments.rounds)  # noqa: B023
        decoding = size / least_seconds(lambda: tokenizer.codebook.decode(windows.tokens), arguments.rounds)  # noqa: B023
        print(f"{name}: {encoding / 1e6:.1f} MB a CPU second (at least {LEAST_SPEED:g}), {whole / 1e6:.1f} as documents of ids", end="; ")
        print(
            f"{encoding / reference:,.0f} x the model itself (at least {LEAST_RATIO:,}), {whole / library:.1f} x BPE (at least 1)", end="; "
        )
        print(f"decoding {decoding / 1e6:.1f} MB, {decoding / encoding:.2f} x encoding (at least 1)", end="; ")
        print(f"{size / len(windows.tokens):.2f} bytes a window")


if __name__ == "__main__":
    main()
