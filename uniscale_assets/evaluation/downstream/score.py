"""Downstream scores of a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from uniscale_assets.evaluation.downstream.harness import load_tasks, run_tasks
from uniscale_assets.evaluation.downstream.likelihoods import TextScorer
from uniscale_assets.evaluation.downstream.results import Score, scores_of_task, write_task_scores
from uniscale_assets.evaluation.spec import DownstreamSpec


@dataclass(frozen=True)
class DownstreamSummary:
    """The scores of one model, and what they cost. The costs are not part of the artifact."""

    scores: tuple[Score, ...]
    device: str
    seconds: float
    cpu_seconds: float


def score_downstream(
    checkpoint: Path,
    tokenizer: Path,
    tasks: Path | None,
    spec: DownstreamSpec,
    output: Path,
    progress: Callable[[int, int], None] | None = None,
) -> DownstreamSummary:
    """Run every task of a study on a model and write ``downstream_items.parquet`` and ``downstream_scores.parquet``.

    fp32 weights and logits on every device, float64 sums. The window is that of the model's training.

    Args:
        checkpoint: directory of the model, with its ``training.json``.
        tokenizer: directory of the tokenizer that it was trained with, of any family.
        tasks: directory from ``build_tasks``, where the study asks for tasks from its own text.
        spec: which tasks.
        output: existing directory.
        progress: called with the input tokens that are done and all there are.

    Raises:
        ArtifactError: the checkpoint does not load, or has another vocabulary than the tokenizer.
        BadInputError: no such task, or one that asks for text that the model cannot write.
        TaskError: lm-eval is missing or fails, or a task's text cannot be read.
    """
    import uniscale_assets.neural_compression.families  # noqa: F401  # pyright: ignore[reportUnusedImport] - it registers families
    from uniscale_assets.evaluation.bits_per_byte import check_vocabulary
    from uniscale_assets.evaluation.models import as_language_model, load_checkpoint
    from uniscale_assets.modeling.training import read_record
    from uniscale_assets.tokenization.loading import load_tokenizer

    seconds, cpu_seconds = time.perf_counter(), time.process_time()
    named = load_tasks(spec.tasks, tasks)
    cutter = load_tokenizer(tokenizer)
    model = as_language_model(load_checkpoint(checkpoint))
    check_vocabulary(model, checkpoint, cutter.vocab_size, tokenizer)
    scorer = TextScorer(model, cutter, read_record(checkpoint).context_tokens, spec.batch_tokens)
    runs = run_tasks(scorer, named, spec.limit, spec.few_shot, progress)
    parts = [scores_of_task(task, runs) for task in named]
    write_task_scores(parts, output)
    return DownstreamSummary(
        scores=tuple(score for part in parts for score in part.scores),
        device=str(model.device),
        seconds=time.perf_counter() - seconds,
        cpu_seconds=time.process_time() - cpu_seconds,
    )
