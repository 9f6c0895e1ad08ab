"""Trainings outside this process: side by side in a pool, or one over several processes under torchrun."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uniscale_assets import errors
from uniscale_assets.errors import TrainingError, UniscaleError
from uniscale_assets.modeling.budget import plan_training
from uniscale_assets.modeling.pool import Job, JobFailed, JobResult, Pool
from uniscale_assets.modeling.processes import worker_environments
from uniscale_assets.modeling.records import TrainingOutcome, TrainingProgress, TrainingTask
from uniscale_assets.modeling.spec import ExecutionSpec
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.shards import read_summary

PRELOAD = ("uniscale_assets.modeling.trainer",)
"""what a training worker imports while it waits: torch and transformers, some seconds"""


class TrainingRequest(Specification):
    """One training and where it happens, as JSON for another process. See `training.train_model`."""

    key: str
    """names the training in results and progress; the caller's own"""
    task: TrainingTask
    output: Path
    work_directory: Path
    execution: ExecutionSpec


@dataclass(frozen=True)
class TrainingFinished:
    """A training whose checkpoint stands in its output."""

    key: str
    outcome: TrainingOutcome


@dataclass(frozen=True)
class TrainingFailed:
    """A training that raised, or whose process died; its output is empty."""

    key: str
    error: UniscaleError
    details: str
    """the traceback, or empty"""


def training_pool(execution: ExecutionSpec, at_most: int | None = None) -> Pool:
    """A pool for trainings: one worker for each GPU, else one of one thread for each core.

    Args:
        execution: its `parallel_trainings` gives another number of workers.
        at_most: no more workers than this, such as the number of trainings.
    """
    environments = worker_environments(execution.parallel_trainings, execution.processes_per_training)
    return Pool(environments[: max(1, at_most)] if at_most is not None else environments, PRELOAD)


def train_side_by_side(
    requests: Sequence[TrainingRequest], pool: Pool, progress: Callable[[str, TrainingProgress], None] | None = None
) -> Iterator[TrainingFinished | TrainingFailed]:
    """Train several models at once, the costliest first; yields each as it ends. One that fails takes no other along.

    Args:
        requests: trainings with different keys, outputs and work directories.
        pool: from `training_pool`; it may serve several calls, and evaluations too.
        progress: called in this thread with a request's key, about twice a second for each training under way.
    """

    def report(key: str, value: Any) -> None:
        if progress is not None:
            progress(key, TrainingProgress(**value))

    jobs = [Job(request.key, f"{__name__}:train_job", request.model_dump(mode="json"), training_cost(request.task)) for request in requests]
    for result in pool.run(jobs, report):
        yield finished_or_failed(result)


def finished_or_failed(result: JobResult) -> TrainingFinished | TrainingFailed:
    """A pool's result as a training's."""
    if isinstance(result, JobFailed):
        return TrainingFailed(result.job.key, error_named(result.error, result.message), result.details)
    return TrainingFinished(result.job.key, TrainingOutcome.model_validate(result.result, strict=False))


def training_cost(task: TrainingTask) -> float:
    """Training FLOPs, for what starts first; 0 where the task cannot be planned (it then fails by itself)."""
    try:
        summary = read_summary(task.shards)
        what = (task.architecture, task.size, task.tie_embeddings, task.training, task.budget_value)
        return plan_training(*what, summary.vocab_size, summary.bytes_per_token).flops.total
    except UniscaleError:
        return 0.0


def train_job(payload: Any, report: Callable[[Any], None]) -> Any:
    """Train in a worker of the pool; takes and returns JSON."""
    from dataclasses import asdict

    from uniscale_assets.modeling.training import train_model

    request = TrainingRequest.model_validate(payload, strict=False)
    outcome = train_model(request.task, request.output, request.work_directory, request.execution, lambda event: report(asdict(event)))
    return outcome.model_dump(mode="json")


def error_named(name: str, message: str) -> UniscaleError:
    """Our own error of that name, or a `TrainingError` that carries a foreign one's."""
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, UniscaleError):
        return kind(message)
    return TrainingError(f"{name}: {message}")
