"""What every family owes, whatever it is: nothing lost, sizes as asked, the same files each time, and other libraries' ids."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend

from uniscale_assets.errors import BadInputError
from uniscale_assets.files import hash_directory
from uniscale_assets.tokenization.families import FAMILIES, family_of
from uniscale_assets.tokenization.layout import BYTE_CHARACTERS, SEPARATOR_TEXT
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.protocol import Tokenizer, trained_as
from uniscale_assets.tokenization.spec import TokenizerSpec
from uniscale_assets.tokenization.verify import DELICATE, SPECIAL_SPELLINGS, verify_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from uniscale_assets.tokenization.training_text import TrainingText
    from uniscale_assets_tests.tokenization.conftest import Train


class Case(NamedTuple):
    """One way to ask for a family."""

    family: str
    options: dict[str, Any]
    vocab_size: int = 700


CASES = {
    "bpe": Case("bpe", {}),
    "unigram": Case("unigram", {}),
    "wordpiece": Case("wordpiece", {}),
    "characters": Case("characters", {}),
    "masked_bpe": Case("masked_bpe", {"masked": 0.9}),
    "superbpe": Case("superbpe", {}),
    "superbpe in lines": Case("superbpe", {"boundaries": "line", "transition": 0.5}),
    "parity_bpe": Case("parity_bpe", {}),
    "parity_bpe by window": Case("parity_bpe", {"variant": "window", "global_merges": 100}),
}
# Text of characters where cutting rules meet, of any characters, and of special tokens' spellings.
PARTS = st.one_of(
    st.sampled_from(DELICATE), st.sampled_from(SPECIAL_SPELLINGS), st.sampled_from(["  ", " the", "word"]), st.text(max_size=5)
)
TEXTS = st.lists(PARTS, max_size=30).map("".join)


def directory_of(name: str, train: Train) -> Path:
    case = CASES[name]
    return train(case.family, case.vocab_size, **case.options)


def spec_of(name: str) -> TokenizerSpec:
    case = CASES[name]
    return TokenizerSpec(name="x", family=case.family, vocab_size=case.vocab_size, options=case.options)


def test_every_family_that_learns_is_among_the_cases() -> None:
    here = {name for name, family in FAMILIES.items() if type(family).__module__.startswith("uniscale_assets.tokenization")}
    assert {case.family for case in CASES.values()} >= here - {"pretrained", "bytes"}


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, max_size=4))
def test_any_text_comes_back_and_every_byte_is_counted(name: str, texts: list[str], train: Train) -> None:
    tokenizer = load_tokenizer(directory_of(name, train))
    encodings = tokenizer.encode_batch(texts)
    assert len(encodings) == len(texts)
    for text, encoding in zip(texts, encodings, strict=True):
        assert tokenizer.decode(encoding.ids) == text.encode()
        assert len(encoding.ids) == len(encoding.byte_ends)
        assert tokenizer.separator_id not in encoding.ids
        ends = [0, *encoding.byte_ends.tolist()]
        assert ends[-1] == len(text.encode())
        for place, index in enumerate(encoding.ids.tolist()):
            assert tokenizer.decode([index]) == text.encode()[ends[place] : ends[place + 1]]


@pytest.mark.parametrize("name", ["wordpiece", "characters", "superbpe"])
def test_verification_passes(name: str, train: Train, unseen: list[tuple[str, str]]) -> None:
    verification = verify_tokenizer(load_tokenizer(directory_of(name, train)), spec_of(name), unseen)
    assert verification.scalars == 1_112_064
    assert verification.bytes == sum(len(text.encode()) for _, text in unseen)


@pytest.mark.parametrize("name", CASES)
def test_the_vocabulary_is_exactly_as_asked_and_laid_out_alike(name: str, train: Train) -> None:
    tokenizer = load_tokenizer(directory_of(name, train))
    assert isinstance(tokenizer, Tokenizer)
    assert (tokenizer.vocab_size, tokenizer.separator_id) == (CASES[name].vocab_size, 0)
    assert [tokenizer.decode([index]) for index in range(257)] == [b"", *(bytes([byte]) for byte in range(256))]
    pieces = [tokenizer.decode([index]) for index in range(257, tokenizer.vocab_size)]
    assert len(set(pieces)) == len(pieces)
    assert min(map(len, pieces)) > 1


@pytest.mark.parametrize("name", CASES)
def test_bytes_alone_are_the_smallest_vocabulary_of_every_family(name: str, train: Train) -> None:
    case = CASES[name]
    tokenizer = load_tokenizer(train(case.family, 257, **case.options))
    assert tokenizer.encode_batch(["é "])[0].ids.tolist() == [1 + 0xC3, 1 + 0xA9, 1 + 0x20]


@pytest.mark.parametrize("model_type", [None, "llama"])
@pytest.mark.parametrize("name", [name for name in CASES if name not in ("bpe", "unigram")])
def test_transformers_and_tokenizers_give_the_same_ids(
    name: str, model_type: str | None, train: Train, unseen: list[tuple[str, str]], tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    shutil.copytree(directory_of(name, train), tmp_path, dirs_exist_ok=True)
    if model_type is not None:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    theirs, ours = AutoTokenizer.from_pretrained(tmp_path), load_tokenizer(tmp_path)
    plain = Backend.from_file(str(tmp_path / "tokenizer.json"))
    texts = ["", "  a  b\r\n\n", f"{SEPARATOR_TEXT}<s></s> <unk>", "word " * 40, *(text[:2000] for _, text in unseen[:8])]
    for text, encoding in zip(texts, ours.encode_batch(texts), strict=True):
        assert encoding.ids.tolist() == plain.encode(text).ids == theirs(text)["input_ids"]
        assert theirs.decode(encoding.ids) == text
    assert len(theirs) == CASES[name].vocab_size


TRAIN_ELSEWHERE = """
import json, sys
from pathlib import Path
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.spec import TokenizerSpec
from uniscale_assets.tokenization.training_text import TrainingText
documents = json.loads(Path(sys.argv[1]).read_text())
for name, spec in json.loads(sys.argv[2]).items():
    output = Path(sys.argv[3]) / name
    output.mkdir()
    family_of(spec["family"]).train_vocabulary(TokenizerSpec.model_validate(spec), TrainingText(lambda: documents), output)
"""


def test_two_trainings_give_the_same_files(train: Train, training_text: TrainingText, tmp_path: Path) -> None:
    # In another process, with one thread and another seed of hashes; bpe and unigram have a test of their own.
    learned = {name: trained_as(spec_of(name)) for name in ("characters", "superbpe", "superbpe in lines", "parity_bpe")}
    specs = json.dumps({name: spec.model_dump() for name, spec in learned.items()})
    (tmp_path / "documents.json").write_text(json.dumps(list(training_text.read())))
    environment = {**os.environ, "RAYON_NUM_THREADS": "1", "PYTHONHASHSEED": "7"}
    arguments = [sys.executable, "-c", TRAIN_ELSEWHERE, str(tmp_path / "documents.json"), specs, str(tmp_path)]
    subprocess.run(arguments, check=True, env=environment)
    for name in learned:
        assert hash_directory(tmp_path / name) == hash_directory(directory_of(name, train).parent / "vocabulary"), name


@pytest.mark.parametrize("family", ["wordpiece", "masked_bpe", "parity_bpe"])
def test_a_cut_vocabulary_is_the_one_trained_at_that_size(family: str, train: Train, tmp_path: Path) -> None:
    spec = TokenizerSpec(name="x", family=family, vocab_size=500)
    family_of(family).cut(train(family, 700).parent / "vocabulary", spec, tmp_path)
    assert hash_directory(tmp_path) == hash_directory(train(family, 500))


@pytest.mark.parametrize("family", ["bpe", "unigram", "wordpiece", "masked_bpe", "superbpe", "parity_bpe"])
def test_a_size_that_is_left_out_is_asked_for(family: str) -> None:
    with pytest.raises(BadInputError, match=rf"vocab_size: is missing; the family {family} needs it"):
        family_of(family).check(TokenizerSpec(name="x", family=family))


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("wordpiece", {"prefix": "##"}, "options: prefix: the family wordpiece takes none"),
        ("masked_bpe", {"masked": 1.0}, "options: masked: .*less than 1; the family masked_bpe takes masked"),
        ("masked_bpe", {"mask": 0.5}, "options: mask: .*; the family masked_bpe takes masked"),
        ("superbpe", {"boundaries": "page"}, "options: boundaries: .*'phrase' or 'line'"),
        ("superbpe", {"transition": 0}, "options: transition: .*; the family superbpe takes transition, boundaries"),
        ("parity_bpe", {"variant": "fair"}, "options: variant: .*'base' or 'window'"),
        ("parity_bpe", {"ratio": {"eng_Latn": 0.0}}, "options: ratio: bytes per token are above zero"),
        ("characters", {"least_count": 0}, "options: least_count: .*; the family characters takes least_count"),
    ],
)
def test_wrong_options_name_the_key_and_what_is_allowed(family: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        family_of(family).check(TokenizerSpec(name="x", family=family, vocab_size=500, options=options))


def test_the_cuts_of_a_preset_are_those_of_every_family_but_the_pretrained() -> None:
    with pytest.raises(ValueError, match="`own` is that of the family pretrained"):
        TokenizerSpec.model_validate({"name": "x", "family": "bpe", "vocab_size": 300, "pretokenizer": "own"})
    with pytest.raises(ValueError, match="`own` is that of the family pretrained"):
        TokenizerSpec.model_validate({"name": "x", "family": "pretrained", "pretokenizer": "gpt4"})
    assert TokenizerSpec(name="x", family="pretrained").pretokenizer == "own"


@pytest.mark.parametrize("name", CASES)
def test_a_batch_is_encoded_as_its_documents_are(name: str, train: Train, unseen: list[tuple[str, str]]) -> None:
    tokenizer = load_tokenizer(directory_of(name, train))
    texts = [text[:500] for _, text in unseen[:6]]
    for text, together in zip(texts, tokenizer.encode_batch(texts), strict=True):
        [alone] = tokenizer.encode_batch([text])
        assert np.array_equal(alone.ids, together.ids)


def test_pieces_are_written_in_byte_level_characters(train: Train) -> None:
    for name in CASES:
        vocabulary = Backend.from_file(str(directory_of(name, train) / "tokenizer.json")).get_vocab()
        assert set("".join(set(vocabulary) - {SEPARATOR_TEXT})) == set(BYTE_CHARACTERS)
