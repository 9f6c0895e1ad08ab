"""One item of a multiple-choice task, and the order of everything that is chosen by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

CHOICES = 4
"""of which one is right"""


@dataclass(frozen=True)
class Item:
    """One line of a task's JSON-lines file; the YAML task names these fields.

    id: of the item, unique within its task.
    document: where it was taken from; items of one document, and of its translations, do not count as independent.
    choices: continuations of the context, of which ``choices[label]`` is right.
    """

    id: str
    language: str
    document: str
    context: str
    choices: list[str]
    label: int


def hash_number(*labels: str) -> int:
    """A number in [0, 2^64) from labels: the first eight bytes of SHA-256."""
    return int.from_bytes(hashlib.sha256("\0".join(labels).encode()).digest()[:8], "big")


def arranged(right: str, wrong: Sequence[str], identity: str) -> tuple[list[str], int]:
    """The choices with the right one at a place that the item's id decides."""
    place = hash_number("place", identity) % CHOICES
    return [*wrong[:place], right, *wrong[place:]], place


def write_items(items: Iterable[Item], path: Path) -> list[Item]:
    """Write items as JSON lines, languages interleaved by hash, so that the first ones are of every language.

    Returns:
        The items in the order of the file.
    """
    ordered = interleaved(items)
    lines = [json.dumps(asdict(item), ensure_ascii=False) for item in ordered]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return ordered


def interleaved(items: Iterable[Item]) -> list[Item]:
    """A first item of every language, then a second of each, and so on; within a language by hash."""
    by_language: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: hash_number("order", item.language, item.id)):
        by_language.setdefault(item.language, []).append(item)
    longest = max((len(part) for part in by_language.values()), default=0)
    return [
        by_language[language][place] for place in range(longest) for language in sorted(by_language) if place < len(by_language[language])
    ]
