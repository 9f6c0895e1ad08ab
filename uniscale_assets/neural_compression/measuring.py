"""What is measured of tokenizers that compress, beside the metrics of every tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.tokenization.metric_rows import Row, rows_of
from uniscale_assets.tokenization.metrics import ALL_LANGUAGES

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from uniscale_assets.neural_compression.codebook import Codebook
    from uniscale_assets.neural_compression.equal_info import StepwiseWindows
    from uniscale_assets.tokenization.protocol import Tokenizer

LOOKED_UP_BYTES = 2**20
"""of test text in each language, where windows are looked up"""
STEPWISE_BYTES = 2**13
"""of test text in each language, where a model runs at each byte"""


def compression_rows(tokenizer: Tokenizer, shards: Path, mixture: Path) -> list[Row]:
    """Every metric of this module that needs the tokenizer; none for one that codes no windows."""
    from uniscale_assets.neural_compression.equal_info import CompiledWindows, StepwiseWindows

    if isinstance(tokenizer, CompiledWindows):
        used = codes_in(shards, tokenizer.token_bits)
        return [*codebook_rows(tokenizer.codebook, used), *ambiguity_rows(tokenizer, test_bytes(mixture, LOOKED_UP_BYTES))]
    if isinstance(tokenizer, StepwiseWindows):
        texts = test_bytes(mixture, STEPWISE_BYTES)
        return [*hit_rate_rows(tokenizer, texts), *ambiguity_rows(tokenizer, texts)]
    return []


def test_bytes(mixture: Path, limit: int) -> dict[str, list[bytes]]:
    """Test documents by language, up to so many bytes of each; the last one is cut."""
    from uniscale_assets.corpus.mixing import iterate_documents

    found: dict[str, list[bytes]] = {}
    sizes: dict[str, int] = {}
    for document in iterate_documents(mixture, "test"):
        left = limit - sizes.get(document.language, 0)
        if left > 0:
            text = document.text.encode()[:left]
            found.setdefault(document.language, []).append(text)
            sizes[document.language] = sizes.get(document.language, 0) + len(text)
    return dict(sorted(found.items()))


def ambiguity_rows(tokenizer: Tokenizer, texts: dict[str, list[bytes]]) -> list[Row]:
    """``ambiguous_share`` and ``ambiguous_documents`` by language and over all, of a lossy tokenizer.

    A window is ambiguous where its number decodes to another string than it was made from: the encoder stopped because of a
    byte that the decoder does not see (the paper's appendix D.5).
    """
    from uniscale_assets.tokenization.protocol import CountsLost, TakesBytes, is_lossy

    if not (is_lossy(tokenizer) and isinstance(tokenizer, CountsLost) and isinstance(tokenizer, TakesBytes)):
        return []
    windows, documents = {}, {}
    for language, contents in texts.items():
        windows[language] = tokenizer.count_lost(contents)
        encodings = tokenizer.encode_bytes(contents)
        wrong = sum(tokenizer.decode(encoding.ids) != text for text, encoding in zip(contents, encodings, strict=True))
        documents[language] = (wrong, len(contents))
    return [*share_rows("ambiguous_share", windows), *share_rows("ambiguous_documents", documents)]


def share_rows(metric: str, counts: dict[str, tuple[int, int]]) -> list[Row]:
    """Part over whole by language, and of the sums."""
    sums = tuple(map(sum, zip(*counts.values(), strict=True)))
    pairs = [*counts.values(), sums]
    return rows_of(metric, [*counts, ALL_LANGUAGES], [part / whole if whole else float("nan") for part, whole in pairs])


def hit_rate_rows(tokenizer: StepwiseWindows, texts: dict[str, list[bytes]]) -> list[Row]:
    """``prefix_cache_hit_rate``, a share of bytes, of a cache that is empty before the test text of all languages."""
    from uniscale_assets.neural_compression.prefix_cache import PrefixCache

    if tokenizer.cache is None:
        return []
    cache = PrefixCache(tokenizer.model, tokenizer.rule)
    cache.encode([text for contents in texts.values() for text in contents])
    return rows_of("prefix_cache_hit_rate", [ALL_LANGUAGES], [cache.hit_rate])


def codebook_rows(codebook: Codebook, used: np.ndarray) -> list[Row]:
    """``codes_with_string``, ``codes_used`` and ``window_bytes_longest``.

    Args:
        codebook: of the tokenizer.
        used: int64 [65536], how often each code occurs in the training text.
    """
    strings = codebook.text_of_token
    values = {
        "codes_with_string": float((strings >= 0).mean()),
        "codes_used": float((used > 0).mean()),
        "window_bytes_longest": float(codebook.depths[strings[strings >= 0]].max()),
    }
    return [row for metric, value in values.items() for row in rows_of(metric, [ALL_LANGUAGES], [value])]


def write_notable_strings(tokenizer: Tokenizer, byte_model: Path, shards: Path, output: Path) -> None:
    """Write ``codebook.parquet`` (`codebook_strings.notable_strings`) of a tokenizer with a codebook; nothing of others.

    Args:
        tokenizer: any.
        byte_model: directory of the byte model that it was made from.
        shards: its token shards.
        output: directory of its metrics.
    """
    from uniscale_assets.neural_compression.codebook_strings import FILE, notable_strings
    from uniscale_assets.neural_compression.equal_info import CompiledWindows
    from uniscale_assets.neural_compression.quantization import read_integer_model

    if isinstance(tokenizer, CompiledWindows):
        used = codes_in(shards, tokenizer.token_bits)
        notable_strings(tokenizer.codebook, read_integer_model(byte_model), used).write_parquet(output / FILE)


def codes_in(shards: Path, token_bits: int) -> np.ndarray:
    """How often each 16-bit code occurs in the training text: int64 [65536]."""
    import numpy as np

    from uniscale_assets.neural_compression.schemes import CELLS
    from uniscale_assets.neural_compression.streams import FIRST_ID
    from uniscale_assets.tokenization.shards import open_shard

    ids = open_shard(shards, "train").ids
    counts = np.zeros(CELLS, dtype=np.int64)
    for first in range(0, len(ids), 2**22):
        tokens = ids[first : first + 2**22].astype(np.int64) - FIRST_ID
        codes = tokens if token_bits == 16 else tokens[::2] * 256 + tokens[1::2]
        counts += np.bincount(codes, minlength=CELLS)
    return counts


def bits_rows(metrics: pl.DataFrame, vocab_size: int) -> list[Row]:
    """``uniform_bits_per_byte`` and ``bit_compression_ratio`` of any tokenizer, by language and over all.

    Source: arXiv 2404.03626, tables 1 to 3; the separator is no part of the vocabulary here, so that 256 tokens are 8 bits.

    Args:
        metrics: rows that hold ``bytes_per_token``.
        vocab_size: all ids, the separator among them.
    """
    import polars as pl

    rates = metrics.filter(pl.col("metric") == "bytes_per_token")
    languages, values = rates["language"].to_list(), [uniform_bits_per_byte(vocab_size, rate) for rate in rates["value"]]
    ratios = [8 / value for value in values]
    return [*rows_of("uniform_bits_per_byte", languages, values), *rows_of("bit_compression_ratio", languages, ratios)]


def uniform_bits_per_byte(vocab_size: int, bytes_per_token: float) -> float:
    """log2 of the vocabulary without the separator, over bytes per token, bits/byte."""
    import math

    return math.log2(vocab_size - 1) / bytes_per_token
