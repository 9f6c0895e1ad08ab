"""Compression and decompression as sequence-to-sequence tasks."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from uniscale_assets.errors import BadInputError
from uniscale_assets.evaluation.coder_tasks import CoderTasksSpec, Texts, learn_task, training_task
from uniscale_assets.modeling.spec import ExecutionSpec, OptimizerSpec
from uniscale_assets.modeling.training import prepare_training
from uniscale_assets.neural_compression.coder_pairs import PairLayout, pair_of, pieces, read_layout, sides, write_pairs
from uniscale_assets.neural_compression.deflate import DeflateTokenizer
from uniscale_assets.tokenization.shards import open_shard

SIZE = 12
# Twelve letters of two kinds: short enough to be learned in a moment.
TEXTS = [bytes(97 + (number >> place & 1) for place in range(SIZE)) for number in range(400)]
OPTIMIZER = OptimizerSpec(learning_rate=0.02, newton_schulz_steps=3, adamw_learning_rate=0.02, weight_decay=0.0)
SPEC = CoderTasksSpec(tokenizers=("gzip",), size="0.005M", text_bytes=SIZE, pairs=1500, batch_pairs=16, optimizer=OPTIMIZER)
GZIP = DeflateTokenizer(8, header=False)


def test_pieces_are_of_one_size() -> None:
    assert pieces([b"abcdefg", b"ab", b"hij"], 3) == [b"abc", b"def", b"hij"]


def test_a_pair_is_input_target_and_padding() -> None:
    layout = PairLayout("compress", input_ids=256, target_ids=10, length=6)
    assert (layout.first_target, layout.padding_id) == (257, 267)
    assert pair_of(layout, np.array([0, 255]), np.array([0, 9])).tolist() == [1, 256, 257, 266, 267, 267]


def test_the_control_sees_no_code() -> None:
    alone, decompressed, compressed = (sides(task, GZIP, [b"hello"]) for task in ("bytes alone", "decompress", "compress"))
    assert len(alone.inputs[0]) == 0
    assert alone.targets[0].tolist() == decompressed.targets[0].tolist() == compressed.inputs[0].tolist() == list(b"hello")
    assert decompressed.inputs[0].tolist() == compressed.targets[0].tolist()
    assert GZIP.decode_tokens(compressed.targets[0]) == b"hello"


def test_a_tokenizer_of_text_has_no_code() -> None:
    with pytest.raises(BadInputError, match="only tokenizers that take raw bytes"):
        sides("compress", object(), [b"a"])  # pyright: ignore[reportArgumentType]


def test_every_window_of_the_trainer_is_one_pair(tmp_path: Path) -> None:
    pairs, work = tmp_path / "pairs", tmp_path / "work"
    pairs.mkdir()
    work.mkdir()
    layout = write_pairs("decompress", GZIP, TEXTS[:50], TEXTS[:5], pairs)
    assert read_layout(pairs) == layout
    prepared = prepare_training(training_task(SPEC, layout, 0, pairs, work, "f"))
    batch = prepared.windows.batch(np.arange(60))
    assert batch.inputs.shape[1] == layout.length + 1
    assert set(batch.inputs[:, 0]) == {0}
    assert not (batch.inputs[:, 1:] == 0).any()
    stored = np.asarray(open_shard(pairs, "train").ids).reshape(-1, layout.length)
    assert {tuple(row) for row in batch.inputs[:, 1:].tolist()} <= {tuple(row) for row in stored.tolist()}


def test_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="lower text_bytes"):
        write_pairs("compress", GZIP, [b"abc"], [], tmp_path)


@pytest.mark.parametrize("task", ["decompress", "bytes alone"])
def test_a_model_is_trained_and_asked_for_targets_alone(tmp_path: Path, task: str) -> None:
    texts = Texts(TEXTS, TEXTS[::40])
    row = learn_task(SPEC, task, GZIP, texts, 1, tmp_path, ExecutionSpec())  # pyright: ignore[reportArgumentType]
    assert (row.task, row.seed, row.texts, row.tokens) == (task, 1, 10, 10 * SIZE)
    assert row.uniform_nats == pytest.approx(math.log(256))
    # Two letters: a model that learned anything does better than chance among 256.
    assert 0.4 < row.accuracy <= 1
    assert row.cross_entropy_nats < 2
    assert 0 <= row.whole_texts <= row.texts
    assert row.training_flops > 0
