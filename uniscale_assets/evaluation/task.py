"""An evaluation as a message, for worker processes that run side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint
from uniscale_assets.evaluation.results import EvaluationSummary
from uniscale_assets.evaluation.spec import EvaluationSpec


class EvaluationTask(BaseModel):
    """All that ``evaluate_checkpoint`` is told. Dumped and read as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: Path
    shards: Path
    spec: EvaluationSpec
    context_bytes: int
    output: Path

    def payload(self) -> dict[str, Any]:
        """As JSON values."""
        return self.model_dump(mode="json")


def evaluate_task(payload: dict[str, Any]) -> dict[str, Any]:
    """Do an evaluation in a worker process: ``EvaluationTask.payload()`` in, an ``EvaluationSummary`` as JSON values out."""
    task = EvaluationTask.model_validate(payload)
    summary = evaluate_checkpoint(task.checkpoint, task.shards, task.spec, task.context_bytes, task.output)
    return summary.model_dump(mode="json")


def read_summary_payload(payload: dict[str, Any]) -> EvaluationSummary:
    """The summary that ``evaluate_task`` gave."""
    return EvaluationSummary.model_validate(payload)
