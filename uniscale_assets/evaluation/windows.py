"""Which tokens are scored given which: windows over documents, planned for a whole shard at once and cut into batches.

A document of n text tokens is read as a stream ``separator, token 1, ..., token n, separator``: every entry but the last
can be an input, every entry but the first is predicted once. Positions below are positions of inputs in that stream,
so 0 is the separator that opens the document and i > 0 its text token i.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np


@dataclass(frozen=True)
class WindowPlan:
    """Windows over the documents of a shard, the longest first; arrays of shape [windows].

    document: int64; index of the document in the shard.
    start: int64; stream position of the window's first input.
    length: int64; inputs, at most ``context_tokens``, and one more where the window ends a document (see ``plan_windows``).
    first_scored: int64; offset in the window of the first input whose prediction is scored; all after it are scored.
    closes: bool; the last input's prediction is the separator that closes the document.
    """

    document: np.ndarray
    start: np.ndarray
    length: np.ndarray
    first_scored: np.ndarray
    closes: np.ndarray
    context_tokens: int
    stride_tokens: int

    def __len__(self) -> int:
        return len(self.document)

    @property
    def input_tokens(self) -> int:
        """Tokens that a forward pass reads over all windows, padding apart."""
        return int(self.length.sum())


@dataclass(frozen=True)
class ScoringBatch:
    """Windows of one forward pass, padded on the right with separators.

    inputs: int64 [windows, length]; labels: int64 [windows, length], the entry after each input.
    scored: bool [windows, length]; text tokens and closing separators to score.
    closing: bool [windows, length]; the closing separators among them.
    document: int64 [windows].
    """

    inputs: np.ndarray
    labels: np.ndarray
    scored: np.ndarray
    closing: np.ndarray
    document: np.ndarray


def plan_windows(token_counts: np.ndarray, context_tokens: int, stride_tokens: int) -> WindowPlan:
    """Windows of ``context_tokens`` = S inputs that score every text token once.

    A document's first window starts with its separator and scores all it predicts; each later one moves on by
    ``stride_tokens`` and scores what is new, given at least S - stride tokens; the last is moved left to full length.
    At stride = S these are lm-evaluation-harness's rolling windows (``get_rolling_token_windows`` at ``context_len=1``).

    The separator that closes a document is predicted by its last window, which reads the document's last token for
    it: one position more than S where that window is full. Attention is causal, so no text token's score changes,
    and it costs 1/S of a window where a window of its own would cost a whole one.

    Args:
        token_counts: int64 [documents], text tokens of each document, all above zero.
        context_tokens: S, in tokens.
        stride_tokens: in tokens, from 1 to S.

    Raises:
        BadInputError: a stride outside 1..S.
    """
    import numpy as np

    if not 1 <= stride_tokens <= context_tokens:
        raise BadInputError(f"evaluation: a stride of {stride_tokens} tokens does not lie within 1 and the window's {context_tokens}")
    windows = 1 + np.maximum(0, -(-(token_counts - context_tokens) // stride_tokens))
    document = np.repeat(np.arange(len(token_counts)), windows)
    number = np.arange(len(document)) - np.repeat(np.cumsum(windows) - windows, windows)
    tokens = token_counts[document]
    end = np.minimum(context_tokens + number * stride_tokens, tokens)
    start = np.maximum(end - context_tokens, 0)
    already_scored = np.where(number == 0, 0, context_tokens + (number - 1) * stride_tokens)
    closes = end == tokens
    length = end - start + closes
    order = np.argsort(-length, kind="stable")
    columns = (document, start, length, already_scored - start, closes)
    return WindowPlan(*(column[order] for column in columns), context_tokens=context_tokens, stride_tokens=stride_tokens)


def cut_batches(plan: WindowPlan, batch_tokens: int) -> Iterator[slice]:
    """Rows of ``plan`` for each forward pass: at most ``batch_tokens`` inputs with padding, and at least one window."""
    first = 0
    while first < len(plan):
        rows = max(1, batch_tokens // int(plan.length[first]))
        yield slice(first, min(first + rows, len(plan)))
        first += rows


def read_batch(plan: WindowPlan, rows: slice, ids: np.ndarray, offsets: np.ndarray, separator_id: int) -> ScoringBatch:
    """The tokens of some windows.

    Args:
        plan: windows over the shard.
        rows: which of them.
        ids: unsigned [tokens], text tokens of all documents one after the other; may be memory-mapped.
        offsets: int64 [documents + 1], where each document begins in ``ids``.
        separator_id: the token before and after each document; also the padding.
    """
    import numpy as np

    document, length = plan.document[rows], plan.length[rows, None]
    place = np.arange(int(length.max()) + 1)
    position = plan.start[rows, None] + place
    first_token, end_token = offsets[document][:, None], offsets[document + 1][:, None]
    token = first_token + position - 1
    is_text = (token >= first_token) & (token < end_token)
    stream = np.where(is_text, ids[np.where(is_text, token, first_token)], separator_id).astype(np.int64)
    scored = (place[:-1] >= plan.first_scored[rows, None]) & (place[:-1] < length)
    closing = (place[:-1] == length - 1) & plan.closes[rows, None]
    return ScoringBatch(stream[:, :-1], stream[:, 1:], scored, closing, document)
