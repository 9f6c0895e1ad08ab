"""How long work tells whoever waits for it. Without an observer it tells nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """How far one partition of one stage is."""

    stage: str
    label: str
    done: float
    total: float
    detail: str = ""


Observer: TypeAlias = Callable[[Progress], None]


def ignore(_: Progress) -> None:
    """The observer that nobody set."""


OBSERVER: ContextVar[Observer] = ContextVar("observer", default=ignore)


def tell(progress: Progress) -> None:
    """Tell the observer."""
    OBSERVER.get()(progress)


@contextmanager
def observed_by(observer: Observer) -> Iterator[None]:
    """Send progress to ``observer`` while the block runs."""
    token = OBSERVER.set(observer)
    try:
        yield
    finally:
        OBSERVER.reset(token)
