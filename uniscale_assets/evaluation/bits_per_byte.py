"""Bits per byte of a checkpoint on the token shards of its tokenizer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from uniscale_assets.errors import ArtifactError, BadInputError
from uniscale_assets.evaluation.models import as_language_model, load_checkpoint
from uniscale_assets.evaluation.results import DocumentScores, EvaluationSummary, Windows, sum_by_language, write_results
from uniscale_assets.evaluation.scoring import Progress, score_shard
from uniscale_assets.evaluation.verification import check_shard
from uniscale_assets.evaluation.windows import plan_windows
from uniscale_assets.modeling.budget import context_tokens

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets.evaluation.models import LanguageModel
    from uniscale_assets.evaluation.spec import EvaluationSpec
    from uniscale_assets.tokenization.shards import TokenShard


def evaluate_checkpoint(
    checkpoint: Path,
    shards: Path,
    spec: EvaluationSpec,
    context_bytes: int,
    output: Path,
    progress: Progress | None = None,
) -> EvaluationSummary:
    """Score every document of a split and write ``document_scores.parquet`` and ``bits_per_byte.parquet``.

    fp32 weights and logits on every device, float64 sums. The same inputs on the same kind of machine give the same
    bytes.

    Args:
        checkpoint: directory that ``AutoModelForCausalLM`` loads.
        shards: token shards of the tokenizer it was trained with.
        spec: which split, the stride, and how many tokens go into a forward pass.
        context_bytes: window length in raw bytes, the same as in training; in tokens it is round(bytes / T), T the
            shards' bytes per token on the mixed validation text.
        output: existing directory.
        progress: called with the input tokens that are done and all there are.

    Raises:
        ArtifactError: the checkpoint does not load, has another vocabulary than the shards, or gives scores that
            are not finite; or the split has no documents.
        LossyTokenizerError: the byte ends of a document do not add up to its bytes.
        BadInputError: a stride longer than the context.
    """
    from uniscale_assets.tokenization.shards import open_shard, read_summary

    seconds, cpu_seconds = time.perf_counter(), time.process_time()
    shard, contents = open_shard(shards, spec.split), read_summary(shards)
    check_shard(shard, contents.vocab_size, contents.separator_id, f"{shards}: {spec.split}")
    windows = windows_in_tokens(context_bytes, spec.stride_bytes, contents.bytes_per_token)
    model = as_language_model(load_checkpoint(checkpoint))
    check_vocabulary(model, checkpoint, contents.vocab_size, shards)
    scores = score_documents(model, shard, windows, contents.separator_id, spec.batch_tokens, progress)
    check_finite(scores, checkpoint)
    summary = EvaluationSummary(
        split=spec.split,
        windows=windows,
        languages=sum_by_language(scores),
        device=str(model.device),
        seconds=time.perf_counter() - seconds,
        cpu_seconds=time.process_time() - cpu_seconds,
    )
    write_results(scores, summary, output)
    return summary


def windows_in_tokens(context_bytes: int, stride_bytes: int | None, bytes_per_token: float) -> Windows:
    """Window length and step of a tokenizer in tokens, both by the rule that training uses for its windows.

    Args:
        context_bytes: window length in raw bytes.
        stride_bytes: window step in raw bytes; null is the whole window.
        bytes_per_token: T.

    Raises:
        BadInputError: a stride longer than the context: text between two windows would not be scored.
    """
    stride_bytes = context_bytes if stride_bytes is None else stride_bytes
    if stride_bytes > context_bytes:
        raise BadInputError(
            f"evaluation.stride_bytes: {stride_bytes} is longer than training.context.bytes, {context_bytes}; text would be skipped"
        )
    return Windows(
        context_bytes=context_bytes,
        stride_bytes=stride_bytes,
        context_tokens=context_tokens(context_bytes, bytes_per_token),
        stride_tokens=context_tokens(stride_bytes, bytes_per_token),
    )


def score_documents(
    model: LanguageModel,
    shard: TokenShard,
    windows: Windows,
    separator_id: int,
    batch_tokens: int,
    progress: Progress | None = None,
) -> DocumentScores:
    """Score every document of a shard; as ``scoring.score_shard``, with the documents the sums belong to."""
    import numpy as np

    # Plain arrays over the mapped files: their indexing costs a fraction of a memmap's.
    ids, offsets = np.asarray(shard.ids), np.asarray(shard.offsets)
    plan = plan_windows(np.diff(offsets), windows.context_tokens, windows.stride_tokens)
    sums = score_shard(model, plan, ids, offsets, separator_id, batch_tokens=batch_tokens, progress=progress)
    languages, documents = zip(*shard.documents(), strict=True)
    return DocumentScores(
        languages=languages,
        documents=documents,
        bytes=np.asarray(shard.document_bytes),
        tokens=np.diff(offsets),
        negative_log_likelihood_nats=sums.negative_log_likelihood_nats,
        separator_negative_log_likelihood_nats=sums.separator_negative_log_likelihood_nats,
    )


def check_vocabulary(model: LanguageModel, checkpoint: Path, vocab_size: int, shards: Path) -> None:
    """Refuse shards of another vocabulary than the model's."""
    if model.vocabulary != vocab_size:
        raise ArtifactError(
            f"{checkpoint}: the model has {model.vocabulary} ids and the tokenizer of {shards} has {vocab_size}; "
            "evaluate a model on the shards of the tokenizer it was trained with",
        )


def check_finite(scores: DocumentScores, checkpoint: Path) -> None:
    """Refuse scores that are infinite or no numbers."""
    import numpy as np

    both = scores.negative_log_likelihood_nats + scores.separator_negative_log_likelihood_nats
    wrong = np.flatnonzero(~np.isfinite(both))
    if len(wrong):
        first = wrong[0]
        raise ArtifactError(
            f"{checkpoint}: the score of document {scores.documents[first]!r} ({scores.languages[first]}) is {both[first]}, "
            f"and so for {len(wrong)} of {len(both)}; the weights are broken or the training diverged: train it again",
        )
