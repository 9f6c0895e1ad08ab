"""Tokenizers of other makers: taken as they are where nothing is lost, refused with what is lost where something is."""

from __future__ import annotations

import base64
import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sentencepiece
import tiktoken
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from uniscale_assets.corpus.sources import embedded_directory
from uniscale_assets.errors import BadInputError, DownloadError, LossyTokenizerError, TokenizerError
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.layout import SEPARATOR_TEXT
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.pretokenizers import PRESETS
from uniscale_assets.tokenization.pretrained_sources import PATTERNS, find_file, kind_of
from uniscale_assets.tokenization.protocol import Tokenizer as OurTokenizer
from uniscale_assets.tokenization.protocol import hashed_keys
from uniscale_assets.tokenization.spec import TokenizerSpec
from uniscale_assets.tokenization.verify import DELICATE, SPECIAL_SPELLINGS, verify_tokenizer
from uniscale_assets_tests.tokenization.build_pretrained import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uniscale_assets_tests.tokenization.conftest import Train

FAMILY = family_of("pretrained")
UNKNOWN = "<unk>"
SHIPPED = embedded_directory() / "tokenizers" / "english_2k"
PARTS = st.one_of(
    st.sampled_from(DELICATE), st.sampled_from(SPECIAL_SPELLINGS), st.sampled_from(["  ", "\u2581\u2581"]), st.text(max_size=5)
)
TEXTS = st.lists(PARTS, max_size=20).map("".join)


def spec_of(vocab_size: int | None = None, **options: Any) -> TokenizerSpec:
    return TokenizerSpec(name="x", family="pretrained", vocab_size=vocab_size, options=options)


def take(path: Path, home: Path, vocab_size: int | None = None, **options: Any) -> OurTokenizer:
    """The tokenizer that a study makes of a path."""
    spec = spec_of(vocab_size, path=str(path), **options)
    FAMILY.check(spec)
    for name in ("vocabulary", "tokenizer"):
        shutil.rmtree(home / name, ignore_errors=True)
        (home / name).mkdir(parents=True)
    FAMILY.train_vocabulary(spec, [], home / "vocabulary")
    FAMILY.cut(home / "vocabulary", spec, home / "tokenizer")
    shutil.rmtree(home / "vocabulary")
    return load_tokenizer(home / "tokenizer")


def train_sentencepiece(texts: list[str], path: Path, **more: Any) -> Path:
    """A SentencePiece BPE in Llama's manner unless said otherwise."""
    written = io.BytesIO()
    settings_of_llama = {
        "model_type": "bpe",
        "vocab_size": 900,
        "byte_fallback": True,
        "normalization_rule_name": "identity",
        "add_dummy_prefix": True,
        "remove_extra_whitespaces": False,
        "character_coverage": 0.99,
        "minloglevel": 2,
    }
    rows = (line for text in texts for line in text.split("\n"))
    trainer: Any = sentencepiece.SentencePieceTrainer
    trainer.train(sentence_iterator=rows, model_writer=written, **{**settings_of_llama, **more})
    path.write_bytes(written.getvalue())
    return path


def llama_json(model: Path, path: Path, prefix: bool) -> Path:
    """The same in the form in which Llama 2 is released: byte fallback, spaces as marks, a space put before all."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    pieces = {processor.id_to_piece(index): index for index in range(processor.get_piece_size())}
    merges = [
        (piece[:cut], piece[cut:]) for piece in pieces for cut in range(1, len(piece)) if piece[:cut] in pieces and piece[cut:] in pieces
    ]
    merges.sort(key=lambda pair: (pieces[pair[0] + pair[1]], pieces[pair[0]], pieces[pair[1]]))
    backend = Tokenizer(models.BPE(pieces, merges, unk_token=UNKNOWN, fuse_unk=True, byte_fallback=True))
    steps = [normalizers.Prepend("▁")] if prefix else []
    backend.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", "▁")])
    strip = [decoders.Strip(content=" ", left=1)] if prefix else []
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip])
    backend.add_special_tokens([AddedToken("<s>", special=True), AddedToken("</s>", special=True), AddedToken("<unk>", special=True)])
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", pieces["<s>"])])
    backend.save(str(path))
    return path


def ranks_of(merged: Path, path: Path) -> Path:
    """A tiktoken file of a BPE of ours: bytes first, then pieces in the order of merging."""
    tokenizer = load_tokenizer(merged)
    lines = [f"{base64.b64encode(tokenizer.decode([index])).decode()} {index - 1}" for index in range(1, tokenizer.vocab_size)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def released(train: Train, texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, OurTokenizer]:
    """One tokenizer of each kind, each taken."""
    home = tmp_path_factory.mktemp("released")
    prefixed = train_sentencepiece(texts, home / "prefixed.model")
    plain = train_sentencepiece(texts, home / "plain.model", add_dummy_prefix=False, user_defined_symbols=["\n\n", "<|user|>"])
    unigram = train_sentencepiece(texts, home / "unigram.model", model_type="unigram", normalization_rule_name="nmt_nfkc")
    return {
        "GPT-2's form": take(SHIPPED, home / "a"),
        "Llama's form": take(llama_json(plain, home / "plain.json", prefix=False), home / "b"),
        "Llama's form, prefix off": take(llama_json(prefixed, home / "prefixed.json", prefix=True), home / "c", normalization="none"),
        "SentencePiece": take(plain, home / "d"),
        "SentencePiece, normalization off": take(unigram, home / "e", normalization="none"),
        "tiktoken": take(ranks_of(train("bpe"), home / "ranks.tiktoken"), home / "f"),
        "ours": take(train("unigram"), home / "g"),
    }


KINDS = [
    *("GPT-2's form", "Llama's form", "Llama's form, prefix off"),
    *("SentencePiece", "SentencePiece, normalization off", "tiktoken", "ours"),
]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, max_size=4))
def test_any_text_comes_back_and_every_byte_is_counted(kind: str, texts: list[str], released: dict[str, OurTokenizer]) -> None:
    tokenizer = released[kind]
    for text, encoding in zip(texts, tokenizer.encode_batch(texts), strict=True):
        assert tokenizer.decode(encoding.ids) == text.encode()
        assert tokenizer.separator_id not in encoding.ids
        ends = [0, *encoding.byte_ends.tolist()]
        assert ends[-1] == len(text.encode())
        for place, index in enumerate(encoding.ids.tolist()):
            assert tokenizer.decode([index]) == text.encode()[ends[place] : ends[place + 1]]


@pytest.mark.parametrize("kind", ["SentencePiece", "tiktoken"])
def test_verification_passes(kind: str, released: dict[str, OurTokenizer], unseen: list[tuple[str, str]]) -> None:
    verification = verify_tokenizer(released[kind], spec_of(), unseen)
    assert verification.scalars == 1_112_064
    assert verification.vocab_size == released[kind].vocab_size


def test_ids_are_those_of_the_released_tokenizer(
    train: Train, texts: list[str], unseen: list[tuple[str, str]], released: dict[str, OurTokenizer], tmp_path: Path
) -> None:
    plain = train_sentencepiece(texts, tmp_path / "plain.model", add_dummy_prefix=False, user_defined_symbols=["\n\n", "<|user|>"])
    processor = sentencepiece.SentencePieceProcessor(model_file=str(plain))
    theirs = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
    lines = [line.split() for line in ranks_of(train("bpe"), tmp_path / "ranks").read_text().splitlines()]
    ranks = {base64.b64decode(content): int(rank) for content, rank in lines}
    encoding = tiktoken.Encoding("x", pat_str=PRESETS["gpt4"].pattern, mergeable_ranks=ranks, special_tokens={})
    for _, text in unseen[:20]:
        assert released["GPT-2's form"].encode_batch([text])[0].ids.tolist() == theirs.encode(text, add_special_tokens=False).ids
        assert released["SentencePiece"].encode_batch([text])[0].ids.tolist() == processor.encode(text)
        assert released["tiktoken"].encode_batch([text])[0].ids.tolist() == encoding.encode_ordinary(text)


def test_our_own_tokenizer_comes_back_as_it_was(train: Train, released: dict[str, OurTokenizer], unseen: list[tuple[str, str]]) -> None:
    own = load_tokenizer(train("unigram"))
    assert (released["ours"].vocab_size, released["ours"].separator_id) == (own.vocab_size, own.separator_id)
    texts = [text for _, text in unseen[:20]]
    for a, b in zip(released["ours"].encode_batch(texts), own.encode_batch(texts), strict=True):
        assert a.ids.tolist() == b.ids.tolist()


def test_the_separator_is_the_next_id_or_a_special_token_of_the_file(tmp_path: Path) -> None:
    added = take(SHIPPED, tmp_path)
    assert (added.vocab_size, added.separator_id) == (2049, 2048)
    own = take(SHIPPED, tmp_path, 2048, separator="<|endoftext|>")
    assert (own.vocab_size, own.separator_id) == (2048, 0)
    assert own.decode(own.encode_batch(["a<|endoftext|>b"])[0].ids) == b"a<|endoftext|>b"
    with pytest.raises(BadInputError, match=r"separator: '</s>' is no special token of the file; it has <\|endoftext\|>"):
        take(SHIPPED, tmp_path, separator="</s>")


def test_a_size_that_is_given_must_be_the_files(tmp_path: Path) -> None:
    assert take(SHIPPED, tmp_path, 2049).vocab_size == 2049
    with pytest.raises(TokenizerError, match="x: the file has 2049 ids with the separator, vocab_size asks for 2048; leave vocab_size out"):
        take(SHIPPED, tmp_path, 2048)


def test_transformers_reads_the_same_ids(tmp_path: Path, unseen: list[tuple[str, str]]) -> None:
    from transformers import AutoTokenizer

    ours = take(SHIPPED, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path / "tokenizer")
    assert (len(theirs), theirs.convert_ids_to_tokens(2048)) == (2049, SEPARATOR_TEXT)
    for text in ("a <|endoftext|> b", *(text for _, text in unseen[:8])):
        assert theirs.encode(text) == ours.encode_batch([text])[0].ids.tolist()
        assert theirs.decode(theirs.encode(text)) == text


def byte_level(**parts: Any) -> Tokenizer:
    """The shipped tokenizer with some parts changed."""
    backend = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
    for name, part in parts.items():
        setattr(backend, name, part)
    return backend


def wordpiece_of_bert(texts: list[str]) -> Tokenizer:
    backend = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=900, special_tokens=[UNKNOWN], show_progress=False))
    return backend


def test_what_is_lost_is_named(texts: list[str], tmp_path: Path) -> None:
    refused: list[tuple[Tokenizer, str]] = [
        (byte_level(normalizer=normalizers.NFC()), r"loses [\d,]+ characters: '\u0340' \(U\+0340\).*; .*try options.normalization: none"),
        (byte_level(normalizer=normalizers.Lowercase()), r"loses [\d,]+ characters: 'A' \(U\+0041\), 'B' \(U\+0042\).* and [\d,]+ more"),
        (wordpiece_of_bert(texts), r"loses [\d,]+ characters: '\\x00' .*'\\t' \(U\+0009\).*; it has no byte fallback"),
    ]
    for backend, message in refused:
        backend.save(str(tmp_path / "tokenizer.json"))
        with pytest.raises(LossyTokenizerError, match=message):
            take(tmp_path / "tokenizer.json", tmp_path / "home")


def test_without_normalization_they_are_taken(tmp_path: Path) -> None:
    changed = byte_level(normalizer=normalizers.NFC(), pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=True))
    changed.save(str(tmp_path / "tokenizer.json"))
    tokenizer = take(tmp_path / "tokenizer.json", tmp_path / "home", normalization="none")
    shipped = take(SHIPPED, tmp_path / "other")
    for text in ("cafe\u0301", "A word", " two  spaces"):
        assert tokenizer.encode_batch([text])[0].ids.tolist() == shipped.encode_batch([text])[0].ids.tolist()


def test_a_space_before_every_text_is_refused_unless_it_is_left_out(texts: list[str], tmp_path: Path) -> None:
    model = train_sentencepiece(texts, tmp_path / "prefixed.model")
    for path in (model, llama_json(model, tmp_path / "tokenizer.json", prefix=True)):
        with pytest.raises(LossyTokenizerError, match=r"gives back ' 1' for '1'; try options.normalization: none"):
            take(path, tmp_path / "home")


def test_a_model_without_byte_fallback_is_refused(texts: list[str], tmp_path: Path) -> None:
    path = train_sentencepiece(texts, tmp_path / "t5.model", byte_fallback=False, normalization_rule_name="nmt_nfkc", vocab_size=1100)
    with pytest.raises(LossyTokenizerError, match=r"loses [\d,]+ characters: .*; it has no byte fallback: \d+ bytes are no tokens"):
        take(path, tmp_path / "home", normalization="none")


def test_a_file_is_known_by_its_content(train: Train, texts: list[str], tmp_path: Path) -> None:
    # Llama 3 is released as tokenizer.model, in tiktoken's form.
    assert kind_of(ranks_of(train("bpe"), tmp_path / "tokenizer.model")) == "tiktoken"
    assert kind_of(train_sentencepiece(texts[:40], tmp_path / "b.model")) == "sentencepiece"
    assert kind_of(SHIPPED / "tokenizer.json") == "tokenizers"
    assert find_file(SHIPPED) == SHIPPED / "tokenizer.json"
    assert find_file(tmp_path).name == "tokenizer.model"


def test_a_path_that_holds_no_tokenizer_says_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"nowhere: no such file or directory"):
        take(tmp_path / "nowhere", tmp_path / "home")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInputError, match=r"empty: holds none of tokenizer.json, tokenizer.model"):
        take(tmp_path / "empty", tmp_path / "home")
    for name, content, message in [
        ("tokenizer.json", '{"model": 3}', "not readable as a tokenizer.json"),
        ("x.model", "nothing", "nor a SentencePiece model"),
        ("x.tiktoken", "IQ== 0\nIg 1 2\n", "line 2: not base64, a space and a rank"),
    ]:
        (tmp_path / name).write_text(content)
        with pytest.raises(BadInputError, match=message):
            take(tmp_path / name, tmp_path / "home")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "takes one of path and hub"),
        ({"path": "a", "hub": "b"}, "takes one of path and hub"),
        ({"path": "a", "revision": "main"}, "revision: is of a repository on the hub"),
        ({"path": "a", "normalization": "nfc"}, "normalization: .*'released' or 'none'"),
        ({"file": "a"}, "file: .*; the family pretrained takes path, hub, revision, normalization, separator, pattern"),
    ],
)
def test_wrong_options_name_the_key_and_what_is_allowed(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        FAMILY.check(spec_of(**options))


def test_the_pattern_of_a_tiktoken_file_is_an_option(train: Train, tmp_path: Path) -> None:
    path = ranks_of(train("bpe"), tmp_path / "ranks.tiktoken")
    words, characters = take(path, tmp_path / "a"), take(path, tmp_path / "b", pattern=r"[\s\S]")
    assert len(words.encode_batch(["the the the"])[0].ids) < len(characters.encode_batch(["the the the"])[0].ids) == 11
    with pytest.raises(BadInputError, match="options: pattern: "):
        take(path, tmp_path / "c", pattern="(")
    with pytest.raises(BadInputError, match="a tiktoken file has no special tokens"):
        take(path, tmp_path / "c", separator="<s>")


def test_the_fingerprint_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    copied = shutil.copytree(SHIPPED, tmp_path / "elsewhere")
    here, there = hashed_keys(spec_of(path=str(SHIPPED))), hashed_keys(spec_of(path=str(copied)))
    assert here == there
    content = json.loads((copied / "tokenizer.json").read_text())
    (copied / "tokenizer.json").write_text(json.dumps(content))
    assert hashed_keys(spec_of(path=str(copied))) != here
    assert hashed_keys(spec_of(hub="a/b"))["options"]["hub"] == "a/b"


def test_a_tokenizer_directory_loads_when_its_source_is_gone(tmp_path: Path) -> None:
    copied = shutil.copytree(SHIPPED, tmp_path / "elsewhere")
    tokenizer = take(copied, tmp_path / "home")
    shutil.rmtree(copied)
    moved = shutil.move(tmp_path / "home" / "tokenizer", tmp_path / "moved")
    again = load_tokenizer(Path(moved))
    assert again.encode_batch(["a word"])[0].ids.tolist() == tokenizer.encode_batch(["a word"])[0].ids.tolist()
    (tmp_path / "moved" / "pretrained.json").unlink()
    with pytest.raises(TokenizerError, match="not readable as a pretrained tokenizer"):
        load_tokenizer(tmp_path / "moved")


def test_what_ships_is_what_the_script_makes() -> None:
    assert (SHIPPED / "tokenizer.json").read_text() == build()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory from which the hub's client is given the files of any repository."""
    directory = tmp_path / "repository"
    directory.mkdir()

    def snapshot(repository: str, *, revision: str | None, allow_patterns: list[str], local_dir: Path) -> str:
        if repository != "maker/tokenizer":
            raise OSError(f"404: no {repository}")
        assert (revision, allow_patterns) == ("v1", list(PATTERNS))
        return str(shutil.copytree(directory, local_dir))

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    return directory


def test_a_repository_of_the_hub_is_fetched_with_its_revision(hub: Path, tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "tokenizer.json", hub)
    spec = spec_of(hub="maker/tokenizer", revision="v1")
    for name in ("vocabulary", "tokenizer"):
        (tmp_path / name).mkdir()
    FAMILY.train_vocabulary(spec, [], tmp_path / "vocabulary")
    assert [path.name for path in (tmp_path / "vocabulary").iterdir()] == ["tokenizer.json"]
    FAMILY.cut(tmp_path / "vocabulary", spec, tmp_path / "tokenizer")
    assert load_tokenizer(tmp_path / "tokenizer").vocab_size == 2049


def test_a_repository_that_cannot_be_read_says_what_to_do(hub: Path, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"hub: maker/other: 404: no maker/other; .* else download it and give its directory as `path`"):
        FAMILY.train_vocabulary(spec_of(hub="maker/other", revision="v1"), [], tmp_path)
