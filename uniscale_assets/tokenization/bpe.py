"""Byte-level BPE by Hugging Face ``tokenizers``; trained once at the largest size, cut by taking a prefix of the merges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import TokenizerError
from uniscale_assets.files import write_text
from uniscale_assets.tokenization.byte_level import ByteLevelTokenizer, assemble, read_tokenizer, write_tokenizer
from uniscale_assets.tokenization.layout import BASE_SIZE, BYTE_CHARACTERS, lay_out
from uniscale_assets.tokenization.options import check_size, refuse_options
from uniscale_assets.tokenization.pretokenizers import segments

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.tokenization.spec import TokenizerSpec

VOCABULARY_FILE = "merges.json"
# A pair that stands once in the text teaches nothing; its merge would depend on the order of ids alone.
LEAST_PAIR_COUNT = 2
# tokenizers 0.23.3 counts pairs in 32 bits and wraps silently (github.com/huggingface/tokenizers/issues/2058).
LARGEST_PAIR_COUNT = 2**31 - 1
COUNTED_AT_ONCE = 2**20

Merges = list[tuple[str, str]]


class BytePairEncoding:
    """Family ``bpe``. A smaller vocabulary is a prefix of a larger one, so sizes share one training."""

    name = "bpe"
    nested = True

    def check(self, spec: TokenizerSpec) -> None:
        """It takes no options."""
        check_size(spec)
        refuse_options(spec)

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:
        """Learn ``spec.vocab_size`` - 257 pieces and write their merges.

        Raises:
            TokenizerError: the text has fewer pairs that occur twice; the message says how many ids it supports.
        """
        merges = learn_merges(spec, texts)
        prefix_for(merges, spec)
        write_merges(merges, spec, output)

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """Keep the first merges, up to the one that makes the vocabulary as large as asked."""
        merges = prefix_for(read_merges(vocabulary, spec), spec)
        write_tokenizer(assemble(merging_model(merges, merges), spec), spec, output)

    def load(self, directory: Path) -> ByteLevelTokenizer:
        """Read a tokenizer directory."""
        return read_tokenizer(directory)


def merging_model(learned: Merges, applied: Merges) -> Any:
    """A ``tokenizers.models.BPE`` with the pieces that were learned, which applies some of their merges."""
    from tokenizers import models

    return models.BPE(vocab={piece: index for index, piece in enumerate(learned_pieces(learned))}, merges=applied)


def learned_pieces(merges: Merges) -> list[str]:
    """Every piece in id order; two merges may give one."""
    return lay_out(dict.fromkeys(left + right for left, right in merges))


def learn_merges(spec: TokenizerSpec, texts: Iterable[str]) -> Merges:
    """Merges in the order they were learned; at most as many as ``spec.vocab_size`` allows."""
    from tokenizers import models, trainers

    backend = assemble(models.BPE(), spec)
    trainer: Any = trainers.BpeTrainer(
        # The separator is no part of the training vocabulary; the bytes are, whether they occur or not.
        vocab_size=spec.asked_size - 1,
        min_frequency=LEAST_PAIR_COUNT,
        initial_alphabet=list(BYTE_CHARACTERS),
        special_tokens=[],
        show_progress=False,
    )
    backend.train_from_iterator(guarded(texts), trainer=trainer)
    return merges_of(backend)


def merges_of(backend: Any) -> Merges:
    """The merges of a ``tokenizers.Tokenizer`` that was trained."""
    return [(left, right) for left, right in json.loads(backend.to_str())["model"]["merges"]]


def pair_counts() -> np.ndarray:
    """int64 [65536]: none yet, of the pairs of adjacent bytes."""
    import numpy as np

    return np.zeros(2**16, dtype=np.int64)


def guarded(texts: Iterable[str], pairs: np.ndarray | None = None) -> Iterator[str]:
    """Pass texts on, long ones in parts, and refuse more than the trainer can count.

    Two tokens are never adjacent more often than the bytes at their border, so the most frequent pair of adjacent
    bytes bounds every count that training can reach.

    Args:
        texts: to train on.
        pairs: counts that other texts of the same training are added to; as ``pair_counts`` makes it.

    Raises:
        TokenizerError: some pair of bytes stands more than ``LARGEST_PAIR_COUNT`` times in the text.
    """
    pairs = pair_counts() if pairs is None else pairs
    pending: list[bytes] = []
    size = 0
    for text in texts:
        pending.append(text.encode())
        size += len(pending[-1])
        if size >= COUNTED_AT_ONCE:
            add_byte_pairs(pairs, b"".join(pending))
            pending, size = [], 0
        yield from segments(text)
    add_byte_pairs(pairs, b"".join(pending))


def add_byte_pairs(pairs: np.ndarray, content: bytes) -> None:
    """Add the pairs of adjacent bytes to ``pairs`` (int64 [65536], first byte * 256 + second), and check the largest."""
    import numpy as np

    values = np.frombuffer(content, dtype=np.uint8).astype(np.uint16)
    pairs += np.bincount(values[:-1] * np.uint16(256) + values[1:], minlength=2**16)
    if pairs.max() > LARGEST_PAIR_COUNT:
        raise TokenizerError(
            f"a pair of bytes stands more than {LARGEST_PAIR_COUNT:,} times in the text for tokenizers, more than "
            "BPE training can count; lower corpus.bytes.tokenizer"
        )


def prefix_for(merges: Merges, spec: TokenizerSpec) -> Merges:
    """The merges up to the one that makes the vocabulary as large as asked; two merges may give the same piece.

    Raises:
        TokenizerError: there are not enough of them.
    """
    wanted = spec.asked_size - BASE_SIZE
    pieces: set[str] = set()
    for count, (left, right) in enumerate(merges):
        if len(pieces) == wanted:
            return merges[:count]
        pieces.add(left + right)
    if len(pieces) < wanted:
        raise TokenizerError(
            f"{spec.name}: vocab_size {spec.vocab_size} is larger than the text supports: it supports "
            f"{len(pieces) + BASE_SIZE} ids with the pretokenizer {spec.pretokenizer!r}; lower vocab_size, or give more text "
            "(corpus.bytes.tokenizer)"
        )
    return merges


def write_merges(merges: Merges, spec: TokenizerSpec, output: Path, **more: Any) -> None:
    """Write a vocabulary that consists of merges."""
    content = {"family": spec.family, "merges": merges, "pretokenizer": spec.pretokenizer, **more}
    write_text(output / VOCABULARY_FILE, json.dumps(content, ensure_ascii=False, indent=0) + "\n")


def read_merges(vocabulary: Path, spec: TokenizerSpec) -> Merges:
    """Read what ``train_vocabulary`` wrote.

    Raises:
        TokenizerError: the file is missing, damaged, or of another pretokenizer.
    """
    path = vocabulary / VOCABULARY_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        merges = [(left, right) for left, right in content["merges"]]
        pretokenizer = content["pretokenizer"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TokenizerError(f"{path}: not readable as a BPE vocabulary ({error!r}); materialize the vocabulary again") from error
    if pretokenizer != spec.pretokenizer:
        raise TokenizerError(f"{path}: trained with the pretokenizer {pretokenizer!r}, but {spec.name} asks for {spec.pretokenizer!r}")
    return merges
