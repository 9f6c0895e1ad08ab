"""Training byte models in worker processes, as models are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from uniscale_assets.home import Home
from uniscale_assets.lineage import Lineage, Target
from uniscale_assets.modeling.spec import ExecutionSpec
from uniscale_assets.neural_compression.spec import ByteModelSpec
from uniscale_assets.resources.launchers import commission_of, run_each
from uniscale_assets.resources.model_steps import Commission, Tell, parse
from uniscale_assets.resources.platform import Made, Platform
from uniscale_assets.resources.store import Artifact, ArtifactStore
from uniscale_assets.specification import Specification

WORKER = "uniscale_assets.resources.byte_model_steps:train"


class ByteModelJob(Specification):
    """A byte model to be trained, and where it goes."""

    commission: Commission
    spec: ByteModelSpec
    mixture: Path
    execution: ExecutionSpec


def train_each_byte_model(platform: Platform, lineage: Lineage[Artifact], names: Sequence[str], *, force: bool) -> Iterator[Made]:
    """Train every byte model that the store lacks; each is yielded as it commits."""
    from uniscale_assets.modeling.pool import Job

    def job_of(name: str, target: Target) -> Job:
        spec = lineage.study.byte_model(name)
        commission = commission_of(platform, target, force=force)
        mixture = platform.input(lineage, lineage.mixture())
        job = ByteModelJob(commission=commission, spec=spec, mixture=mixture, execution=lineage.study.execution)
        return Job(name, WORKER, job.model_dump(mode="json"), float(spec.bytes))

    yield from run_each(platform, lineage, {name: lineage.byte_model(name) for name in names}, job_of, force=force)


def train(payload: dict[str, Any], tell: Tell) -> None:
    """Train a byte model and commit it; what a worker does. ``payload`` is a ``ByteModelJob`` as JSON values."""
    from uniscale_assets.modeling.records import TrainingProgress
    from uniscale_assets.neural_compression.byte_models import train_byte_model

    job = parse(ByteModelJob, payload)

    def progress(told: TrainingProgress) -> None:
        tell([told.step, told.steps, f"loss {told.loss_nats:.3f}"])

    of = job.commission
    store = ArtifactStore(Home(of.home))
    with store.writing(of.stage, of.label, of.fingerprint, replace=of.force) as draft:
        work = store.work_directory(of.stage, of.fingerprint)
        trained = train_byte_model(job.spec, job.mixture, draft.path, work, of.fingerprint, job.execution, progress)
        draft.metadata |= trained.outcome.model_dump(mode="json", exclude={"record"})
