"""Which documents fill a quota. Documents are whole, so a quota of bytes is met from below, not exactly.

Documents are taken in their stored order up to the first that no longer fits. Where documents are small beside a quota that
leaves less than ``TOLERANCE`` of it empty, and raising the bytes only adds documents. Where it leaves more (a small study),
later documents that fit fill the gap, first within each language, then over all. Then raising the bytes keeps every document
before the first gap, and may exchange those that filled it: no choice that nests for every number of bytes can also come
close to each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

TOLERANCE = 0.01


def choose_documents(sizes: Mapping[str, np.ndarray], shares: Mapping[str, int], limits: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Choose the documents of one split.

    Args:
        sizes: int64 [documents] of each language: bytes, in stored order.
        shares: quota of each language, bytes.
        limits: what the final filling may take of each language at most, bytes.

    Returns:
        bool [documents] of each language: which are taken. Their bytes are at most the sum of ``shares``.
    """
    taken = {language: take_within(sizes[language], share) for language, share in shares.items()}
    used = {language: int(sizes[language][chosen].sum()) for language, chosen in taken.items()}
    total = sum(shares.values())
    room = total - sum(used.values())
    if room <= TOLERANCE * total:
        return taken
    # The language that fell short most comes first.
    for language in sorted(shares, key=lambda name: (used[name] - shares[name], name)):
        room -= fill(sizes[language], taken[language], min(room, limits[language] - used[language]))
    return taken


def take_within(sizes: np.ndarray, quota: int) -> np.ndarray:
    """Documents of one language within its quota.

    Args:
        sizes: int64 [documents], bytes.
        quota: bytes.

    Returns:
        bool [documents].
    """
    import numpy as np

    ends = np.cumsum(sizes)
    count = int(np.searchsorted(ends, quota, side="right"))
    taken = np.arange(len(sizes)) < count
    room = quota - (int(ends[count - 1]) if count else 0)
    if room > TOLERANCE * quota:
        fill(sizes, taken, room)
    return taken


def fill(sizes: np.ndarray, taken: np.ndarray, room: int) -> int:
    """Take every document that is not taken and still fits, in stored order; marks it in ``taken``.

    Returns:
        The bytes that were added.
    """
    import numpy as np

    left = room
    for place in np.flatnonzero(~taken & (sizes <= room)):
        if sizes[place] <= left:
            taken[place] = True
            left -= int(sizes[place])
    return room - left
