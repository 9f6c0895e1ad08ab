"""All intrinsic metrics of one tokenizer, and what is drawn of it beside them: the files of a ``tokenizer_metrics`` artifact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.tokenization.lens import lens_sentences, lens_table
from uniscale_assets.tokenization.metric_rows import Row, frame_of
from uniscale_assets.tokenization.metrics import measure_tokenizer
from uniscale_assets.tokenization.metrics_digits import number_rows
from uniscale_assets.tokenization.metrics_frequencies import count_tokens, frequency_rows, rank_frequency_curves
from uniscale_assets.tokenization.metrics_lexicon import valid_word_rows
from uniscale_assets.tokenization.metrics_parity import gini_over_languages, parity_rows
from uniscale_assets.tokenization.metrics_vocabulary import length_table, text_length_rows, token_lengths, vocabulary_rows
from uniscale_assets.tokenization.metrics_words import count_words, word_rows
from uniscale_assets.tokenization.pieces import pieces_of
from uniscale_assets.tokenization.shards import open_shard

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.tokenization.protocol import Tokenizer

METRICS_FILE = "metrics.parquet"
RANKS_FILE = "rank_frequency.parquet"
LENGTHS_FILE = "token_lengths.parquet"
LENS_FILE = "lens.parquet"


def write_metrics(
    tokenizer: Tokenizer,
    shards: Path,
    mixture: Path,
    texts: Mapping[str, pl.DataFrame],
    languages: Sequence[str],
    output: Path,
    more: Iterable[Row] = (),
) -> pl.DataFrame:
    """Measure a tokenizer and write all there is into the empty directory ``output``.

    - ``metrics.parquet``: language, metric, value, unit (`metric_definitions`).
    - ``rank_frequency.parquet``: language, rank, share; of the train split, thinned evenly over log rank.
    - ``token_lengths.parquet``: bytes, entries of the vocabulary, tokens of the test text.
    - ``lens.parquet``: language, position, id, content; one sentence in each language.

    Args:
        tokenizer: the tokenizer.
        shards: its ``token_shards`` directory.
        mixture: the mixture that they encode.
        texts: parallel texts, of `parity.read_parity_texts`.
        languages: of the study.
        output: the directory.
        more: rows that its family has beside those of every tokenizer.

    Returns:
        The metrics.

    Raises:
        TokenizerError: the shards hold no test text, or are of another mixture.
    """
    test = open_shard(shards, "test")
    compression = measure_tokenizer(shards, mixture)
    train = count_tokens(open_shard(shards, "train"), tokenizer.vocab_size)
    pieces, lengths = pieces_of(tokenizer), token_lengths(test)
    words = count_words(test, mixture, tokenizer.vocab_size)
    rows: list[Row] = [
        *word_rows(words),
        *(valid_word_rows(words, pieces) if any(pieces) else []),
        *frequency_rows(train, tokenizer.vocab_size),
        *gini_over_languages(compression),
        *parity_rows(tokenizer, texts, languages),
        *(vocabulary_rows(pieces) if any(pieces) else []),
        *text_length_rows(lengths),
        *number_rows(tokenizer),
        *more,
    ]
    metrics = compression.vstack(frame_of(rows))
    metrics.write_parquet(output / METRICS_FILE)
    rank_frequency_curves(train).write_parquet(output / RANKS_FILE)
    length_table(pieces, lengths).write_parquet(output / LENGTHS_FILE)
    lens_table(tokenizer, lens_sentences(languages, mixture)).write_parquet(output / LENS_FILE)
    return metrics
