"""The tasks that are made from a study's own text, as lm-eval's YAML tasks over JSON lines."""

from __future__ import annotations

import shutil
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from uniscale_assets.corpus.ledger import read_mixture_ledger
from uniscale_assets.corpus.mixing import iterate_documents
from uniscale_assets.corpus.spec import SplitName
from uniscale_assets.errors import ArtifactError, BadInputError
from uniscale_assets.evaluation.downstream.continuation import SHORTEST, HeldOut, continuation_items
from uniscale_assets.evaluation.downstream.items import Item, write_items
from uniscale_assets.evaluation.downstream.lexicon import Lexicon
from uniscale_assets.evaluation.downstream.spelling import spelling_items
from uniscale_assets.evaluation.spec import SPELLING, TRUE_CONTINUATION, DownstreamSpec, OfflineTasksSpec
from uniscale_assets.files import write_text
from uniscale_assets.specification import Specification

LEDGER_FILE = "tasks.json"
LONGEST_DOCUMENT = 20_000
"""characters of a document that continuations are taken from"""
LEXICON_BYTES = 4_000_000
"""training text that the words of one language are counted in"""
DOCUMENTS_FOR_AN_ITEM = 3
"""documents in memory for each item that is asked for"""


class TaskCounts(Specification):
    """Items of one task in one language, and the bytes that a model reads for them, each context as often as it has choices."""

    items: int
    bytes: int


class TasksLedger(Specification):
    """What was made: by task and language."""

    tasks: dict[str, dict[str, TaskCounts]]

    @property
    def bytes(self) -> int:
        """What a model reads for all of them."""
        return sum(counts.bytes for languages in self.tasks.values() for counts in languages.values())


def build_tasks(spec: DownstreamSpec, mixture: Path, split: SplitName, output: Path) -> TasksLedger:
    """Write the offline tasks that a study asks for: `<task>.yaml` with `<task>.jsonl` beside it, and `tasks.json`.

    Deterministic: what is chosen is chosen by hashes of ids and words. A directory can be given to lm-eval as it is.

    Args:
        spec: which tasks, how many items and how long.
        mixture: the study's text.
        split: held-out text that continuations are taken from; words are those of the training text.
        output: existing directory.

    Raises:
        BadInputError: the text gives a task no item at all.
    """
    made = {name: items_of(name, spec.offline, mixture, split) for name in spec.offline_tasks}
    for name, items in made.items():
        if not items:
            raise BadInputError(
                f"downstream.tasks: {name}: the text gives no item; take more text or shorter stretches (downstream.offline)"
            )
        write_items(items, output / f"{name}.jsonl")
        with resources.as_file(task_definition(name)) as definition:
            shutil.copyfile(definition, output / f"{name}.yaml")
    ledger = TasksLedger(tasks={name: counts_of(items) for name, items in made.items()})
    write_text(output / LEDGER_FILE, ledger.model_dump_json(indent=1))
    return ledger


def task_definition(name: str) -> Traversable:
    """The YAML file of an offline task, which the package ships."""
    return resources.files("uniscale_assets") / "data" / "tasks" / f"{name}.yaml"


def read_tasks_ledger(directory: Path) -> TasksLedger:
    """The ledger of a directory of tasks.

    Raises:
        ArtifactError: it is not there or not readable.
    """
    path = directory / LEDGER_FILE
    try:
        return TasksLedger.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path}: not readable ({error}); materialize downstream_tasks again") from error


def items_of(name: str, spec: OfflineTasksSpec, mixture: Path, split: SplitName) -> list[Item]:
    """The items of one task in all languages."""
    if name == TRUE_CONTINUATION:
        return [item for documents in held_out(mixture, split, spec).values() for item in continuation_items(documents, spec)]
    assert name == SPELLING
    return [item for lexicon in lexicons(mixture) for item in spelling_items(lexicon, spec)]


def held_out(mixture: Path, split: SplitName, spec: OfflineTasksSpec) -> dict[str, list[HeldOut]]:
    """The first documents of each language that are long enough, in the order of the mixture."""
    shortest = SHORTEST * (spec.context_bytes + spec.continuation_bytes)
    found: dict[str, list[HeldOut]] = {}
    for document in iterate_documents(mixture, split):
        kept = found.setdefault(document.language, [])
        if len(kept) < DOCUMENTS_FOR_AN_ITEM * spec.items_per_language and document.bytes >= shortest:
            kept.append(HeldOut(document.id, document.language, document.text[:LONGEST_DOCUMENT]))
    return found


def lexicons(mixture: Path) -> list[Lexicon]:
    """The words of each language in the first megabytes of its training text."""
    languages = read_mixture_ledger(mixture).splits["train"]
    left = {language: min(counts.bytes, LEXICON_BYTES) for language, counts in languages.items() if counts.bytes}
    found = {language: Lexicon(language) for language in sorted(left)}
    for document in iterate_documents(mixture, "train"):
        if left.get(document.language, 0) > 0:
            left[document.language] -= document.bytes
            found[document.language].add(document.text)
            if max(left.values()) <= 0:
                break
    return list(found.values())


def counts_of(items: list[Item]) -> dict[str, TaskCounts]:
    """Items and bytes by language."""
    found: dict[str, TaskCounts] = {}
    for language in sorted({item.language for item in items}):
        here = [item for item in items if item.language == language]
        size = sum(len(item.context.encode()) * len(item.choices) + sum(len(choice.encode()) for choice in item.choices) for item in here)
        found[language] = TaskCounts(items=len(here), bytes=size)
    return found
