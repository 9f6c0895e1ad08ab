"""CPU seconds of the demo's evaluations against bare forward passes over the same batches; the bound is 1.25.

An evaluation is the whole of it: reading shards and weights, windows, scores, sums and files. The bare passes take the
same padded batches ready made, and compute logits for all positions without a cache of keys. Imports are apart: both run
in this process, on one thread, in turn. One tokenizer of the demo, every size, untrained weights.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint, windows_in_tokens
from uniscale_assets.evaluation.models import exact_arithmetic, load_checkpoint
from uniscale_assets.evaluation.scoring import batch_size
from uniscale_assets.evaluation.windows import cut_batches, plan_windows, read_batch
from uniscale_assets.modeling.architectures import build_config, build_model
from uniscale_assets.study import Study, load_study
from uniscale_assets.tokenization.shards import open_shard, read_summary
from uniscale_assets_tests.benchmarks.training_overhead import prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from uniscale_assets.evaluation.spec import EvaluationSpec

BOUND = 1.25


@dataclass(frozen=True)
class Case:
    """One evaluation to measure."""

    study: Study
    size: str
    shards: Path
    base: Path
    spec: EvaluationSpec

    @property
    def context_bytes(self) -> int:
        """Window length."""
        return self.study.training.context.bytes


def save_model(case: Case) -> Path:
    """An untrained checkpoint."""
    summary, models = read_summary(case.shards), case.study.models
    windows = windows_in_tokens(case.context_bytes, None, summary.bytes_per_token)
    configuration = build_config(
        models.architecture,
        case.size,
        vocab_size=summary.vocab_size,
        separator_id=summary.separator_id,
        context_tokens=windows.context_tokens,
        tie_embeddings=models.tie_embeddings,
    )
    build_model(configuration, seed=1).save_pretrained(case.base / "checkpoint")
    return case.base / "checkpoint"


def padded_batches(case: Case) -> list[torch.Tensor]:
    """The inputs of every forward pass of the evaluation."""
    import torch

    shard, summary = open_shard(case.shards, case.spec.split), read_summary(case.shards)
    windows = windows_in_tokens(case.context_bytes, case.spec.stride_bytes, summary.bytes_per_token)
    plan = plan_windows(np.diff(shard.offsets), windows.context_tokens, windows.stride_tokens)
    rows = cut_batches(plan, batch_size("cpu", case.spec.batch_tokens))
    return [torch.from_numpy(read_batch(plan, some, shard.ids, shard.offsets, summary.separator_id).inputs) for some in rows]


def cpu_seconds(work: Callable[[], object]) -> float:
    """Process time of a call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(case: Case, rounds: int) -> tuple[float, float]:
    """Median CPU seconds of the evaluation and of its bare passes."""
    checkpoint, output = save_model(case), case.base / "output"
    output.mkdir()
    model, batches = load_checkpoint(checkpoint, "cpu"), padded_batches(case)

    def bare() -> None:
        with exact_arithmetic():
            for inputs in batches:
                model(inputs, use_cache=False).logits  # noqa: B018

    def whole() -> None:
        evaluate_checkpoint(checkpoint, case.shards, case.spec, case.context_bytes, output)

    whole()
    bare()
    seconds = [(cpu_seconds(whole), cpu_seconds(bare)) for _ in range(rounds)]
    evaluation, passes = (statistics.median(column) for column in zip(*seconds, strict=True))
    inputs = sum(batch.numel() for batch in batches)
    show(f"{case.size}, stride {case.spec.stride_bytes or case.context_bytes} bytes, {inputs:,} inputs", evaluation, passes)
    return evaluation, passes


def show(name: str, evaluation: float, passes: float) -> None:
    """Print a ratio."""
    ratio = evaluation / passes
    print(f"evaluation overhead, {name}: {evaluation:.2f} s against {passes:.2f} s bare, ratio {ratio:.2f} (bound {BOUND})")


def main() -> None:
    """Print the ratio of every size, of all together, and of overlapping windows."""
    import torch
    from transformers.utils.logging import disable_progress_bar

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", default="demo")
    parser.add_argument("--tokenizer", default="bpe_4k")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    disable_progress_bar()
    torch.set_num_threads(1)
    study = load_study(arguments.study)
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        _, shards = prepare(study, arguments.tokenizer, base)

        def case(size: str, spec: EvaluationSpec) -> Case:
            place = base / f"{size} {spec.stride_bytes}"
            place.mkdir()
            return Case(study, size, shards, place, spec)

        seconds = [measure(case(size, study.evaluation), arguments.rounds) for size in study.models.sizes]
        show("all sizes", *(sum(column) for column in zip(*seconds, strict=True)))
        half = study.evaluation.model_copy(update={"stride_bytes": study.training.context.bytes // 2})
        measure(case(study.models.sizes[-1], half), arguments.rounds)


if __name__ == "__main__":
    main()
