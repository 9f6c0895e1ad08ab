"""Compression in tokens and in bits, and what a tokenizer's stream costs without a model (arXiv 2404.03626, Tables 1 to 3 and 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.statistics.frames import frame_of_rows

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class CompressionRow:
    """One tokenizer on one language's test text."""

    tokenizer: str
    family: str
    vocab_size: int
    language: str
    bytes_per_token: float
    """the compression ratio in tokens"""
    compression_in_bits: float
    """bits of the raw text over bits of its tokens, each of log2 of the ids that text can have"""
    uniform_bits_per_byte: float
    """of a model that gives every id of text the same probability"""
    unigram_bits_per_byte: float | None
    """of a model of token frequencies"""


def compression(tokenizers: pl.DataFrame, tokenizer_metrics: pl.DataFrame) -> pl.DataFrame:
    """Compression of every tokenizer that is measured, by language and over all.

    Args:
        tokenizers: rows of `tables.TOKENIZERS`.
        tokenizer_metrics: rows of `tables.TOKENIZER_METRICS`; bytes_per_token and unigram_bits_per_byte are read.

    Returns:
        Columns of `CompressionRow`, in the order of the tokenizers.
    """
    from uniscale_assets.neural_compression.measuring import uniform_bits_per_byte

    values = {(row["tokenizer"], row["language"], row["metric"]): row["value"] for row in tokenizer_metrics.iter_rows(named=True)}
    languages = dict.fromkeys(tokenizer_metrics["language"].to_list())
    rows: list[CompressionRow] = []
    for row in tokenizers.iter_rows(named=True):
        name, size = row["tokenizer"], row["vocab_size"]
        for language in languages:
            rate = values.get((name, language, "bytes_per_token"))
            if rate:
                uniform = uniform_bits_per_byte(size, rate)
                unigram = values.get((name, language, "unigram_bits_per_byte"))
                rows.append(CompressionRow(name, row["family"], size, language, rate, 8 / uniform, uniform, unigram))
    return frame_of_rows(rows, CompressionRow)
