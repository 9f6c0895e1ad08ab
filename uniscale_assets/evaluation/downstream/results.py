"""From what lm-eval logs to rows: items with their values, and scores by language with standard errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from uniscale_assets.downstream_tables import DOWNSTREAM_ITEMS, DOWNSTREAM_SCORES
from uniscale_assets.errors import TaskError
from uniscale_assets.evaluation.downstream.harness import NamedTask, TaskRun
from uniscale_assets.evaluation.results import ALL_LANGUAGES, write_table
from uniscale_assets.table_columns import FINGERPRINT, MODEL

ITEMS_FILE, SCORES_FILE = "downstream_items.parquet", "downstream_scores.parquet"
NO_LANGUAGE = "und"
"""ISO 639: not determined"""
SHARE = "share of items"


@dataclass(frozen=True)
class ItemValue:
    """One value of one item; the fields mean what the columns of `downstream_items` say."""

    task: str
    language: str
    item: str
    document: str
    metric: str
    value: float


@dataclass(frozen=True)
class Score:
    """One row of `downstream_scores`, without the model."""

    task: str
    version: str
    language: str
    metric: str
    value: float
    standard_error: float | None
    documents: int
    random_baseline: float | None
    better: str
    unit: str


@dataclass(frozen=True)
class Sample:
    """One document of a task as lm-eval logged it: who it is, its values by metric, and how often a random choice is right."""

    language: str
    item: str
    document: str
    values: Mapping[str, float]
    chance: float | None


@dataclass(frozen=True)
class TaskScores:
    """All that one task of a study gave."""

    items: Sequence[ItemValue]
    scores: Sequence[Score]


def scores_of_task(task: NamedTask, runs: Mapping[str, TaskRun]) -> TaskScores:
    """Rows of a task: its items, its scores, and those of its members where it is a group.

    Items of a group's members count alike, as lm-eval's ``weight_by_size`` has it. Metrics that are no mean over items are
    taken as lm-eval aggregates them.

    Raises:
        TaskError: a value that is no finite number.
    """
    members = {name: list(samples_of(runs[name])) for name in task.members}
    prefixed = len(members) > 1
    pooled = [named_within(sample, name) if prefixed else sample for name, samples in members.items() for sample in samples]
    refuse_infinite(task.name, pooled)
    first = next(iter(task.members))
    versions = sorted({runs[name].version for name in task.members})
    scores = list(mean_scores(task.name, ", ".join(versions), pooled, direction_of(runs[first])))
    for name, samples in members.items():
        if prefixed:
            scores += mean_scores(name, runs[name].version, samples, direction_of(runs[name]))
        scores += aggregated_scores(name, runs[name])
    items = [
        ItemValue(task.name, sample.language, sample.item, sample.document, metric, value)
        for sample in pooled
        for metric, value in sample.values.items()
    ]
    return TaskScores(items, scores)


def samples_of(run: TaskRun) -> Iterator[Sample]:
    """The documents of one of lm-eval's tasks, each once: what several filters made of it stands side by side."""
    merged: dict[int, list[Mapping[str, Any]]] = {}
    for logged in run.samples:
        merged.setdefault(logged["doc_id"], []).append(logged)
    for number, parts in merged.items():
        document = parts[0]["doc"] if isinstance(parts[0]["doc"], dict) else {}
        item = str(document.get("id", number))
        values = {name: value for logged in parts for name, value in mean_values(logged, run.task).items()}
        yield Sample(
            language=str(document.get("language", NO_LANGUAGE)),
            item=item,
            document=str(document.get("document", item)),
            values=values,
            chance=chance_of(parts[0], run.task),
        )


def named_within(sample: Sample, member: str) -> Sample:
    """A sample of a group's member, named so that other members' samples are not taken for it."""
    return Sample(sample.language, f"{member}/{sample.item}", f"{member}/{sample.document}", sample.values, sample.chance)


def mean_values(logged: Mapping[str, Any], task: Any) -> dict[str, float]:
    """The values of one document for every metric whose score is their mean, with ``acc_bytes`` in any choice."""
    values = {metric: float(logged[metric]) for metric in logged["metrics"] if is_mean(task, metric)}
    there = {metric: value for metric, value in values.items() if not (skips_missing(task, metric) and math.isnan(value))}
    found = {labelled(metric, logged["filter"]): value for metric, value in there.items()}
    if "acc" in found and "acc_bytes" not in found and task.OUTPUT_TYPE == "multiple_choice":
        found["acc_bytes"] = accuracy_by_bytes(logged, task)
    return found


def labelled(metric: str, filtered: str) -> str:
    """A metric with the filter that an answer went through; most tasks have none."""
    return metric if filtered == "none" else f"{metric},{filtered}"


def is_mean(task: Any, metric: str) -> bool:
    """Whether lm-eval's score of a metric is the mean over documents, as it also is where a task names no other way."""
    aggregation: Callable[..., Any] | None = task.aggregation().get(metric)
    return aggregation is None or getattr(aggregation, "__name__", "") == "mean" or skips_missing(task, metric)


def skips_missing(task: Any, metric: str) -> bool:
    """Whether the score of a metric is the mean over those documents that have a value, a number or not."""
    return getattr(task.aggregation().get(metric), "__name__", "") == "nanmean"


def accuracy_by_bytes(logged: Mapping[str, Any], task: Any) -> float:
    """1 where the right choice has the largest log-likelihood for each UTF-8 byte of the choice, else 0.

    As lm-eval's ``acc_bytes`` for a task that does not list it (its ``acc_norm`` divides by characters, which favours scripts
    of many bytes). A task whose choices are contexts scores one continuation, so there is nothing to divide by.
    """
    choices = choices_of(logged, task)
    if getattr(task, "multiple_input", 0):
        return float(logged["acc"])
    answers = [answer[0] for answer in logged["filtered_resps"][: len(choices)]]
    rates = [value / len(choice.encode()) for value, choice in zip(answers, choices, strict=True)]
    return float(rates.index(max(rates)) in right_choices(logged, choices))


def choices_of(logged: Mapping[str, Any], task: Any) -> list[str]:
    """The choices of a document."""
    return list(task.doc_to_choice(logged["doc"]) if hasattr(task, "doc_to_choice") else logged["doc"]["choices"])


def right_choices(logged: Mapping[str, Any], choices: Sequence[str]) -> set[int]:
    """Which choices are right."""
    target = logged["target"]
    targets = target if isinstance(target, list) else [target]
    return {choices.index(one) if isinstance(one, str) else int(one) for one in targets if not isinstance(one, str) or one in choices}


def chance_of(logged: Mapping[str, Any], task: Any) -> float | None:
    """How often a random choice is right; None where nothing is chosen."""
    if task.OUTPUT_TYPE != "multiple_choice":
        return None
    choices = choices_of(logged, task)
    several = isinstance(logged["target"], list)
    return (len(right_choices(logged, choices)) if several else 1) / len(choices)


def refuse_infinite(task: str, samples: Sequence[Sample]) -> None:
    """Raise ``TaskError`` for a value that is no finite number."""
    for sample in samples:
        for metric, value in sample.values.items():
            if not math.isfinite(value):
                raise TaskError(
                    f"downstream.tasks: {task}: {metric} of item {sample.item} is {value}; the checkpoint is broken: train it again"
                )


def direction_of(run: TaskRun) -> Callable[[str], str]:
    """Which direction of each metric is better."""
    better = run.task.higher_is_better()
    return lambda metric: "higher" if better.get(metric.partition(",")[0], True) else "lower"


def mean_scores(task: str, version: str, samples: Sequence[Sample], direction: Callable[[str], str]) -> Iterator[Score]:
    """Means of every metric over all items and over those of each language, with their standard errors."""
    languages = sorted({sample.language for sample in samples} - {NO_LANGUAGE})
    parts = {language: [sample for sample in samples if sample.language == language] for language in languages}
    for language, here in (*parts.items(), (ALL_LANGUAGES, samples)):
        chances = [sample.chance for sample in here if sample.chance is not None]
        chance = math.fsum(chances) / len(chances) if chances else None
        for metric in dict.fromkeys(name for sample in here for name in sample.values):
            values = [sample.values[metric] for sample in here if metric in sample.values]
            accuracy = metric.startswith("acc")
            yield Score(
                task=task,
                version=version,
                language=language,
                metric=metric,
                value=math.fsum(values) / len(values),
                standard_error=standard_error(values),
                documents=len(values),
                random_baseline=chance if accuracy else None,
                better=direction(metric),
                unit=SHARE if accuracy or metric.startswith("exact_match") else "mean over items",
            )


def standard_error(values: Sequence[float]) -> float | None:
    """Sample standard deviation / sqrt(items), as lm-eval's; None for one item."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))


def aggregated_scores(name: str, run: TaskRun) -> Iterator[Score]:
    """Scores of metrics that are no mean over documents, such as F1 or perplexity, as lm-eval aggregates them."""
    direction = direction_of(run)
    for key, value in run.results.items():
        metric, separator, filtered = key.partition(",")
        if not separator or metric.endswith("_stderr") or is_mean(run.task, metric) or not isinstance(value, int | float):
            continue
        error = run.results.get(f"{metric}_stderr,{filtered}")
        yield Score(
            task=name,
            version=run.version,
            language=ALL_LANGUAGES,
            metric=labelled(metric, filtered),
            value=float(value),
            standard_error=float(error) if isinstance(error, int | float) else None,
            documents=len({logged["doc_id"] for logged in run.samples}),
            random_baseline=None,
            better=direction(metric),
            unit="as lm-evaluation-harness defines it",
        )


def write_task_scores(parts: Sequence[TaskScores], output: Path) -> None:
    """Write ``downstream_items.parquet`` and ``downstream_scores.parquet`` into an existing directory.

    Their columns are those of the metric tables, less what the partition is named by.
    """
    for table, name in ((DOWNSTREAM_ITEMS, ITEMS_FILE), (DOWNSTREAM_SCORES, SCORES_FILE)):
        columns = [column for column in table.columns if column not in (*MODEL, FINGERPRINT)]
        rows = [asdict(row) for part in parts for row in (part.items if table is DOWNSTREAM_ITEMS else part.scores)]
        write_table({column.name: [row[column.name] for row in rows] for column in columns}, columns, output / name)
