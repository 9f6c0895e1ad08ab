"""What the Trainer of transformers is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import BadInputError
from uniscale_assets.modeling.batches import BatchLayout
from uniscale_assets.modeling.device import has_accelerator
from uniscale_assets.modeling.records import TrainingTask

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from uniscale_assets.modeling.spec import ExecutionSpec


def training_arguments(
    task: TrainingTask, steps: int, layout: BatchLayout, work_directory: Path, execution: ExecutionSpec
) -> TrainingArguments:
    """The study's keys as the Trainer knows them; what it does by itself at every step is off."""
    from transformers import TrainingArguments

    training, use_cpu = task.training, not has_accelerator()
    # transformers 5.2x renamed it; the old name warns there.
    names = TrainingArguments.__dataclass_fields__
    checkpointing = "activation_checkpointing" if "activation_checkpointing" in names else "gradient_checkpointing"
    renamed: dict[str, Any] = {checkpointing: training.gradient_checkpointing}
    arguments = TrainingArguments(
        output_dir=str(work_directory),
        max_steps=steps,
        per_device_train_batch_size=layout.micro,
        gradient_accumulation_steps=layout.accumulation,
        max_grad_norm=training.optimizer.clip_norm,
        seed=task.seed % 2**32,  # what numpy takes; nothing here draws from it
        bf16=computes_in_bf16(training.precision),
        torch_compile=training.compile,
        report_to=list(execution.report_to) or "none",
        use_cpu=use_cpu,
        ddp_backend="gloo" if use_cpu and layout.processes > 1 else None,
        ddp_find_unused_parameters=False,
        ddp_broadcast_buffers=False,
        ignore_data_skip=True,
        save_strategy="no",
        logging_strategy="no",
        logging_nan_inf_filter=False,
        log_level="error",
        disable_tqdm=True,
        **renamed,
    )
    if arguments.n_gpu > 1:
        # Otherwise the Trainer would copy the model to every GPU in sight; several are torchrun's business.
        arguments._n_gpu = 1  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return arguments


def computes_in_bf16(precision: str) -> bool:
    """Whether matrices are multiplied in bf16, with float32 weights; `auto` does where a GPU has it.

    Raises:
        BadInputError: bf16 is asked for and the GPU does not have it.
    """
    import torch

    available = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "bf16" and torch.cuda.is_available() and not available:
        raise BadInputError(f"training.precision: {torch.cuda.get_device_name()} has no bf16; say fp32 or auto")
    return available if precision == "auto" else precision == "bf16"
