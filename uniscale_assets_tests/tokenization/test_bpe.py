"""Byte-level BPE: exact sizes, nested, deterministic."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from uniscale_assets.errors import BadInputError, TokenizerError
from uniscale_assets.files import hash_directory
from uniscale_assets.tokenization import bpe
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.layout import SEPARATOR_TEXT, unspell
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.spec import TokenizerSpec

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets_tests.tokenization.conftest import Train

FAMILY = family_of("bpe")

TRAIN_ELSEWHERE = """
import json, sys
from pathlib import Path
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.spec import TokenizerSpec
spec = TokenizerSpec.model_validate_json(sys.argv[1])
family_of(spec.family).train_vocabulary(spec, json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3]))
"""


def train_elsewhere(spec: TokenizerSpec, texts: list[str], output: Path) -> None:
    """Train in another process, with one thread and another seed of hashes."""
    (output.parent / "texts.json").write_text(json.dumps(texts))
    environment = {**os.environ, "RAYON_NUM_THREADS": "1", "PYTHONHASHSEED": "7"}
    arguments = [sys.executable, "-c", TRAIN_ELSEWHERE, spec.model_dump_json(), str(output.parent / "texts.json"), str(output)]
    subprocess.run(arguments, check=True, env=environment)


def spec_of(family: str = "bpe", vocab_size: int = 1000, **more: object) -> TokenizerSpec:
    return TokenizerSpec.model_validate({"name": "x", "family": family, "vocab_size": vocab_size, **more})


@pytest.mark.parametrize("family", ["bpe", "unigram"])
def test_two_trainings_give_the_same_file(family: str, train: Train, texts: list[str], tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    train_elsewhere(spec_of(family), texts, tmp_path / "again")
    assert hash_directory(tmp_path / "again") == hash_directory(train(family).parent / "vocabulary")


@pytest.mark.parametrize("vocab_size", [257, 258, 700, 999])
def test_a_cut_vocabulary_is_the_one_trained_at_that_size(vocab_size: int, train: Train, tmp_path: Path) -> None:
    FAMILY.cut(train("bpe", 1000).parent / "vocabulary", spec_of(vocab_size=vocab_size), tmp_path)
    assert hash_directory(tmp_path) == hash_directory(train("bpe", vocab_size))


def test_two_merges_that_give_one_piece_are_cut_where_training_stops(tmp_path: Path) -> None:
    # "abc" is reached as a+bc and as ab+c: the second merge adds no id.
    text = "\n".join(["xab"] * 9 + ["bcy"] * 8 + ["abcz"] * 20 + ["ab"] * 30 + ["bc"] * 29 + ["abc"] * 10)
    spec = spec_of(vocab_size=262, pretokenizer="gpt2")
    larger = spec_of(vocab_size=263, pretokenizer="gpt2")
    merges, more = bpe.learn_merges(spec, [text]), bpe.learn_merges(larger, [text])
    assert more[: len(merges)] == merges
    assert bpe.prefix_for(more, spec) == merges
    assert len({left + right for left, right in merges}) == 262 - 257


def test_the_layout_is_separator_then_bytes_then_merges(train: Train) -> None:
    model = json.loads((train("bpe") / "tokenizer.json").read_text())["model"]
    assert model["vocab"][SEPARATOR_TEXT] == 0
    assert [unspell(piece) for piece in list(model["vocab"])[1:257]] == [bytes([byte]) for byte in range(256)]
    learned = list(dict.fromkeys(left + right for left, right in model["merges"]))
    assert list(model["vocab"])[257:] == learned
    assert len(model["vocab"]) == 1000 == load_tokenizer(train("bpe")).vocab_size


def test_a_vocabulary_larger_than_the_text_supports_says_how_many_it_supports(tmp_path: Path) -> None:
    text = "aaaa bbbb aaaa bbbb"
    with pytest.raises(TokenizerError, match=r"x: vocab_size 5000 is larger than the text supports: it supports (\d+) ids") as failure:
        FAMILY.train_vocabulary(spec_of(vocab_size=5000), [text], tmp_path)
    assert not list(tmp_path.iterdir())
    supported = int(str(failure.value).split("supports ")[-1].split()[0])
    FAMILY.train_vocabulary(spec_of(vocab_size=supported), [text], tmp_path)
    with pytest.raises(TokenizerError, match="larger than the text supports"):
        FAMILY.cut(tmp_path, spec_of(vocab_size=supported + 1), tmp_path)


def test_no_text_at_all_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"supports 257 ids .* give more text"):
        FAMILY.train_vocabulary(spec_of(), [], tmp_path)


def test_more_pairs_than_training_can_count_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # "ab" stands 3000 times; the library would wrap at 2^31.
    monkeypatch.setattr(bpe, "LARGEST_PAIR_COUNT", 2999)
    with pytest.raises(TokenizerError, match="more than 2,999 times"):
        FAMILY.train_vocabulary(spec_of(vocab_size=258), ["ab " * 1000] * 3, tmp_path)
    monkeypatch.setattr(bpe, "LARGEST_PAIR_COUNT", 3100)
    FAMILY.train_vocabulary(spec_of(vocab_size=258), ["ab " * 1000] * 3, tmp_path)


def test_a_vocabulary_of_another_pretokenizer_is_refused(train: Train, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"merges.json: trained with the pretokenizer 'gpt4', but x asks for 'gpt2'"):
        FAMILY.cut(train("bpe").parent / "vocabulary", spec_of(pretokenizer="gpt2"), tmp_path)


def test_a_damaged_vocabulary_is_named(tmp_path: Path) -> None:
    (tmp_path / "merges.json").write_text('{"merges": [["a"')
    with pytest.raises(TokenizerError, match=r"merges.json: not readable as a BPE vocabulary"):
        FAMILY.cut(tmp_path, spec_of(), tmp_path)


def test_options_are_refused() -> None:
    with pytest.raises(BadInputError, match="options: dropout: the family bpe takes none"):
        FAMILY.check(spec_of(options={"dropout": 0.1}))
