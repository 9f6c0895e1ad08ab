"""Which documents fill a quota. Documents are whole, so a quota of bytes is met from below, not exactly.

Documents are taken in their stored order up to the first that no longer fits. Where documents are small beside the quota that
leaves less than ``TOLERANCE`` of it empty, and raising the bytes only adds documents. Where it leaves more (a small study),
later documents that fit fill the gap, first within each language, then over all. Then raising the bytes keeps every document
before the first gap, and may exchange those that filled it: no choice that nests for every number of bytes can also come
close to each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

TOLERANCE = 0.01


def choose(sizes: Iterable[int], share: int, extra: int = 0) -> Iterator[int]:
    """Decide, document by document, which of one language are taken.

    Args:
        sizes: bytes of each document, in stored order; none is empty.
        share: the language's quota, bytes.
        extra: bytes left over by all languages that this one may fill with what its quota does not take.

    Yields:
        The document's bytes where it is taken, else 0; at most ``share + extra`` in all.
    """
    room, closed = share, False
    for size in sizes:
        if size <= room and not closed:
            room -= size
            yield size
            continue
        closed = closed or room <= TOLERANCE * share
        fits = size <= extra
        extra -= size if fits else 0
        yield size if fits else 0


def extra_rooms(sizes_of: Callable[[str], Iterable[int]], shares: Mapping[str, int], limits: Mapping[str, int]) -> dict[str, int]:
    """What each language may take beyond its quota, so that gaps left by whole documents are filled.

    Args:
        sizes_of: bytes of each document of a language, in stored order.
        shares: quota of each language, bytes.
        limits: what a language may give at most, bytes.

    Returns:
        Bytes by language, for ``choose``. All together, the documents taken have at most the sum of ``shares``.
    """
    used = {language: sum(choose(sizes_of(language), share)) for language, share in shares.items()}
    extras = dict.fromkeys(shares, 0)
    left = sum(shares.values()) - sum(used.values())
    if left <= TOLERANCE * sum(shares.values()):
        return extras
    # The language that fell short most comes first.
    for language in sorted(shares, key=lambda name: (used[name] - shares[name], name)):
        extras[language] = max(0, min(left, limits[language] - used[language]))
        left -= sum(choose(sizes_of(language), shares[language], extras[language])) - used[language]
    return extras
