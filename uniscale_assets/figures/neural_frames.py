"""What the figures of neural compression are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polars import DataFrame


@dataclass(frozen=True)
class NeuralFrames:
    """Rows of the metric tables of the same names, of one study; each may be empty. The column study is not read."""

    compression: DataFrame
    inference_costs: DataFrame
    welch_tests: DataFrame
    prefix_distances: DataFrame
    sentence_pieces: DataFrame
    token_texts: DataFrame
    bit_uniformity: DataFrame
    position_accuracy: DataFrame
    coder_tasks: DataFrame
    numerical_stability: DataFrame
