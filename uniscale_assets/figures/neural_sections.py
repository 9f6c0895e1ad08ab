"""The part of the study report on neural compression; only for studies whose tokenizers compress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.figures import neural_report_tables as tables
from uniscale_assets.figures.intrinsic_lens import SHADES, LensLine, Piece
from uniscale_assets.figures.neural_efficiency import bits_against_cost
from uniscale_assets.figures.neural_positions import accuracy_by_place
from uniscale_assets.figures.neural_streams import distance_ridges, divergence_from_uniform, stream_costs
from uniscale_assets.figures.style import in_study_order, sorted_sizes
from uniscale_assets.figures.tokenizers import language_heatmap

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.figures.neural_frames import NeuralFrames
    from uniscale_assets.figures.report_sections import Picture
    from uniscale_assets.figures.report_tables import Table
    from uniscale_assets.figures.style import TokenizerStyle

VISIBLE = str.maketrans({" ": "\u00b7"})


@dataclass(frozen=True)
class NeuralBudget:
    """Models of one budget."""

    budget: str
    efficiency: Picture
    costs: Table
    tests: Mapping[str, Table]
    """by size, largest first"""
    positions: Picture


@dataclass(frozen=True)
class NeuralSections:
    """The part on neural compression."""

    compression: Table
    streams: Picture
    languages: Picture
    budgets: Sequence[NeuralBudget]
    distances: Picture
    lines: Sequence[LensLine]
    """the sentence as every tokenizer cuts it"""
    texts: Mapping[str, Table]
    """by tokenizer"""
    divergences: Sequence[Picture]
    """plug-in, Miller-Madow"""
    coders: Table
    numerics: Mapping[str, Table]
    """by byte model"""


def neural_sections(
    frames: NeuralFrames | None, styles: Mapping[str, TokenizerStyle], draw: Callable[[Figure], Picture]
) -> NeuralSections | None:
    """The part; None for a study whose tokenizers do not compress.

    Args:
        frames: rows of the metric tables.
        styles: from `style.styles_of`.
        draw: turns figures into HTML.
    """
    if frames is None:
        return None
    budgets = list(dict.fromkeys(frames.inference_costs["budget"].to_list())) or [""]
    return NeuralSections(
        compression=tables.compression_table(frames.compression, styles),
        streams=draw(stream_costs(frames.compression, styles)),
        languages=draw(bits_by_language(frames.compression, styles)),
        budgets=[neural_budget(frames, budget, styles, draw) for budget in budgets],
        distances=draw(distance_ridges(frames.prefix_distances, styles)),
        lines=[line_of(name, frames.sentence_pieces) for name in in_study_order(frames.sentence_pieces["tokenizer"].to_list(), styles)],
        texts=texts_by_tokenizer(frames.token_texts, styles),
        divergences=[draw(divergence_from_uniform(frames.bit_uniformity, styles, estimator)) for estimator in ("plug-in", "miller-madow")],
        coders=tables.coder_table(frames.coder_tasks, styles),
        numerics={name: tables.numerics_table(rows) for name, rows in parts_of(frames.numerical_stability, "byte_model").items()},
    )


def neural_budget(
    frames: NeuralFrames, budget: str, styles: Mapping[str, TokenizerStyle], draw: Callable[[Figure], Picture]
) -> NeuralBudget:
    """What depends on the budget."""
    costs, tests, positions = (
        rows.filter(budget=budget) for rows in (frames.inference_costs, frames.welch_tests, frames.position_accuracy)
    )
    return NeuralBudget(
        budget=budget,
        efficiency=draw(bits_against_cost(costs, styles)),
        costs=tables.cost_table(costs, styles),
        tests={size: tables.welch_table(tests.filter(size=size), styles) for size in reversed(sorted_sizes(tests["size"].to_list()))},
        positions=draw(accuracy_by_place(positions, styles)),
    )


def bits_by_language(compression: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """Compression in bits of every tokenizer by language."""
    rows = compression.select("tokenizer", "language", compression["compression_in_bits"].alias("value"))
    return language_heatmap(rows, styles, "Compression in bits by language", "raw bits per bit of tokens")


def texts_by_tokenizer(texts: DataFrame, styles: Mapping[str, TokenizerStyle]) -> dict[str, Table]:
    """Texts of windows, for tokenizers whose windows have several tokens, and for those whose tokens stand alone."""
    parts = parts_of(texts, "tokenizer")
    return {name: tables.texts_table(parts[name]) for name in in_study_order(list(parts), styles)}


def parts_of(rows: DataFrame, column: str) -> dict[str, DataFrame]:
    """Rows by the value of a column, in the order in which these come."""
    return {str(name): rows.filter(rows[column] == name) for name in dict.fromkeys(rows[column].to_list())}


def line_of(tokenizer: str, pieces: DataFrame) -> LensLine:
    """The sentence as one tokenizer cuts it, tokens that account for no bytes with the one after them."""
    rows = pieces.filter(tokenizer=tokenizer).sort("position")
    shown = [
        Piece(text.translate(VISIBLE), number % SHADES, f"ids {ids}", partial=False)
        for number, (ids, text) in enumerate(rows.select("ids", "text").iter_rows())
    ]
    return LensLine(tokenizer, sum(len(ids.split()) for ids in rows["ids"].to_list()), shown)


def neural_figures(frames: NeuralFrames | None, styles: Mapping[str, TokenizerStyle]) -> dict[str, Figure]:
    """Every figure by file name; what depends on the budget carries it where there are several."""
    if frames is None:
        return {}
    figures = {
        "stream_costs": stream_costs(frames.compression, styles),
        "compression_in_bits": bits_by_language(frames.compression, styles),
        "prefix_distances": distance_ridges(frames.prefix_distances, styles),
        "divergence_from_uniform": divergence_from_uniform(frames.bit_uniformity, styles, "plug-in"),
        "divergence_from_uniform_corrected": divergence_from_uniform(frames.bit_uniformity, styles, "miller-madow"),
    }
    for budget in dict.fromkeys(frames.inference_costs["budget"].to_list()):
        suffix = f"_{budget}" if budget else ""
        figures[f"bits_against_inference_cost{suffix}"] = bits_against_cost(frames.inference_costs.filter(budget=budget), styles)
        figures[f"accuracy_by_place{suffix}"] = accuracy_by_place(frames.position_accuracy.filter(budget=budget), styles)
    return figures
