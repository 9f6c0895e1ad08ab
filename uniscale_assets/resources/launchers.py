"""Trainings, evaluations and downstream tasks of a run, side by side in worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from uniscale_assets.errors import UniscaleError
from uniscale_assets.lineage import Lineage, MissingInputError, Target
from uniscale_assets.partition_keys import GridKey
from uniscale_assets.resources.model_steps import Commission, DownstreamJob, EvaluationJob, TrainingJob
from uniscale_assets.resources.planning import downstream_flops, evaluation_flops, planned_flops
from uniscale_assets.resources.platform import Made, Platform
from uniscale_assets.resources.progress import Progress, tell
from uniscale_assets.resources.store import Artifact
from uniscale_assets.specification import Specification

if TYPE_CHECKING:
    from uniscale_assets.modeling.pool import Job, JobFailed, JobResult, Pool


Key = TypeVar("Key")


class PartitionFailedError(UniscaleError):
    """A training or evaluation failed in its worker process."""


KEPT_POOL: ContextVar[list[Pool] | None] = ContextVar("kept_pool", default=None)


@contextmanager
def kept_workers() -> Iterator[None]:
    """Keep worker processes from one Dagster run to the next in this process, so that torch is imported once."""
    kept: list[Pool] = []
    token = KEPT_POOL.set(kept)
    try:
        yield
    finally:
        KEPT_POOL.reset(token)
        for pool in kept:
            pool.close()


@contextmanager
def workers(parallel: int | None, jobs: int) -> Iterator[Pool]:
    """A pool: the kept one where there is one, else one of its own for these jobs."""
    from uniscale_assets.modeling.pool import Pool
    from uniscale_assets.modeling.processes import worker_environments

    kept = KEPT_POOL.get()
    environments = worker_environments(parallel)
    if kept is None:
        with Pool(environments[: max(1, jobs)]) as pool:
            yield pool
        return
    if not kept:
        kept.append(Pool(environments))
    yield kept[0]


def train_each(platform: Platform, lineage: Lineage[Artifact], keys: Sequence[GridKey], *, force: bool) -> Iterator[Made]:
    """Train every model that the store lacks; each is yielded as it commits."""

    def job_of(key: GridKey, target: Target) -> Job:
        return pool_job("train", key, training_job(platform, lineage, key, target, force=force), planned_flops(lineage, key))

    yield from run_each(platform, lineage, {key: lineage.checkpoint(key) for key in keys}, job_of, force=force)


def evaluate_each(platform: Platform, lineage: Lineage[Artifact], keys: Sequence[GridKey], *, force: bool) -> Iterator[Made]:
    """Evaluate every model that the store has no scores of; each is yielded as it commits."""

    def job_of(key: GridKey, target: Target) -> Job:
        return pool_job("evaluate", key, evaluation_job(platform, lineage, key, target, force=force), evaluation_flops(lineage, key))

    yield from run_each(platform, lineage, {key: lineage.bits_per_byte(key) for key in keys}, job_of, force=force)


def score_each(platform: Platform, lineage: Lineage[Artifact], keys: Sequence[GridKey], *, force: bool) -> Iterator[Made]:
    """Run downstream tasks on every model that the store has no such scores of; each is yielded as it commits."""
    from uniscale_assets.evaluation.downstream.harness import require_harness

    targets = {key: lineage.downstream_scores(key) for key in keys}
    if force or any(lineage.find(target) is None for target in targets.values()):
        require_harness()

    def job_of(key: GridKey, target: Target) -> Job:
        return pool_job("score", key, downstream_job(platform, lineage, key, target, force=force), downstream_flops(lineage, key))

    yield from run_each(platform, lineage, targets, job_of, force=force)


def run_each(
    platform: Platform,
    lineage: Lineage[Artifact],
    targets: Mapping[Key, Target],
    job_of: Callable[[Key, Target], Job],
    *,
    force: bool,
) -> Iterator[Made]:
    """Yield what the store holds, then what the workers make; a partition that fails does not take the others along."""
    jobs: dict[str, Job] = {}
    by_name = {str(key): key for key in targets}
    for key, target in targets.items():
        try:
            made = existing_or_missing(platform, key, target, force=force)
            if made is not None:
                yield made
                continue
            jobs[str(key)] = job_of(key, target)
        except UniscaleError as error:
            yield Made(key, error=error)
    with workers(lineage.study.execution.parallel_trainings, len(jobs)) as pool:
        for result in pool.run(list(jobs.values()), report_of(targets, by_name)) if jobs else ():
            key = by_name[result.job.key]
            yield made_of(platform, key, targets[key], result)


def existing_or_missing(platform: Platform, key: Any, target: Target, *, force: bool) -> Made | None:
    """What needs no worker: an artifact that is there, or an input that is not."""
    if target.fingerprint is None:
        return Made(key, error=MissingInputError(f"what {target.stage} {target.label} is made from is missing; materialize that first"))
    existing = None if force else platform.store.find(target.stage, target.fingerprint)
    return Made(key, existing) if existing else None


def report_of(targets: Mapping[Key, Target], by_name: Mapping[str, Key]) -> Callable[[str, Any], None]:
    """Hand the workers' progress on to whoever waits."""

    def report(name: str, value: list[Any]) -> None:
        done, whole, detail = value
        # The end is told when the result is there.
        tell(Progress(targets[by_name[name]].stage, name, min(done, whole * 0.99), whole, detail))

    return report


def made_of(platform: Platform, key: Any, target: Target, result: JobResult) -> Made:
    """The artifact that a worker committed, or why it did not."""
    from uniscale_assets.modeling.pool import JobFinished

    tell(Progress(target.stage, str(key), 1, 1))
    if not isinstance(result, JobFinished):
        return Made(key, error=failure_of(result))
    artifact = platform.store.find(target.stage, target.fingerprint or "")
    return Made(key, artifact) if artifact else Made(key, error=PartitionFailedError(f"{key}: committed, but not found in the store"))


def failure_of(result: JobFailed) -> PartitionFailedError:
    """A worker's failure: the message alone where the cause is known, the traceback too where it is not."""
    import uniscale_assets.errors as known

    if hasattr(known, result.error) or not result.details:
        return PartitionFailedError(result.message)
    return PartitionFailedError(f"{result.error}: {result.message}\n{result.details}")


def pool_job(function: str, key: GridKey, job: Specification, cost: float) -> Job:
    """One call in a worker."""
    from uniscale_assets.modeling.pool import Job

    return Job(str(key), f"uniscale_assets.resources.model_steps:{function}", job.model_dump(mode="json"), cost)


def training_job(platform: Platform, lineage: Lineage[Artifact], key: GridKey, target: Target, *, force: bool) -> TrainingJob:
    """Everything that a worker needs to train one model."""
    from uniscale_assets.modeling.records import TrainingTask

    study = lineage.study
    task = TrainingTask(
        architecture=study.models.architecture,
        size=key.model.size,
        tie_embeddings=study.models.tie_embeddings,
        training=study.training,
        budget_value=study.budget_value(key.model),
        seed=key.model.seed,
        shards=platform.input(lineage, lineage.token_shards(key.tokenizer)),
        tokenizer=platform.input(lineage, lineage.tokenizer(key.tokenizer)),
        fingerprint=target.fingerprint or "",
    )
    return TrainingJob(commission=commission_of(platform, target, force=force), task=task, execution=study.execution)


def evaluation_job(platform: Platform, lineage: Lineage[Artifact], key: GridKey, target: Target, *, force: bool) -> EvaluationJob:
    """Everything that a worker needs to evaluate one model."""
    study = lineage.study
    return EvaluationJob(
        commission=commission_of(platform, target, force=force),
        checkpoint=platform.input(lineage, lineage.checkpoint(key)),
        shards=platform.input(lineage, lineage.token_shards(key.tokenizer)),
        evaluation=study.evaluation,
        context_bytes=study.training.context.bytes,
    )


def downstream_job(platform: Platform, lineage: Lineage[Artifact], key: GridKey, target: Target, *, force: bool) -> DownstreamJob:
    """Everything that a worker needs to run downstream tasks on one model."""
    spec = lineage.study.downstream
    assert spec is not None
    return DownstreamJob(
        commission=commission_of(platform, target, force=force),
        checkpoint=platform.input(lineage, lineage.checkpoint(key)),
        tokenizer=platform.input(lineage, lineage.tokenizer(key.tokenizer)),
        tasks=platform.input(lineage, lineage.downstream_tasks()) if spec.offline_tasks else None,
        downstream=spec,
    )


def commission_of(platform: Platform, target: Target, *, force: bool) -> Commission:
    """Where a worker commits."""
    return Commission(home=platform.home.root, stage=target.stage, label=target.label, fingerprint=target.fingerprint or "", force=force)
