"""Training and evaluating one model: what a worker process does. A worker holds the lock, writes aside and commits by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from uniscale_assets.evaluation.spec import DownstreamSpec, EvaluationSpec
from uniscale_assets.home import Home
from uniscale_assets.modeling.records import TrainingTask
from uniscale_assets.modeling.spec import ExecutionSpec
from uniscale_assets.resources.store import ArtifactStore
from uniscale_assets.specification import Specification

Tell: TypeAlias = Callable[[Any], None]
"""Called with [what is done, what there is, a detail in words]."""


JobType = TypeVar("JobType", bound=Specification)


class Commission(Specification):
    """Where an artifact is to be committed."""

    home: Path
    stage: str
    label: str
    fingerprint: str
    force: bool


class TrainingJob(Specification):
    """A training, and where its checkpoint goes."""

    commission: Commission
    task: TrainingTask
    execution: ExecutionSpec


class EvaluationJob(Specification):
    """An evaluation, and where its scores go."""

    commission: Commission
    checkpoint: Path
    shards: Path
    evaluation: EvaluationSpec
    context_bytes: int


class DownstreamJob(Specification):
    """Downstream tasks on one model, and where its scores go."""

    commission: Commission
    checkpoint: Path
    tokenizer: Path
    tasks: Path | None
    """of the tasks that are made from the study's own text, where it asks for any"""
    downstream: DownstreamSpec


def train(payload: dict[str, Any], tell: Tell) -> None:
    """Train a model and commit its checkpoint. ``payload`` is a ``TrainingJob`` as JSON values."""
    from uniscale_assets.modeling.records import TrainingProgress
    from uniscale_assets.modeling.training import train_model

    job = parse(TrainingJob, payload)

    def progress(told: TrainingProgress) -> None:
        tell([told.step, told.steps, f"loss {told.loss_nats:.3f}"])

    of = job.commission
    store = ArtifactStore(Home(of.home))
    with store.writing(of.stage, of.label, of.fingerprint, replace=of.force) as draft:
        work = store.work_directory(of.stage, of.fingerprint)
        outcome = train_model(job.task, draft.path, work, job.execution, progress)
        draft.metadata |= outcome.model_dump(mode="json", exclude={"record"})


def evaluate(payload: dict[str, Any], tell: Tell) -> None:
    """Score a model and commit its scores. ``payload`` is an ``EvaluationJob`` as JSON values."""
    from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint

    job = parse(EvaluationJob, payload)
    of = job.commission
    store = ArtifactStore(Home(of.home))
    with store.writing(of.stage, of.label, of.fingerprint, replace=of.force) as draft:
        summary = evaluate_checkpoint(
            job.checkpoint, job.shards, job.evaluation, job.context_bytes, draft.path, lambda done, whole: tell([done, whole, "tokens"])
        )
        draft.metadata |= {"seconds": summary.seconds, "cpu_seconds": summary.cpu_seconds, "device": summary.device}


def score(payload: dict[str, Any], tell: Tell) -> None:
    """Run downstream tasks on a model and commit its scores. ``payload`` is a ``DownstreamJob`` as JSON values."""
    from uniscale_assets.evaluation.downstream.score import score_downstream

    job = parse(DownstreamJob, payload)
    of = job.commission
    store = ArtifactStore(Home(of.home))
    with store.writing(of.stage, of.label, of.fingerprint, replace=of.force) as draft:
        summary = score_downstream(
            job.checkpoint, job.tokenizer, job.tasks, job.downstream, draft.path, lambda done, whole: tell([done, whole, "tokens"])
        )
        draft.metadata |= {"seconds": summary.seconds, "cpu_seconds": summary.cpu_seconds, "device": summary.device}


def parse(kind: type[JobType], payload: dict[str, Any]) -> JobType:
    """A job from JSON values."""
    import json

    return kind.model_validate_json(json.dumps(payload))
