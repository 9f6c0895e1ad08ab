"""SuperBPE: BPE that learns subwords first, and then goes on across spaces.

Liu et al. 2025 (arXiv:2503.13423). The first stage is BPE under the preset's cuts, up to the transition point. The second
goes on from its merges under wider cuts. It is a second BPE training by the same library, over text in which one character
stands for each token of the first stage; what it merges is then written out in bytes.

Text is encoded in one pass, as published: all merges in the order learned, under the wider cuts. That is exactly what the
second training sees. It can differ from applying each stage under its own cuts only where a merge of the first stage fits
across one of its own cuts, such as inside longer numbers; under `phrase` no cut inside a phrase can be crossed that way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from uniscale_assets.errors import TokenizerError
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.batching import batches
from uniscale_assets.tokenization.bpe import (
    LEAST_PAIR_COUNT,
    Merges,
    learn_merges,
    learned_pieces,
    merges_of,
    merging_model,
    prefix_for,
    read_merges,
    write_merges,
)
from uniscale_assets.tokenization.byte_level import ByteLevelTokenizer, assemble, read_tokenizer, write_tokenizer
from uniscale_assets.tokenization.layout import BASE_SIZE, BYTE_CHARACTERS
from uniscale_assets.tokenization.options import check_size, read_options
from uniscale_assets.tokenization.pretokenizers import LONGEST_LINE, PRESETS, Preset, pretokenizer_of, segments
from uniscale_assets.tokenization.training_text import repeatable

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import TokenizerSpec

# Two or more words, joined by single spaces; a mark belongs to its word.
PHRASE = r" ?[\p{L}\p{M}]+(?: [\p{L}\p{M}]+)+"
# The first of the characters that stand for tokens. From here on none is white space; there are a million.
FIRST_STAND_IN = 0x10000
BETWEEN_PRETOKENS = " "
CHARACTERS_AT_ONCE = 2**20
# Some merges give a piece that is there already, and so no id: rather a few more than too few.
SPARE_MERGES = 64


class SuperwordOptions(Specification):
    """``options`` of the family."""

    transition: float = Field(default=0.9, gt=0, lt=1, description="share of the learned pieces that are learned under the preset's cuts")
    boundaries: Literal["phrase", "line"] = Field(
        default="phrase",
        description="what the second stage stays within: words joined by single spaces, or (as published) whole lines",
    )
    second_stage_bytes: int = Field(
        default=200_000_000, ge=1, description="most text of the second stage, from the first documents on: it decides its memory"
    )


class SuperBytePairEncoding:
    """Family ``superbpe``. The transition is a share of the size, so sizes are trained one by one."""

    name = "superbpe"
    nested = False

    def check(self, spec: TokenizerSpec) -> None:
        """Its options are those of ``SuperwordOptions``."""
        check_size(spec)
        read_options(spec, SuperwordOptions)

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:
        """Learn subwords, then superwords, and write all merges.

        Raises:
            TokenizerError: the text has too few pairs that occur twice; the message says how many ids it supports.
        """
        options = read_options(spec, SuperwordOptions)
        texts = repeatable(texts)
        first_spec = spec.model_copy(update={"vocab_size": transition_size(spec, options)})
        first = prefix_for(learn_merges(first_spec, texts), first_spec)
        second = learn_superwords(first, spec, limited(texts, options.second_stage_bytes))
        merges = prefix_for(first + second, spec)
        refuse_broken_stages(first, merges)
        write_merges(merges, spec, output, first_stage_merges=len(first), options=options.model_dump())

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """Lay the merges of both stages out as one BPE."""
        merges = prefix_for(read_merges(vocabulary, spec), spec)
        write_tokenizer(superword_backend(merges, spec), spec, output)

    def load(self, directory: Path) -> ByteLevelTokenizer:
        """Read a tokenizer directory."""
        return read_tokenizer(directory)


def transition_size(spec: TokenizerSpec, options: SuperwordOptions) -> int:
    """Ids after the first stage."""
    return BASE_SIZE + round((spec.asked_size - BASE_SIZE) * options.transition)


def wider_cuts(spec: TokenizerSpec) -> Preset:
    """The cuts of the second stage, and of encoding. Each pretoken is bounded, also in text without white space."""
    lines = read_options(spec, SuperwordOptions).boundaries == "line"
    return PRESETS["none"] if lines else Preset(f"{PHRASE}|{PRESETS[spec.pretokenizer].pattern}", LONGEST_LINE)


def superword_backend(merges: Merges, spec: TokenizerSpec) -> Any:
    """A ``tokenizers.Tokenizer`` that applies merges under the wider cuts."""
    backend = assemble(merging_model(merges, merges), spec)
    backend.pre_tokenizer = pretokenizer_of(wider_cuts(spec))
    return backend


def learn_superwords(first: Merges, spec: TokenizerSpec, texts: Iterable[str]) -> Merges:
    """What BPE goes on to merge under the wider cuts, in the order learned: some more than `vocab_size` takes."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    pieces = learned_pieces(first)
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.CharDelimiterSplit(BETWEEN_PRETOKENS)
    trainer: Any = trainers.BpeTrainer(
        vocab_size=spec.asked_size + SPARE_MERGES,
        min_frequency=LEAST_PAIR_COUNT,
        initial_alphabet=[chr(FIRST_STAND_IN + index) for index in range(len(pieces))],
        special_tokens=[],
        show_progress=False,
    )
    backend.train_from_iterator(stand_ins(superword_backend(first, spec), texts), trainer=trainer)
    return [(written_out(left, pieces), written_out(right, pieces)) for left, right in merges_of(backend)]


def written_out(stand_in: str, pieces: list[str]) -> str:
    """The piece that some stand-ins make together, in byte-level characters."""
    return "".join(pieces[ord(character) - FIRST_STAND_IN] for character in stand_in)


def stand_ins(backend: Any, texts: Iterable[str]) -> Iterator[str]:
    """Texts with a character for each token, and a space between pretokens."""
    import numpy as np

    parts = (part for text in texts for part in segments(text))
    for batch in batches(parts, len, CHARACTERS_AT_ONCE):
        for encoded in backend.encode_batch(batch, add_special_tokens=False):
            characters = np.array(encoded.ids, dtype="<u4") + FIRST_STAND_IN
            starts = np.flatnonzero(np.diff(np.array(encoded.word_ids, dtype=np.int64))) + 1
            yield np.insert(characters, starts, ord(BETWEEN_PRETOKENS)).astype("<u4").tobytes().decode("utf-32-le")


def limited(texts: Iterable[str], limit: int) -> Iterator[str]:
    """The first documents, up to the one that reaches so many bytes; a mixture's first documents are any of them."""
    size = 0
    for text in texts:
        yield text
        size += len(text.encode())
        if size >= limit:
            return


def refuse_broken_stages(first: Merges, merges: Merges) -> None:
    """The second stage contains the first, and only joins what is there when it does.

    Raises:
        TokenizerError: it does not.
    """
    if merges[: len(first)] != first:
        raise TokenizerError("the second stage of SuperBPE does not begin with the first")
    known = set(BYTE_CHARACTERS)
    for left, right in merges:
        if left not in known or right not in known:
            raise TokenizerError(f"SuperBPE merges {left!r} and {right!r}, which are not both pieces by then")
        known.add(left + right)
