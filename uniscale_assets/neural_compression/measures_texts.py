"""Which texts a token stands for, by its place in the window (arXiv 2404.03626, Table 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from uniscale_assets.errors import BadInputError
from uniscale_assets.neural_compression.measures_stability import readable

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from uniscale_assets.tokenization.protocol import Encoding

SHOWN_TOKENS, SHOWN_TEXTS = 16, 8
SEPARATOR = " / "


@dataclass(frozen=True)
class TextsRow:
    """The texts of the windows that hold a token at one place."""

    token: int | None
    """id; null: the mean over all tokens, by how often each occurs"""
    position: int
    """in the window, from 1"""
    windows: int
    distinct_texts: int | None
    first_byte_share: float
    """of these windows that begin with their most frequent first byte: 1 where a token says how its window begins"""
    texts: str | None
    """a sample of different windows' texts, in the order in which they stand"""


@dataclass(frozen=True)
class WindowTexts:
    """Windows of some documents. ids: int64 [windows, tokens of a window]; texts: the bytes of each."""

    ids: np.ndarray
    texts: list[bytes]


def texts_by_position(
    documents: Sequence[bytes], encodings: Sequence[Encoding], window_tokens: int, shown: int = SHOWN_TOKENS
) -> pl.DataFrame:
    """What texts tokens stand for at each place of a window.

    Args:
        documents: raw bytes.
        encodings: of these documents.
        window_tokens: tokens of a window; 1 where tokens stand alone.
        shown: most frequent tokens that are listed; those that occur at every place come first.

    Returns:
        Columns of `TextsRow`: for each place one row over all tokens, then the listed ones.

    Raises:
        BadInputError: a document has no whole number of windows.
    """
    import polars as pl

    windows = windows_of(documents, encodings, window_tokens)
    rows: list[TextsRow] = []
    chosen = frequent_everywhere(windows.ids, shown)
    for place in range(window_tokens):
        rows.append(overall_row(windows, place))
        rows += [token_row(windows, place, token) for token in chosen if (windows.ids[:, place] == token).any()]
    return pl.DataFrame(rows, schema_overrides={"token": pl.Int64, "distinct_texts": pl.Int64, "texts": pl.String})


def windows_of(documents: Sequence[bytes], encodings: Sequence[Encoding], window_tokens: int) -> WindowTexts:
    """Encoded documents cut into windows.

    Raises:
        BadInputError: a document has no whole number of windows.
    """
    import numpy as np

    ids, texts = [np.empty((0, window_tokens), np.int64)], list[bytes]()
    for document, encoding in zip(documents, encodings, strict=True):
        if len(encoding.ids) % window_tokens:
            raise BadInputError(f"a document of {len(encoding.ids)} tokens has no whole windows of {window_tokens} tokens")
        ids.append(encoding.ids.astype(np.int64).reshape(-1, window_tokens))
        ends = [0, *encoding.byte_ends[window_tokens - 1 :: window_tokens].tolist()]
        texts += [document[first:last] for first, last in pairwise(ends)]
    return WindowTexts(np.concatenate(ids), texts)


def frequent_everywhere(ids: np.ndarray, count: int) -> list[int]:
    """The tokens whose rarest place is the most frequent; equals in the order of their ids."""
    import numpy as np

    if not len(ids):
        return []
    size = int(ids.max()) + 1
    counts = np.stack([np.bincount(column, minlength=size) for column in ids.T])
    order = np.lexsort((np.arange(size), -counts.sum(axis=0), -counts.min(axis=0)))
    return [int(token) for token in order[:count] if counts[:, token].any()]


def overall_row(windows: WindowTexts, place: int) -> TextsRow:
    """How well the token at a place tells the first byte of its window, over all windows."""
    from collections import Counter

    begun: dict[int, Counter[bytes]] = {}
    for token, text in zip(windows.ids[:, place].tolist(), windows.texts, strict=True):
        begun.setdefault(token, Counter())[text[:1]] += 1
    most = sum(max(counts.values()) for counts in begun.values())
    total = len(windows.texts)
    return TextsRow(None, place + 1, total, None, most / total if total else 0.0, None)


def token_row(windows: WindowTexts, place: int, token: int) -> TextsRow:
    """One token at one place."""
    from collections import Counter

    import numpy as np

    texts = [windows.texts[number] for number in np.flatnonzero(windows.ids[:, place] == token)]
    distinct = list(dict.fromkeys(texts))
    share = max(Counter(text[:1] for text in texts).values()) / len(texts)
    sample = SEPARATOR.join(f"[{readable(text)}]" for text in distinct[:SHOWN_TEXTS])
    return TextsRow(token, place + 1, len(texts), len(distinct), share, sample)
