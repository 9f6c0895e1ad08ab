"""What a study says about its models and their training."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from uniscale_assets.specification import Specification

BudgetRule = Literal["bytes", "bytes_per_parameter", "tokens_per_parameter", "flops"]


class ModelsSpec(Specification):
    """The models of a study. A size is its non-embedding parameters, with a fixed shape (`sizes.py`)."""

    architecture: Literal["apertus", "llama"] = "apertus"
    sizes: tuple[str, ...] = Field(min_length=1)
    tie_embeddings: bool = True


class BudgetSpec(Specification):
    """How much each model trains: raw bytes, bytes or tokens for each non-embedding parameter, or FLOPs."""

    rule: BudgetRule = "bytes"
    value: float | tuple[float, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """The budgets, one or several."""
        return self.value if isinstance(self.value, tuple) else (self.value,)

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if not self.values or not all(0 < value < math.inf for value in self.values):
            raise ValueError("value: a budget is a number above zero")
        if len(set(self.values)) != len(self.values):
            raise ValueError("value: the same budget is listed twice")
        return self


class ContextSpec(Specification):
    """The length of a window in raw bytes; in tokens it is round(bytes / T) of each tokenizer."""

    bytes: int = Field(gt=0)


class BatchSpec(Specification):
    """A batch is a number of contexts; ``contexts_per_device_step`` only splits the work (gradient accumulation)."""

    contexts: int = Field(gt=0)
    contexts_per_device_step: int | None = Field(
        default=None, gt=0, description="bounds memory: a step holds float32 logits of this many contexts; null: a device's whole share"
    )


class OptimizerSpec(Specification):
    """Muon on matrices with AdamW on the rest, or AdamW alone (then ``learning_rate`` is not used)."""

    name: Literal["muon", "adamw"] = "muon"
    learning_rate: float = Field(default=0.01, gt=0, description="of the matrices, under muon")
    momentum: float = Field(default=0.95, ge=0, lt=1, description="of muon")
    newton_schulz_steps: int = Field(default=5, ge=1, le=10, description="of muon; three do for small models, in less time")
    adamw_learning_rate: float = Field(
        default=0.003, gt=0, description="of embeddings, head, norms and scalars; of everything, under adamw"
    )
    betas: tuple[float, float] = Field(default=(0.9, 0.95), description="of adamw")
    epsilon: float = Field(default=1e-8, gt=0, description="of adamw")
    weight_decay: float = Field(default=0.1, ge=0, description="decoupled; on hidden matrices and an untied head alone")
    clip_norm: float = Field(default=1.0, gt=0, description="of the gradient of all parameters together")

    @model_validator(mode="after")
    def _betas_below_one(self) -> Self:
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas: {self.betas[0]:g} and {self.betas[1]:g} must lie in [0, 1)")
        return self


class ScheduleSpec(Specification):
    """Learning rate over training, as shares of all steps: linear warm-up, then cosine, or hold and linear decay."""

    name: Literal["cosine", "warmup_stable_decay"] = "cosine"
    warmup: float = Field(default=0.05, ge=0, lt=1)
    hold_until: float = Field(default=0.8, gt=0, le=1, description="warmup_stable_decay: the decay begins here")
    final: float = Field(default=0.1, ge=0, le=1, description="share of the peak rate at the end")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.name == "warmup_stable_decay" and self.hold_until < self.warmup:
            raise ValueError(f"hold_until: {self.hold_until} lies before the end of the warm-up ({self.warmup})")
        return self


class TrainingSpec(Specification):
    """Everything under `training`; a test shows for each key that it changes what it says."""

    budget: BudgetSpec
    context: ContextSpec
    batch: BatchSpec
    optimizer: OptimizerSpec = OptimizerSpec()
    schedule: ScheduleSpec = ScheduleSpec()
    initializer_range: float = Field(default=0.02, gt=0)
    embedding_initializer_range: float | None = Field(default=None, gt=0, description="null: as the rest")
    shuffle_windows: bool = True
    repeat: bool = Field(default=False, description="true: text is read again where the budget is larger than the text")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto", description="auto: bf16 compute with fp32 master weights on a GPU that has it"
    )
    compile: bool = False
    gradient_checkpointing: bool = False
    divergence_factor: float = Field(default=1.5, gt=1, description="stop when the smoothed loss exceeds this times log(vocabulary)")


class ExecutionSpec(Specification):
    """How trainings run. Nothing here changes a result, so nothing here enters a fingerprint."""

    checkpoint_minutes: float = Field(default=10.0, gt=0)
    report_to: tuple[Literal["wandb", "tensorboard", "mlflow"], ...] = ()
    processes_per_training: int = Field(default=1, ge=1, description="above 1: each training runs under torchrun")
    parallel_trainings: int | None = Field(default=None, ge=1, description="null: one for each CPU core, or for each GPU")
