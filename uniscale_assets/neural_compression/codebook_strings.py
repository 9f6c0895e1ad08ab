"""A codebook to be looked at: which of its strings are likely, long, or met in text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from uniscale_assets.neural_compression.compilation import PrefixTree
from uniscale_assets.neural_compression.integer_model import SEPARATOR
from uniscale_assets.neural_compression.probabilities import TOTAL

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from uniscale_assets.neural_compression.codebook import Codebook
    from uniscale_assets.neural_compression.integer_model import IntegerByteModel

    Integers = npt.NDArray[np.int64]

FILE = "codebook.parquet"
SCHEMA = {"kind": "String", "content": "Binary", "bytes": "Int64", "code": "Int64", "probability": "Float64", "count": "Int64"}
"""columns of ``codebook.parquet`` and their polars types"""
PROBABLE, LONGEST, FREQUENT = "most probable", "longest", "most frequent"
MOST = 12
"""strings of each kind; most probable: of each length"""
BEAM = 64
"""likeliest strings of one length that longer ones are looked for behind"""
LONGEST_PROBABLE = 8
"""bytes of the most probable strings that are looked for"""


def notable_strings(codebook: Codebook, model: IntegerByteModel, used: Integers) -> pl.DataFrame:
    """Strings to look at, most notable first within each kind.

    Args:
        codebook: of a tokenizer.
        model: the byte model that it was compiled from.
        used: int64 [65536], how often each code occurs in the training text.

    Returns:
        Columns kind (`most probable` of those that a code decodes to, of each length; `longest`; `most frequent` in the training
        text), content (bytes), bytes, code, probability (that the byte model gives the string; null where it was not asked) and count
        (of its code in the training text).
    """
    import polars as pl

    probable, probabilities = likeliest(codebook, model)
    decoded = codebook.text_of_token[codebook.tokens[probable]] == probable
    probable, probabilities = probable[decoded], probabilities[decoded]
    chosen = [(PROBABLE, probable, probabilities)]
    spelled = codebook.text_of_token[codebook.text_of_token >= 0]
    longest = spelled[np.lexsort((-used[codebook.tokens[spelled]], -codebook.depths[spelled]))][:MOST]
    codes = np.argsort(-used, kind="stable")[:MOST]
    frequent = codebook.text_of_token[codes[(used[codes] > 0) & (codebook.text_of_token[codes] >= 0)]]
    chosen += [(LONGEST, longest, None), (FREQUENT, frequent, None)]
    rows = [
        (kind, codebook.string(int(string)), int(codebook.tokens[string]), None if values is None else float(values[place]))
        for kind, strings, values in chosen
        for place, string in enumerate(strings)
    ]
    schema = {"kind": pl.String, "content": pl.Binary, "code": pl.Int64, "probability": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    counts = pl.Series("count", used[frame["code"].to_numpy()])
    return frame.with_columns(pl.col("content").bin.size().cast(pl.Int64).alias("bytes"), counts).select(*SCHEMA)


@dataclass(frozen=True)
class Beam:
    """Likely strings of one length: their numbers, the places of their beginnings in the prefix tree, and probabilities."""

    strings: Integers
    paths: Integers
    probabilities: np.ndarray


def likeliest(codebook: Codebook, model: IntegerByteModel) -> tuple[Integers, np.ndarray]:
    """Strings of a codebook and their probabilities, the likeliest of each length in turn.

    Longer ones are looked for behind the likeliest shorter ones alone, so that a few hundred questions do.
    """
    tree = PrefixTree(model)
    beam = Beam(np.array([0]), np.empty((1, 0), np.int64), np.ones(1))
    strings, probabilities = [np.empty(0, np.int64)], [np.empty(0)]
    for _ in range(LONGEST_PROBABLE):
        beam = extended(codebook, tree, beam)
        strings.append(beam.strings[:MOST])
        probabilities.append(beam.probabilities[:MOST])
        if not len(beam.strings):
            break
    return np.concatenate(strings), np.concatenate(probabilities)


def extended(codebook: Codebook, tree: PrefixTree, beam: Beam) -> Beam:
    """The likeliest strings that are one byte longer, the likeliest first."""
    symbols = np.where(beam.strings > 0, codebook.bytes[beam.strings] + 1, SEPARATOR)
    cumulative, places = tree.cumulative(beam.paths, symbols)
    # Strings stand in breadth-first order: those that extend one string are neighbours.
    firsts, lasts = (np.searchsorted(codebook.parents, beam.strings, side=side) for side in ("left", "right"))
    rows = np.repeat(np.arange(len(beam.strings)), lasts - firsts)
    longer = np.concatenate([np.arange(first, last) for first, last in zip(firsts, lasts, strict=True)])
    parts = cumulative[rows, codebook.bytes[longer] + 1] - cumulative[rows, codebook.bytes[longer]]
    probabilities = beam.probabilities[rows] * parts / TOTAL
    best = np.argsort(-probabilities, kind="stable")[:BEAM]
    paths = np.concatenate([beam.paths[rows[best]], places[rows[best], None]], axis=1)
    return Beam(longer[best], paths, probabilities[best])
