"""The verdict's sentences on predictors: the cheapest that is as good as training, or that it cannot be told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from uniscale_assets.statistics.predictor_kinds import CEILING, INTRINSIC
from uniscale_assets.statistics.predictors import ACCIDENT, CANNOT_TELL, ENOUGH_SEPARATED, YES
from uniscale_assets.statistics.wording import budget_prefix, decimals, percent, probability

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, Any]
NAMES_SHOWN = 3


def predictor_sentences(predictors: pl.DataFrame) -> Iterator[str]:
    """One or two sentences for each budget.

    Args:
        predictors: of `statistics.predictors`.
    """
    for budget in dict.fromkeys(predictors["budget"].to_list()):
        rows = [row for row in predictors.filter(budget=budget).iter_rows(named=True) if row["decision_accuracy"] is not None]
        tried = [row for row in rows if row["kind"] != CEILING]
        if tried:
            yield budget_prefix(budget) + cheapest_sentence(tried)
            yield from metric_sentences(tried, budget_prefix(budget))


def cheapest_sentence(rows: Sequence[Row]) -> str:
    """The cheapest predictor that is as good as training, with what it costs and risks; or why that cannot be told."""
    good = [row for row in rows if row["as_good_as_training"] == YES and row["compute_flops"] is not None]
    if not good:
        return f"Cannot tell which predictor of {rows[0]['truth_size']} is as good as training: {why_not(rows)}."
    least = min(row["compute_flops"] for row in good)
    best = [row for row in good if row["compute_flops"] == least]
    first = best[0]
    others = [row["predictor"] for row in best[1:]]
    shown = [*others[:NAMES_SHOWN], *([f"{len(others) - NAMES_SHOWN} more"] if len(others) > NAMES_SHOWN else [])]
    also = f" So are {', '.join(shown)}." if len(others) > 1 else f" So is {others[0]}." if others else ""
    need = "No training is needed" if least == 0 else "Training is needed, but not all of it"
    what = f"{first['predictor']} (no training)" if least == 0 else f"{first['predictor']} ({training_of(first)})"
    luck = f" A random order, or the best of as many as there are metrics, would do so with probability {probability(first['chance'])}."
    return (
        f"{need}: the cheapest predictor as good as training is {what}. It orders {performance(first)}.{luck if least == 0 else ''}{also}"
    )


def training_of(row: Row) -> str:
    """FLOPs of a predictor, as a power of ten."""
    exponent = math.floor(math.log10(row["compute_flops"]))
    return f"{row['compute_flops'] / 10**exponent:.1f}e{exponent} training FLOPs"


def performance(row: Row) -> str:
    """What a predictor gets right and what taking its winner costs."""
    interval = ""
    if row["decision_accuracy_low"] is not None:
        interval = f" (95 % interval {percent(row['decision_accuracy_low'])} to {percent(row['decision_accuracy_high'])})"
    apart = ""
    if row["separated_accuracy"] is not None:
        right = row["separated_accuracy"] * row["separated_pairs"]
        apart = f", {right:g} of the {row['separated_pairs']} that {row['truth_size']} tells apart"
    most = f", at most {row['regret_high']:.4f}" if row["regret_high"] is not None else ""
    return (
        f"{percent(row['decision_accuracy'])} of the {row['pairs']} pairs as {row['truth_size']} does{interval}{apart}; "
        f"taking its winner loses {row['regret']:.4f} bits per byte{most}"
    )


def why_not(rows: Sequence[Row]) -> str:
    """Why nothing can be told."""
    pairs, separated = max(row["pairs"] for row in rows), max(row["separated_pairs"] for row in rows)
    size = rows[0]["truth_size"]
    if "has one seed" in rows[0]["note"] or all(row["decision_accuracy_low"] is None for row in rows):
        return f"with one seed of {size} the noise of its own ranking is unknown"
    if separated < ENOUGH_SEPARATED * pairs:
        return f"{size} itself tells only {separated} of {pairs} pairs of tokenizers apart"
    if not any(row["chance"] is not None and row["chance"] < ACCIDENT for row in rows):
        return f"with {max(row['tokenizers'] for row in rows)} tokenizers a random order may do as well as any of them"
    if all(row["kind"] == INTRINSIC for row in rows):
        return "nothing smaller is trained to compare with"
    return "the noise leaves every one of them open"


def metric_sentences(rows: Sequence[Row], prefix: str) -> Iterator[str]:
    """The best intrinsic metric, where it is not what was named already, and how many were tried."""
    metrics = [row for row in rows if row["kind"] == INTRINSIC]
    if not metrics or any(row["as_good_as_training"] == YES for row in metrics):
        return
    # Fewer tokenizers are easier to order: a metric that some have no value of comes after those that all have.
    best = max(metrics, key=lambda row: (row["tokenizers"], row["decision_accuracy"]))
    told = "cannot tell whether it is as good as training" if best["as_good_as_training"] == CANNOT_TELL else "not as good as training"
    lucky = f"; the best of as many random orders would do so with probability {probability(best['chance'])}"
    pairs = f"orders most pairs as {best['truth_size']} does, {percent(best['decision_accuracy'])} (Spearman {decimals(best['spearman'])})"
    yield f"{prefix}Of {len(metrics)} intrinsic metrics {best['predictor']} ({best['direction']}) {pairs}: {told}{lucky}."
