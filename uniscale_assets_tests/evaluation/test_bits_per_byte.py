"""Bits per byte of checkpoints: what the numbers must be, what is written, and what is refused."""

from __future__ import annotations

import json
import math
import shutil

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file

from uniscale_assets.errors import ArtifactError, BadInputError, LossyTokenizerError, TokenizerError
from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint
from uniscale_assets.evaluation.models import load_checkpoint
from uniscale_assets.evaluation.spec import EvaluationSpec
from uniscale_assets.tables import BITS_PER_BYTE, DOCUMENT_SCORES
from uniscale_assets.tokenization.shards import open_shard, read_summary
from uniscale_assets_tests.evaluation.conftest import VOCAB_SIZE, save_checkpoint, write_shards

CONTEXT_BYTES = 90


@pytest.fixture
def output(tmp_path):
    directory = tmp_path / "output"
    directory.mkdir()
    return directory


def evaluate(checkpoint, shards, output, context_bytes=CONTEXT_BYTES, **spec):
    return evaluate_checkpoint(checkpoint, shards, EvaluationSpec(**spec), context_bytes, output)


def change_weights(checkpoint, directory, change):
    """A copy of a checkpoint whose weights ``change`` has been at."""
    shutil.copytree(checkpoint, directory)
    weights = load_file(directory / "model.safetensors")
    change(weights)
    save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})
    return directory


def test_a_uniform_model_spends_log2_of_the_vocabulary_on_every_token(checkpoint, shards, output, tmp_path):
    uniform = change_weights(checkpoint, tmp_path / "uniform", lambda weights: weights["model.embed_tokens.weight"].zero_())
    summary = evaluate(uniform, shards, output)
    for score in summary.languages:
        assert score.bits_per_byte == pytest.approx(math.log2(VOCAB_SIZE) * score.tokens / score.bytes, rel=1e-6)
        assert score.token_perplexity == pytest.approx(VOCAB_SIZE, rel=1e-5)
        assert score.byte_perplexity == pytest.approx(2**score.bits_per_byte)
    assert summary.all_languages.separator_negative_log_likelihood_nats == pytest.approx(
        math.log(VOCAB_SIZE) * summary.all_languages.documents, rel=1e-6
    )


def test_documents_add_up_to_languages_and_languages_to_all(checkpoint, shards, output):
    evaluate(checkpoint, shards, output)
    documents = pl.read_parquet(output / "document_scores.parquet")
    languages = pl.read_parquet(output / "bits_per_byte.parquet")
    assert languages["language"].to_list() == ["eng_Latn", "jpn_Jpan", "rus_Cyrl", "all"]
    for row in languages.iter_rows(named=True):
        chosen = documents.filter((pl.col("language") == row["language"]) | (row["language"] == "all"))
        assert (row["documents"], row["bytes"], row["tokens"]) == (len(chosen), chosen["bytes"].sum(), chosen["tokens"].sum())
        nats = chosen["negative_log_likelihood_nats"].sum()
        assert row["negative_log_likelihood_nats"] == pytest.approx(nats, rel=1e-12)
        assert row["separator_negative_log_likelihood_nats"] == pytest.approx(chosen["separator_negative_log_likelihood_nats"].sum())
        assert row["bits_per_byte"] == pytest.approx(nats / math.log(2) / chosen["bytes"].sum(), rel=1e-12)


def test_every_document_is_scored_however_short_and_named_in_the_order_of_the_shard(checkpoint, shards, output):
    evaluate(checkpoint, shards, output)
    shard, rows = open_shard(shards, "test"), pq.read_table(output / "document_scores.parquet").to_pylist()
    assert [(row["language"], row["document"]) for row in rows] == shard.documents()
    assert [row["bytes"] for row in rows] == shard.document_bytes.tolist()
    assert [row["tokens"] for row in rows] == np.diff(shard.offsets).tolist()
    assert min(row["tokens"] for row in rows) == 1
    assert all(row["negative_log_likelihood_nats"] > 0 for row in rows)


def test_the_first_token_is_scored_given_the_separator(checkpoint, shards, output):
    evaluate(checkpoint, shards, output)
    shard, rows = open_shard(shards, "test"), pq.read_table(output / "document_scores.parquet").to_pylist()
    with torch.no_grad():
        first = load_checkpoint(checkpoint, "cpu")(torch.tensor([[0]])).logits[0, 0].log_softmax(-1)
    of_one_token = [index for index, row in enumerate(rows) if row["tokens"] == 1]
    for index in of_one_token:
        expected = -first[int(shard.ids[shard.offsets[index]])].item()
        assert rows[index]["negative_log_likelihood_nats"] == pytest.approx(expected, rel=1e-5)


def test_columns_are_those_of_the_metric_tables(checkpoint, shards, output):
    summary = evaluate(checkpoint, shards, output, stride_bytes=30)
    of_partition = {"study", "tokenizer", "size", "budget", "seed", "fingerprint"}
    bits = pq.read_table(output / "bits_per_byte.parquet")
    assert bits.column_names == [name for name in BITS_PER_BYTE.column_names if name not in of_partition]
    documents = pq.read_table(output / "document_scores.parquet")
    assert documents.column_names == [name for name in DOCUMENT_SCORES.column_names if name not in {*of_partition, "split"}]
    bytes_per_token = read_summary(shards).bytes_per_token
    row = bits.to_pylist()[-1]
    assert (row["split"], row["language"], row["context_bytes"], row["stride_bytes"]) == ("test", "all", CONTEXT_BYTES, 30)
    assert (row["context_tokens"], row["stride_tokens"]) == (round(CONTEXT_BYTES / bytes_per_token), round(30 / bytes_per_token))
    assert row["bits_per_byte"] == summary.all_languages.bits_per_byte


def test_a_longer_look_back_is_worth_recording(checkpoint, shards, output):
    """Stride and context change the value, so neither may be lost on the way."""
    whole = evaluate(checkpoint, shards, output).all_languages.bits_per_byte
    half = evaluate(checkpoint, shards, output, stride_bytes=CONTEXT_BYTES // 2).all_languages.bits_per_byte
    longer = evaluate(checkpoint, shards, output, context_bytes=2 * CONTEXT_BYTES).all_languages.bits_per_byte
    assert len({whole, half, longer}) == 3


def test_the_same_inputs_give_the_same_bytes(checkpoint, shards, output, tmp_path):
    (tmp_path / "again").mkdir()
    evaluate(checkpoint, shards, output)
    evaluate(checkpoint, shards, tmp_path / "again")
    for path in output.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    assert sorted(path.name for path in output.iterdir()) == ["bits_per_byte.parquet", "document_scores.parquet"]


def test_bf16_weights_are_computed_with_in_fp32(checkpoint, tmp_path):
    load_checkpoint(checkpoint, "cpu").to(torch.bfloat16).save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == "bfloat16"
    assert {parameter.dtype for parameter in load_checkpoint(tmp_path, "cpu").parameters()} == {torch.float32}


TEXT = ("eng_Latn", "one", [10, 11, 12], [1, 4, 5], 5)


@pytest.mark.parametrize(
    ("document", "error", "message"),
    [
        (("eng_Latn", "two", [10, 11], [1, 2], 3), LossyTokenizerError, r"document 'two' \(eng_Latn\) has 3 bytes .* account for 2"),
        (("eng_Latn", "two", [10, 11], [1, 4], 3), LossyTokenizerError, "has 3 bytes .* account for 4"),
        (("eng_Latn", "two", [10, 11, 12], [2, 1, 3], 3), LossyTokenizerError, "fall within document 'two'"),
        (("eng_Latn", "two", [], [], 3), LossyTokenizerError, "has 3 bytes .* account for 0"),
        (("eng_Latn", "two", [10], [0], 0), ArtifactError, "document 'two' .* has no bytes"),
        (("eng_Latn", "two", [VOCAB_SIZE], [3], 3), TokenizerError, f"id {VOCAB_SIZE} lies outside"),
        (("eng_Latn", "two", [10, 0], [2, 3], 3), TokenizerError, "separator"),
    ],
)
def test_shards_that_lose_bytes_or_hold_other_ids_are_refused(document, error, message, checkpoint, output, tmp_path):
    shards = write_shards(tmp_path / "shards", [TEXT, document, TEXT], VOCAB_SIZE)
    with pytest.raises(error, match=message):
        evaluate(checkpoint, shards, output)
    assert not list(output.iterdir())


def test_a_split_without_documents_is_refused(checkpoint, shards, output, tmp_path):
    empty = shutil.copytree(shards, tmp_path / "empty")
    for name, dtype in (("ids", np.uint16), ("byte_ends", np.uint32), ("document_bytes", np.int64)):
        np.save(empty / f"test.{name}.npy", np.zeros(0, dtype))
    np.save(empty / "test.offsets.npy", np.zeros(1, np.int64))
    with pytest.raises(ArtifactError, match="no documents"):
        evaluate(checkpoint, empty, output)


def test_a_token_may_account_for_no_byte(checkpoint, output, tmp_path):
    shards = write_shards(tmp_path / "shards", [("eng_Latn", "one", [10, 11, 12], [0, 0, 5], 5)], VOCAB_SIZE)
    assert evaluate(checkpoint, shards, output).all_languages.tokens == 3


def test_shards_of_another_vocabulary_are_refused(shards, output, tmp_path):
    with pytest.raises(ArtifactError, match=r"has 700 ids .* has 600"):
        evaluate(save_checkpoint(tmp_path / "other", vocab_size=700), shards, output)


def test_a_checkpoint_with_a_weight_missing_is_refused(checkpoint, shards, output, tmp_path):
    broken = change_weights(checkpoint, tmp_path / "broken", lambda weights: weights.pop("model.layers.1.mlp.up_proj.weight"))
    with pytest.raises(ArtifactError, match=r"missing_keys.*layers\.1\.mlp\.up_proj"):
        evaluate(broken, shards, output)


def test_a_checkpoint_with_broken_weights_is_refused(checkpoint, shards, output, tmp_path):
    broken = change_weights(checkpoint, tmp_path / "broken", lambda weights: weights["model.norm.weight"].fill_(math.nan))
    with pytest.raises(ArtifactError, match=r"score of document .* is nan"):
        evaluate(broken, shards, output)
    assert not list(output.iterdir())


def test_a_directory_that_is_no_checkpoint_is_refused(shards, output, tmp_path):
    with pytest.raises(ArtifactError, match="cannot be loaded as a checkpoint"):
        evaluate(tmp_path, shards, output)


def test_a_truncated_checkpoint_is_refused(checkpoint, shards, output, tmp_path):
    broken = shutil.copytree(checkpoint, tmp_path / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ArtifactError, match="cannot be loaded as a checkpoint"):
        evaluate(broken, shards, output)


def test_a_stride_longer_than_the_context_is_refused(checkpoint, shards, output):
    with pytest.raises(BadInputError, match=r"evaluation\.stride_bytes: 91"):
        evaluate(checkpoint, shards, output, stride_bytes=CONTEXT_BYTES + 1)
