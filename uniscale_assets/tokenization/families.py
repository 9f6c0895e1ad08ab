"""All families. Rooms above this one register theirs when they are imported."""

from __future__ import annotations

from uniscale_assets.tokenization import bpe, unigram  # noqa: F401  (registers them)
from uniscale_assets.tokenization.protocol import FAMILIES, family_of, register

__all__ = ["FAMILIES", "family_of", "register"]
