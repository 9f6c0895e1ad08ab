"""The example that comes with the package: lowest losses printed in "Compute Optimal Tokenization"."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.scaling_laws.csv_files import read_csv
from uniscale_assets.scaling_laws.frames import ALL_LANGUAGES, OPTIMUM_COLUMNS, frame_of

if TYPE_CHECKING:
    from polars import DataFrame

SOURCE = "Limisiewicz et al., Compute Optimal Tokenization, arXiv 2605.01188"
TABLES = {"subword": ("subword_lowest_bits_per_byte.csv", "Table 2"), "latent_entropy": ("latent_lowest_bits_per_byte.csv", "Table 10")}


def shipped_tables() -> DataFrame:
    """Tables 2 (subword tokenizers) and 10 (latent tokenization) of arXiv 2605.01188, as printed.

    Returns:
        Columns method, compute_flops, bytes_per_token, tokenizer (empty in Table 10), bits_per_byte (the lowest of the runs of
        that budget and compression rate, to 4 digits) and source.
    """
    rows: list[dict[str, object]] = []
    for method, (name, table) in TABLES.items():
        with resources.as_file(resources.files("uniscale_assets.scaling_laws") / "data" / name) as path:
            rows += rows_of(path, method, f"{SOURCE}, {table}")
    return frame_of(rows, ("method", "compute_flops", "bytes_per_token", "tokenizer", "bits_per_byte", "source"))


def rows_of(path: Path, method: str, source: str) -> list[dict[str, object]]:
    """Rows of one table."""
    table = read_csv(path)
    return [
        {
            "method": method,
            "compute_flops": row.positive("compute_flops"),
            "bytes_per_token": row.positive("T"),
            "tokenizer": row.text("tokenizer") if "tokenizer" in table.columns else "",
            "bits_per_byte": row.positive("bpb"),
            "source": source,
        }
        for row in table.rows
    ]


def shipped_optima() -> DataFrame:
    """The printed tables as optima that law II can be fitted to: the lowest run stands for the optimum, B* and N* are not known.

    Returns:
        Rows of `OPTIMUM_COLUMNS`.
    """
    constant = {"language": ALL_LANGUAGES, "evaluation": "bpb", "flag": ""}
    rows = [{**constant, **row, "optimal_bits_per_byte": row["bits_per_byte"]} for row in shipped_tables().iter_rows(named=True)]
    return frame_of(rows, OPTIMUM_COLUMNS)
