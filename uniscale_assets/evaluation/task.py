"""An evaluation as a message, for worker processes that run side by side (``modeling/pool.py``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint
from uniscale_assets.evaluation.spec import EvaluationSpec

EVALUATE_TASK = f"{__name__}:evaluate_task"
"""The function of a pool's job."""


class EvaluationTask(BaseModel):
    """All that ``evaluate_checkpoint`` is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: Path
    shards: Path
    spec: EvaluationSpec
    context_bytes: int
    output: Path

    def payload(self) -> dict[str, Any]:
        """As JSON values; ``EvaluationTask.model_validate`` reads them."""
        return self.model_dump(mode="json")


def evaluate_task(payload: dict[str, Any], report: Callable[[Any], None]) -> dict[str, Any]:
    """Do an evaluation in a worker process.

    Args:
        payload: ``EvaluationTask.payload()``.
        report: called with ``[done, total]``, in input tokens.

    Returns:
        An ``EvaluationSummary`` as JSON values; ``EvaluationSummary.model_validate`` reads them.
    """
    task = EvaluationTask.model_validate(payload)
    summary = evaluate_checkpoint(
        task.checkpoint, task.shards, task.spec, task.context_bytes, task.output, lambda done, total: report([done, total])
    )
    return summary.model_dump(mode="json")
