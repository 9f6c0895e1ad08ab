"""How tokens lie to words. Words are those of `words`; of a language without spaces they are its characters.

Every metric is of the test split. Over all languages (row 'all') only those count that write spaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.errors import TokenizerError
from uniscale_assets.tokenization.batching import batches
from uniscale_assets.tokenization.metric_rows import Row, rows_of
from uniscale_assets.tokenization.metrics import ALL_LANGUAGES
from uniscale_assets.tokenization.words import word_spans, writes_spaces

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.corpus.mixing import MixtureDocument
    from uniscale_assets.tokenization.shards import TokenShard

BATCH_BYTES = 2**20


@dataclass(frozen=True)
class WordCounts:
    """Words and tokens of one split, by language; the last row is over the languages that write spaces.

    Attributes:
        languages: L codes in sorted order, and 'all'.
        tokens: float64 [L + 1], text tokens.
        words: float64 [L + 1].
        words_split: float64 [L + 1], words that lie in more than one token.
        holding: float64 [L + 1], tokens that hold at least one byte of a word.
        whole: float64 [L + 1], tokens that hold words and cut none.
        final: float64 [L + 1], tokens in which the last word they hold ends.
        whole_by_id: int64 [L, vocab_size], the whole ones by id.
    """

    languages: list[str]
    tokens: np.ndarray
    words: np.ndarray
    words_split: np.ndarray
    holding: np.ndarray
    whole: np.ndarray
    final: np.ndarray
    whole_by_id: np.ndarray


def word_rows(counts: WordCounts) -> list[Row]:
    """Every metric of this module."""
    languages = counts.languages
    spaced = [language == ALL_LANGUAGES or writes_spaces(language) for language in languages]
    per_word = ["tokens/word" if has else "tokens/character" for has in spaced]
    of_words = ["share of words" if has else "share of characters" for has in spaced]
    words_per_token = [value if has else float("nan") for value, has in zip(words_over_tokens(counts), spaced, strict=True)]
    return [
        *rows_of("words_per_token", languages, words_per_token),
        *rows_of("fertility", languages, fertility(counts), per_word),
        *rows_of("words_split", languages, words_split(counts), of_words),
        *rows_of("whole_word_tokens", languages, whole_word_tokens(counts)),
        *rows_of("word_final_tokens", languages, word_final_tokens(counts)),
    ]


def words_over_tokens(counts: WordCounts) -> np.ndarray:
    """Words over text tokens, words/token: compression counted in words. Spaces and punctuation are among the tokens."""
    return share(counts.words, counts.tokens)


def fertility(counts: WordCounts) -> np.ndarray:
    """Tokens that hold a part of a word, over words, tokens/word (tokens/character where a language writes no spaces).

    1 where every word is a token; below 1 where tokens hold several words. Source: Rust et al. (2021), "How Good is Your
    Tokenizer?". Tokens of spaces and punctuation alone do not count, nor does a token that holds several words count twice.
    """
    return share(counts.holding, counts.words)


def words_split(counts: WordCounts) -> np.ndarray:
    """Words that lie in more than one token, share of words (of characters where a language writes no spaces).

    Source: Rust et al. (2021), "proportion of continued words".
    """
    return share(counts.words_split, counts.words)


def whole_word_tokens(counts: WordCounts) -> np.ndarray:
    """Tokens that hold one word or several and cut none of them, share of the text tokens; spaces and signs beside are allowed."""
    return share(counts.whole, counts.tokens)


def word_final_tokens(counts: WordCounts) -> np.ndarray:
    """Tokens in which the last word that they hold ends, share of the text tokens: what follows them is a new word."""
    return share(counts.final, counts.tokens)


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole; NaN where there is nothing."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def count_words(shard: TokenShard, mixture: Path, vocab_size: int) -> WordCounts:
    """Count over a split, a megabyte of text at a time.

    Raises:
        TokenizerError: the shard is of another mixture.
    """
    import numpy as np

    documents = shard.documents()
    languages = sorted({language for language, _ in documents})
    code_of = {language: code for code, language in enumerate(languages)}
    sums = np.zeros((6, len(languages)))
    whole_by_id = np.zeros(len(languages) * vocab_size, dtype=np.int64)
    for first, batch in document_batches(shard, mixture, documents):
        codes = np.array([code_of[document.language] for document in batch], dtype=np.int64)
        alone = [not writes_spaces(document.language) for document in batch]
        found = place_tokens(shard, first, [document.text for document in batch], alone)
        of_token = codes[found.document_of_token]
        parts = [of_token, codes[found.document_of_word]]
        masks = [(0, None), (1, None), (1, found.split), (0, found.holding), (0, found.whole), (0, found.final)]
        sums += [np.bincount(parts[side] if mask is None else parts[side][mask], minlength=len(languages)) for side, mask in masks]
        cells = of_token[found.whole] * vocab_size + found.ids[found.whole]
        whole_by_id += np.bincount(cells, minlength=len(whole_by_id))
    spaced = np.array([writes_spaces(language) for language in languages], dtype=bool)
    totals = np.column_stack([sums, sums[:, spaced].sum(axis=1)])
    return WordCounts([*languages, ALL_LANGUAGES], *totals, whole_by_id=whole_by_id.reshape(-1, vocab_size))


def document_batches(shard: TokenShard, mixture: Path, documents: Sequence[tuple[str, str]]) -> Iterator[tuple[int, list[MixtureDocument]]]:
    """The texts of a split with the number of the first, checked against the shard's documents."""
    from uniscale_assets.corpus.mixing import iterate_documents

    first = 0
    texts = iterate_documents(mixture, shard.split)  # pyright: ignore[reportArgumentType] - a shard's split is one of the mixture's
    for batch in batches(texts, lambda document: document.bytes, BATCH_BYTES):
        names = [(document.language, document.id) for document in batch]
        if names != list(documents[first : first + len(batch)]):
            raise TokenizerError(f"{mixture}: its {shard.split} text is not what the shards hold: they are of another mixture")
        yield first, batch
        first += len(batch)


@dataclass(frozen=True)
class PlacedTokens:
    """The tokens of some documents beside their words.

    ids, document_of_token: int64 [tokens]. holding, whole, final: bool [tokens]. document_of_word: int64 [words].
    split: bool [words].
    """

    ids: np.ndarray
    document_of_token: np.ndarray
    holding: np.ndarray
    whole: np.ndarray
    final: np.ndarray
    document_of_word: np.ndarray
    split: np.ndarray


def place_tokens(shard: TokenShard, first: int, texts: Sequence[str], alone: Sequence[bool]) -> PlacedTokens:
    """Lay the tokens of documents ``first`` and on beside the words of their texts, in bytes."""
    import numpy as np

    offsets = shard.offsets[first : first + len(texts) + 1]
    ids = shard.ids[offsets[0] : offsets[-1]].astype(np.int64)
    document_of_token = np.repeat(np.arange(len(texts)), np.diff(offsets))
    words, word_ends, text_starts = word_spans(texts, alone)
    ends = shard.byte_ends[offsets[0] : offsets[-1]] + text_starts[document_of_token]
    starts = token_starts(ends, document_of_token, text_starts)
    holding, whole, final = lie_of_tokens(starts, ends, words, word_ends)
    real = ends[ends > starts]
    split = np.searchsorted(real, words, side="right") < np.searchsorted(real, word_ends, side="left")
    document_of_word = np.searchsorted(text_starts, words, side="right") - 1
    return PlacedTokens(ids, document_of_token, holding, whole, final, document_of_word, split)


def token_starts(ends: np.ndarray, document_of_token: np.ndarray, text_starts: np.ndarray) -> np.ndarray:
    """int64 [tokens]: where each token begins: at the end of the one before, or at the start of its document."""
    import numpy as np

    starts = np.concatenate(([0], ends[:-1]))[: len(ends)]
    begins = np.flatnonzero(np.diff(document_of_token, prepend=-1))
    starts[begins] = text_starts[document_of_token[begins]]
    return starts


def lie_of_tokens(
    starts: np.ndarray, ends: np.ndarray, words: np.ndarray, word_ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which tokens hold a part of a word, which hold words and cut none, and in which the last word they hold ends.

    Args:
        starts: int64 [tokens]; like all of them in bytes, and in order.
        ends: int64 [tokens].
        words: int64 [words], their starts.
        word_ends: int64 [words].
    """
    import numpy as np

    low = np.searchsorted(word_ends, starts, side="right")
    high = np.searchsorted(words, ends, side="left")
    holding = (high > low) & (ends > starts)
    if not len(words):
        return holding, holding, holding
    begins_whole = words[np.minimum(low, len(words) - 1)] >= starts
    ends_whole = word_ends[np.maximum(high - 1, 0)] <= ends
    return holding, holding & begins_whole & ends_whole, holding & ends_whole
