"""Streams cut into lists of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
MOST_ITEMS = 4096


def batches(items: Iterable[Item], size_of: Callable[[Item], int], limit: int) -> Iterator[list[Item]]:
    """Items in lists that close once their sizes add up to ``limit``, or at ``MOST_ITEMS`` of them; none is empty."""
    batch: list[Item] = []
    held = 0
    for item in items:
        batch.append(item)
        held += size_of(item)
        if held >= limit or len(batch) == MOST_ITEMS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
