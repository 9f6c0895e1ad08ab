"""The table `rank_correlations`: agreement between every pair of sizes."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from uniscale_assets.statistics.agreement import AgreementRow, SizePair, agreement_rows, compute_row
from uniscale_assets.statistics.frames import frame_of_rows
from uniscale_assets.statistics.groups import EVERY_TOKENIZER, groups_of
from uniscale_assets.statistics.noisy_grids import DRAWS, noisy_grids
from uniscale_assets.statistics.scores import ALL_LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from uniscale_assets.statistics.groups import Group
    from uniscale_assets.statistics.noise import GridNoise


def rank_correlations(
    bits_per_byte: pl.DataFrame,
    document_scores: pl.DataFrame,
    training_runs: pl.DataFrame,
    tokenizers: pl.DataFrame,
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> pl.DataFrame:
    """Agreement between every pair of sizes, for every budget and language, over all tokenizers and within vocabulary sizes.

    Statistics: spearman, kendall (tau-b), decision_accuracy, winner_probability, regret, seed_agreement_small,
    seed_agreement_large, seed_ceiling, noise_corrected_spearman, and over all languages compute_share. Each pair of sizes
    uses the tokenizers that both have; where those are fewer than 3 the value is null and the note says so.

    Args:
        bits_per_byte: rows of the metric table, of one study and split.
        document_scores: rows of the metric table; without them intervals know the seeds' noise only.
        training_runs: rows of the metric table, for compute_share.
        tokenizers: rows of the metric table, for groups of equal vocabulary size.
        seed: of every draw.
        draws: joint draws of seeds and documents.

    Returns:
        Columns of `rank_correlations` without study; sizes ascending.

    Raises:
        BadInputError: rows of several studies or splits, or a model that stands twice.
    """
    noises = noisy_grids(bits_per_byte, document_scores, seed=seed, draws=draws)
    return rank_correlations_of(noises, training_runs, tokenizers, seed=seed)


def rank_correlations_of(
    noises: Sequence[GridNoise], training_runs: pl.DataFrame, tokenizers: pl.DataFrame, *, seed: int = 0
) -> pl.DataFrame:
    """`rank_correlations` of grids whose noise is there already."""
    flops = mean_training_flops(training_runs)
    groups = groups_of(tokenizers)
    rows = (row for noise in noises for group in groups for row in rows_of_grid(noise, group, flops, seed))
    return frame_of_rows(rows, AgreementRow)


def rows_of_grid(noise: GridNoise, group: Group, flops: Mapping[tuple[str, str, str], float], seed: int) -> Iterator[AgreementRow]:
    """Rows of every pair of sizes of one budget, language and group."""
    for small, large in combinations(noise.grid.sizes, 2):
        pair = SizePair(noise, small, large, group, seed)
        if not pair.members and group.name != EVERY_TOKENIZER:
            continue
        yield from agreement_rows(pair)
        if noise.grid.language == ALL_LANGUAGES and not group.only_pairs_within:
            yield compute_row(pair, flops)


def mean_training_flops(training_runs: pl.DataFrame) -> dict[tuple[str, str, str], float]:
    """Mean over seeds of training FLOPs, by budget, tokenizer and size."""
    import polars as pl

    keys = ["budget", "tokenizer", "size"]
    means = training_runs.with_columns(pl.col("budget").fill_null("")).group_by(keys).agg(pl.col("training_flops").mean()).drop_nulls()
    return {(str(budget), str(name), str(size)): float(value) for budget, name, size, value in means.rows()}
