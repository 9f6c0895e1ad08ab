"""One sentence in each language as a tokenizer cuts it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from uniscale_assets.tokenization.protocol import Tokenizer

ARTICLE = 1
"""of the Universal Declaration: 'All human beings are born free and equal in dignity and rights.'"""
# Ends of sentences: Latin and its like, CJK, Arabic, Devanagari, Armenian, Ethiopic, Burmese and Khmer.
SENTENCE = re.compile(r".+?(?:[.!?؟۔։።](?=\s|$)|[。！？।॥။។]|$)", re.DOTALL)
FEWEST_CHARACTERS, MOST_CHARACTERS = 12, 200


def lens_sentences(languages: Sequence[str], mixture: Path) -> dict[str, str]:
    """A sentence for each language: the same one of the Universal Declaration where that has it, else the first of the test text."""
    import polars as pl

    from uniscale_assets.corpus.parity import read_parity

    article = read_parity().filter(pl.col("article") == ARTICLE)
    sentences = {language: first_sentence(text) for language, text in zip(article["language"], article["text"], strict=True)}
    missing = [language for language in languages if language not in sentences]
    sentences |= {language: first_sentence(text) for language, text in first_texts(missing, mixture).items()}
    return {language: sentences[language] for language in languages if sentences.get(language)}


def first_sentence(text: str) -> str:
    """The beginning of a text up to the end of a sentence, not too short and not too long."""
    sentence = ""
    for found in SENTENCE.finditer(text.strip()):
        sentence += found.group()
        if len(sentence.strip()) >= FEWEST_CHARACTERS:
            break
    return sentence.strip()[:MOST_CHARACTERS]


def first_texts(languages: Sequence[str], mixture: Path) -> Mapping[str, str]:
    """The first test document of each language."""
    from uniscale_assets.corpus.mixing import iterate_documents

    found: dict[str, str] = {}
    for document in iterate_documents(mixture, "test") if languages else ():
        if document.language in languages:
            found.setdefault(document.language, document.text)
        if len(found) == len(languages):
            break
    return found


def lens_table(tokenizer: Tokenizer, sentences: Mapping[str, str]) -> pl.DataFrame:
    """The cuts: columns language, position (from 0), id and content (the raw bytes that the token accounts for).

    A token whose content is no UTF-8 by itself holds a part of a character; one that accounts for no byte is empty.
    """
    import polars as pl

    rows: list[tuple[str, int, int, bytes]] = []
    for (language, sentence), encoding in zip(sentences.items(), tokenizer.encode_batch(list(sentences.values())), strict=True):
        content, start = sentence.encode(), 0
        for position, (token, end) in enumerate(zip(encoding.ids.tolist(), encoding.byte_ends.tolist(), strict=True)):
            rows.append((language, position, token, content[start:end]))
            start = end
    return pl.DataFrame(rows, schema={"language": pl.String, "position": pl.Int64, "id": pl.Int64, "content": pl.Binary}, orient="row")
