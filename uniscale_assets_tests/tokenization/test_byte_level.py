"""Encoding and decoding of our own families, and their files in the hands of other libraries."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tokenizers import Tokenizer

from uniscale_assets.tokenization import byte_level, pretokenizers
from uniscale_assets.tokenization.description import PROBE_TEXT
from uniscale_assets.tokenization.layout import SEPARATOR_TEXT
from uniscale_assets.tokenization.loading import load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets_tests.tokenization.conftest import Train

FAMILIES = ["bpe", "unigram"]

AWKWARD = [
    PROBE_TEXT,
    f"before{SEPARATOR_TEXT}after {SEPARATOR_TEXT} {SEPARATOR_TEXT}{SEPARATOR_TEXT}",
    "   leading and trailing   \t ",
    "line\r\nline\n\r\n \r\n\n\n  x",
    "👩‍👩‍👧‍👦🏳️‍🌈 1️⃣ 🤷🏽",
    "ಕನ್ನಡ አማርኛ ᚠᛇᚻ 𓀀𓂀 𝔘𝔫𝔦 ꯃꯩꯇꯩ",
    "Don't. He said 'll 'S I'M",
    "ﬁ Å Å ½ ㎏",
    "\x00\x01\x1f\x7f\x85\ufeff\u200b\u2028\uffff\U0010ffff",
    "a",
    "",
]


@pytest.mark.parametrize("model_type", [None, "llama", "apertus", "gpt2", "t5"])
@pytest.mark.parametrize("family", FAMILIES)
def test_transformers_and_tokenizers_give_the_same_ids(family: str, model_type: str | None, train: Train, tmp_path: Path) -> None:
    # Beside a checkpoint, transformers may take the class of the model instead of the file's.
    from transformers import AutoTokenizer

    shutil.copytree(train(family), tmp_path, dirs_exist_ok=True)
    if model_type is not None:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    plain = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    ours = load_tokenizer(tmp_path)
    for text, encoding in zip(AWKWARD, ours.encode_batch(AWKWARD), strict=True):
        assert encoding.ids.tolist() == plain.encode(text).ids == theirs(text)["input_ids"] == theirs.encode(text)
        assert ours.separator_id not in encoding.ids
        assert theirs.decode(encoding.ids) == plain.decode(encoding.ids.tolist()) == text
    assert (len(theirs), theirs.vocab_size) == (1000, 1000)
    assert theirs.convert_ids_to_tokens(0) == SEPARATOR_TEXT
    assert theirs.all_special_tokens == []


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_again_by_transformers_it_stays_the_same(family: str, train: Train, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    AutoTokenizer.from_pretrained(train(family)).save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again.encode(PROBE_TEXT) == Tokenizer.from_file(str(train(family) / "tokenizer.json")).encode(PROBE_TEXT).ids


@pytest.mark.parametrize("family", FAMILIES)
def test_byte_ends_are_the_bytes_of_the_tokens_so_far(family: str, train: Train, unseen: list[tuple[str, str]]) -> None:
    tokenizer = load_tokenizer(train(family))
    texts = AWKWARD + [text for _, text in unseen[:5]]
    for text, encoding in zip(texts, tokenizer.encode_batch(texts), strict=True):
        assert (encoding.ids.dtype, encoding.byte_ends.dtype) == (np.int32, np.int64)
        assert len(encoding.ids) == len(encoding.byte_ends)
        for place in range(0, len(encoding.ids), max(1, len(encoding.ids) // 7)):
            assert tokenizer.decode(encoding.ids[: place + 1]) == text.encode()[: encoding.byte_ends[place]]
        assert (encoding.byte_ends[-1] if text else 0) == len(text.encode())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_long_document_is_encoded_in_parts_as_a_whole(
    family: str, train: Train, unseen: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"{text}\n" for _, text in unseen) + "  \n\n \tend"
    tokenizer = load_tokenizer(train(family))
    [whole] = tokenizer.encode_batch([text])
    monkeypatch.setattr(byte_level, "segments", lambda text: pretokenizers.segments(text, characters=500))
    monkeypatch.setattr(byte_level, "CHARACTERS_AT_ONCE", 2000)
    short, parted, empty = tokenizer.encode_batch(["short", text, ""])
    assert np.array_equal(parted.ids, whole.ids)
    assert np.array_equal(parted.byte_ends, whole.byte_ends)
    assert tokenizer.decode(short.ids) == b"short"
    assert len(empty.ids) == len(empty.byte_ends) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_the_separator_stands_for_no_bytes(family: str, train: Train) -> None:
    tokenizer = load_tokenizer(train(family))
    [encoding] = tokenizer.encode_batch(["a b"])
    assert tokenizer.decode([tokenizer.separator_id, *encoding.ids.tolist(), tokenizer.separator_id]) == b"a b"
