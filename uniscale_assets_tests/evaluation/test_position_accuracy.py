"""Accuracy by place in the window, against every token asked by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from uniscale_assets.corpus.mixing import MixtureDocument
from uniscale_assets.errors import ArtifactError
from uniscale_assets.evaluation.position_accuracy import accuracy_by_position, commonest_shares
from uniscale_assets.neural_compression.families import ByteAlphabet
from uniscale_assets.tokenization.shards import SUMMARY_FILE, ShardSummary, ShardWriter

TEXTS = [b"abcabcabcabc", b"xyz", b"bananas and bandanas, bananas"]
CONTEXT = 8


def write_shards(directory: Path, texts: list[bytes]) -> None:
    """Shards of bytes, split test."""
    with ShardWriter(directory, "test", 257) as writer:
        documents = [MixtureDocument("eng_Latn", str(number), text.decode(), len(text)) for number, text in enumerate(texts)]
        encodings = ByteAlphabet().encode_bytes(texts)
        writer.append(documents, encodings) if texts else None
        counts = writer.counts
    summary = ShardSummary(vocab_size=257, separator_id=0, splits={"test": counts}, bytes_per_token=1.0)
    (directory / SUMMARY_FILE).write_text(summary.model_dump_json())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import LlamaConfig, LlamaForCausalLM

    directory = tmp_path_factory.mktemp("checkpoint")
    shape = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=257, initializer_range=0.5, **shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        LlamaForCausalLM(config).save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shards")
    write_shards(directory, TEXTS)
    return directory


def right_by_hand(checkpoint: Path, period: int) -> np.ndarray:
    """Right guesses at each place, one forward pass for each token: given what its window of the context holds before it."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    right = np.zeros(period, dtype=int)
    for text in TEXTS:
        stream = [0, *(letter + 1 for letter in text)]
        for number in range(len(text)):
            # Windows move on by a whole context; the last is moved left to full length.
            end = min((number // CONTEXT + 1) * CONTEXT, len(text))
            start = max(end - CONTEXT, 0)
            with torch.no_grad():
                guess = int(model(torch.tensor([stream[start : number + 1]])).logits[0, -1].argmax())
            right[number % period] += guess == stream[number + 1]
    return right


@pytest.mark.parametrize("period", [1, 2, 3])
def test_every_token_is_asked_at_its_place(checkpoint: Path, shards: Path, period: int) -> None:
    found = accuracy_by_position(checkpoint, shards, "test", CONTEXT, period)
    assert found["position"].to_list() == list(range(1, period + 1))
    assert found["tokens"].to_list() == [sum(len(range(place, len(text), period)) for text in TEXTS) for place in range(period)]
    assert found["correct"].to_list() == right_by_hand(checkpoint, period).tolist()
    assert (found["accuracy"] == found["correct"] / found["tokens"]).all()


def test_whole_documents_are_taken_up_to_a_number_of_tokens(checkpoint: Path, shards: Path) -> None:
    assert accuracy_by_position(checkpoint, shards, "test", CONTEXT, 1, most_tokens=15)["tokens"].to_list() == [15]
    assert accuracy_by_position(checkpoint, shards, "test", CONTEXT, 1, most_tokens=1)["tokens"].to_list() == [12]


def test_the_commonest_token_of_a_place() -> None:
    ids, offsets = np.array([1, 2, 1, 3, 1, 2, 5]), np.array([0, 4, 7])
    assert commonest_shares(ids, offsets, 2) == pytest.approx([3 / 4, 2 / 3])


def test_a_split_without_tokens_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    write_shards(tmp_path, [])
    with pytest.raises(ArtifactError, match="the split test has no tokens"):
        accuracy_by_position(checkpoint, tmp_path, "test", CONTEXT, 2)
