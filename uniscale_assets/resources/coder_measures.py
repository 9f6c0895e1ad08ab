"""Whether a transformer learns a coder: one small training for each coder, task and seed, and one control for all coders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.neural_measures import Measure, measure_target, write
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.progress import Progress, tell
from uniscale_assets.resources.store import Artifact, Draft

if TYPE_CHECKING:
    from uniscale_assets.evaluation.coder_tasks import CoderTasksSpec
    from uniscale_assets.modeling.records import TrainingProgress
    from uniscale_assets.neural_compression.coder_pairs import CoderTask

CONTROL: CoderTask = "bytes alone"


@dataclass(frozen=True)
class CoderTraining:
    """One model to be trained."""

    task: CoderTask
    tokenizer: str
    seed: int

    @property
    def label(self) -> str:
        """What people see."""
        return "-".join([*([] if self.task == CONTROL else [self.tokenizer]), self.task, f"seed{self.seed}"])


def trainings_of(spec: CoderTasksSpec) -> Iterator[CoderTraining]:
    """The control, then every coder."""
    for seed in spec.seeds:
        yield CoderTraining(CONTROL, spec.tokenizers[0], seed)
        for tokenizer in spec.tokenizers:
            yield CoderTraining("decompress", tokenizer, seed)
            yield CoderTraining("compress", tokenizer, seed)


def coder_tasks(platform: Platform, lineage: Lineage[Artifact]) -> Iterator[Measure]:
    """Every training that the study asks for; the control needs no coder, and its rows name none."""
    spec = lineage.study.coder_tasks
    assert spec is not None, "measures_of leaves it out"
    for training in trainings_of(spec):
        control = training.task == CONTROL
        inputs = {"mixture": lineage.find(lineage.mixture())}
        inputs |= {} if control else {"tokenizer": lineage.find(lineage.tokenizer(training.tokenizer))}
        keys = {**spec.model_dump(mode="json", exclude={"tokenizers", "seeds"}), "task": training.task, "seed": training.seed}
        target = measure_target("coder_tasks", training.label, keys, inputs)
        constants = {"tokenizer": "" if control else training.tokenizer}
        yield Measure(
            target, constants, lambda draft, training=training, target=target: learn(platform, lineage, training, target.fingerprint, draft)
        )


def learn(platform: Platform, lineage: Lineage[Artifact], training: CoderTraining, fingerprint: str | None, draft: Draft) -> None:
    """Train one model and ask it."""
    import polars as pl

    from uniscale_assets.evaluation.coder_tasks import learn_task, texts_of
    from uniscale_assets.tokenization.loading import load_tokenizer

    spec = lineage.study.coder_tasks
    assert spec is not None
    assert fingerprint is not None, "what it is made from is there"
    tokenizer = load_tokenizer(platform.input(lineage, lineage.tokenizer(training.tokenizer)))
    texts = texts_of(spec, platform.input(lineage, lineage.mixture()))
    work = platform.store.work_directory("coder_tasks", fingerprint)

    def progress(told: TrainingProgress) -> None:
        tell(Progress("coder_tasks", training.label, told.step, told.steps, f"loss {told.loss_nats:.3f}"))

    row = learn_task(spec, training.task, tokenizer, texts, training.seed, work, lineage.study.execution, progress)
    write(draft, "coder_tasks", pl.DataFrame([row]))
