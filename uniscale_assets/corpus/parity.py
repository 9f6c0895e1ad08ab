"""Parallel texts that ship with the package: the Universal Declaration of Human Rights, aligned by article."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

from uniscale_assets.corpus.sources import embedded_directory
from uniscale_assets.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polars import DataFrame


def parity_file() -> Path:
    """The file that holds them."""
    return embedded_directory() / "parity" / "udhr.jsonl.gz"


def read_parity(languages: Sequence[str] | None = None) -> DataFrame:
    """The parity texts, one row for each language and article; every language has the same articles.

    Source: "UDHR in Unicode"; see data/NOTICE.

    Args:
        languages: codes such as eng_Latn; None for all of them.

    Returns:
        Columns language, script (ISO 15924), article (0 is the preamble, then 1 to 30) and text (paragraphs joined by a
        newline); by language in the order asked, then by article.

    Raises:
        BadInputError: a language that the texts do not have; the message lists those there are.
    """
    import polars as pl

    with gzip.open(parity_file(), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    schema = {"language": pl.String, "script": pl.String, "article": pl.Int64, "text": pl.String}
    frame = pl.DataFrame(rows, schema=schema)
    if languages is None:
        return frame
    known = frame["language"].unique(maintain_order=True).to_list()
    missing = [language for language in languages if language not in known]
    if missing:
        raise BadInputError(f"no parity text in {', '.join(missing)}; there is in {', '.join(known)}")
    place = {language: number for number, language in enumerate(languages)}
    chosen = frame.filter(pl.col("language").is_in(list(languages)))
    return chosen.sort(pl.col("language").replace_strict(place, return_dtype=pl.Int64), "article")
