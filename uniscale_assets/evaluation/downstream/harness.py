"""lm-evaluation-harness as a library: tasks by name or from files, run on one model."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib import util
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from uniscale_assets.errors import BadInputError, TaskError, UniscaleError
from uniscale_assets.evaluation.downstream.generation import ending_of, require_spelling
from uniscale_assets.evaluation.downstream.harness_model import Told, harness_model
from uniscale_assets.evaluation.downstream.hub import hub_if_there
from uniscale_assets.evaluation.downstream.likelihoods import TextScorer
from uniscale_assets.evaluation.downstream.task_files import read_task_file, with_paths
from uniscale_assets.evaluation.spec import OFFLINE_TASKS, is_task_file

INSTALL = "lm-evaluation-harness is not installed; install it with: pip install 'uniscale-assets[downstream]'"
BOOTSTRAP_DRAWS = 100
"""for standard errors of metrics that have no formula; those of accuracies are exact and draw nothing"""
FEW_SHOT_SEED = 1234
"""lm-eval's own default"""
SHOWN_NAMES = 8


@dataclass(frozen=True)
class NamedTask:
    """What a study calls a task, and lm-eval's tasks that it is: one, or the members of a group."""

    name: str
    members: Mapping[str, Any]


@dataclass(frozen=True)
class TaskRun:
    """What lm-eval found for one of its tasks.

    samples: one mapping for each document, as lm-eval logs it: ``doc``, ``target``, ``arguments``, the metrics' values, ...
    results: aggregated metrics by name and filter, ``acc,none``.
    """

    task: Any
    samples: Sequence[Mapping[str, Any]]
    results: Mapping[str, Any]
    version: str


def require_harness() -> None:
    """Raise ``TaskError`` where lm-eval is not installed."""
    if util.find_spec("lm_eval") is None:
        raise TaskError(INSTALL)


def load_tasks(names: Sequence[str], offline: Path | None) -> list[NamedTask]:
    """Load tasks, with their text.

    Args:
        names: as in a study; files by paths.
        offline: directory from ``build_tasks``, where a study's own tasks are among them.

    Raises:
        BadInputError: no such task, or one that asks for text drawn by chance; names some that there are.
        TaskError: lm-eval is missing, or a task's text cannot be read or fetched.
    """
    require_harness()
    files = {name: offline / f"{name}.yaml" for name in OFFLINE_TASKS if offline is not None}
    files |= {name: Path(name) for name in names if is_task_file(name)}
    return [load_file(files[name]) if name in files else load_named(name) for name in names]


@lru_cache(maxsize=32)
def load_file(path: Path) -> NamedTask:
    """A YAML task; its local text is read into memory, past the cache of `datasets`.

    Raises:
        BadInputError: as ``load_tasks``.
        TaskError: as ``load_tasks``.
    """
    if not path.is_file():
        raise BadInputError(f"downstream.tasks: {path}: there is no such file")
    read_task_file(path)
    with reading(str(path)), TemporaryDirectory() as cache:
        from lm_eval.tasks import TaskManager
        from lm_eval.tasks._yaml_loader import load_yaml

        content = with_paths(load_yaml(path), path)
        refuse_group(content, path)
        has_files = "data_files" in (content.get("dataset_kwargs") or {})
        if has_files:
            content["dataset_kwargs"] |= {"cache_dir": cache, "keep_in_memory": True}
        with nullcontext() if has_files else hub_if_there():
            loaded = TaskManager(include_defaults=False).load([content])
    return named(str(content.get("task")), loaded)


def refuse_group(content: Mapping[str, Any], path: Path) -> None:
    """Raise ``BadInputError`` for a file that names other tasks: their files would not be in the study's fingerprints."""
    if "group" in content or not isinstance(content.get("task", ""), str):
        raise BadInputError(f"downstream.tasks: {path}: is a group; name the files of its tasks, or a group of lm-eval by its name")


@lru_cache(maxsize=32)
def load_named(name: str) -> NamedTask:
    """A task or group that comes with lm-eval.

    Raises:
        BadInputError: as ``load_tasks``.
        TaskError: as ``load_tasks``.
    """
    manager = task_manager()
    if name not in manager.task_index:
        close = get_close_matches(name, [*OFFLINE_TASKS, *manager.all_tasks], SHOWN_NAMES) or list(OFFLINE_TASKS)
        raise BadInputError(
            f"downstream.tasks: {name!r} is neither a task of lm-eval {version('lm_eval')} nor the path of a .yaml file; "
            f"close to it are {', '.join(close)}; `lm_eval ls tasks` lists all {len(manager.all_tasks)}"
        )
    with reading(name), hub_if_there():
        loaded = manager.load([name])
    return named(name, loaded)


@lru_cache(maxsize=1)
def task_manager() -> Any:
    """lm-eval's index of its own tasks; making it takes ten seconds, so it is made once and only where a name asks for it."""
    from lm_eval.tasks import TaskManager

    return TaskManager()


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Load without a word; whatever is raised becomes an error that names the task."""
    try:
        with quiet():
            yield
    except UniscaleError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise TaskError(
            f"downstream.tasks: {name}: cannot be loaded: {type(error).__name__}: {reason[0]}. A task by name fetches its text from "
            "the hub; without a way there, use true_continuation and spelling, or a YAML task over local files"
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Without lm-eval's progress bars and advice, which would run through the command's own."""
    logger = logging.getLogger("lm_eval")
    before, logger.disabled = logger.level, False
    logger.setLevel(logging.ERROR)
    try:
        with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(before)


@contextmanager
def in_one_process() -> Iterator[None]:
    """lm-eval bootstraps in forked processes otherwise, and a fork of a process with threads may hang. The draws are the same."""
    before = os.environ.get("DISABLE_MULTIPROC")
    os.environ["DISABLE_MULTIPROC"] = "1"
    try:
        yield
    finally:
        os.environ.pop("DISABLE_MULTIPROC")
        os.environ |= {"DISABLE_MULTIPROC": before} if before is not None else {}


def named(name: str, loaded: Mapping[str, Any]) -> NamedTask:
    """A task as loaded, if it can be scored.

    Raises:
        BadInputError: it has no tasks, or asks for text that is written in another way than by the likeliest tokens.
    """
    if not loaded["tasks"]:
        raise BadInputError(f"downstream.tasks: {name}: is a group without tasks")
    for member, task in loaded["tasks"].items():
        if writes(task):
            ending_of(task.get_config("generation_kwargs") or {}, member)
    return NamedTask(name, loaded["tasks"])


def writes(task: Any) -> bool:
    """Whether a task is scored by text that a model writes."""
    return task.OUTPUT_TYPE == "generate_until"


def run_tasks(
    scorer: TextScorer, tasks: Sequence[NamedTask], limit: int | None, few_shot: int | None, told: Told | None = None
) -> dict[str, TaskRun]:
    """Run every member of some tasks on a model, each once; by member's name.

    Args:
        scorer: the model.
        tasks: from ``load_tasks``.
        limit: only the first documents of each member.
        few_shot: solved examples before each document, where a task does not insist on none.
        told: called with the input tokens that are done and all there are.

    Raises:
        BadInputError: a model cannot write the text that a task asks for.
        TaskError: lm-eval fails on a task.
    """
    from lm_eval.evaluator import evaluate

    members = {name: task for part in tasks for name, task in part.members.items()}
    for name, task in members.items():
        set_few_shot(task, few_shot)
        if writes(task):
            require_spelling(scorer.tokenizer, name)
    try:
        with quiet(), in_one_process():
            model = harness_model(scorer, told)
            found: Any = evaluate(model, {"tasks": members}, limit=limit, bootstrap_iters=BOOTSTRAP_DRAWS, log_samples=True)
    except UniscaleError:
        raise
    except Exception as error:
        raise TaskError(f"downstream.tasks: {', '.join(members)}: lm-eval failed: {type(error).__name__}: {error}") from error
    return {
        name: TaskRun(task, found["samples"][name], found["results"][name], str(found["versions"].get(name, "")))
        for name, task in members.items()
    }


def set_few_shot(task: Any, few_shot: int | None) -> None:
    """Examples before each document, by lm-eval's rule: a task that says none keeps to it."""
    own = task.get_config("num_fewshot")
    if own != 0:
        task.set_config(key="num_fewshot", value=(own or 0) if few_shot is None else few_shot)
    task.set_fewshot_seed(seed=FEW_SHOT_SEED)
