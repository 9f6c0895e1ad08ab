"""The metric tables of downstream tasks."""

from __future__ import annotations

from uniscale_assets.table_columns import FINGERPRINT, LANGUAGE, MODEL, Column, Table

TASK = Column("task", "VARCHAR", "task as the study names it, or one member of a group of tasks")
METRIC = Column("metric", "VARCHAR", "acc, acc_bytes, ... as lm-evaluation-harness names it")

DOWNSTREAM_SCORES = Table(
    "downstream_scores",
    "Scores of every model on downstream tasks, by language where a task says it, and over all.",
    (
        *MODEL,
        TASK,
        Column("version", "VARCHAR", "version of the task"),
        LANGUAGE,
        METRIC,
        Column("value", "DOUBLE", "mean over items, or what lm-evaluation-harness aggregates"),
        Column("standard_error", "DOUBLE", "of value over items: standard deviation / sqrt(items); null for one item"),
        Column("documents", "BIGINT", "items scored"),
        Column("random_baseline", "DOUBLE", "accuracy of a random choice; null where a task is no choice or the metric no accuracy"),
        Column("better", "VARCHAR", "higher or lower"),
        Column("unit", "VARCHAR", "unit of value"),
        FINGERPRINT,
    ),
)
DOWNSTREAM_ITEMS = Table(
    "downstream_items",
    "What every model made of every item of a downstream task, for paired comparisons.",
    (
        *MODEL,
        TASK,
        Column("language", "VARCHAR", "language of the item; 'und' where the task does not say"),
        Column("item", "VARCHAR", "id of the item within its task"),
        Column("document", "VARCHAR", "what the item was taken from: items of one document are not independent"),
        METRIC,
        Column("value", "DOUBLE", "of an accuracy 1 or 0"),
        FINGERPRINT,
    ),
)
DOWNSTREAM_TABLES = (DOWNSTREAM_SCORES, DOWNSTREAM_ITEMS)
