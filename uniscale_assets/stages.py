"""The stages of a study, in the order in which they are made."""

from __future__ import annotations

from uniscale_assets.study import Study

STAGES = (
    "documents",
    "mixture",
    "byte_model",
    "vocabulary",
    "tokenizer",
    "token_shards",
    "tokenizer_metrics",
    "checkpoint",
    "bits_per_byte",
    "downstream_tasks",
    "downstream_scores",
)
WHOLE_STAGES = ("mixture", "downstream_tasks")
"""those without partitions"""
# Raise a number when the stage's output changes for the same inputs.
FORMAT_VERSIONS: dict[str, int] = dict.fromkeys(STAGES, 1) | {"tokenizer_metrics": 2}


def stages_of(study: Study) -> tuple[str, ...]:
    """The stages that a study has: byte models, downstream tasks and scores only where it asks for them."""
    downstream = study.downstream
    left_out = {"downstream_scores"} if downstream is None else set[str]()
    left_out |= {"downstream_tasks"} if downstream is None or not downstream.offline_tasks else set[str]()
    left_out |= set[str]() if study.byte_models else {"byte_model"}
    return tuple(stage for stage in STAGES if stage not in left_out)
