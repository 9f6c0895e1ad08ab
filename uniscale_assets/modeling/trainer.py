"""The Hugging Face `Trainer` for a study: own batches, loss, optimizer, schedule and checkpoints.

This module imports torch and transformers; it is imported inside functions only.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME

from uniscale_assets.modeling.checkpoints import Effort, new_checkpoint, pack_optimizer_state, save_tensors, unpack_optimizer_state
from uniscale_assets.modeling.curve import CurveRecorder
from uniscale_assets.modeling.optimizers import MuonWithAdamW, parameter_groups
from uniscale_assets.modeling.packing import IGNORED
from uniscale_assets.modeling.records import TrainingProgress
from uniscale_assets.modeling.schedules import rate_share
from uniscale_assets.modeling.step_sums import StepSums

if TYPE_CHECKING:
    from uniscale_assets.modeling.batches import Batches
    from uniscale_assets.modeling.spec import TrainingSpec

WEIGHTS, OPTIMIZER, STATE = "weights.safetensors", "optimizer.safetensors", "state.json"
PROGRESS_SECONDS = 0.5


class StudyTrainer(Trainer):
    """Trains on `Batches`, from a checkpoint where there is one; keeps every sum that the curve needs exactly.

    What the stock class does at every step and a study has no use for (samplers, a second look at the data, FLOP
    estimates, logging) is left out: at the demo's sizes it costs 3 to 6 ms of steps of 20 to 90 ms.
    """

    loss_is_scaled_for_ga = True

    def __init__(
        self, model: nn.Module, arguments: TrainingArguments, batches: Batches, training: TrainingSpec, recorder: CurveRecorder
    ) -> None:
        super().__init__(model=model, args=arguments)
        self.remove_callback(PrinterCallback)
        cast("nn.Module", self.model).train()  # once, where the stock class walks over all modules at every step
        self.batches = batches
        self.training = training
        self.recorder = recorder
        self.sums = StepSums(self.args.device, self.args.world_size)
        self.separator_id = batches.windows.text.separator_id

    def get_train_dataloader(self) -> Any:
        """The batches as they are: they know their process, and their first step after a resumption."""
        return self.batches

    def create_optimizer(self, model: nn.Module | None = None) -> MuonWithAdamW:  # noqa: ARG002
        """One optimizer over all parameters."""
        self.optimizer = MuonWithAdamW(parameter_groups(cast("nn.Module", self.model), self.training.optimizer))
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None) -> LambdaLR:
        """The study's schedule; every group takes the same share of its own rate."""
        schedule = self.training.schedule
        self.lr_scheduler = LambdaLR(optimizer or self.optimizer, lambda step: rate_share(schedule, step, num_training_steps))
        return self.lr_scheduler

    def get_batch_samples(self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device) -> tuple[list[Any], int | None]:  # noqa: ARG002
        """The micro-batches of one step on this process, and the labels in the step over all processes."""
        samples = [next(epoch_iterator) for _ in range(num_batches)]
        self.sums.begin_step(self.optimizer.param_groups[0]["lr"], samples[0]["step_labels"])
        return samples, samples[0]["step_labels"]

    def training_step(self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """Forward and backward of one micro-batch; the detached loss."""
        loss = self.compute_loss(model, self._prepare_inputs(inputs), num_items_in_batch=num_items_in_batch)
        self.accelerator.backward(loss)
        return loss.detach()

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        """Sum of float32 cross-entropy over this micro-batch's labels / labels of the whole step, in nats."""
        outputs = model(input_ids=inputs["input_ids"], use_cache=False)
        labels = inputs["labels"].flatten()
        losses = nn.functional.cross_entropy(outputs.logits.float().flatten(0, 1), labels, ignore_index=IGNORED, reduction="none")
        self.sums.add(losses.detach(), labels != self.separator_id, inputs["text_tokens"], inputs["bytes"])
        # Processes average their gradients, but the labels are counted over all of them.
        loss = losses.sum() * (self.args.world_size / num_items_in_batch)
        return (loss, outputs) if return_outputs else loss

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:  # noqa: ARG002
        """Not counted here: `flops.py` does."""
        return 0

    def record_steps(self) -> None:
        """Read the sums of the steps since the last time into the curve.

        Raises:
            TrainingError: the loss is not finite, or diverges.
        """
        for totals, learning_rate in self.sums.read():
            row = self.recorder.add(totals, learning_rate)
            if row is not None and self.args.report_to:
                self.log(
                    {"loss": row.loss_nats, "bits_per_byte": row.bits_per_byte, "learning_rate": row.learning_rate, "bytes": row.bytes}
                )

    def _save_checkpoint(self, model: nn.Module, trial: Any = None) -> None:  # noqa: ARG002
        if not self.args.should_save:
            return
        optimizer: dict[str, Any] = self.optimizer.state_dict()
        state = {
            "learning_rates": [group["lr"] for group in optimizer["param_groups"]],
            "scheduler": self.lr_scheduler.state_dict(),
            "recorder": self.recorder.state(),
        }
        with new_checkpoint(Path(str(self.args.output_dir)), self.state.global_step) as directory:
            save_tensors(dict(cast("nn.Module", self.model).named_parameters()), directory / WEIGHTS)
            save_tensors(pack_optimizer_state(optimizer["state"]), directory / OPTIMIZER)
            (directory / STATE).write_text(json.dumps(state), encoding="utf-8")
            self.state.save_to_json(str(directory / TRAINER_STATE_NAME))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:  # noqa: ARG002
        saved = load_file(Path(resume_from_checkpoint) / WEIGHTS)
        with torch.no_grad():
            for name, parameter in cast("nn.Module", self.model).named_parameters():
                parameter.copy_(saved[name])

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        state = json.loads((Path(checkpoint) / STATE).read_text(encoding="utf-8"))
        tensors = {name: tensor.to(self.args.device) for name, tensor in load_file(Path(checkpoint) / OPTIMIZER).items()}
        groups = self.optimizer.state_dict()["param_groups"]
        for group, learning_rate in zip(groups, state["learning_rates"], strict=True):
            group["lr"] = learning_rate
        self.optimizer.load_state_dict({"state": unpack_optimizer_state(tensors), "param_groups": groups})
        self.lr_scheduler.load_state_dict(state["scheduler"])
        self.recorder.restore(state["recorder"])
        self.batches.start = self.state.global_step

    def _load_rng_state(self, checkpoint: str | None) -> None:
        """Nothing is drawn during training: batches are a function of seed and step, and there is no dropout."""


class Monitor(TrainerCallback):
    """After every step: the curve, the watch over the loss, checkpoints by the clock, progress."""

    def __init__(
        self, trainer: StudyTrainer, checkpoint_seconds: float, effort: Effort, report: Callable[[TrainingProgress], None]
    ) -> None:
        self.trainer = trainer
        self.checkpoint_seconds = checkpoint_seconds
        self.effort = effort
        self.report = report
        self._last_checkpoint = time.monotonic()
        self._last_report = 0.0

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:  # noqa: ARG002
        """Read the sums where they are due."""
        last = state.global_step >= state.max_steps
        if not (self.trainer.sums.full or last):
            return
        self.trainer.record_steps()
        now = time.monotonic()
        # Only this process's clock counts: it alone writes checkpoints, and the others wait for it at the next step.
        if now - self._last_checkpoint >= self.checkpoint_seconds and not last:
            control.should_save = True
            self._last_checkpoint = now
        if args.should_save:
            self.effort.beat()
            if last or now - self._last_report >= PROGRESS_SECONDS:
                self._last_report = now
                recorder = self.trainer.recorder
                self.report(TrainingProgress(state.global_step, state.max_steps, recorder.total.bytes, recorder.smoothed))
