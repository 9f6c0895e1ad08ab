"""Negative log-likelihoods of documents: fp32 logits, float64 sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.evaluation.models import exact_arithmetic
from uniscale_assets.evaluation.windows import cut_batches, read_batch

if TYPE_CHECKING:
    import numpy as np
    import torch

    from uniscale_assets.evaluation.models import LanguageModel
    from uniscale_assets.evaluation.windows import ScoringBatch, WindowPlan

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is, both in input tokens."""

# Logits that exist at once. On a CPU a chunk stays in its cache (2 MB; with a vocabulary of 4,096 an evaluation takes 1.19
# of its bare forward passes, with 8 MB 1.30); on a GPU it is a bound on memory (1 GB). Fewer rows would starve the head's
# product.
CHUNK_LOGITS = {"cpu": 2**19, "cuda": 2**28}
SMALLEST_CHUNK = 128

LARGEST_CPU_BATCH = 2048
"""Tokens: a larger forward pass leaves a CPU's cache (width 128: 1.9 s with 2,048 where 16,384 took 3.5 s)."""


@dataclass(frozen=True)
class ShardScores:
    """Sums over each document of a shard, in nats; float64 [documents]."""

    negative_log_likelihood_nats: np.ndarray
    separator_negative_log_likelihood_nats: np.ndarray


def score_shard(
    model: LanguageModel,
    plan: WindowPlan,
    ids: np.ndarray,
    offsets: np.ndarray,
    separator_id: int,
    *,
    batch_tokens: int,
    progress: Progress | None = None,
) -> ShardScores:
    """Score every document: the sum of -ln p over its text tokens, and that of the separator that closes it apart.

    Args:
        model: causal; what stands to the right of a token (here: padding) does not change its score.
        plan: windows over the documents.
        ids: unsigned [tokens], text tokens of all documents one after the other.
        offsets: int64 [documents + 1], where each document begins in ``ids``.
        separator_id: the token before and after each document.
        batch_tokens: most inputs in one forward pass; changes nothing but speed and memory.
        progress: called after every forward pass.
    """
    import numpy as np

    text, separators = np.zeros(len(offsets) - 1), np.zeros(len(offsets) - 1)
    done, total = 0, plan.input_tokens
    for rows in cut_batches(plan, batch_size(model.device.type, batch_tokens)):
        batch = read_batch(plan, rows, ids, offsets, separator_id)
        scores = score_tokens(model, batch)
        np.add.at(text, batch.document, np.where(batch.closing, 0.0, scores).sum(axis=1))
        np.add.at(separators, batch.document, np.where(batch.closing, scores, 0.0).sum(axis=1))
        done += int(plan.length[rows].sum())
        if progress is not None:
            progress(done, total)
    return ShardScores(text, separators)


def batch_size(device: str, batch_tokens: int) -> int:
    """Inputs of one forward pass on a kind of device."""
    return min(batch_tokens, LARGEST_CPU_BATCH) if device == "cpu" else batch_tokens


def score_tokens(model: LanguageModel, batch: ScoringBatch) -> np.ndarray:
    """-ln p of every scored label, in nats; float64 [windows, length], zero where nothing is scored."""
    import numpy as np
    import torch

    scores = np.zeros(batch.inputs.shape)
    with exact_arithmetic():
        hidden = model.hidden(torch.from_numpy(batch.inputs).to(model.device))
        scored = torch.from_numpy(batch.scored).to(model.device)
        labels = torch.from_numpy(batch.labels).to(model.device)[scored]
        losses = label_losses(model, hidden[scored], labels)
        scores[batch.scored] = losses.double().cpu().numpy()
    return scores


def label_losses(model: LanguageModel, hidden: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy in nats, fp32 [positions], for hidden states [positions, width]; logits exist a chunk at a time."""
    import torch
    from torch.nn.functional import cross_entropy

    rows = max(SMALLEST_CHUNK, CHUNK_LOGITS.get(model.device.type, CHUNK_LOGITS["cpu"]) // model.vocabulary)
    pairs = zip(hidden.split(rows), labels.split(rows), strict=True)
    return torch.cat([cross_entropy(model.head(states).float(), following, reduction="none") for states, following in pairs])
