"""Intrinsic metrics of a tokenizer, from its token shards. Text tokens only: separators are no part of any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.errors import TokenizerError
from uniscale_assets.tokenization.pieces import pieces_of
from uniscale_assets.tokenization.shards import TokenShard, open_shard, read_summary

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from uniscale_assets.corpus.spec import SplitName
    from uniscale_assets.tokenization.protocol import Tokenizer

ALL_LANGUAGES = "all"
TOKENS_AT_ONCE = 2**22


@dataclass(frozen=True)
class LanguageCounts:
    """One split by language, in sorted order of ``languages``; the last row of each array is over all.

    Attributes:
        languages: L codes and 'all'.
        bytes: float64 [L + 1], raw bytes.
        tokens: float64 [L + 1], text tokens.
        unigram_bits: float64 [L + 1], bits that a unigram model spends on the tokens.
        used: int64 [L + 1], different ids that occur.
    """

    languages: list[str]
    bytes: np.ndarray
    tokens: np.ndarray
    unigram_bits: np.ndarray
    used: np.ndarray


def measure_tokenizer(shards: Path, mixture: Path) -> pl.DataFrame:
    """Metrics by language and over all.

    - ``tokens`` (tokens), ``bytes_per_token`` (bytes/token), ``characters_per_token`` (characters/token): of the test
      split, raw bytes and Unicode scalar values over text tokens.
    - ``vocabulary_utilization`` (share): ids that occur in the train split, of all but the separator.
    - ``unigram_bits_per_byte`` (bits/byte): of the test split, under token frequencies of the whole train split with one
      added to the count of every id but the separator: what a model knows that has seen no context.

    Args:
        shards: a ``token_shards`` directory.
        mixture: the mixture that it encodes, for the characters.

    Returns:
        Columns language, metric, value, unit; languages in order, 'all' last.

    Raises:
        TokenizerError: the shards hold no test text, or are of another mixture.
    """
    summary = read_summary(shards)
    train, test = open_shard(shards, "train"), open_shard(shards, "test")
    bits = unigram_bits(train, summary.vocab_size, summary.separator_id)
    scored = count_by_language(test, bits)
    used = count_by_language(train, bits)
    if not scored.tokens[-1]:
        raise TokenizerError(f"{shards}: no test text to measure on; raise corpus.splits.test")
    characters = characters_by_language(mixture, "test", scored)
    columns = {
        "tokens": (scored.languages, scored.tokens, "tokens"),
        "bytes_per_token": (scored.languages, scored.bytes / scored.tokens, "bytes/token"),
        "characters_per_token": (scored.languages, characters / scored.tokens, "characters/token"),
        "unigram_bits_per_byte": (scored.languages, scored.unigram_bits / scored.bytes, "bits/byte"),
        "vocabulary_utilization": (used.languages, used.used / (summary.vocab_size - 1), "share"),
    }
    return metric_frame(columns)


def metric_frame(columns: dict[str, tuple[list[str], np.ndarray, str]]) -> pl.DataFrame:
    """The long frame of metrics: name to languages, values and unit."""
    import polars as pl

    rows = [
        (language, metric, float(value), unit)
        for metric, (languages, values, unit) in columns.items()
        for language, value in zip(languages, values, strict=True)
    ]
    schema = {"language": pl.String, "metric": pl.String, "value": pl.Float64, "unit": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def unigram_bits(train: TokenShard, vocab_size: int, separator_id: int) -> np.ndarray:
    """float64 [vocab_size]: bits of each id, -log2 of its frequency with one added to every count; the separator has none."""
    import numpy as np

    counts = np.ones(vocab_size, dtype=np.int64)
    for start in range(0, len(train.ids), TOKENS_AT_ONCE):
        counts += np.bincount(train.ids[start : start + TOKENS_AT_ONCE], minlength=vocab_size)
    counts[separator_id] = 0
    with np.errstate(divide="ignore"):
        return -np.log2(counts / counts.sum())


def count_by_language(shard: TokenShard, bits: np.ndarray) -> LanguageCounts:
    """Sums over the documents of each language; a few million tokens in memory at a time."""
    import numpy as np

    languages, codes = np.unique(np.array([language for language, _ in shard.documents()], dtype=str), return_inverse=True)
    tokens = np.diff(shard.offsets)
    seen = np.zeros((len(languages), len(bits)), dtype=bool)
    spent = np.zeros(len(languages))
    for first, last in document_ranges(shard.offsets):
        ids = shard.ids[shard.offsets[first] : shard.offsets[last]]
        of_token = np.repeat(codes[first:last], tokens[first:last])
        spent += np.bincount(of_token, weights=bits[ids], minlength=len(languages))
        seen[of_token, ids] = True
    return LanguageCounts(
        languages=[*languages.tolist(), ALL_LANGUAGES],
        bytes=with_total(np.bincount(codes, weights=shard.document_bytes, minlength=len(languages))),
        tokens=with_total(np.bincount(codes, weights=tokens, minlength=len(languages))),
        unigram_bits=with_total(spent),
        used=np.append(seen.sum(axis=1), seen.any(axis=0).sum()),
    )


def with_total(values: np.ndarray) -> np.ndarray:
    """Values by language, and their sum."""
    import numpy as np

    return np.append(values, values.sum())


def document_ranges(offsets: np.ndarray) -> Iterator[tuple[int, int]]:
    """Ranges of whole documents with some ``TOKENS_AT_ONCE`` tokens each."""
    import numpy as np

    first, documents = 0, len(offsets) - 1
    while first < documents:
        last = int(np.searchsorted(offsets, offsets[first] + TOKENS_AT_ONCE, side="right")) - 1
        last = min(max(last, first + 1), documents)
        yield first, last
        first = last


def characters_by_language(mixture: Path, split: SplitName, counts: LanguageCounts) -> np.ndarray:
    """float64 [L + 1]: Unicode scalar values of a split of the mixture, in the order of ``counts.languages``."""
    import numpy as np

    from uniscale_assets.corpus.storage import read_batches

    characters = dict.fromkeys(counts.languages[:-1], 0)
    size = 0
    for batch in read_batches(mixture / f"{split}.parquet", ["language", "bytes", "characters"]):
        for language, length, number in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            characters[language] = characters.get(language, 0) + number
            size += length
    if size != counts.bytes[-1] or len(characters) != len(counts.languages) - 1:
        raise TokenizerError(
            f"{mixture}: holds {size} bytes of {split} text, the shards {int(counts.bytes[-1])}: they are of another mixture"
        )
    return with_total(np.array(list(characters.values()), dtype=np.float64))


@dataclass(frozen=True)
class SampleToken:
    """One entry of a vocabulary to look at; bytes that are no UTF-8 by themselves are shown as escapes."""

    id: int
    text: str
    bytes: int


def sample_tokens(tokenizer: Tokenizer, each: int = 5) -> list[SampleToken]:
    """Some tokens of every length in bytes, evenly over their ids, short ones first; none where they mean nothing one by one."""
    by_length: dict[int, list[int]] = {}
    pieces = pieces_of(tokenizer)
    for index, piece in enumerate(pieces):
        if piece:
            by_length.setdefault(len(piece), []).append(index)
    chosen = [ids[len(ids) * part // each] for _, ids in sorted(by_length.items()) for part in range(each)]
    return [SampleToken(index, pieces[index].decode(errors="backslashreplace"), len(pieces[index])) for index in dict.fromkeys(chosen)]
