"""A byte model for benchmarks: trained for a little on the embedded corpus, or one that is there."""

from __future__ import annotations

import time
from pathlib import Path

from uniscale_assets_tests.benchmarks.bpe_sizes import read_texts
from uniscale_assets_tests.tokenization.greedy import write_mixture

CONTEXT_BYTES = 256


def byte_model(given: Path | None, size: str, training_bytes: int, scratch: Path) -> Path:
    """Directory of a byte model: the one that is given, else one of that size trained on so many bytes."""
    if given is not None:
        return given
    from uniscale_assets.modeling.spec import ExecutionSpec, OptimizerSpec
    from uniscale_assets.neural_compression.byte_models import train_byte_model
    from uniscale_assets.neural_compression.spec import ByteModelSpec

    texts = [("eng_Latn", text) for text in read_texts()[::7]]
    mixture = write_mixture(scratch / "mixture", train=texts[10:], validation=texts[:10])
    optimizer = OptimizerSpec(learning_rate=0.01, newton_schulz_steps=3, adamw_learning_rate=0.01, weight_decay=0.0)
    spec = ByteModelSpec(
        name="m1",
        size=size,
        context_bytes=CONTEXT_BYTES,
        bytes=training_bytes,
        batch_contexts=8,
        optimizer=optimizer,
        validation_bytes=5000,
    )
    output = scratch / "byte_model"
    output.mkdir()
    start = time.process_time()
    report = train_byte_model(spec, mixture, output, scratch / "work", "benchmark", ExecutionSpec()).report
    print(f"M1 of {size} ({report.parameters:,} weights): {report.bits_per_byte:.2f} bits per byte", end=" ")
    print(f"after {training_bytes:,} bytes and {time.process_time() - start:.0f} CPU seconds")
    return output
