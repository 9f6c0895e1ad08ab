"""At stride = context, bits per byte is what lm-evaluation-harness says of the same checkpoint and text."""

from __future__ import annotations

import shutil

import pyarrow.parquet as pq
import pytest

from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint
from uniscale_assets.evaluation.spec import EvaluationSpec
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets_tests.evaluation.conftest import VOCAB_SIZE, encode, save_checkpoint, write_shards

CONTEXT_BYTES = 90


@pytest.fixture(scope="module", autouse=True)
def offline():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


def lm_eval_scores(directory, documents, context_tokens):
    """Log-likelihood of each text by the harness's own rolling windows, and its own bits per byte over all."""
    from lm_eval.api.instance import Instance
    from lm_eval.api.metrics import bits_per_byte
    from lm_eval.models.huggingface import HFLM

    # Our tokenizer has no BOS of its own; the harness is told which token precedes a text.
    model = HFLM(pretrained=str(directory), device="cpu", max_length=context_tokens, prefix_token_id=0, batch_size=4, dtype="float32")
    requests = [Instance("loglikelihood_rolling", {}, (text,), index) for index, (_, _, text) in enumerate(documents)]
    scores = model.loglikelihood_rolling(requests, disable_tqdm=True)
    return scores, bits_per_byte([(score, len(text.encode())) for score, (_, _, text) in zip(scores, documents, strict=True)])


@pytest.mark.parametrize("architecture", ["apertus", "llama"])
def test_bits_per_byte_is_that_of_lm_eval(architecture, texts, tokenizer_directory, tmp_path):
    directory = save_checkpoint(tmp_path / "checkpoint", architecture=architecture)
    shutil.copytree(tokenizer_directory, directory, dirs_exist_ok=True)
    shards = write_shards(tmp_path / "shards", encode(load_tokenizer(tokenizer_directory), texts), VOCAB_SIZE)
    (tmp_path / "output").mkdir()

    summary = evaluate_checkpoint(directory, shards, EvaluationSpec(), CONTEXT_BYTES, tmp_path / "output")
    scores, bits = lm_eval_scores(directory, texts, summary.windows.context_tokens)

    assert summary.all_languages.bits_per_byte == pytest.approx(bits, rel=1e-4)
    rows = pq.read_table(tmp_path / "output" / "document_scores.parquet").to_pylist()
    assert max(row["tokens"] for row in rows) > 3 * summary.windows.context_tokens
    assert [row["negative_log_likelihood_nats"] for row in rows] == pytest.approx([-score for score in scores], rel=1e-4)
