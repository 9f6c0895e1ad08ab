"""The words of a corpus, counted by language, and misspellings of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from uniscale_assets.evaluation.downstream.boundaries import has_spaces, is_letter, is_mark, units
from uniscale_assets.evaluation.downstream.items import hash_number

FEWEST_UNITS, FEWEST_BYTES, MOST_UNITS = 3, 5, 16
SEQUENCE_LENGTHS = (3, 4)
"""characters of what stands for a word where words are not parted by spaces"""
LEAST_COUNT = 3
MOST_WORDS = 2000
"""the most frequent words that items are taken from"""
ATTEMPTS = 50


@dataclass
class Lexicon:
    """The words of one language that a model may have learned.

    counts: how often each word (or, without spaces, each sequence of characters) stands in the text.
    """

    language: str
    counts: Counter[str] = field(default_factory=Counter[str])

    def add(self, text: str) -> None:
        """Count the words of some text; to be done before the words are asked for."""
        self.counts.update(words_of(text) if has_spaces(self.language) else sequences_of(text))

    @cached_property
    def words(self) -> list[str]:
        """Words to ask for, most frequent first: several characters, written small, three times in the text or more."""
        usable = [word for word, count in self.counts.items() if count >= LEAST_COUNT and is_usable(word)]
        return sorted(usable, key=lambda word: (-self.counts[word], word))[:MOST_WORDS]

    @cached_property
    def characters(self) -> list[str]:
        """Every character of the words to ask for, once for each time it stands in one."""
        return [unit for word in self.words for unit in units(word)]


def words_of(text: str) -> Iterator[str]:
    """What stands between spaces, without the punctuation around it, where nothing but letters is left."""
    for part in text.split():
        first = next((place for place, character in enumerate(part) if is_letter(character)), len(part))
        last = next((place for place in range(len(part), first, -1) if is_letter(part[place - 1])), first)
        word = part[first:last]
        if word and all(is_letter(character) for character in word):
            yield word


def sequences_of(text: str) -> Iterator[str]:
    """Every sequence of 3 or 4 characters within a run of letters."""
    for run in runs_of_letters(text):
        parts = units(run)
        for length in SEQUENCE_LENGTHS:
            for start in range(len(parts) - length + 1):
                yield "".join(parts[start : start + length])


def runs_of_letters(text: str) -> Iterator[str]:
    """The longest stretches of a text that are letters only."""
    run: list[str] = []
    for character in text:
        if is_letter(character) and (run or not is_mark(character)):
            run.append(character)
        elif run:
            yield "".join(run)
            run = []
    if run:
        yield "".join(run)


def is_usable(word: str) -> bool:
    """Whether a word can be asked for: long enough to be misspelled, and no name."""
    length = len(units(word))
    return FEWEST_UNITS <= length <= MOST_UNITS and len(word.encode()) >= FEWEST_BYTES and word == word.lower()


def misspellings(word: str, lexicon: Lexicon) -> list[str]:
    """Three misspellings that the text does not have, of three kinds: one character swapped, replaced, left out or doubled.

    These four make up most of what people misspell (Damerau 1964). Fewer where the text has them all.
    """
    source = random.Random(hash_number("misspelling", lexicon.language, word))
    kinds = source.sample(ERRORS, len(ERRORS))
    found: list[str] = []
    for kind in kinds:
        drawn = (kind(units(word), source, lexicon) for _ in range(ATTEMPTS))
        new = next((text for text in drawn if text != word and text not in found and text not in lexicon.counts), None)
        found += [new] if new else []
    return found[:3]


def swapped(parts: list[str], source: random.Random, _: Lexicon) -> str:
    """Two neighbouring characters changed places."""
    place = source.randrange(len(parts) - 1)
    return "".join([*parts[:place], parts[place + 1], parts[place], *parts[place + 2 :]])


def replaced(parts: list[str], source: random.Random, lexicon: Lexicon) -> str:
    """One character became another of the language, as frequent ones are more often."""
    place = source.randrange(len(parts))
    return "".join([*parts[:place], source.choice(lexicon.characters), *parts[place + 1 :]])


def left_out(parts: list[str], source: random.Random, _: Lexicon) -> str:
    """One character is missing."""
    place = source.randrange(len(parts))
    return "".join([*parts[:place], *parts[place + 1 :]])


def doubled(parts: list[str], source: random.Random, _: Lexicon) -> str:
    """One character stands twice."""
    place = source.randrange(len(parts))
    return "".join([*parts[: place + 1], *parts[place:]])


ERRORS: list[Callable[[list[str], random.Random, Lexicon], str]] = [swapped, replaced, left_out, doubled]
