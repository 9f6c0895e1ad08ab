"""What a vocabulary holds: lengths of its entries, and the scripts that they are written in. No text is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from uniscale_assets.corpus.scripts import OTHER, SCRIPTS_OF_CODE, script_of
from uniscale_assets.tokenization.metric_definitions import SCRIPT_PREFIX
from uniscale_assets.tokenization.metric_rows import Row, rows_of
from uniscale_assets.tokenization.metrics import ALL_LANGUAGES

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from uniscale_assets.tokenization.shards import TokenShard

JAPANESE = "Jpan"
"""several of the scripts that one writing system uses side by side"""
BYTES, MIXED, DIGITS, SPACES, SIGNS = "bytes", "mixed", "digits", "spaces", "signs"
"""what an entry is that is not of one script: no text by itself, letters of several scripts, digits, white space, other characters"""


def vocabulary_rows(pieces: Sequence[bytes]) -> list[Row]:
    """Every metric of this module; they are of no language.

    Args:
        pieces: bytes of every id. The separator and other ids that stand for no bytes are left out.
    """
    entries = [piece for piece in pieces if piece]
    mean, median, longest = lengths_of_entries(entries)
    lengths = {"token_bytes_mean": mean, "token_bytes_median": median, "token_bytes_longest": longest}
    shares = {f"{SCRIPT_PREFIX}{script}": share for script, share in script_shares(entries).items()}
    return [row for metric, value in {**lengths, **shares}.items() for row in rows_of(metric, [ALL_LANGUAGES], [value])]


def lengths_of_entries(entries: Sequence[bytes]) -> tuple[float, float, float]:
    """Mean, median and most bytes of the vocabulary's entries, bytes."""
    import numpy as np

    lengths = np.fromiter(map(len, entries), dtype=np.int64, count=len(entries))
    return float(lengths.mean()), float(np.median(lengths)), float(lengths.max())


def script_shares(entries: Sequence[bytes]) -> dict[str, float]:
    """Share of the vocabulary's entries in each Unicode script, ISO 15924 codes, and in the kinds that are no script.

    Source: Chelombitko et al. (2024), "Qtok". An entry is of the script of its letters; an entry that is no text by itself
    (a part of a character) is ``bytes``, one with letters of several scripts ``mixed``.
    """
    counts = Counter(kind_of_entry(piece) for piece in entries)
    return {kind: counts[kind] / len(entries) for kind in sorted(counts)}


def kind_of_entry(piece: bytes) -> str:
    """Script of an entry, or what it is instead."""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return BYTES
    scripts = {script for script in map(script_of, text) if script is not None}
    known = scripts - {OTHER} or scripts
    if known:
        return known.pop() if len(known) == 1 else JAPANESE if known <= SCRIPTS_OF_CODE[JAPANESE] else MIXED
    if text.isspace():
        return SPACES
    return DIGITS if text.strip().isnumeric() else SIGNS


def token_lengths(shard: TokenShard) -> np.ndarray:
    """int64 [longest + 1]: tokens of a split by the raw bytes that they account for."""
    import numpy as np

    from uniscale_assets.tokenization.metrics import document_ranges

    counts = np.zeros(1, dtype=np.int64)
    for first, last in document_ranges(shard.offsets):
        low, high = shard.offsets[first], shard.offsets[last]
        ends = shard.byte_ends[low:high].astype(np.int64)
        lengths = np.diff(ends, prepend=0)
        begins = shard.offsets[first:last] - low
        begins = begins[begins < len(ends)]
        lengths[begins] = ends[begins]
        here = np.bincount(lengths, minlength=len(counts))
        here[: len(counts)] += counts
        counts = here
    return counts


def text_length_rows(counts: np.ndarray) -> list[Row]:
    """Median and 90th percentile of the bytes of a text token, bytes: the least length that so many tokens do not exceed.

    Their mean is ``bytes_per_token``.

    Args:
        counts: of `token_lengths`.
    """
    import numpy as np

    reached = np.cumsum(counts) / counts.sum()
    percentiles = {"text_token_bytes_median": 0.5, "text_token_bytes_p90": 0.9}
    values = {metric: float(np.searchsorted(reached, part)) for metric, part in percentiles.items()}
    return [row for metric, value in values.items() for row in rows_of(metric, [ALL_LANGUAGES], [value])]


def length_table(pieces: Sequence[bytes], counts: np.ndarray) -> pl.DataFrame:
    """Distribution of token lengths to draw: columns bytes, entries (of the vocabulary) and tokens (of the test text)."""
    import polars as pl

    entries = Counter(len(piece) for piece in pieces if piece)
    lengths = sorted({*entries, *counts.nonzero()[0].tolist()})
    tokens = [int(counts[length]) if length < len(counts) else 0 for length in lengths]
    schema = {"bytes": pl.Int64, "entries": pl.Int64, "tokens": pl.Int64}
    return pl.DataFrame([lengths, [entries[length] for length in lengths], tokens], schema=schema)
