"""Tokenizers that others trained, taken as they are: a `tokenizer.json`, a SentencePiece model, a tiktoken file.

Ids are the released ones. The separator is one more, the next id, unless `options.separator` names a special token of the
file to take its place; `vocab_size`, where it is given, counts it. What does not give back every text is refused, with the
characters that it loses. Most releases that lose something normalize text first: `options.normalization: none` takes them
without that.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from uniscale_assets.errors import BadInputError, LossyTokenizerError, TokenizerError
from uniscale_assets.files import write_text
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.description import PROBE_TEXT, Description, probe_hash, write_description
from uniscale_assets.tokenization.layout import SEPARATOR_TEXT
from uniscale_assets.tokenization.lost_characters import describe_characters, lost_characters
from uniscale_assets.tokenization.options import read_options
from uniscale_assets.tokenization.piece_tokenizer import PieceTokenizer
from uniscale_assets.tokenization.pretokenizers import PRESETS
from uniscale_assets.tokenization.pretrained_sources import Kind, content_hash, download, find_file, kind_of
from uniscale_assets.tokenization.spec import PRETRAINED

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import TokenizerSpec

FILES: dict[Kind, str] = {"tokenizers": "tokenizer.json", "sentencepiece": "tokenizer.model", "tiktoken": "ranks.tiktoken"}
RECORD_FILE = "pretrained.json"
# What every tokenizer can write that puts nothing before a text.
PLAIN_TEXT = "1"


class PretrainedOptions(Specification):
    """``options`` of the family: exactly one of ``path`` and ``hub``."""

    path: str | None = Field(default=None, description="a file, or a directory that holds one; relative to the study file")
    hub: str | None = Field(default=None, description="a repository of the Hugging Face hub")
    revision: str | None = Field(default=None, description="of the repository: a commit, a tag or a branch")
    normalization: Literal["released", "none"] = Field(default="released", description="`none` leaves out whatever changes text")
    separator: str | None = Field(default=None, description="a special token of the file to be the separator; a new id otherwise")
    pattern: str = Field(default="gpt4", description="of a tiktoken file, which holds none: a preset's name or a regular expression")


class Record(Specification):
    """``pretrained.json``: what the files beside it do not say."""

    kind: Kind
    pattern: str
    separator_id: int


class Pretrained:
    """Family ``pretrained``. Each is a vocabulary of its own."""

    name = PRETRAINED
    nested = False

    def check(self, spec: TokenizerSpec) -> None:
        """Its options are those of ``PretrainedOptions``."""
        options = read_options(spec, PretrainedOptions)
        if (options.path is None) == (options.hub is None):
            raise BadInputError("options: the family pretrained takes one of path and hub")
        if options.revision is not None and options.hub is None:
            raise BadInputError("options: revision: is of a repository on the hub; a path has none")

    def hashed_options(self, spec: TokenizerSpec) -> dict[str, Any]:
        """The options, with the content of the file in the place of its path.

        Raises:
            BadInputError: there is no file.
        """
        options = read_options(spec, PretrainedOptions)
        if options.path is None:
            return options.model_dump()
        return {**options.model_dump(exclude={"path"}), "content": content_hash(find_file(Path(options.path)))}

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:  # noqa: ARG002 - the protocol's
        """Copy the file, from a path or from the hub; the text is not read.

        Raises:
            DownloadError: the hub cannot be read.
        """
        options = read_options(spec, PretrainedOptions)
        if options.hub is None:
            source = find_file(Path(options.path or ""))
            shutil.copyfile(source, output / FILES[kind_of(source)])
            return
        aside = output / ".download"
        source = download(options.hub, options.revision, aside)
        shutil.copyfile(source, output / FILES[kind_of(source)])
        shutil.rmtree(aside)

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """Write the tokenizer so that it loads by itself.

        Raises:
            LossyTokenizerError: it loses characters; says which.
            TokenizerError: it has another size than asked.
        """
        options = read_options(spec, PretrainedOptions)
        source = vocabulary / next(name for name in FILES.values() if (vocabulary / name).is_file())
        record = prepare(source, options, output)
        write_text(output / RECORD_FILE, record.model_dump_json(indent=2) + "\n")
        tokenizer = open_directory(output)
        if spec.vocab_size not in (None, tokenizer.vocab_size):
            raise TokenizerError(
                f"{spec.name}: the file has {tokenizer.vocab_size} ids with the separator, vocab_size asks for {spec.vocab_size}; "
                "leave vocab_size out to take what there is"
            )
        refuse_lossy(tokenizer, spec)
        write_description(output, described(tokenizer, spec))

    def load(self, directory: Path) -> PieceTokenizer:
        """Read a tokenizer directory.

        Raises:
            TokenizerError: a file is missing or damaged.
        """
        try:
            return open_directory(directory)
        except (OSError, ValueError, KeyError, BadInputError) as error:
            raise TokenizerError(
                f"{directory}: not readable as a pretrained tokenizer ({error}); materialize the tokenizer again"
            ) from error


def open_directory(directory: Path) -> PieceTokenizer:
    """Read a tokenizer directory."""
    record = Record.model_validate_json((directory / RECORD_FILE).read_bytes())
    return READERS[record.kind](directory / FILES[record.kind], record)


def prepare(source: Path, options: PretrainedOptions, output: Path) -> Record:
    """Write the tokenizer's own file, changed as the options say."""
    kind = kind_of(source)
    target = output / FILES[kind]
    pattern = PRESETS[options.pattern].pattern if options.pattern in PRESETS else options.pattern
    if kind == "tokenizers":
        return Record(kind=kind, pattern="", separator_id=prepare_json(source, options, target))
    if kind == "sentencepiece":
        return Record(kind=kind, pattern="", separator_id=prepare_sentencepiece(source, options, target))
    from uniscale_assets.tokenization.pretrained_tiktoken import read_ranks

    if options.separator is not None:
        raise BadInputError("options: separator: a tiktoken file has no special tokens; leave it out")
    shutil.copyfile(source, target)
    return Record(kind=kind, pattern=pattern, separator_id=max(read_ranks(source).values()) + 1)


def prepare_json(source: Path, options: PretrainedOptions, target: Path) -> int:
    """Write a `tokenizer.json`, and what lets ``AutoTokenizer`` take it as it is; the id of the separator."""
    from uniscale_assets.tokenization.byte_level import TRANSFORMERS_CONFIG
    from uniscale_assets.tokenization.pretrained_json import as_text_only, canonical, without_normalization

    content = canonical(source.read_text(encoding="utf-8"), str(source))
    if options.normalization == "none":
        content = without_normalization(content)
    content, separator_id = as_text_only(content, options.separator)
    write_text(target, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    write_text(target.with_name("tokenizer_config.json"), json.dumps(TRANSFORMERS_CONFIG, indent=2, sort_keys=True) + "\n")
    return separator_id


def prepare_sentencepiece(source: Path, options: PretrainedOptions, target: Path) -> int:
    """Write a SentencePiece model; the id of the separator."""
    from uniscale_assets.tokenization.pretrained_json import choose_separator
    from uniscale_assets.tokenization.pretrained_sentencepiece import NO_NORMALIZATION, open_model, special_tokens

    content = source.read_bytes() + (NO_NORMALIZATION if options.normalization == "none" else b"")
    processor = open_model(content, str(source))
    target.write_bytes(content)
    return choose_separator(special_tokens(processor), processor.get_piece_size(), options.separator)[0]


def read_json(path: Path, record: Record) -> PieceTokenizer:
    """The tokenizer of a prepared `tokenizer.json`."""
    from tokenizers import Tokenizer

    from uniscale_assets.tokenization.pretrained_json import canonical, marks_spaces, pieces_of

    content = canonical(path.read_text(encoding="utf-8"), str(path))
    backend = Tokenizer.from_str(json.dumps(content))

    def encode(texts: list[str]) -> Iterable[list[int]]:
        return (encoded.ids for encoded in backend.encode_batch_fast(texts, add_special_tokens=False))

    return PieceTokenizer(encode, pieces_of(content), record.separator_id, marks_spaces=marks_spaces(content))


def read_sentencepiece(path: Path, record: Record) -> PieceTokenizer:
    """The tokenizer of a SentencePiece model."""
    from uniscale_assets.tokenization.pretrained_sentencepiece import open_model, sentencepiece_tokenizer

    return sentencepiece_tokenizer(open_model(path.read_bytes(), str(path)), record.separator_id)


def read_tiktoken(path: Path, record: Record) -> PieceTokenizer:
    """The tokenizer of a tiktoken file."""
    from uniscale_assets.tokenization.pretrained_tiktoken import read_ranks, tiktoken_tokenizer

    return tiktoken_tokenizer(read_ranks(path), record.pattern, record.separator_id)


READERS = {"tokenizers": read_json, "sentencepiece": read_sentencepiece, "tiktoken": read_tiktoken}


def refuse_lossy(tokenizer: PieceTokenizer, spec: TokenizerSpec) -> None:
    """Raise ``LossyTokenizerError`` where characters are lost, or bytes that other text needs are no tokens."""
    [encoding] = tokenizer.encode_batch([PLAIN_TEXT])
    found = tokenizer.decode(encoding.ids).decode(errors="replace")
    if found != PLAIN_TEXT:
        raise LossyTokenizerError(f"{spec.name}: gives back {found!r} for {PLAIN_TEXT!r}; try options.normalization: none")
    lost = lost_characters(tokenizer)
    missing = 256 - len({piece for piece in tokenizer.pieces if len(piece) == 1})
    fallback = f"it has no byte fallback: {missing} bytes are no tokens" if missing else ""
    if lost:
        cause = fallback or "it changes text before it cuts it; try options.normalization: none"
        raise LossyTokenizerError(f"{spec.name}: loses {len(lost):,} characters: {describe_characters(lost)}; {cause}")
    if missing:
        raise LossyTokenizerError(f"{spec.name}: {fallback}, so characters that Unicode has not assigned yet would be lost")


def described(tokenizer: PieceTokenizer, spec: TokenizerSpec) -> Description:
    """What ``uniscale.json`` says."""
    return Description(
        family=spec.family,
        vocab_size=tokenizer.vocab_size,
        pretokenizer=spec.pretokenizer,
        separator_id=tokenizer.separator_id,
        separator_text=SEPARATOR_TEXT,
        probe_hash=probe_hash(tokenizer.encode_batch([PROBE_TEXT])[0].ids.tolist()),
    )
