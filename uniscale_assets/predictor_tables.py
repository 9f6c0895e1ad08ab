"""The table of predictors: what orders the tokenizers as the largest size does, and what it costs."""

from __future__ import annotations

from uniscale_assets.table_columns import STUDY, Column, Table

PREDICTORS = Table(
    "predictors",
    "What predicts the ranking of the largest size, one predictor a row: how well, and for how much training.",
    (
        STUDY,
        Column("budget", "VARCHAR", "budget of the predictor and of what it predicts where the study lists several, else empty"),
        Column("truth_size", "VARCHAR", "the size whose ranking is predicted: the largest with 3 tokenizers"),
        Column("kind", "VARCHAR", "intrinsic_metric, curve_point, smaller_size, power_law; ceiling: the largest size trained again"),
        Column("predictor", "VARCHAR", "metric of tokenizer_metrics, size, point of a size's training, or sizes of a power law"),
        Column("size", "VARCHAR", "largest size that it trains; null where it trains none"),
        Column("share_of_training", "DOUBLE", "of the bytes of a whole training of that size, 0 to 1; null where it trains none"),
        Column("compute_flops", "DOUBLE", "training FLOPs over its tokenizers and seeds; 0 where it trains none, null where not known"),
        Column("cpu_seconds", "DOUBLE", "process CPU seconds of that training; null where not known or nothing is trained"),
        Column("tokenizers", "BIGINT", "tokenizers that have both the predictor and the largest size"),
        Column(
            "decision_accuracy", "DOUBLE", "share of pairs of tokenizers ordered as the largest size does, a tie is half; null: not defined"
        ),
        Column("decision_accuracy_low", "DOUBLE", "lower end of the 95 % interval, of the order without noise at the largest size"),
        Column("decision_accuracy_high", "DOUBLE", "upper end"),
        Column("pairs", "BIGINT", "pairs of tokenizers"),
        Column(
            "separated_pairs", "BIGINT", "pairs that the largest size itself tells apart: simultaneous 95 % intervals, seeds and documents"
        ),
        Column("separated_accuracy", "DOUBLE", "decision accuracy over the separated pairs; null where there are none"),
        Column("separated_accuracy_low", "DOUBLE", "lower end of its 95 % interval"),
        Column("separated_accuracy_high", "DOUBLE", "upper end"),
        Column("regret", "DOUBLE", "bits per byte lost at the largest size by taking the predictor's winner"),
        Column("regret_low", "DOUBLE", "lower end of the 95 % interval"),
        Column("regret_high", "DOUBLE", "upper end"),
        Column("spearman", "DOUBLE", "rank correlation with the largest size; null where the predictor is constant"),
        Column("chance", "DOUBLE", "probability that a random order, of metrics the best of as many, has such a decision accuracy or more"),
        Column("direction", "VARCHAR", "lower is better or higher is better: which way the predictor's value is read"),
        Column(
            "on_frontier", "BOOLEAN", "no predictor has more decision accuracy for less, nor as much for less or more for as much compute"
        ),
        Column("on_regret_frontier", "BOOLEAN", "the same of less regret"),
        Column("as_good_as_training", "VARCHAR", "yes, no or cannot tell: against the best trained predictor, over separated pairs"),
        Column("note", "VARCHAR", "why a value is missing, what its noise leaves out, or where its direction is from"),
    ),
)
