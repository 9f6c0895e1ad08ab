"""A model that was really trained, from its checkpoint to its bits per byte."""

from __future__ import annotations

import math

import numpy as np
import pytest

from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint
from uniscale_assets.evaluation.spec import EvaluationSpec
from uniscale_assets.modeling.records import TrainingTask
from uniscale_assets.modeling.spec import ExecutionSpec, TrainingSpec
from uniscale_assets.modeling.training import train_model
from uniscale_assets.tokenization.shards import open_shard
from uniscale_assets_tests.evaluation.conftest import VOCAB_SIZE

CONTEXT_BYTES = 90
PASSES = 6


@pytest.fixture(scope="module")
def trained(shards, tokenizer_directory, tmp_path_factory):
    """An Apertus that read the texts some times over; the texts are its test split too, so it should know them well."""
    seen = int(open_shard(shards, "train").document_bytes.sum())
    training = TrainingSpec.model_validate(
        {
            "budget": {"rule": "bytes", "value": float(PASSES * seen)},
            "context": {"bytes": CONTEXT_BYTES},
            "batch": {"contexts": 8},
            "optimizer": {"name": "adamw", "adamw_learning_rate": 0.01},
            "embedding_initializer_range": 0.1,
            "repeat": True,
        }
    )
    task = TrainingTask(
        architecture="apertus",
        size="0.06M",
        tie_embeddings=True,
        training=training,
        budget_value=float(PASSES * seen),
        seed=1,
        shards=shards,
        tokenizer=tokenizer_directory,
        fingerprint="of a test",
    )
    directory = tmp_path_factory.mktemp("trained")
    outcome = train_model(task, directory, tmp_path_factory.mktemp("work"), ExecutionSpec())
    return directory, outcome.record


def unigram_bits_per_byte(shards):
    """Bits per byte of the best model that ignores context: the entropy of the split's own token counts."""
    shard = open_shard(shards, "test")
    counts = np.bincount(shard.ids, minlength=VOCAB_SIZE)
    counts = counts[counts > 0]
    return float((counts * -np.log2(counts / counts.sum())).sum() / shard.document_bytes.sum())


def test_a_trained_model_beats_every_model_without_context(trained, shards, tmp_path):
    directory, record = trained
    summary = evaluate_checkpoint(directory, shards, EvaluationSpec(), CONTEXT_BYTES, tmp_path)
    assert summary.windows.context_tokens == record.context_tokens
    assert summary.all_languages.bits_per_byte < 0.95 * unigram_bits_per_byte(shards)
    # What training said of the same text, separators and all, in nats a label.
    whole = summary.all_languages
    nats = whole.negative_log_likelihood_nats + whole.separator_negative_log_likelihood_nats
    assert nats / (whole.tokens + whole.documents) == pytest.approx(record.final_loss_nats, rel=0.15)


def test_more_context_helps_a_trained_model(trained, shards, tmp_path):
    """An overlap gives each token more to go by; a model that learned from context makes use of it."""
    directory, _ = trained
    disjoint = evaluate_checkpoint(directory, shards, EvaluationSpec(), CONTEXT_BYTES, tmp_path).all_languages
    (tmp_path / "overlap").mkdir()
    overlapping = evaluate_checkpoint(directory, shards, EvaluationSpec(stride_bytes=20), CONTEXT_BYTES, tmp_path / "overlap").all_languages
    assert overlapping.tokens == disjoint.tokens
    assert overlapping.bits_per_byte < disjoint.bits_per_byte
    assert math.isfinite(overlapping.separator_negative_log_likelihood_nats)
