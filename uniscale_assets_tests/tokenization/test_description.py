"""What a tokenizer says about itself."""

from __future__ import annotations

import json
from pathlib import Path

from uniscale_assets.tokenization.description import DESCRIPTION_FILE, Description, read_description, write_description

FREE = Description(
    family="bpe", vocab_size=300, pretokenizer="gpt4", separator_id=0, separator_text="<separator token>", probe_hash="0" * 64
)


def test_what_costs_nothing_leaves_the_file_as_it_was_before_there_was_a_cost(tmp_path: Path) -> None:
    write_description(tmp_path, FREE)
    assert list(json.loads((tmp_path / DESCRIPTION_FILE).read_text())) == [
        "family",
        "vocab_size",
        "pretokenizer",
        "separator_id",
        "separator_text",
        "probe_hash",
    ]
    assert read_description(tmp_path) == FREE
    assert read_description(tmp_path).encoding_flops_per_byte == 0


def test_what_a_neural_tokenizer_runs_over_a_byte_is_kept(tmp_path: Path) -> None:
    neural = FREE.model_copy(update={"encoding_flops_per_byte": 2.0 * 3_000_000})
    write_description(tmp_path, neural)
    assert read_description(tmp_path).encoding_flops_per_byte == 6e6
