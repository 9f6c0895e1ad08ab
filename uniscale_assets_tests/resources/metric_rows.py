"""Rows of bits_per_byte for the warehouse's tests and its benchmark."""

from __future__ import annotations

import polars as pl

from uniscale_assets.resources.warehouse_rows import empty_rows
from uniscale_assets.tables import TABLES


def scores(tokenizer: str = "bpe_1k", *, study: str = "demo", count: int = 1, value: float = 2.5, fingerprint: str = "f0") -> pl.DataFrame:
    """As many rows as asked, one a seed, of one tokenizer."""
    empty = empty_rows(TABLES["bits_per_byte"])
    given = {"study": study, "tokenizer": tokenizer, "size": "0.06M", "bits_per_byte": value, "bytes": 1000, "fingerprint": fingerprint}
    return empty.clear(count).with_columns([pl.lit(item).alias(name) for name, item in given.items()], seed=pl.int_range(count))
