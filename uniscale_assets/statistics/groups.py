"""Groups of tokenizers within which agreement is measured again: those of equal vocabulary size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

EVERY_TOKENIZER = "all"
WITHIN_VOCABULARIES = "equal vocab_size"


@dataclass(frozen=True)
class Group:
    """Some tokenizers of a study."""

    name: str
    vocabulary_sizes: Mapping[str, int]
    """of every tokenizer of the group; empty takes every tokenizer there is"""
    only_pairs_within: bool = False
    """count only pairs of equal vocabulary size"""

    def members(self, present: Sequence[str]) -> list[str]:
        """Those of the tokenizers present that belong to the group, in their order."""
        belong = [name for name in present if not self.vocabulary_sizes or name in self.vocabulary_sizes]
        if not self.only_pairs_within:
            return belong
        sizes = [self.vocabulary_sizes[name] for name in belong]
        return [name for name in belong if sizes.count(self.vocabulary_sizes[name]) > 1]

    def counted_pairs(self, members: Sequence[str]) -> NDArray[np.bool_] | None:
        """Which pairs count: [members, members], symmetric; None is all."""
        import numpy as np

        if not self.only_pairs_within:
            return None
        sizes = np.array([self.vocabulary_sizes[name] for name in members])
        return (sizes[:, None] == sizes[None, :]) & ~np.eye(len(sizes), dtype=bool)


def groups_of(tokenizers: pl.DataFrame) -> list[Group]:
    """All tokenizers; the pairs of equal vocabulary size over all vocabulary sizes; and each vocabulary size alone.

    Vocabulary size often decides most of a ranking, so small models may order all tokenizers well and yet not those
    that a user would choose between.

    Args:
        tokenizers: rows of the metric table; of it columns tokenizer and vocab_size.
    """
    sizes = {str(name): int(size) for name, size in zip(tokenizers["tokenizer"], tokenizers["vocab_size"], strict=True) if size is not None}
    everyone = Group(EVERY_TOKENIZER, {})
    shared = sorted(size for size in set(sizes.values()) if list(sizes.values()).count(size) > 1)
    if not shared:
        return [everyone]
    within = Group(WITHIN_VOCABULARIES, {name: size for name, size in sizes.items() if size in shared}, only_pairs_within=True)
    alone = [Group(f"vocab_size={size}", {name: other for name, other in sizes.items() if other == size}) for size in shared]
    return [everyone, within, *alone]
