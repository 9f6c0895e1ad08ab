"""Bits per byte against what inference costs, tokenizer included (arXiv 2404.03626, Figures 3 to 6), and Welch's test (Table 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from uniscale_assets.statistics.frames import frame_of_rows
from uniscale_assets.statistics.information_capacity import encoding_costs, inference_flops_per_byte

if TYPE_CHECKING:
    import polars as pl

KEYS = ("budget", "tokenizer", "size", "seed")


@dataclass(frozen=True)
class InferenceRow:
    """The models of one tokenizer and size, over all languages: means over seeds."""

    budget: str
    tokenizer: str
    family: str
    size: str
    seeds: int
    bits_per_byte: float
    standard_deviation: float | None
    """of one seed, bits per byte; null with one seed"""
    flops_per_byte: float
    """FLOPs of reading one raw byte: the model's, all parts, and the tokenizer's"""
    body_flops_per_byte: float
    """2 x non-embedding parameters / bytes per token, and the tokenizer's: as the paper counts"""
    encoding_flops_per_byte: float
    """of them the tokenizer's own: 2 FLOPs for each parameter that it runs over a byte"""
    bytes_per_step: float
    """raw bytes of the text for each step of the model"""
    uniform_bits_per_byte: float
    """of a uniform model over the tokenizer's ids"""


@dataclass(frozen=True)
class WelchRow:
    """Whether the seeds of two tokenizers differ in their mean, at one size."""

    budget: str
    size: str
    tokenizer: str
    other: str
    family: str
    other_family: str
    seeds: int
    other_seeds: int
    difference: float
    """mean bits per byte of the first less that of the other"""
    t_statistic: float | None
    degrees_of_freedom: float | None
    """by Welch and Satterthwaite"""
    p_value: float | None
    """two-sided; null where a tokenizer has one seed or neither varies"""


def inference_costs(bits_per_byte: pl.DataFrame, training_runs: pl.DataFrame, tokenizers: pl.DataFrame) -> pl.DataFrame:
    """Bits per byte and FLOPs of inference of every tokenizer and size, over all languages.

    Args:
        bits_per_byte: rows of `tables.BITS_PER_BYTE`.
        training_runs: rows of `tables.TRAINING_RUNS`.
        tokenizers: rows of `tables.TOKENIZERS`.

    Returns:
        Columns of `InferenceRow`, by budget, tokenizer (as in ``tokenizers``) and size (smallest first).
    """
    import polars as pl

    models = scored_models(bits_per_byte, training_runs)
    known = {row["tokenizer"]: row for row in tokenizers.iter_rows(named=True)}
    costs = encoding_costs(tokenizers)
    rows: list[InferenceRow] = []
    for name, line in known.items():
        own = models.filter(pl.col("tokenizer") == name).sort("budget", "non_embedding_parameters", "seed")
        for (budget, size), group in own.group_by("budget", "size", maintain_order=True):
            rows.append(inference_row(str(budget), str(size), line, group.to_dicts(), costs.get(name, 0.0)))
    return frame_of_rows(sorted(rows, key=lambda row: row.budget), InferenceRow)


def scored_models(bits_per_byte: pl.DataFrame, training_runs: pl.DataFrame) -> pl.DataFrame:
    """Models whose score over all languages and whose training are known."""
    import polars as pl

    budget = pl.col("budget").fill_null("")
    scores = bits_per_byte.filter(pl.col("language") == "all").with_columns(budget).select(*KEYS, "bits_per_byte", "bytes", "tokens")
    needed = ("non_embedding_parameters", "text_tokens", "separator_tokens", "training_flops")
    runs = training_runs.with_columns(budget).select(*KEYS, *needed)
    return scores.join(runs, on=KEYS).drop_nulls().filter(pl.col("bits_per_byte").is_finite(), pl.col("tokens") > 0)


def inference_row(budget: str, size: str, tokenizer: dict[str, Any], models: Sequence[dict[str, Any]], encoding: float) -> InferenceRow:
    """The mean over seeds of one tokenizer and size."""
    import numpy as np

    from uniscale_assets.neural_compression.measuring import uniform_bits_per_byte

    values = np.array([model["bits_per_byte"] for model in models])
    first = models[0]
    tokens_per_byte = first["tokens"] / first["bytes"]
    labels = first["text_tokens"] + first["separator_tokens"]
    return InferenceRow(
        budget=budget,
        tokenizer=tokenizer["tokenizer"],
        family=tokenizer["family"],
        size=size,
        seeds=len(models),
        bits_per_byte=float(values.mean()),
        standard_deviation=float(values.std(ddof=1)) if len(values) > 1 else None,
        flops_per_byte=inference_flops_per_byte(first["training_flops"], labels, tokens_per_byte, encoding),
        body_flops_per_byte=2 * first["non_embedding_parameters"] * tokens_per_byte + encoding,
        encoding_flops_per_byte=encoding,
        bytes_per_step=1 / tokens_per_byte,
        uniform_bits_per_byte=uniform_bits_per_byte(tokenizer["vocab_size"], 1 / tokens_per_byte),
    )


def welch_tests(bits_per_byte: pl.DataFrame, tokenizers: pl.DataFrame) -> pl.DataFrame:
    """Welch's t-test (1947) over seeds for every pair of tokenizers at each size and budget, over all languages.

    Seeds that two tokenizers share are not paired here: the test is the paper's.

    Args:
        bits_per_byte: rows of `tables.BITS_PER_BYTE`.
        tokenizers: rows of `tables.TOKENIZERS`; give order and families.

    Returns:
        Columns of `WelchRow`.
    """
    import polars as pl

    families = dict(tokenizers.select("tokenizer", "family").iter_rows())
    scores = bits_per_byte.filter(pl.col("language") == "all", pl.col("bits_per_byte").is_finite()).sort("seed")
    scores = scores.with_columns(pl.col("budget").fill_null(""))
    rows: list[WelchRow] = []
    for (budget, size), group in scores.sort("budget", "size").group_by("budget", "size", maintain_order=True):
        values = {name: group.filter(pl.col("tokenizer") == name)["bits_per_byte"].to_list() for name in families}
        for one, other in combinations([name for name in families if values[name]], 2):
            names = (str(budget), str(size), one, other, families[one], families[other])
            rows.append(WelchRow(*names, len(values[one]), len(values[other]), *welch(values[one], values[other])))
    return frame_of_rows(rows, WelchRow)


def welch(ones: Sequence[float], others: Sequence[float]) -> tuple[float, float | None, float | None, float | None]:
    """Difference of means, t, degrees of freedom and two-sided p-value, by `scipy.stats.ttest_ind` with unequal variances."""
    from statistics import fmean

    from scipy.stats import ttest_ind

    difference = fmean(ones) - fmean(others)
    if min(len(ones), len(others)) < 2 or (len(set(ones)) == 1 and len(set(others)) == 1):
        return difference, None, None, None
    found: Any = ttest_ind(ones, others, equal_var=False)
    return difference, float(found.statistic), float(found.df), float(found.pvalue)
