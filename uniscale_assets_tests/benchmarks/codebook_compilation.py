"""CPU seconds of compiling the 16-bit codebook of a byte model of the paper's shape (3M), for each scheme: at most 30.

    python -m uniscale_assets_tests.benchmarks.codebook_compilation [--model DIRECTORY] [--bytes 40000]

The model is trained for a little, so that its distributions are neither flat nor too sharp; a better one has fewer
strings to be asked about under the rules of intervals and cells, and about as many under `most_probable`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

LIMIT = 30.0


def main() -> None:
    """Print a line for each scheme."""
    import torch

    from uniscale_assets.neural_compression.compilation import compile_strings
    from uniscale_assets.neural_compression.quantization import read_integer_model
    from uniscale_assets.neural_compression.schemes import scheme_of
    from uniscale_assets_tests.benchmarks._byte_models import byte_model

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--bytes", type=int, default=40_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        model = read_integer_model(byte_model(arguments.model, "3M", arguments.bytes, Path(scratch)))
    compile_strings(model, scheme_of("delay"), 64)
    for name in ("greedy", "delay", "owned_cell", "most_probable"):
        start = time.process_time()
        strings = compile_strings(model, scheme_of(name))
        seconds = time.process_time() - start
        asked = f"{len(strings.parents) - 1:,} strings, the model asked about {strings.evaluations:,}"
        print(f"{name}: {seconds:.1f} CPU seconds (at most {LIMIT:g}); {asked}")


if __name__ == "__main__":
    main()
