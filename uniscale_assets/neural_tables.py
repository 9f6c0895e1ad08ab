"""The table of byte models, with which tokenizers compress."""

from __future__ import annotations

from uniscale_assets.table_columns import FINGERPRINT, STUDY, Column, Table

BYTE_MODELS = Table(
    "byte_models",
    "One byte model a row: what it is, what it cost, and how well it knows the validation text, its contexts starting afresh.",
    (
        STUDY,
        Column("byte_model", "VARCHAR", "name of the byte model in the study"),
        Column("size", "VARCHAR", "named size: non-embedding parameters"),
        Column("parameters", "BIGINT", "parameters that it runs over a byte"),
        Column("context_bytes", "BIGINT", "bytes after which its context starts afresh"),
        Column("training_bytes", "BIGINT", "raw bytes trained on"),
        Column("training_flops", "DOUBLE", "FLOPs of training, all parts"),
        Column("validation_bytes", "BIGINT", "raw bytes of validation text that it is measured on"),
        Column("bits_per_byte", "DOUBLE", "-log2 of the 14-bit parts that the integer model gives: what a coder spends"),
        Column("bits_per_byte_float_parts", "DOUBLE", "the same of the trained model in float64; the difference is what integers cost"),
        Column("bits_per_byte_float", "DOUBLE", "of the trained model in float64, not rounded to parts"),
        Column("seconds", "DOUBLE", "wall seconds of training, over all attempts"),
        Column("cpu_seconds", "DOUBLE", "process CPU seconds of training, over all attempts"),
        Column("device", "VARCHAR", "what it trained on"),
        FINGERPRINT,
    ),
)
