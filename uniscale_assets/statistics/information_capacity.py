"""Information capacity: bits that a model saves for each FLOP of inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

UNIFORM_BITS_PER_BYTE = 8.0
"""log2 of the 256 bytes: what text costs without a model"""
Capacities = dict[tuple[str, str, str, str], float]
"""by budget, language, size and tokenizer"""


def inference_flops_per_byte(training_flops: float, labels: float, tokens_per_byte: float, encoding_flops_per_byte: float = 0.0) -> float:
    """FLOPs of reading one byte of text: the model's, (2N + 2Vd + 2LdS) for each text token, and the tokenizer's own.

    Forward alone is a third of training, and a model is used with the window it was trained with, so the first is taken
    from the training's own FLOPs. Looking tokens up is free: byte-pair merges and piece tables cost time, but no
    floating-point operations. A neural tokenizer costs 2 FLOPs for each parameter it runs over a byte.

    Args:
        training_flops: of the whole training, 3 (2N + 2Vd + 2LdS) a label.
        labels: text tokens and separators trained on.
        tokens_per_byte: text tokens / raw bytes of the text that is read.
        encoding_flops_per_byte: of the tokenizer.

    Returns:
        FLOPs / raw byte.
    """
    return training_flops / 3 / labels * tokens_per_byte + encoding_flops_per_byte


def information_capacity(bits_per_byte: float, flops_per_byte: float) -> float:
    """(8 - bits per byte) / (FLOPs of inference per byte): bits saved against uniform bytes, for each FLOP.

    After Yuan, Shao and Li 2025, "Information Capacity: Evaluating the Efficiency of Large Language Models via Text Compression"
    (arXiv:2511.08066), who count the tokenizer in by the number of its tokens, as here. They divide by the logarithm of the
    FLOPs and subtract a constant fitted so that the sizes of one series come out equal. Here FLOPs count as they are and nothing
    is fitted: values of equal size compare tokenizers; over sizes they fall, as bits are saved ever more dearly.

    Args:
        bits_per_byte: of the model.
        flops_per_byte: of model and tokenizer.

    Returns:
        bits / FLOP.
    """
    return (UNIFORM_BITS_PER_BYTE - bits_per_byte) / flops_per_byte


def information_capacities(bits_per_byte: pl.DataFrame, training_runs: pl.DataFrame, tokenizers: pl.DataFrame) -> Capacities:
    """Mean over seeds of the information capacity of every evaluated model, on the text that it is scored on, by language and over all.

    A model whose training or whose tokens are not known has none.

    Args:
        bits_per_byte: rows of the metric table.
        training_runs: rows of the metric table.
        tokenizers: rows of the metric table, for what encoding costs; null is nothing.
    """
    import polars as pl

    needed = {"text_tokens", "separator_tokens", "training_flops"}
    if not needed.issubset(training_runs.columns):
        return {}
    keys, budget = ["budget", "tokenizer", "size", "seed"], pl.col("budget").fill_null("")
    joined = (
        bits_per_byte.with_columns(budget)
        .select(*keys, "language", "bits_per_byte", "bytes", "tokens")
        .join(training_runs.with_columns(budget).select(*keys, *needed), on=keys)
        .drop_nulls()
        .filter(pl.col("bits_per_byte").is_finite(), pl.col("tokens") > 0, pl.col("bytes") > 0)
    )
    costs = encoding_costs(tokenizers)
    found: dict[tuple[str, str, str, str], list[float]] = {}
    for row in joined.sort(*keys, "language").iter_rows(named=True):
        labels, tokens_per_byte = row["text_tokens"] + row["separator_tokens"], row["tokens"] / row["bytes"]
        flops = inference_flops_per_byte(row["training_flops"], labels, tokens_per_byte, costs.get(row["tokenizer"], 0.0))
        key = (row["budget"], row["language"], row["size"], row["tokenizer"])
        found.setdefault(key, []).append(information_capacity(row["bits_per_byte"], flops))
    return {key: sum(values) / len(values) for key, values in found.items()}


def encoding_costs(tokenizers: pl.DataFrame) -> dict[str, float]:
    """FLOPs for each byte that tokenizers say they spend on encoding."""
    if "encoding_flops_per_byte" not in tokenizers.columns:
        return {}
    pairs = tokenizers.select("tokenizer", "encoding_flops_per_byte").drop_nulls().iter_rows()
    return {str(name): float(cost) for name, cost in pairs}
