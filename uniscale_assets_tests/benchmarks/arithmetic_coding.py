"""Arithmetic coding over the same passes of the byte model without a coder: at most 1.3 x.

    python -m uniscale_assets_tests.benchmarks.arithmetic_coding [--model DIRECTORY] [--kilobytes 128] [--rounds 3]

CPU seconds; both take turns, the least of each counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uniscale_assets.neural_compression.arithmetic_coding import ModelTokenizer

LIMIT = 1.3


def passes(tokenizer: ModelTokenizer, text: bytes) -> None:
    """The distributions that encoding asks for, in the same batches; nothing is made of them."""
    import numpy as np

    from uniscale_assets.neural_compression.arithmetic_coding import LANES, POSITIONS_AT_ONCE

    model = tokenizer.model
    span = model.context
    pieces = [text[first : first + span] for first in range(0, len(text) - span + 1, span)]
    for first in range(0, len(pieces), LANES):
        chosen = pieces[first : first + LANES]
        symbols = np.zeros((len(chosen), span), np.int64)
        symbols[:, 1:] = [np.frombuffer(piece[:-1], np.uint8) + np.int64(1) for piece in chosen]
        past = model.empty_past(len(chosen), span)
        for place in range(0, span, POSITIONS_AT_ONCE):
            model.distributions(symbols[:, place : place + POSITIONS_AT_ONCE], past)


def main() -> None:
    """Print the ratio."""
    import torch

    from uniscale_assets.neural_compression.arithmetic_coding import ModelTokenizer
    from uniscale_assets.neural_compression.quantization import read_integer_model
    from uniscale_assets_tests.benchmarks._byte_models import byte_model
    from uniscale_assets_tests.benchmarks.bpe_sizes import read_texts

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--kilobytes", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = ModelTokenizer(read_integer_model(byte_model(arguments.model, "0.2M", 200_000, Path(scratch))), 8)
    span = tokenizer.model.context
    text = "".join(read_texts()[::40]).encode()[: arguments.kilobytes * 1024 // span * span]
    works = (lambda: passes(tokenizer, text), lambda: tokenizer.encode_bytes([text]))
    times: list[list[float]] = [[], []]
    for _ in range(arguments.rounds + 1):
        for number, work in enumerate(works):
            start = time.process_time()
            work()
            times[number].append(time.process_time() - start)
    alone, coded = (min(column[1:]) for column in times)
    print(f"{len(text) / coded / 1e3:.1f} kB a CPU second; encoding over the model's passes alone: {coded / alone:.3f} (at most {LIMIT})")


if __name__ == "__main__":
    main()
