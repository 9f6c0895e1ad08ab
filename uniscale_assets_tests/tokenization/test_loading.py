"""A directory that is no tokenizer, or no longer the one it was, is named; so is a family that is not known."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from uniscale_assets.errors import BadInputError, TokenizerError
from uniscale_assets.tokenization.families import FAMILIES, family_of
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.protocol import Tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets_tests.tokenization.conftest import Train


@pytest.fixture
def directory(train: Train, tmp_path: Path) -> Path:
    """A copy of a tokenizer, to be damaged."""
    return shutil.copytree(train("bpe"), tmp_path / "tokenizer")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_what_was_written_loads(directory: Path) -> None:
    tokenizer = load_tokenizer(directory)
    assert isinstance(tokenizer, Tokenizer)
    assert (tokenizer.vocab_size, tokenizer.separator_id) == (1000, 0)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"nowhere: no such directory; a tokenizer is a directory with uniscale.json"):
        load_tokenizer(tmp_path / "nowhere")


@pytest.mark.parametrize("missing", ["uniscale.json", "tokenizer.json"])
def test_a_file_that_is_missing_is_named(directory: Path, missing: str) -> None:
    (directory / missing).unlink()
    with pytest.raises(TokenizerError, match=rf"{directory}: .*{missing} is missing"):
        load_tokenizer(directory)


@pytest.mark.parametrize("name", ["uniscale.json", "tokenizer.json"])
def test_a_truncated_file_is_named(directory: Path, name: str) -> None:
    (directory / name).write_text((directory / name).read_text()[:100])
    with pytest.raises(TokenizerError, match=rf"{directory / name}: "):
        load_tokenizer(directory)


def test_another_way_to_cut_shows_in_the_probe(directory: Path) -> None:
    change(directory / "tokenizer.json", '"behavior": "Isolated"', '"behavior": "Removed"')
    with pytest.raises(TokenizerError, match="encodes otherwise than when it was made"):
        load_tokenizer(directory)


def test_a_prefix_space_shows_in_the_probe(directory: Path) -> None:
    change(directory / "tokenizer.json", '"add_prefix_space": false', '"add_prefix_space": true')
    with pytest.raises(TokenizerError, match="encodes otherwise than when it was made"):
        load_tokenizer(directory)


def test_another_vocabulary_shows(directory: Path, train: Train) -> None:
    shutil.copy(train("bpe", 999) / "tokenizer.json", directory)
    with pytest.raises(TokenizerError, match=r"\(999, 0\), not as uniscale.json says"):
        load_tokenizer(directory)


def test_a_vocabulary_that_is_not_byte_level_is_refused(directory: Path) -> None:
    from tokenizers import Tokenizer as Backend
    from tokenizers import models

    Backend(models.BPE({"<separator token>": 0, "中文": 1}, [])).save(str(directory / "tokenizer.json"))
    with pytest.raises(TokenizerError, match="not readable as a byte-level tokenizer: KeyError"):
        load_tokenizer(directory)


def test_a_family_that_is_not_known_here_is_named(directory: Path) -> None:
    change(directory / "uniscale.json", '"bpe"', '"neural"')
    with pytest.raises(TokenizerError, match=r"'neural' is not known; known are .*bpe, "):
        load_tokenizer(directory)


def test_the_registry_lists_what_there_is() -> None:
    nested = ("bpe", "wordpiece", "masked_bpe", "parity_bpe", "characters")
    alone = ("unigram", "superbpe", "pretrained")
    ours = {**dict.fromkeys(nested, True), **dict.fromkeys(alone, False)}
    assert {name: FAMILIES[name].nested for name in ours} == ours
    with pytest.raises(BadInputError, match=r"'morphemes' is not known; known are .*bpe, .*characters, "):
        family_of("morphemes")


def test_importing_the_room_costs_nothing() -> None:
    heavy = ["numpy", "tokenizers", "sentencepiece", "transformers", "torch", "pyarrow", "polars"]
    modules = ["families", "loading", "shards", "verify", "metrics", "measure"]
    script = (
        f"import {', '.join('uniscale_assets.tokenization.' + name for name in modules)}, sys, json; print(json.dumps(list(sys.modules)))"
    )
    loaded = json.loads(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)
    assert not set(heavy) & set(loaded)
