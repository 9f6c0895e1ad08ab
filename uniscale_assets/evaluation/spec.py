"""What a study says about evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from uniscale_assets.specification import Specification

TRUE_CONTINUATION, SPELLING = "true_continuation", "spelling"
OFFLINE_TASKS = (TRUE_CONTINUATION, SPELLING)
"""Tasks that are made from the study's own text."""


class EvaluationSpec(Specification):
    """Windows of the training context, moved by ``stride_bytes``; null moves by a whole context."""

    split: Literal["validation", "test"] = "test"
    stride_bytes: int | None = Field(default=None, gt=0)
    batch_tokens: int = Field(
        default=16384, gt=0, description="most tokens in one forward pass, 2,048 on a CPU in any case; changes nothing but speed and memory"
    )


class OfflineTasksSpec(Specification):
    """The items of the tasks that are made from the study's own text."""

    items_per_language: int = Field(default=100, gt=0, description="items of each task in each language; fewer where the text has no more")
    context_bytes: int = Field(default=192, gt=0, description="most bytes of text before a continuation")
    continuation_bytes: int = Field(default=48, ge=8, description="most bytes of a continuation; all four of an item have equally many")


class DownstreamSpec(Specification):
    """Tasks of lm-evaluation-harness for every trained model."""

    tasks: tuple[str, ...] = Field(
        default=OFFLINE_TASKS,
        min_length=1,
        description="true_continuation, spelling, any task or group of lm-eval by name, or the path of a YAML task",
    )
    limit: int | None = Field(default=None, gt=0, description="only the first items of each task; null takes all")
    few_shot: int | None = Field(default=None, ge=0, description="solved examples before each item; null is what each task says")
    offline: OfflineTasksSpec = OfflineTasksSpec()
    batch_tokens: int = Field(
        default=16384, gt=0, description="most tokens in one forward pass, 2,048 on a CPU in any case; changes nothing but speed and memory"
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.tasks)) < len(self.tasks):
            raise ValueError("tasks: one stands twice")
        return self

    def resolved(self, base: Path) -> Self:
        """With the paths of tasks, which a study names relative to its file, taken from there."""
        return self.model_copy(update={"tasks": tuple(str(base / name) if is_task_file(name) else name for name in self.tasks)})

    @property
    def offline_tasks(self) -> tuple[str, ...]:
        """Those of the tasks that are made from the study's own text."""
        return tuple(name for name in self.tasks if name in OFFLINE_TASKS)

    @property
    def task_files(self) -> tuple[str, ...]:
        """Those of the tasks that are files of the user's."""
        return tuple(name for name in self.tasks if is_task_file(name))


def is_task_file(name: str) -> bool:
    """Whether a task is named by a path."""
    return name.endswith((".yaml", ".yml"))
