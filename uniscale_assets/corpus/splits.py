"""Which split a document belongs to, and the order of documents: functions of ids alone."""

from __future__ import annotations

import hashlib

from uniscale_assets.corpus.spec import SPLITS, SplitFractions, SplitName


def split_of(document_id: str, fractions: SplitFractions) -> SplitName | None:
    """The split of a document, by SHA-256 of its id alone: translations that share an id share the split.

    The first eight bytes of the hash, as a number in [0, 1), are held against the fractions laid end to end in the order
    of ``SPLITS``. Other documents play no part, so adding some moves none.

    Returns:
        The split; None for the share of the documents that the fractions leave over.
    """
    digest = hashlib.sha256(document_id.encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    end = 0.0
    for split in SPLITS:
        end += getattr(fractions, split)
        if place < end:
            return split
    # Fractions such as 0.7 + 0.2 + 0.1 add up to a hair under 1.
    return SPLITS[-1] if end > 1 - 1e-9 else None


def order_key(language: str, document_id: str) -> bytes:
    """SHA-256 (32 bytes) of language and id: the order in which documents are stored and taken.

    It does not depend on the order of the input. The language is part of it, so that a mixture interleaves the languages
    without putting the translations of one document side by side.
    """
    return hashlib.sha256(f"{language}\0{document_id}".encode()).digest()
