"""Log-likelihoods of continuations and of whole texts, for a model and its tokenizer of any family.

A context and its continuation are encoded together, as the text that they are, and the context's end is a place in bytes. A token
that crosses it (one over several words, or one of half a word) has no part that could be left out, so it is scored whole; and
then the tokens of all continuations of one context are scored from the same place on, which is the longest beginning that they
share. What is compared is so the probability of the same kind of thing for each of them: everything after the tokens they share.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.evaluation.models import exact_arithmetic
from uniscale_assets.evaluation.scoring import CHUNK_LOGITS, SMALLEST_CHUNK, batch_size
from uniscale_assets.evaluation.windows import WindowPlan, cut_batches, read_batch

if TYPE_CHECKING:
    import numpy as np
    import torch

    from uniscale_assets.evaluation.models import LanguageModel
    from uniscale_assets.evaluation.windows import ScoringBatch
    from uniscale_assets.tokenization.protocol import Encoding, Tokenizer


@dataclass(frozen=True)
class Continuation:
    """A context and what may follow it; ``group`` names the item, within which continuations are compared."""

    context: str
    continuation: str
    group: Hashable = None


@dataclass(frozen=True)
class Likelihood:
    """Of the scored tokens of one text: ln p of all together, and whether each was the model's first choice."""

    log_likelihood: float
    greedy: bool


@dataclass(frozen=True)
class TextScorer:
    """A model with its tokenizer: what tasks ask.

    context_tokens: S, the window that the model was trained with; of a longer text it sees the last S tokens, of a longer
        continuation S at a time.
    batch_tokens: most inputs in one forward pass.
    """

    model: LanguageModel
    tokenizer: Tokenizer
    context_tokens: int
    batch_tokens: int

    def continuations(self, asked: Sequence[Continuation], told: Callable[[int, int], None] | None = None) -> list[Likelihood]:
        """Log-likelihood of each continuation given its context; every text begins with the separator, as in training."""
        encodings = self.tokenizer.encode_batch([item.context + item.continuation for item in asked])
        return self._score(encodings, given_tokens(asked, encodings), told)

    def texts(self, texts: Sequence[str], told: Callable[[int, int], None] | None = None) -> list[Likelihood]:
        """Log-likelihood of whole texts in windows of S, as bits per byte takes them at a stride of S."""
        import numpy as np

        encodings = self.tokenizer.encode_batch(texts)
        return self._score(encodings, np.zeros(len(texts), np.int64), told)

    def _score(self, encodings: Sequence[Encoding], given: np.ndarray, told: Callable[[int, int], None] | None) -> list[Likelihood]:
        import numpy as np

        counts = np.array([len(encoding.ids) for encoding in encodings], np.int64)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        ids = np.concatenate([np.zeros(0, np.int32), *(encoding.ids for encoding in encodings)])
        plan = plan_continuations(counts, given, self.context_tokens)
        sums, greedy, done = np.zeros(len(counts)), np.ones(len(counts), bool), 0
        for rows in cut_batches(plan, batch_size(self.model.device.type, self.batch_tokens)):
            batch = read_batch(plan, rows, ids, offsets, self.tokenizer.separator_id)
            losses, first = score_batch(self.model, batch)
            np.add.at(sums, batch.document, losses.sum(axis=1))
            np.logical_and.at(greedy, batch.document, first.all(axis=1))
            done += int(plan.length[rows].sum())
            if told is not None:
                told(done, plan.input_tokens)
        return [Likelihood(-float(loss), bool(best)) for loss, best in zip(sums, greedy, strict=True)]


def given_tokens(asked: Sequence[Continuation], encodings: Sequence[Encoding]) -> np.ndarray:
    """Tokens of each text that are given and not scored; int64 [texts].

    A text gives the tokens that end at or before its context's end; of those, continuations of one context and group give
    only the beginning that they share.
    """
    import numpy as np

    given = np.array(
        [
            np.searchsorted(encoding.byte_ends, len(item.context.encode()), side="right")
            for item, encoding in zip(asked, encodings, strict=True)
        ],
        np.int64,
    )
    groups: dict[Hashable, list[int]] = {}
    for place, item in enumerate(asked):
        groups.setdefault((item.group, item.context), []).append(place)
    for places in groups.values():
        given[places] = shared_tokens([encodings[place].ids[: given[place]] for place in places])
    return given


def shared_tokens(sequences: Sequence[np.ndarray]) -> int:
    """Length of the longest common beginning."""
    import numpy as np

    length = min(len(sequence) for sequence in sequences)
    equal = np.logical_and.reduce([sequence[:length] == sequences[0][:length] for sequence in sequences])
    return int(length if equal.all() else np.argmin(equal))


def plan_continuations(token_counts: np.ndarray, given: np.ndarray, context_tokens: int) -> WindowPlan:
    """Windows of at most S inputs over texts of which the first ``given`` tokens are not scored.

    The last window of each text ends at its end and reads as much before as fits; a continuation of more than S tokens is
    scored S tokens at a time before that. With nothing given these are the windows of ``plan_windows`` at a stride of S.

    Args:
        token_counts: int64 [texts].
        given: int64 [texts], at most the tokens there are.
        context_tokens: S.
    """
    import numpy as np

    windows = -(-(token_counts - given) // context_tokens)
    document = np.repeat(np.arange(len(windows)), windows)
    number = np.arange(len(document)) - np.repeat(np.cumsum(windows) - windows, windows)
    first = given[document] + number * context_tokens
    end = np.minimum(first + context_tokens, token_counts[document])
    start = np.maximum(end - context_tokens, 0)
    columns = (document, start, end - start, first - start, np.zeros(len(document), bool))
    order = np.argsort(start - end, kind="stable")
    return WindowPlan(*(column[order] for column in columns), context_tokens=context_tokens, stride_tokens=context_tokens)


def score_batch(model: LanguageModel, batch: ScoringBatch) -> tuple[np.ndarray, np.ndarray]:
    """-ln p of every scored label in nats, float64, and whether it was the likeliest token; both [windows, length].

    What is not scored has a loss of zero and counts as likeliest.
    """
    import numpy as np
    import torch

    losses, first = np.zeros(batch.inputs.shape), np.ones(batch.inputs.shape, bool)
    with exact_arithmetic():
        hidden = model.hidden(torch.from_numpy(batch.inputs).to(model.device))
        scored = torch.from_numpy(batch.scored).to(model.device)
        labels = torch.from_numpy(batch.labels).to(model.device)[scored]
        found = label_scores(model, hidden[scored], labels)
        losses[batch.scored], first[batch.scored] = (values.cpu().numpy() for values in found)
    return losses, first


def label_scores(model: LanguageModel, hidden: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy in nats and whether the label is the likeliest, for hidden states [positions, width]; a chunk at a time."""
    import torch
    from torch.nn.functional import cross_entropy

    rows = max(SMALLEST_CHUNK, CHUNK_LOGITS.get(model.device.type, CHUNK_LOGITS["cpu"]) // model.vocabulary)
    losses, first = [torch.zeros(0, dtype=torch.float64)], [torch.zeros(0, dtype=torch.bool)]
    for states, following in zip(hidden.split(rows), labels.split(rows), strict=True):
        logits = model.head(states).float()
        losses.append(cross_entropy(logits, following, reduction="none").double().cpu())
        first.append((logits.argmax(dim=-1) == following).cpu())
    return torch.cat(losses), torch.cat(first)
