"""How often tokens occur: entropies, and how far rank and frequency are from Zipf's law.

Every function takes counts, int64 [rows, ids] with a row for each language (and one for all), and gives float64 [rows]. The
separator is not among the counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.tokenization.metric_rows import Row, rows_of
from uniscale_assets.tokenization.metrics import ALL_LANGUAGES, document_ranges

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from uniscale_assets.tokenization.shards import TokenShard

ALPHA = 2.5
"""of the Renyi entropy: the value that Zouhar et al. (2023) found to go best with translation quality"""
GRID_POINTS = 400
"""places, evenly over the logarithm of the rank, at which a straight line is laid through a curve"""
POINTS_PER_DECADE = 24
"""of the curves that are kept for drawing"""


@dataclass(frozen=True)
class TokenCounts:
    """Tokens of one split.

    Attributes:
        languages: L codes in sorted order, and 'all'.
        counts: int64 [L + 1, vocab_size]; the last row is over all.
    """

    languages: list[str]
    counts: np.ndarray


def count_tokens(shard: TokenShard, vocab_size: int) -> TokenCounts:
    """How often each id occurs in each language; a few million tokens in memory at a time."""
    import numpy as np

    languages, codes = np.unique(np.array([language for language, _ in shard.documents()], dtype=str), return_inverse=True)
    tokens = np.diff(shard.offsets)
    counts = np.zeros((len(languages) + 1) * vocab_size, dtype=np.int64)
    for first, last in document_ranges(shard.offsets):
        ids = shard.ids[shard.offsets[first] : shard.offsets[last]].astype(np.int64)
        of_token = np.repeat(codes[first:last], tokens[first:last])
        counts += np.bincount(of_token * vocab_size + ids, minlength=len(counts))
    table = counts.reshape(-1, vocab_size)
    table[-1] = table.sum(axis=0)
    return TokenCounts([*languages.tolist(), ALL_LANGUAGES], table)


def frequency_rows(train: TokenCounts, vocab_size: int) -> list[Row]:
    """Every metric of this module, over the train split: the most text there is, and what a model learns from."""
    counts, languages, entries = train.counts, train.languages, vocab_size - 1
    values = {
        "cardinality": cardinality(counts),
        "shannon_entropy": shannon_entropy(counts),
        "shannon_efficiency": efficiency(shannon_entropy(counts), entries),
        "renyi_entropy": renyi_entropy(counts),
        "renyi_efficiency": efficiency(renyi_entropy(counts), entries),
        "rank_frequency_slope": rank_frequency_slope(counts),
        "rank_frequency_area": rank_frequency_area(counts),
        "zipf_deviation": zipf_deviation(counts),
    }
    return [row for metric, of_rows in values.items() for row in rows_of(metric, languages, of_rows)]


def cardinality(counts: np.ndarray) -> np.ndarray:
    """Different tokens that occur, tokens. Source: Lotz et al. (2025), "Beyond Text Compression"."""
    import numpy as np

    return (counts > 0).sum(axis=1).astype(np.float64)


def probabilities(counts: np.ndarray) -> np.ndarray:
    """Relative frequencies; NaN in a row that has no tokens."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        return counts / counts.sum(axis=1, keepdims=True)


def shannon_entropy(counts: np.ndarray) -> np.ndarray:
    """Shannon entropy of the relative frequencies p, bits/token: sum of -p log2 p. Source: Shannon (1948)."""
    import numpy as np

    shares = probabilities(counts)
    # What never occurs adds nothing: p log p goes to 0 with p.
    return -(shares * np.log2(np.where(shares > 0, shares, 1.0))).sum(axis=1)


def renyi_entropy(counts: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """Renyi entropy of the relative frequencies p, bits/token: log2(sum of p^alpha) / (1 - alpha). Source: Renyi (1961)."""
    import numpy as np

    return np.log2((probabilities(counts) ** alpha).sum(axis=1)) / (1 - alpha)


def efficiency(entropy: np.ndarray, entries: int) -> np.ndarray:
    """Entropy over the most that the vocabulary allows, a share: entropy / log2(entries).

    Source: Zouhar et al. (2023), "Tokenization and the Noiseless Channel". Entries are all ids but the separator, those
    among them that never occur included (the package `tokenization-scorer` leaves them out unless it is told).
    """
    import numpy as np

    return entropy / np.log2(entries)


def curve(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log10 rank and log10 count of one row's tokens that occur, most frequent first; float64 [types] each."""
    import numpy as np

    present = np.sort(counts[counts > 0])[::-1]
    return np.log10(np.arange(1, len(present) + 1)), np.log10(present)


def line_of(counts: np.ndarray) -> tuple[float, float]:
    """Slope of the straight line through a row's curve, and the root mean square distance from it; NaN below three types.

    Least squares over log10 rank with every stretch of the axis counting the same: over single ranks the many rare tokens
    would decide alone.
    """
    import numpy as np

    ranks, frequencies = curve(counts)
    if len(ranks) < 3:
        return float("nan"), float("nan")
    places = np.linspace(0.0, ranks[-1], GRID_POINTS)
    heights = np.interp(places, ranks, frequencies)
    slope, level = np.polynomial.polynomial.polyfit(places, heights, 1)[::-1]
    return float(slope), float(np.sqrt(np.mean((heights - level - slope * places) ** 2)))


def rank_frequency_slope(counts: np.ndarray) -> np.ndarray:
    """Slope of log10 frequency over log10 rank (`line_of`), decades/decade; Zipf's law has -1. Source: Lotz et al. (2025)."""
    import numpy as np

    return np.array([line_of(row)[0] for row in counts])


def zipf_deviation(counts: np.ndarray) -> np.ndarray:
    """Root mean square distance of log10 frequency from its straight line over log10 rank (`line_of`), decades.

    0 says that frequencies follow a power law exactly. Source: Lotz et al. (2025), who measure the deviation from a power law.
    """
    import numpy as np

    return np.array([line_of(row)[1] for row in counts])


def rank_frequency_area(counts: np.ndarray) -> np.ndarray:
    """Area below log10 count over log10 rank, from rank 1 to the last type, square decades. Source: Lotz et al. (2025).

    It grows with the text: compare it between tokenizers of the same text only.
    """
    import numpy as np

    curves = [curve(row) for row in counts]
    return np.array([np.trapezoid(heights, ranks) if len(ranks) > 1 else np.nan for ranks, heights in curves])


def rank_frequency_curves(train: TokenCounts) -> pl.DataFrame:
    """The curves to draw: columns language, rank (from 1) and share (relative frequency), thinned evenly over log rank."""
    import numpy as np
    import polars as pl

    frames = []
    for language, row in zip(train.languages, train.counts, strict=True):
        present = np.sort(row[row > 0])[::-1]
        chosen = thinned_ranks(len(present))
        columns = {"rank": chosen, "share": present[chosen - 1] / max(present.sum(), 1)}
        frames.append(pl.DataFrame(columns).select(pl.lit(language).alias("language"), "rank", "share"))
    return pl.concat(frames)


def thinned_ranks(types: int) -> np.ndarray:
    """int64: ranks from 1 to ``types``, at most ``POINTS_PER_DECADE`` of them for each power of ten."""
    import numpy as np

    if types == 0:
        return np.zeros(0, dtype=np.int64)
    steps = int(np.ceil(np.log10(types) * POINTS_PER_DECADE)) + 1
    return np.unique(np.round(np.logspace(0, np.log10(types), steps)).astype(np.int64))
