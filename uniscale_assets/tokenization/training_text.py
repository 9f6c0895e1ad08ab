"""What tokenizers are trained on: documents with their languages, read as often as a family needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property


class TrainingText:
    """The documents of the tokenizer split. Iterating gives their texts, in the same order each time."""

    def __init__(self, read: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """``read`` opens the text anew: language and text of each document."""
        self.read = read

    def __iter__(self) -> Iterator[str]:
        return (text for _, text in self.read())

    @cached_property
    def languages(self) -> list[str]:
        """Of all documents, in alphabetical order."""
        return sorted({language for language, _ in self.read()})

    def of_language(self, language: str) -> Iterator[str]:
        """The texts in one language."""
        return (text for other, text in self.read() if other == language)


def repeatable(texts: Iterable[str]) -> Iterable[str]:
    """Texts that can be read twice: what was handed, or, of a stream that ends, a list of it."""
    return list(texts) if isinstance(texts, Iterator) else texts
