"""All families. Rooms above this one register theirs when they are imported."""

from __future__ import annotations

from uniscale_assets.tokenization.bpe import BytePairEncoding
from uniscale_assets.tokenization.protocol import FAMILIES, family_of, register
from uniscale_assets.tokenization.unigram import UnigramLanguageModel

__all__ = ["FAMILIES", "family_of", "register"]

register(BytePairEncoding())
register(UnigramLanguageModel())
