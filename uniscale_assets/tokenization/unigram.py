"""Unigram by SentencePiece, trained on the pretokens that BPE sees, kept in Hugging Face's format.

Kudo 2018, Subword Regularization (arXiv:1804.10959). SentencePiece is handed a table of pretokens and counts, written in
byte-level characters, so every rule of its own about spaces, scripts and digits is off.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from uniscale_assets.errors import TokenizerError
from uniscale_assets.files import write_text
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.byte_level import ByteLevelTokenizer, assemble, read_tokenizer, write_tokenizer
from uniscale_assets.tokenization.layout import BYTE_CHARACTERS, SEPARATOR_TEXT, lay_out, spell
from uniscale_assets.tokenization.options import check_size, read_options
from uniscale_assets.tokenization.pretokens import count_pretokens

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import TokenizerSpec

VOCABULARY_FILE = "pieces.json"
# A private-use character is no byte-level character, so no learned piece can be called like this one.
UNKNOWN_PIECE = "\ue000"
# The order in which threads add up expected counts decides their last bits: a fixed number gives the same file on any
# machine.
THREADS = 8
TOO_LARGE = re.compile(r"set it to a value <= (\d+)")

Pieces = dict[str, float]


class UnigramOptions(Specification):
    """``options`` of the family."""

    longest_piece: int = Field(default=32, ge=1, le=512, description="bytes of the longest piece")
    distinct_pretokens: int = Field(default=10_000_000, ge=1000, description="most pretokens held in memory; the rarest are forgotten")


class UnigramLanguageModel:
    """Family ``unigram``. A smaller vocabulary is no part of a larger one: each is trained by itself."""

    name = "unigram"
    nested = False

    def check(self, spec: TokenizerSpec) -> None:
        """Its options are those of ``UnigramOptions``."""
        check_size(spec)
        read_options(spec, UnigramOptions)

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:
        """Learn ``spec.vocab_size`` - 257 pieces beside the bytes, and write all with their scores.

        Raises:
            TokenizerError: the text has fewer pieces to learn; the message says how many ids it supports.
        """
        options = read_options(spec, UnigramOptions)
        counter = count_pretokens(texts, spec.pretokenizer, options.distinct_pretokens)
        model = train_sentencepiece(spelled_rows(counter.ordered()), spec, options)
        content = {
            "family": self.name,
            "pieces": list(scored_pieces(model).items()),
            "pretoken_undercount": counter.undercount,
            "pretokenizer": spec.pretokenizer,
        }
        write_text(output / VOCABULARY_FILE, json.dumps(content, ensure_ascii=False, indent=0) + "\n")

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """Lay the pieces out in Hugging Face's format."""
        from tokenizers import models

        scores = read_pieces(vocabulary, spec)
        # No text can spell the separator; the least score keeps it out of the library's own bounds.
        scores[SEPARATOR_TEXT] = min(scores.values())
        learned = [piece for piece in scores if piece != SEPARATOR_TEXT and piece not in BYTE_CHARACTERS]
        model = models.Unigram(vocab=[(piece, scores[piece]) for piece in lay_out(learned)])
        write_tokenizer(assemble(model, spec), spec, output)

    def load(self, directory: Path) -> ByteLevelTokenizer:
        """Read a tokenizer directory."""
        return read_tokenizer(directory)


def spelled_rows(counted: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Pretokens in byte-level characters with their counts, and every byte once more, so that each is a piece."""
    rows = {spell(pretoken.encode()): count for pretoken, count in counted}
    for character in BYTE_CHARACTERS:
        rows[character] = rows.get(character, 0) + 1
    return list(rows.items())


def train_sentencepiece(rows: Sequence[tuple[str, int]], spec: TokenizerSpec, options: UnigramOptions) -> bytes:
    """Train on a table of pretokens and counts; the serialized SentencePiece model.

    Its vocabulary is the unknown piece, 256 bytes and what is learned, in SentencePiece's order.

    Raises:
        TokenizerError: the table supports fewer pieces than asked.
    """
    import sentencepiece

    written = io.BytesIO()
    trainer: Any = sentencepiece.SentencePieceTrainer
    try:
        trainer.train(
            sentence_iterator=(f"{pretoken}\t{count}" for pretoken, count in rows),
            input_format="tsv",
            model_writer=written,
            model_type="unigram",
            # One unknown piece instead of one separator: as many as asked.
            vocab_size=spec.asked_size,
            max_sentencepiece_length=options.longest_piece,
            # In bytes; the longest pretoken has 512 characters of 4 bytes, spelled in 2 bytes each.
            max_sentence_length=2**16,
            # Wider indices and nothing else; SentencePiece counts in 32 bits otherwise.
            train_extremely_large_corpus=sum(len(pretoken) + 1 for pretoken, _ in rows) >= 2**31,
            character_coverage=1.0,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            split_by_unicode_script=False,
            split_by_number=False,
            split_by_whitespace=False,
            split_digits=False,
            allow_whitespace_only_pieces=True,
            unk_piece=UNKNOWN_PIECE,
            unk_id=0,
            bos_id=-1,
            eos_id=-1,
            pad_id=-1,
            num_threads=THREADS,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise training_error(error, spec) from error
    return written.getvalue()


def training_error(error: RuntimeError, spec: TokenizerSpec) -> TokenizerError:
    """SentencePiece's complaint as ours."""
    match = TOO_LARGE.search(str(error))
    if match is None:
        return TokenizerError(f"{spec.name}: SentencePiece failed: {error}")
    return TokenizerError(
        f"{spec.name}: vocab_size {spec.vocab_size} is larger than the text supports: it supports {match[1]} ids with the "
        f"pretokenizer {spec.pretokenizer!r}; lower vocab_size, or give more text (corpus.bytes.tokenizer)"
    )


def scored_pieces(model: bytes) -> Pieces:
    """Log probability (natural) of every piece but the unknown one, in the order of the model."""
    import sentencepiece

    processor: Any = sentencepiece.SentencePieceProcessor(model_proto=model)
    names: list[str] = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
    return {name: processor.get_score(index) for index, name in enumerate(names) if name != UNKNOWN_PIECE}


def read_pieces(vocabulary: Path, spec: TokenizerSpec) -> Pieces:
    """Read what ``train_vocabulary`` wrote.

    Raises:
        TokenizerError: the file is missing, damaged, of another pretokenizer or of another size.
    """
    path = vocabulary / VOCABULARY_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        pieces = {piece: float(score) for piece, score in content["pieces"]}
        pretokenizer = content["pretokenizer"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TokenizerError(f"{path}: not readable as a Unigram vocabulary ({error!r}); materialize the vocabulary again") from error
    if pretokenizer != spec.pretokenizer:
        raise TokenizerError(f"{path}: trained with the pretokenizer {pretokenizer!r}, but {spec.name} asks for {spec.pretokenizer!r}")
    if len(pieces) + 1 != spec.vocab_size:
        raise TokenizerError(f"{path}: trained for {len(pieces) + 1} ids, but {spec.name} asks for vocab_size: {spec.vocab_size}")
    return pieces
