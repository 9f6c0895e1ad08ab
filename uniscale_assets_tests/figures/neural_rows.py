"""Rows of the measures of neural compression, made by hand: two tokenizers that compress beside one that does not."""

from __future__ import annotations

from typing import Any

import polars

from uniscale_assets.figures.neural_frames import NeuralFrames
from uniscale_assets.resources.warehouse_rows import empty_rows, fitted_rows
from uniscale_assets.tables import TABLES

NAMES = {"bpe_1k": "bpe", "windows": "equal_info", "ac": "ac"}
STUDY = {"study": "demo", "fingerprint": "f" * 64}


def table(name: str, rows: list[dict[str, Any]]) -> polars.DataFrame:
    """Rows as the warehouse has them."""
    columns = TABLES[name].column_names
    whole = [{column: {**STUDY, "budget": "", **row}.get(column) for column in columns} for row in rows]
    return fitted_rows(TABLES[name], "demo", polars.DataFrame(whole, infer_schema_length=None))


def compression() -> polars.DataFrame:
    """Two languages and all."""
    return table(
        "compression",
        [
            {
                "tokenizer": name,
                "family": family,
                "vocab_size": 257,
                "language": language,
                "bytes_per_token": 2.0 + shift,
                "compression_in_bits": 2.0 + shift,
                "uniform_bits_per_byte": 4.0 - shift,
                "unigram_bits_per_byte": 3.5 - shift,
            }
            for shift, (name, family) in enumerate(NAMES.items())
            for language in ("all", "eng_Latn", "rus_Cyrl")
        ],
    )


def inference_costs() -> polars.DataFrame:
    """Two sizes of three tokenizers."""
    return table(
        "inference_costs",
        [
            {
                "tokenizer": name,
                "family": family,
                "size": size,
                "seeds": 2,
                "bits_per_byte": 2.6 - 0.1 * place - 0.2 * shift,
                "standard_deviation": 0.01,
                "flops_per_byte": 1e5 * (1 + place + shift),
                "body_flops_per_byte": 1e5,
                "encoding_flops_per_byte": 5e4 if name == "ac" else 0.0,
                "bytes_per_step": 2.0 + shift,
                "uniform_bits_per_byte": 4.0 - shift,
            }
            for shift, (name, family) in enumerate(NAMES.items())
            for place, size in enumerate(("0.06M", "0.2M"))
        ],
    )


def welch_tests() -> polars.DataFrame:
    """Three pairs at one size: apart, level, untested."""
    shared = {"size": "0.2M", "seeds": 2, "other_seeds": 2}
    return table(
        "welch_tests",
        [
            {
                **shared,
                "tokenizer": "bpe_1k",
                "other": "windows",
                "difference": 0.2,
                "t_statistic": 9.0,
                "degrees_of_freedom": 1.8,
                "p_value": 0.0121,
            },
            {
                **shared,
                "tokenizer": "bpe_1k",
                "other": "ac",
                "difference": 0.4,
                "t_statistic": 2.0,
                "degrees_of_freedom": 1.1,
                "p_value": 0.31,
            },
            {**shared, "tokenizer": "windows", "other": "ac", "difference": 0.2, "seeds": 1},
        ],
    )


def bit_uniformity() -> polars.DataFrame:
    """A stream and its control; the corrected control is not above zero."""
    return table(
        "bit_uniformity",
        [
            {
                "tokenizer": name,
                "control": control,
                "segmentation": kind,
                "bits": bits,
                "estimator": estimator,
                "partitions": 20,
                "segments": 1000 * 2**bits,
                "low": level / 2,
                "median": level,
                "high": 2 * level,
            }
            for name in ("windows", "ac")
            for control in (False, True)
            for kind in ("n-grams", "tokens")
            for bits in (1, 2, 4)
            for estimator in ("plug-in", "miller-madow")
            for level in [-1e-5 if control and estimator == "miller-madow" else 1e-4 * bits]
        ],
    )


def neural_frames() -> NeuralFrames:
    """All of them."""
    distances = [(3, 10, 0.25), (5, 30, 0.75)]
    return NeuralFrames(
        compression=compression(),
        inference_costs=inference_costs(),
        welch_tests=welch_tests(),
        prefix_distances=table(
            "prefix_distances",
            [
                {"tokenizer": name, "distance": distance, "pairs": pairs, "share": share, "mean_tokens": 60.0}
                for name in NAMES
                for distance, pairs, share in distances
            ],
        ),
        sentence_pieces=table(
            "sentence_pieces",
            [
                {"tokenizer": "windows", "position": 0, "ids": "5 6", "text": "The "},
                {"tokenizer": "windows", "position": 1, "ids": "7 8", "text": "<b>end"},
            ],
        ),
        token_texts=table(
            "token_texts",
            [
                {"tokenizer": "windows", "token": None, "position": 1, "windows": 90, "first_byte_share": 0.84},
                {
                    "tokenizer": "windows",
                    "token": 151,
                    "position": 1,
                    "windows": 7,
                    "distinct_texts": 2,
                    "first_byte_share": 1.0,
                    "texts": "[le] / [la]",
                },
            ],
        ),
        bit_uniformity=bit_uniformity(),
        position_accuracy=table(
            "position_accuracy",
            [
                {
                    "tokenizer": "windows",
                    "size": "0.2M",
                    "seed": seed,
                    "position": place,
                    "tokens": 100,
                    "correct": 10 * place + seed,
                    "accuracy": (10 * place + seed) / 100,
                    "commonest_share": 0.05,
                }
                for seed in (1, 3)
                for place in (1, 2)
            ],
        ),
        coder_tasks=table(
            "coder_tasks",
            [
                {
                    "tokenizer": name,
                    "task": task,
                    "seed": seed,
                    "texts": 50,
                    "tokens": 800,
                    "accuracy": accuracy + seed / 100,
                    "whole_texts": 5,
                    "cross_entropy_nats": 4.0,
                    "uniform_nats": 5.545,
                    "length": 36,
                    "training_flops": 1e9,
                }
                for name, task, accuracy in (("", "bytes alone", 0.22), ("windows", "decompress", 0.9), ("windows", "compress", 0.5))
                for seed in (0, 2)
            ],
        ),
        numerical_stability=table(
            "numerical_stability",
            [
                {
                    "byte_model": "m1",
                    "question": "precision",
                    "reference": "float64, whole",
                    "variant": "float32, whole",
                    "unit": "distributions",
                    "changed": 46,
                    "whole": 504,
                    "share": 46 / 504,
                }
            ],
        ),
    )


def nothing() -> NeuralFrames:
    """A study that compresses and has made nothing."""
    return NeuralFrames(**{name: empty_rows(TABLES[name]) for name in NeuralFrames.__dataclass_fields__})
