"""Items of `true_continuation`: how a held-out document goes on, among stretches of other documents of its language.

As in Story Cloze (Mostafazadeh et al. 2016) and HellaSwag (Zellers et al. 2019), but with no generated text: the wrong
continuations were written by people too, and all four have equally many bytes, so a likelihood need not be normalized.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from uniscale_assets.evaluation.downstream.boundaries import cuts
from uniscale_assets.evaluation.downstream.items import CHOICES, Item, arranged, hash_number
from uniscale_assets.evaluation.spec import OfflineTasksSpec

WRONG = CHOICES - 1
SHORTEST = 0.5
"""of the context and of the continuation, as a share of the most that they may have"""
MOST_OTHERS = 200
"""documents that are searched for stretches of the right length"""


@dataclass(frozen=True)
class HeldOut:
    """A document of the evaluation split."""

    id: str
    language: str
    text: str

    @cached_property
    def cuts(self) -> list[tuple[int, int]]:
        """Where it may be cut: (characters, bytes)."""
        return cuts(self.text, self.language)

    @cached_property
    def place_of_bytes(self) -> dict[int, int]:
        """Characters before each cut, by its bytes."""
        return {size: place for place, size in self.cuts}


@dataclass(frozen=True)
class Passage:
    """A context and what follows it."""

    context: str
    continuation: str

    @property
    def bytes(self) -> int:
        """UTF-8 bytes of the continuation."""
        return len(self.continuation.encode())


def continuation_items(documents: Sequence[HeldOut], spec: OfflineTasksSpec) -> list[Item]:
    """Items of one language: one of each document first, then a second of each, until there are as many as asked.

    Args:
        documents: of one language, in a fixed order.
        spec: how many items, and how long context and continuation may be.
    """
    found: list[Item] = []
    passages = {document.id: list(passages_of(document, spec)) for document in documents}
    most = max((len(part) for part in passages.values()), default=0)
    for turn in range(most):
        for document in documents:
            if len(found) == spec.items_per_language:
                return found
            if turn < len(passages[document.id]):
                item = item_of(document, turn, passages[document.id][turn], documents)
                found += [item] if item else []
    return found


def passages_of(document: HeldOut, spec: OfflineTasksSpec) -> Iterator[Passage]:
    """Stretches of a document, one after another: a context that ends at a cut, and its continuation up to another."""
    sizes = [size for _, size in document.cuts]
    start = 0
    while start < len(sizes) - 1:
        middle = last_within(sizes, start, spec.context_bytes)
        end = last_within(sizes, middle, spec.continuation_bytes)
        long_enough = (
            sizes[middle] - sizes[start] >= SHORTEST * spec.context_bytes
            and sizes[end] - sizes[middle] >= SHORTEST * spec.continuation_bytes
        )
        if long_enough:
            first, cut, last = (document.cuts[place][0] for place in (start, middle, end))
            yield Passage(document.text[first:cut], document.text[cut:last])
        start = max(end, start + 1)


def last_within(sizes: Sequence[int], start: int, most: int) -> int:
    """The last cut at most ``most`` bytes after the cut ``start``; itself where none is."""
    return bisect_right(sizes, sizes[start] + most) - 1


def item_of(document: HeldOut, turn: int, passage: Passage, documents: Sequence[HeldOut]) -> Item | None:
    """An item, or None where other documents have no three stretches of as many bytes."""
    identity = f"{document.language}/{document.id}/{turn}"
    wrong = list(islice(wrong_continuations(document, passage, documents, identity), WRONG))
    if len(wrong) < WRONG:
        return None
    choices, label = arranged(passage.continuation, wrong, identity)
    return Item(identity, document.language, document.id, passage.context, choices, label)


def wrong_continuations(document: HeldOut, passage: Passage, documents: Sequence[HeldOut], identity: str) -> Iterator[str]:
    """Stretches of other documents with as many bytes as the true continuation, one of each document at a time."""
    others = [other for other in documents if other.id != document.id]
    start = hash_number("others", identity) % max(1, len(others))
    chosen = [*others[start:], *others[:start]][:MOST_OTHERS]
    seen = {passage.continuation}
    streams = [stretches(other, passage.bytes, hash_number(identity, other.id)) for other in chosen]
    while streams:
        for stream in list(streams):
            stretch = next((text for text in stream if text not in seen), None)
            if stretch is None:
                streams.remove(stream)
                continue
            seen.add(stretch)
            yield stretch


def stretches(document: HeldOut, size: int, start: int) -> Iterator[str]:
    """Stretches of a document from cut to cut with exactly ``size`` bytes, none upon another, from some cut on; never its beginning."""
    inner, taken = document.cuts[1:], list[int]()
    for step in range(len(inner)):
        place, before = inner[(start + step) % len(inner)]
        end = document.place_of_bytes.get(before + size)
        if end is not None and all(abs(before - other) >= size for other in taken):
            taken.append(before)
            yield document.text[place:end]
