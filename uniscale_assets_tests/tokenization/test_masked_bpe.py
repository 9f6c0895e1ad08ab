"""A masked BPE writes text as the smaller BPE does, and keeps the larger one's vocabulary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from uniscale_assets.tokenization.bpe import prefix_for, read_merges
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.masked_bpe import unmasked
from uniscale_assets.tokenization.spec import TokenizerSpec

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets_tests.tokenization.conftest import Train


@pytest.mark.parametrize("masked", [0.75, 0.9])
def test_text_is_written_as_by_the_bpe_of_what_is_left(masked: float, train: Train, unseen: list[tuple[str, str]]) -> None:
    directory = train("masked_bpe", 1000, masked=masked)
    tokenizer, whole = load_tokenizer(directory), load_tokenizer(train("bpe", 1000))
    left = len(json.loads((directory / "tokenizer.json").read_text())["model"]["merges"])
    assert left == round((1 - masked) * len(prefix_for(read_merges(directory.parent / "vocabulary", SPEC), SPEC)))
    smaller = load_tokenizer(train("bpe", 257 + left))
    texts = [text for _, text in unseen]
    for ours, small in zip(tokenizer.encode_batch(texts), smaller.encode_batch(texts), strict=True):
        assert np.array_equal(ours.ids, small.ids)
    assert tokenizer.vocab_size == whole.vocab_size == 1000
    assert [tokenizer.decode([index]) for index in range(1000)] == [whole.decode([index]) for index in range(1000)]


SPEC = TokenizerSpec(name="x", family="bpe", vocab_size=1000)


def test_the_vocabulary_is_the_file_that_plain_bpe_trains(train: Train, texts: list[str], tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"family": "masked_bpe", "options": {"masked": 0.9}})
    family_of("masked_bpe").train_vocabulary(spec, texts, tmp_path)
    assert (tmp_path / "merges.json").read_bytes() == (train("bpe", 1000).parent / "vocabulary" / "merges.json").read_bytes()


@pytest.mark.parametrize(("masked", "left"), [(0.75, 25), (0.9, 10), (0.999, 1), (0.001, 100)])
def test_the_last_merges_are_the_masked_ones(masked: float, left: int) -> None:
    merges = [("a", str(number)) for number in range(100)]
    assert unmasked(merges, masked) == merges[:left]
