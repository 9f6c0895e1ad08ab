"""Items of `spelling`: how the corpus spells a word, among misspellings that it does not have."""

from __future__ import annotations

from uniscale_assets.evaluation.downstream.boundaries import has_spaces
from uniscale_assets.evaluation.downstream.items import CHOICES, Item, arranged, hash_number
from uniscale_assets.evaluation.downstream.lexicon import Lexicon, misspellings
from uniscale_assets.evaluation.spec import OfflineTasksSpec

WORDS_BEFORE = 3
"""other words that stand before the one that is asked for; they tell the model the language"""
WIDE_COMMA = "\u3001"


def spelling_items(lexicon: Lexicon, spec: OfflineTasksSpec) -> list[Item]:
    """Items of one language, taken by hash among its frequent words; none where it has too few words."""
    words = sorted(lexicon.words, key=lambda word: hash_number("word", lexicon.language, word))
    found: list[Item] = []
    for place, word in enumerate(words):
        if len(found) == spec.items_per_language:
            break
        wrong = misspellings(word, lexicon)
        if len(wrong) == CHOICES - 1 and len(words) > WORDS_BEFORE:
            before = [words[(place + step) % len(words)] for step in range(1, WORDS_BEFORE + 1)]
            found.append(item_of(word, wrong, before, lexicon.language))
    return found


def item_of(word: str, wrong: list[str], before: list[str], language: str) -> Item:
    """One item. With spaces the word brings the space before it, as models expect words to."""
    identity = f"{language}/{word}"
    spelled, label = arranged(word, wrong, identity)
    if has_spaces(language):
        return Item(identity, language, identity, " ".join(before), [f" {text}" for text in spelled], label)
    return Item(identity, language, identity, "".join(f"{text}{WIDE_COMMA}" for text in before), spelled, label)
