"""All families. Rooms above this one register theirs when they are imported."""

from __future__ import annotations

from uniscale_assets.tokenization.bpe import BytePairEncoding
from uniscale_assets.tokenization.characters import Characters
from uniscale_assets.tokenization.masked_bpe import MaskedBytePairEncoding
from uniscale_assets.tokenization.parity_bpe import ParityBytePairEncoding
from uniscale_assets.tokenization.pretrained import Pretrained
from uniscale_assets.tokenization.protocol import FAMILIES, family_of, register
from uniscale_assets.tokenization.superbpe import SuperBytePairEncoding
from uniscale_assets.tokenization.unigram import UnigramLanguageModel
from uniscale_assets.tokenization.wordpiece import WordPiece

__all__ = ["FAMILIES", "family_of", "register"]

register(BytePairEncoding())
register(UnigramLanguageModel())
register(WordPiece())
register(Characters())
register(MaskedBytePairEncoding())
register(SuperBytePairEncoding())
register(ParityBytePairEncoding())
register(Pretrained())
