"""One training, from token shards to a checkpoint that transformers loads."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import BadInputError, TokenizerError, TrainingError
from uniscale_assets.modeling.batches import Batches, BatchLayout
from uniscale_assets.modeling.budget import TrainingPlan, plan_training, take_prefix
from uniscale_assets.modeling.checkpoints import Effort, claim_work_directory, latest_checkpoint, step_of
from uniscale_assets.modeling.curve import CurveRecorder, Watch, write_curve
from uniscale_assets.modeling.device import (
    device_name,
    forget_peak_memory,
    library_versions,
    peak_memory_bytes,
    process_count,
    process_rank,
)
from uniscale_assets.modeling.packing import PackedText, PackedWindows, Prefix
from uniscale_assets.modeling.records import TrainingOutcome, TrainingProgress, TrainingRecord, TrainingTask
from uniscale_assets.tokenization.shards import ShardSummary, open_shard, read_summary

if TYPE_CHECKING:
    from uniscale_assets.modeling.spec import ExecutionSpec
    from uniscale_assets.modeling.trainer import StudyTrainer

Report = Callable[[TrainingProgress], None]


@dataclass(frozen=True)
class PreparedTraining:
    """A task with its text opened: what will be trained on, exactly."""

    task: TrainingTask
    summary: ShardSummary
    prefix: Prefix
    plan: TrainingPlan
    windows: PackedWindows


def train_model(
    task: TrainingTask, output: Path, work_directory: Path, execution: ExecutionSpec, progress: Report | None = None
) -> TrainingOutcome:
    """Train one model and write its checkpoint; a training under way in the work directory is continued.

    Weights and curve depend on the task alone: on a CPU an interrupted training ends bit for bit as one that ran
    through, at the same number of threads. Under `execution.processes_per_training` above 1 it runs under torchrun.

    Args:
        task: what to train, on which text.
        output: an existing empty directory. Receives `model.safetensors`, `config.json`, the tokenizer's files,
            `training.json` (a `TrainingRecord`) and `curve.parquet`; stays empty where the training fails.
        work_directory: persists between attempts; holds checkpoints by the clock and the time spent. One that belongs to
            another fingerprint is set aside. The caller removes it once the output is committed.
        execution: how to run; changes no result.
        progress: called about twice a second.

    Raises:
        BadInputError: the study asks for what the text, the device or the installation does not have.
        TokenizerError: the shards or the tokenizer cannot be read.
        TrainingError: the loss is not finite or diverges, or the disk is full.
    """
    refuse_missing_reporters(execution)
    if execution.processes_per_training > 1 and "RANK" not in os.environ:
        from uniscale_assets.modeling.torchrun import train_with_torchrun

        return train_with_torchrun(task, output, work_directory, execution, progress, execution.processes_per_training)
    prepared = prepare_training(task)
    writes = process_rank() == 0
    output.mkdir(parents=True, exist_ok=True)
    set_aside = claim_work_directory(work_directory, task.fingerprint) if writes else None
    with emptied_on_failure(output, writes):
        outcome = run_training(prepared, output, work_directory, execution, progress or ignore)
    return outcome.model_copy(update={"set_aside": str(set_aside) if set_aside else None})


def prepare_training(task: TrainingTask) -> PreparedTraining:
    """Open a task's text and plan its training exactly; torch is not imported.

    Raises:
        BudgetError: the budget is larger than the text and the study does not repeat it.
        TokenizerError: the shards or the tokenizer cannot be read.
    """
    if not (task.tokenizer / "uniscale.json").is_file():
        raise TokenizerError(
            f"{task.tokenizer}: no tokenizer to be copied beside the weights (uniscale.json is missing); materialize it again"
        )
    summary = read_summary(task.shards)
    text = PackedText(open_shard(task.shards, "train"), summary.separator_id, task.seed)
    what = (
        task.architecture,
        task.size,
        task.tie_embeddings,
        task.training,
        task.budget_value,
        summary.vocab_size,
        summary.bytes_per_token,
    )
    prefix = take_prefix(text, plan_training(*what).budget, task.training.repeat)
    plan = plan_training(*what, prefix=prefix)
    windows = PackedWindows(text, prefix, plan.context_tokens, task.training.shuffle_windows)
    return PreparedTraining(task, summary, prefix, plan, windows)


def run_training(
    prepared: PreparedTraining, output: Path, work_directory: Path, execution: ExecutionSpec, progress: Report
) -> TrainingOutcome:
    """Train in this process, as one of those that torchrun started or alone."""
    from uniscale_assets.modeling.trainer import Monitor

    trainer = build_trainer(prepared, work_directory, execution)
    forget_peak_memory()
    effort = Effort(work_directory, processes=process_count())
    trainer.add_callback(Monitor(trainer, execution.checkpoint_minutes * 60, effort, progress))
    checkpoint = latest_checkpoint(work_directory)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        record = describe_training(prepared, trainer.recorder)
        if trainer.args.should_save:
            write_checkpoint(trainer, record, prepared.task.tokenizer, output)
    finally:
        if trainer.args.should_save:
            effort.write()
    seconds = effort.total("seconds")
    return TrainingOutcome(
        record=record,
        seconds=seconds,
        cpu_seconds=effort.total("cpu_seconds"),
        attempts=effort.attempts,
        resumed_from_step=(step_of(checkpoint) or 0) if checkpoint else 0,
        tokens_per_second=record.text_tokens / seconds,
        peak_memory_bytes=peak_memory_bytes(),
        device=device_name(),
        libraries=library_versions(),
    )


def build_trainer(prepared: PreparedTraining, work_directory: Path, execution: ExecutionSpec) -> StudyTrainer:
    """A fresh model and all that trains it."""
    from uniscale_assets.modeling.architectures import build_config, build_model
    from uniscale_assets.modeling.trainer import StudyTrainer
    from uniscale_assets.modeling.trainer_arguments import training_arguments
    from uniscale_assets.modeling.xielu import use_fused_xielu

    task, training = prepared.task, prepared.task.training
    layout = BatchLayout.of(training.batch.contexts, training.batch.contexts_per_device_step, process_count())
    arguments = training_arguments(task, prepared.plan.steps, layout, work_directory, execution)
    config = build_config(
        task.architecture,
        task.size,
        vocab_size=prepared.summary.vocab_size,
        separator_id=prepared.summary.separator_id,
        context_tokens=prepared.plan.context_tokens,
        tie_embeddings=task.tie_embeddings,
        initializer_range=training.initializer_range,
    )
    model = build_model(config, task.seed, training.embedding_initializer_range)
    if arguments.device.type == "cpu" and not training.compile:
        use_fused_xielu(model)
    batches = Batches(prepared.windows, layout, process_rank())
    return StudyTrainer(model, arguments, batches, training, build_recorder(prepared))


def build_recorder(prepared: PreparedTraining) -> CurveRecorder:
    """The curve of a training, and what counts as diverged."""
    import math

    plan, training = prepared.plan, prepared.task.training
    limit = training.divergence_factor * math.log(prepared.summary.vocab_size)
    return CurveRecorder(plan.steps, plan.flops.total / plan.labels, Watch(limit, round(training.schedule.warmup * plan.steps)))


def describe_training(prepared: PreparedTraining, recorder: CurveRecorder) -> TrainingRecord:
    """The deterministic part of a finished training."""
    task, prefix, plan = prepared.task, prepared.prefix, prepared.plan
    return TrainingRecord(
        architecture=task.architecture,
        size=task.size,
        seed=task.seed,
        tie_embeddings=task.tie_embeddings,
        fingerprint=task.fingerprint,
        vocab_size=prepared.summary.vocab_size,
        non_embedding_parameters=plan.parameters.non_embedding,
        embedding_parameters=plan.parameters.embedding,
        head_parameters=plan.parameters.head,
        context_tokens=plan.context_tokens,
        steps=plan.steps,
        bytes=prefix.bytes,
        text_tokens=prefix.text_tokens,
        separator_tokens=prefix.separator_tokens,
        overshoot_bytes=prefix.overshoot_bytes,
        bytes_per_token=prefix.bytes / prefix.text_tokens,
        training_flops=plan.flops.total,
        body_flops=plan.flops.body,
        attention_flops=plan.flops.attention,
        head_flops=plan.flops.head,
        final_loss_nats=recorder.final_loss_nats,
        training=task.training,
    )


def write_checkpoint(trainer: StudyTrainer, record: TrainingRecord, tokenizer: Path, output: Path) -> None:
    """Write the artifact: weights as safetensors, configuration, tokenizer, record and curve."""
    from transformers.utils.logging import disable_progress_bar

    model: Any = trainer.model
    model.config.use_cache = True  # the Trainer switches it off; generation wants it
    disable_progress_bar()
    model.save_pretrained(output)
    for path in sorted(tokenizer.iterdir()):
        if path.is_file() and not (output / path.name).exists():
            shutil.copyfile(path, output / path.name)
    (output / "training.json").write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
    write_curve(trainer.recorder.rows, output / "curve.parquet")


def read_record(checkpoint: Path) -> TrainingRecord:
    """The record of a checkpoint directory."""
    return TrainingRecord.model_validate_json((checkpoint / "training.json").read_bytes())


def refuse_missing_reporters(execution: ExecutionSpec) -> None:
    """Raise ``BadInputError`` where `execution.report_to` names what is not installed."""
    missing = [name for name in execution.report_to if util.find_spec(name) is None]
    if missing:
        raise BadInputError(f"execution.report_to: {', '.join(missing)} not installed here: pip install it, or leave it out")


@contextmanager
def emptied_on_failure(output: Path, writes: bool) -> Iterator[None]:
    """Leave nothing in ``output`` where the block fails; say so where the disk was full."""
    try:
        yield
    except BaseException as error:
        if writes:
            for path in output.iterdir():
                path.unlink() if path.is_file() else shutil.rmtree(path)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise TrainingError(
                f"the disk is full at {error.filename or output}: free space and train again; it goes on from its last checkpoint"
            ) from error
        raise


def ignore(progress: TrainingProgress) -> None:
    """No progress asked for."""
