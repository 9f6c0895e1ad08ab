"""BPE with its last merges masked: fewer bytes per token at a vocabulary, and so a model, of the same size.

What the study of compute-optimal tokenization varies compression with: the masked pieces keep their ids and their rows in
the embedding, but no text is ever written with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.bpe import BytePairEncoding, Merges, merging_model, prefix_for, read_merges
from uniscale_assets.tokenization.byte_level import assemble, write_tokenizer
from uniscale_assets.tokenization.options import check_size, read_options

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import TokenizerSpec


class MaskingOptions(Specification):
    """``options`` of the family."""

    masked: float = Field(default=0.75, gt=0, lt=1, description="share of the merges, the last ones, that are not applied")


class MaskedBytePairEncoding(BytePairEncoding):
    """Family ``masked_bpe``. Its vocabulary is that of `bpe`, trained once for both."""

    name = "masked_bpe"

    def check(self, spec: TokenizerSpec) -> None:
        """Its options are those of ``MaskingOptions``."""
        check_size(spec)
        read_options(spec, MaskingOptions)

    def trained_as(self, spec: TokenizerSpec) -> TokenizerSpec:
        """The plain BPE of the same size and cuts."""
        return spec.model_copy(update={"family": BytePairEncoding.name, "options": {}})

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:
        """Train the plain BPE."""
        super().train_vocabulary(self.trained_as(spec), texts, output)

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """Give every piece its id and keep the first merges only."""
        merges = prefix_for(read_merges(vocabulary, spec), spec)
        kept = unmasked(merges, read_options(spec, MaskingOptions).masked)
        write_tokenizer(assemble(merging_model(merges, kept), spec), spec, output)


def unmasked(merges: Merges, masked: float) -> Merges:
    """The merges that are applied: at least one."""
    return merges[: max(1, round(len(merges) * (1 - masked)))]
