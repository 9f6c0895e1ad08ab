"""Parity-aware BPE: each merge is the one that helps the language that is worst off.

Foroutan et al. 2025 (arXiv:2508.04796), by ``ParityBpeTrainer`` of Hugging Face ``tokenizers`` (0.23.3 and later). Who is
worst off is measured on parallel text, the Universal Declaration of Human Rights that ships with the package: the language
that takes the most tokens for it. What comes of it is a plain BPE.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from uniscale_assets.errors import BadInputError, TokenizerError
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.bpe import (
    LEAST_PAIR_COUNT,
    BytePairEncoding,
    Merges,
    guarded,
    merges_of,
    pair_counts,
    prefix_for,
    write_merges,
)
from uniscale_assets.tokenization.byte_level import assemble
from uniscale_assets.tokenization.layout import BASE_SIZE, BYTE_CHARACTERS
from uniscale_assets.tokenization.options import check_size, read_options
from uniscale_assets.tokenization.training_text import TrainingText

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import TokenizerSpec

# Some merges give a piece that is there already, and so no id: rather a few more than too few.
SPARE_MERGES = 64


class ParityOptions(Specification):
    """``options`` of the family, as the trainer takes them."""

    variant: Literal["base", "window"] = Field(
        default="base", description="`window` leaves a language alone for a while once it had its share of the last merges"
    )
    window_size: int = Field(default=100, ge=1, description="merges that `window` looks back on")
    alpha: float = Field(default=2.0, gt=0, description="of `window`: times its even share that a language may have of them")
    global_merges: int = Field(default=0, ge=0, description="merges at the start that are plain BPE's")
    ratio: dict[str, float] = Field(
        default={},
        description="bytes per token to aim at, by language and relative to each other, instead of the parallel text",
    )


class ParityBytePairEncoding(BytePairEncoding):
    """Family ``parity_bpe``. As merges are learned one by one, sizes share one training."""

    name = "parity_bpe"

    def check(self, spec: TokenizerSpec) -> None:
        """Its options are those of ``ParityOptions``."""
        check_size(spec)
        options = read_options(spec, ParityOptions)
        if min(options.ratio.values(), default=1.0) <= 0:
            raise BadInputError("options: ratio: bytes per token are above zero")

    def hashed_options(self, spec: TokenizerSpec) -> dict[str, Any]:
        """The options, and the yardstick's content where it is used."""
        return spec.options if spec.options.get("ratio") else {**spec.options, "parity": parity_hash()}

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:
        """Learn merges language by language and write them.

        Raises:
            TokenizerError: the languages of the text are not known, one of them has no parallel text, or the text
                supports fewer ids; says which.
        """
        if not isinstance(texts, TrainingText):
            raise TokenizerError(f"{spec.name}: parity_bpe balances languages; hand it a TrainingText, which knows them")
        merges = learn_parity_merges(spec, texts)
        write_merges(prefix_for(merges, spec), spec, output)


def learn_parity_merges(spec: TokenizerSpec, text: TrainingText) -> Merges:
    """Merges in the order learned: some more than `vocab_size` takes."""
    from tokenizers import models, trainers

    options = read_options(spec, ParityOptions)
    trainer: Any = trainers.ParityBpeTrainer(
        num_merges=spec.asked_size - BASE_SIZE + SPARE_MERGES,
        variant=options.variant,
        min_frequency=LEAST_PAIR_COUNT,
        global_merges=options.global_merges,
        window_size=options.window_size,
        alpha=options.alpha,
        special_tokens=[],
        show_progress=False,
        initial_alphabet=list(BYTE_CHARACTERS),
    )
    backend = assemble(models.BPE(), spec)
    yardstick = {"ratio": ratios(spec, text.languages)} if options.ratio else {"dev_iterators": parallel_texts(spec, text.languages)}
    # One count for all languages: the first merges are of all together.
    pairs = pair_counts()
    training = [guarded(text.of_language(language), pairs) for language in text.languages]
    trainer.train_from_iterator(backend, training, **yardstick)
    return merges_of(backend)


def ratios(spec: TokenizerSpec, languages: list[str]) -> list[float]:
    """``options.ratio`` in the order of the languages.

    Raises:
        TokenizerError: it leaves some out.
    """
    ratio = read_options(spec, ParityOptions).ratio
    missing = [language for language in languages if language not in ratio]
    if missing:
        raise TokenizerError(f"{spec.name}: options.ratio: has no {', '.join(missing)}; it takes every language of the text")
    return [ratio[language] for language in languages]


def parallel_texts(spec: TokenizerSpec, languages: list[str]) -> list[Any]:
    """The articles of the Universal Declaration in each language, an iterator each.

    Raises:
        TokenizerError: there is none in some language.
    """
    import polars as pl

    from uniscale_assets.corpus.parity import read_parity

    try:
        texts = read_parity(languages)
    except BadInputError as error:
        raise TokenizerError(
            f"{spec.name}: parity_bpe: {error}; take those out of corpus.languages, or give options.ratio for every language"
        ) from error
    return [iter(texts.filter(pl.col("language") == language)["text"].to_list()) for language in languages]


@cache
def parity_hash() -> str:
    """SHA-256 (hex) of the parallel text."""
    from uniscale_assets.corpus.sources import embedded_directory
    from uniscale_assets.files import hash_directory

    return hash_directory(embedded_directory() / "parity")
