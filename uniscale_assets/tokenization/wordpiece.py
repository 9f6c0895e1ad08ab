"""Byte-level WordPiece: the longest piece that fits, from the left, as BERT's tokenizer cuts words.

Schuster and Nakajima 2012; encoding as in Wu et al. 2016 (arXiv:1609.08144). Pieces are learned as the WordPiece trainer of
Hugging Face ``tokenizers`` learns them, which is BPE's: so the family shares BPE's vocabulary, and differs in how text is
cut into it ("Greed is All You Need", Uzan et al. 2024, compares these two). A space belongs to the word that follows, as in
byte-level BPE, so no ``##`` marks the inside of words; with every byte a piece no word is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.tokenization.bpe import BytePairEncoding, learned_pieces, prefix_for, read_merges
from uniscale_assets.tokenization.byte_level import assemble, write_tokenizer
from uniscale_assets.tokenization.layout import SEPARATOR_TEXT

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import TokenizerSpec

# The library tries every end of every piece, from the pretoken's end on: time is the square of a pretoken's length.
# As a multiple of 2, 3 and 4 it rarely falls inside a character.
LONGEST_MATCHED_BYTES = 48


class WordPiece(BytePairEncoding):
    """Family ``wordpiece``. Its vocabulary is that of `bpe`, trained once for both."""

    name = "wordpiece"

    def trained_as(self, spec: TokenizerSpec) -> TokenizerSpec:
        """The plain BPE of the same size and cuts."""
        return spec.model_copy(update={"family": BytePairEncoding.name})

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:
        """Train the plain BPE."""
        super().train_vocabulary(self.trained_as(spec), texts, output)

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """Take the pieces, without their merges. Pretokens are cut once more, after ``LONGEST_MATCHED_BYTES``."""
        from tokenizers import models, pre_tokenizers

        merges = prefix_for(read_merges(vocabulary, spec), spec)
        model = models.WordPiece(
            vocab={piece: index for index, piece in enumerate(learned_pieces(merges))},
            unk_token=SEPARATOR_TEXT,
            max_input_chars_per_word=LONGEST_MATCHED_BYTES,
            continuing_subword_prefix="",
        )
        backend = assemble(model, spec)
        backend.pre_tokenizer = pre_tokenizers.Sequence([backend.pre_tokenizer, pre_tokenizers.FixedLength(LONGEST_MATCHED_BYTES)])
        write_tokenizer(backend, spec, output)
