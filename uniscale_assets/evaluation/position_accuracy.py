"""How often a model's first guess is right, by the place of the token in its window (arXiv 2404.03626, Figure 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.errors import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import polars as pl

    from uniscale_assets.evaluation.models import LanguageModel
    from uniscale_assets.evaluation.windows import ScoringBatch
    from uniscale_assets.tokenization.shards import TokenShard

MOST_TOKENS = 100_000
"""that are scored at most: whole documents from the beginning of the split"""
HEAD_ROWS = 256
"""positions whose logits exist at once"""


@dataclass(frozen=True)
class PositionRow:
    """The tokens at one place of their windows."""

    position: int
    """in the window, from 1"""
    tokens: int
    correct: int
    """that the model gives the highest probability of all ids, given the text before"""
    accuracy: float
    commonest_share: float
    """of the tokens that are the most frequent one at this place: what a guess without a model reaches"""


def accuracy_by_position(
    checkpoint: Path, shards: Path, split: str, context_bytes: int, window_tokens: int, most_tokens: int = MOST_TOKENS
) -> pl.DataFrame:
    """Teacher-forced top-1 accuracy by place in the window.

    Args:
        checkpoint: directory that ``AutoModelForCausalLM`` loads.
        shards: token shards of its tokenizer.
        split: of them.
        context_bytes: the model's window in raw bytes, as in training.
        window_tokens: tokens of a window of the tokenizer; windows begin with the document.
        most_tokens: whole documents are taken until so many tokens are reached, at least one.

    Returns:
        Columns of `PositionRow`.

    Raises:
        ArtifactError: the checkpoint does not load or has another vocabulary, or the split has no tokens.
    """
    import numpy as np
    import polars as pl

    from uniscale_assets.evaluation.bits_per_byte import check_vocabulary, windows_in_tokens
    from uniscale_assets.evaluation.models import as_language_model, load_checkpoint
    from uniscale_assets.evaluation.scoring import LARGEST_CPU_BATCH
    from uniscale_assets.evaluation.windows import cut_batches, plan_windows, read_batch
    from uniscale_assets.tokenization.shards import open_shard, read_summary

    contents, shard = read_summary(shards), open_shard(shards, split)
    offsets = first_documents(shard, most_tokens)
    ids, context = np.asarray(shard.ids), windows_in_tokens(context_bytes, None, contents.bytes_per_token).context_tokens
    model = as_language_model(load_checkpoint(checkpoint))
    check_vocabulary(model, checkpoint, contents.vocab_size, shards)
    plan = plan_windows(np.diff(offsets), context, context)
    counts = np.zeros((2, window_tokens), dtype=np.int64)
    for rows in cut_batches(plan, LARGEST_CPU_BATCH):
        batch = read_batch(plan, rows, ids, offsets, contents.separator_id)
        places = (plan.start[rows, None] + np.arange(batch.inputs.shape[1])) % window_tokens
        text = batch.scored & ~batch.closing
        right = guesses(model, batch, text) == batch.labels[text]
        counts += np.stack([np.bincount(places[text], weights, window_tokens) for weights in (None, right)]).astype(np.int64)
    shares = commonest_shares(ids, offsets, window_tokens)
    rows = zip(*counts.tolist(), shares, strict=True)
    return pl.DataFrame(
        [PositionRow(place, whole, hits, hits / max(whole, 1), share) for place, (whole, hits, share) in enumerate(rows, 1)]
    )


def first_documents(shard: TokenShard, most_tokens: int) -> np.ndarray:
    """Token offsets of the documents that begin a split, up to a number of tokens: int64 [documents + 1].

    Raises:
        ArtifactError: the split has no tokens.
    """
    import numpy as np

    offsets = np.asarray(shard.offsets)
    if not offsets[-1]:
        raise ArtifactError(f"{shard.directory}: the split {shard.split} has no tokens")
    last = int(np.searchsorted(offsets, most_tokens, side="right"))
    return offsets[: max(last, int(np.argmax(offsets > 0)) + 1)]


def guesses(model: LanguageModel, batch: ScoringBatch, chosen: np.ndarray) -> np.ndarray:
    """The likeliest id after each chosen input: int64 [chosen]."""
    import numpy as np
    import torch

    from uniscale_assets.evaluation.models import exact_arithmetic

    with exact_arithmetic():
        hidden = model.hidden(torch.from_numpy(batch.inputs).to(model.device))[torch.from_numpy(chosen).to(model.device)]
        found = [model.head(states).argmax(dim=-1).cpu().numpy() for states in hidden.split(HEAD_ROWS)]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def commonest_shares(ids: np.ndarray, offsets: np.ndarray, window_tokens: int) -> list[float]:
    """The share of the most frequent token at each place."""
    import numpy as np

    counts = np.diff(offsets)
    places = (np.arange(offsets[0], offsets[-1]) - np.repeat(offsets[:-1], counts)) % window_tokens
    taken = np.asarray(ids[offsets[0] : offsets[-1]])
    found = [np.unique(taken[places == place], return_counts=True)[1] for place in range(window_tokens)]
    return [float(count.max() / count.sum()) if len(count) else 0.0 for count in found]
