"""Metric tables of made-up studies, row by row as the warehouse gives them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from uniscale_assets.partition_keys import GridKey, ModelKey

DEMO = {
    # ../shared/notes/demo.md: bits per byte of six tokenizers at three sizes.
    "bpe_1k": (2.646, 2.540, 2.486),
    "unigram_1k": (2.618, 2.517, 2.479),
    "bpe_2k": (2.513, 2.435, 2.384),
    "unigram_2k": (2.491, 2.426, 2.379),
    "bpe_4k": (2.434, 2.359, 2.315),
    "unigram_4k": (2.388, 2.338, 2.309),
}
DEMO_SIZES = ("0.06M", "0.2M", "0.8M")
WIDTHS = {"0.06M": 48, "0.2M": 80, "0.8M": 128}
VOCABULARIES = {"1k": 1024, "2k": 2048, "4k": 4096}
LANGUAGES = ("eng_Latn", "deu_Latn", "jpn_Jpan")


@dataclass(frozen=True)
class SyntheticStudy:
    """The tables that statistics read."""

    bits_per_byte: pl.DataFrame
    document_scores: pl.DataFrame
    training_runs: pl.DataFrame
    training_curves: pl.DataFrame
    tokenizers: pl.DataFrame

    @property
    def grid(self) -> list[GridKey]:
        """Every model that the study asks for."""
        keys = self.training_runs.select("tokenizer", "size", "seed", "budget").unique().sort("tokenizer", "size", "seed")
        return [GridKey(name, ModelKey(size, seed, budget)) for name, size, seed, budget in keys.iter_rows()]

    def keep(self, condition: pl.Expr) -> SyntheticStudy:
        """Only the evaluated models that fulfil a condition; the trainings stay."""
        return SyntheticStudy(
            self.bits_per_byte.filter(condition),
            self.document_scores.filter(condition),
            self.training_runs,
            self.training_curves,
            self.tokenizers,
        )


def synthetic_study(
    truth: dict[str, tuple[float, ...]] | None = None,
    sizes: tuple[str, ...] = DEMO_SIZES,
    seeds: tuple[int, ...] = (1, 2),
    languages: tuple[str, ...] = LANGUAGES,
    documents: int = 12,
    seed_deviation: float = 0.005,
    document_deviation: float = 0.3,
    document_by_tokenizer: float = 0.004,
    length_spread: float = 0.7,
    parallel: bool = False,
    budget: str = "",
    random_seed: int = 2,
) -> SyntheticStudy:
    """A study whose bits per byte are the truth plus noise of seeds and documents."""
    truth = truth or DEMO
    random = np.random.default_rng(random_seed)
    lengths = np.round(600 * np.exp(length_spread * random.standard_normal((len(languages), documents)))).astype(int) + 20
    hard = document_deviation * random.standard_normal((1 if parallel else len(languages), documents))
    parts = []
    for tokenizer, values in truth.items():
        for size, value in zip(sizes, values, strict=True):
            liking = document_by_tokenizer * random.standard_normal(lengths.shape)
            for seed in seeds:
                bits = value + hard + liking + seed_deviation * random.standard_normal()
                parts += [one_language(tokenizer, size, seed, languages, place, lengths, bits, parallel) for place in range(len(languages))]
    scores = pl.concat(parts).with_columns(study=pl.lit("made_up"), budget=pl.lit(budget), split=pl.lit("test"), fingerprint=pl.lit("f"))
    runs = training_runs(truth, sizes, seeds, budget)
    return SyntheticStudy(bits_per_byte_of(scores), scores, runs, curves(runs), tokenizer_table(tuple(truth)))


def one_language(
    tokenizer: str, size: str, seed: int, languages: tuple[str, ...], place: int, lengths: np.ndarray, bits: np.ndarray, parallel: bool
) -> pl.DataFrame:
    """Document scores of one model in one language."""
    count = lengths.shape[1]
    return pl.DataFrame(
        {
            "tokenizer": tokenizer,
            "size": size,
            "seed": seed,
            "language": languages[place],
            "document": [f"d{number}" if parallel else f"{languages[place]}-d{number}" for number in range(count)],
            "bytes": lengths[place],
            "tokens": lengths[place] // 3,
            "negative_log_likelihood_nats": np.broadcast_to(bits, lengths.shape)[place] * lengths[place] * math.log(2),
            "separator_negative_log_likelihood_nats": 1.0,
        }
    )


def bits_per_byte_of(scores: pl.DataFrame) -> pl.DataFrame:
    """The table of bits per byte, by language and over all."""
    keys = ["study", "budget", "tokenizer", "size", "seed", "split", "fingerprint"]
    sums = [pl.len().alias("documents"), *(pl.col(name).sum() for name in ("bytes", "tokens", "negative_log_likelihood_nats"))]
    by_language = scores.group_by(*keys, "language", maintain_order=True).agg(sums)
    whole = scores.group_by(keys, maintain_order=True).agg(sums).with_columns(language=pl.lit("all"))
    bits = pl.col("negative_log_likelihood_nats") / math.log(2) / pl.col("bytes")
    return pl.concat([by_language, whole], how="diagonal").with_columns(bits_per_byte=bits)


def training_runs(truth: dict[str, tuple[float, ...]], sizes: tuple[str, ...], seeds: tuple[int, ...], budget: str) -> pl.DataFrame:
    """Parameters and FLOPs of every model; the body takes 6 FLOPs a parameter and token, the head too."""
    rows = []
    for tokenizer in truth:
        vocabulary = vocabulary_of(tokenizer)
        for size in sizes:
            body = int(float(size[:-1]) * 1e6)
            embeddings = vocabulary * WIDTHS.get(size, 64)
            for seed in seeds:
                flops = 6.0 * (body + embeddings) * 100_000
                spent = (99_000, 1_000, flops, flops / 1e9)
                rows.append(("made_up", budget, tokenizer, size, seed, body, embeddings, 0, 350_000, *spent))
    columns = ["study", "budget", "tokenizer", "size", "seed", "non_embedding_parameters", "embedding_parameters", "head_parameters"]
    spent = ["bytes", "text_tokens", "separator_tokens", "training_flops", "cpu_seconds"]
    return pl.DataFrame(rows, schema=[*columns, *spent], orient="row")


def vocabulary_of(tokenizer: str) -> int:
    """The vocabulary that a name ends in."""
    return VOCABULARIES.get(tokenizer.rsplit("_", maxsplit=1)[-1], 1024)


def curves(runs: pl.DataFrame) -> pl.DataFrame:
    """Training curves in 20 rows: bits per byte fall as 2 + 1 / sqrt(share of the run)."""
    keys = ["study", "budget", "tokenizer", "size", "seed"]
    parts = [
        runs.select(
            *keys,
            step=pl.lit(step),
            bytes=(pl.col("bytes") * step / 20).cast(pl.Int64),
            flops=pl.col("training_flops") * step / 20,
            bits_per_byte=pl.lit(2 + (step / 20) ** -0.5),
        )
        for step in range(1, 21)
    ]
    return pl.concat(parts)


def tokenizer_table(names: tuple[str, ...]) -> pl.DataFrame:
    """The tokenizers with their vocabulary sizes."""
    return pl.DataFrame({"tokenizer": list(names), "vocab_size": [vocabulary_of(name) for name in names]})
