"""Studies whose best predictor is known: metrics that are right, wrong or random, and curves that lead to the final values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from uniscale_assets.statistics.predictors import predictors
from uniscale_assets_tests.statistics.synthetic import DEMO, DEMO_SIZES, SyntheticStudy, synthetic_study

PLAIN = {name: tuple(3.0 - 0.3 * size + 0.1 * place for size in range(3)) for place, name in enumerate(DEMO)}
"""six tokenizers, 0.1 apart at every size"""
TRUTH = {name: values[-1] for name, values in PLAIN.items()}


def plain_study(seeds: tuple[int, ...] = (1, 2, 3), deviation: float = 0.002, **options: object) -> SyntheticStudy:
    """Plain differences and little noise, with curves that fall to the final values of each model."""
    study = synthetic_study(PLAIN, seeds=seeds, seed_deviation=deviation, random_seed=4, **options)  # type: ignore[arg-type]
    return replace(study, training_curves=curves_to(study))


def curves_to(study: SyntheticStudy, spread: float = 1.0) -> pl.DataFrame:
    """Curves in 40 rows that end at each model's own bits per byte; what parts tokenizers grows with the share of training."""
    finals = study.bits_per_byte.filter(language="all").select("tokenizer", "size", "seed", final="bits_per_byte")
    runs = study.training_runs.join(finals, on=["tokenizer", "size", "seed"])
    parts = [
        runs.select(
            "study",
            "budget",
            "tokenizer",
            "size",
            "seed",
            step=pl.lit(step),
            bytes=(pl.col("bytes") * step / 40).cast(pl.Int64),
            flops=pl.col("training_flops") * step / 40,
            bits_per_byte=2.7 + (pl.col("final") - 2.7) * spread * step / 40 - pl.lit(step / 40).log() * 0.2,
        )
        for step in range(1, 41)
    ]
    return pl.concat(parts)


def metrics_of(**values: Mapping[str, float]) -> pl.DataFrame:
    """Rows of `tokenizer_metrics` over all languages, by name of the metric."""
    rows = [
        ("made_up", name, language, metric, value, "", "f")
        for metric, by_name in values.items()
        for name, value in by_name.items()
        for language in ("all", "eng_Latn")
    ]
    return pl.DataFrame(rows, schema=["study", "tokenizer", "language", "metric", "value", "unit", "fingerprint"], orient="row")


def predicted(study: SyntheticStudy, metrics: pl.DataFrame | None = None, draws: int = 300) -> pl.DataFrame:
    """The table of predictors."""
    frames = (study.bits_per_byte, study.document_scores, study.training_runs, study.training_curves)
    return predictors(*frames, metrics_of(tokens=TRUTH) if metrics is None else metrics, draws=draws)


def row_of(table: pl.DataFrame, predictor: str) -> dict[str, object]:
    """The row of one predictor."""
    return table.filter(predictor=predictor).row(0, named=True)


def shuffled(seed: int) -> dict[str, float]:
    """A metric that knows nothing."""
    return dict(zip(TRUTH, np.random.default_rng(seed).permutation(len(TRUTH)).astype(float).tolist(), strict=True))


__all__ = ["DEMO_SIZES", "PLAIN", "TRUTH", "curves_to", "metrics_of", "plain_study", "predicted", "row_of", "shuffled"]
