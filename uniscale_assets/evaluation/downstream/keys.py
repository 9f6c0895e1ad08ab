"""What of a study's downstream part decides what: the keys that fingerprints hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from uniscale_assets.evaluation.downstream.task_files import hash_of_task
from uniscale_assets.evaluation.spec import DownstreamSpec, is_task_file


def offline_keys(spec: DownstreamSpec) -> dict[str, Any]:
    """What decides the items of the tasks that are made from the study's own text."""
    return {"tasks": sorted(spec.offline_tasks), **spec.offline.model_dump()}


def score_keys(spec: DownstreamSpec) -> dict[str, Any]:
    """What decides scores beside model and items: tasks by name, and those in files by all that they are made of.

    Raises:
        BadInputError: a file is not there.
    """
    tasks = [hash_of_task(Path(name)) if is_task_file(name) else name for name in spec.tasks]
    return {"tasks": tasks, **spec.model_dump(include={"limit", "few_shot"})}
