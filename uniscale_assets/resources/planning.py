"""What a study will cost, before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.errors import UniscaleError
from uniscale_assets.lineage import Lineage
from uniscale_assets.partition_keys import GridKey
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact
from uniscale_assets.study import Study
from uniscale_assets.tokenization.protocol import given_vocab_size

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.modeling.budget import TrainingPlan

# Bytes per token of mixed multilingual text grow with the logarithm of the vocabulary. Guess from the demo's tokenizers
# (BPE, gpt4 preset, 12 languages: 2.1 at 1024 ids, 3.1 at 4096), used only until a study's own are measured.
GUESSED_BYTES_PER_TOKEN_AT_1024, GUESSED_GAIN_A_DOUBLING = 2.1, 0.5
# Ids of a tokenizer whose size the text or a file decides, until it exists.
GUESSED_VOCAB_SIZE = 4096
# Training FLOPs a second of one process on one core, until the training_runs table knows better.
GUESSED_FLOPS_PER_SECOND = 8e9


@dataclass(frozen=True)
class StudyPlan:
    """The grid of a study: one row for each tokenizer, size and budget, and what is guessed in it."""

    study: str
    models: int
    missing: int
    frame: pl.DataFrame
    notes: list[str]


@dataclass(frozen=True)
class Speed:
    """Training FLOPs a second of one process: of a size that was trained under this home, else over all, else a guess."""

    by_size: dict[str, float]
    otherwise: float
    source: str

    def seconds(self, flops: float, size: str) -> float:
        """How long one process takes."""
        return flops / self.by_size.get(size, self.otherwise)


def guessed_bytes_per_token(vocab_size: int) -> float:
    """Bytes per token before a tokenizer exists."""
    import math

    return max(1.0, GUESSED_BYTES_PER_TOKEN_AT_1024 + GUESSED_GAIN_A_DOUBLING * math.log2(vocab_size / 1024))


def bytes_per_token(lineage: Lineage[Artifact], tokenizer: str) -> float | None:
    """Measured T of a tokenizer, or None before its shards exist."""
    from uniscale_assets.tokenization.shards import read_summary

    shards = lineage.find(lineage.token_shards(tokenizer))
    return read_summary(shards.path).bytes_per_token if shards else None


def vocabulary_size(lineage: Lineage[Artifact], tokenizer: str) -> int:
    """Ids of a tokenizer: what the study asks for, else what was measured, else a guess."""
    from uniscale_assets.tokenization.shards import read_summary

    asked = given_vocab_size(lineage.study.tokenizer(tokenizer))
    if asked is not None:
        return asked
    shards = lineage.find(lineage.token_shards(tokenizer))
    return read_summary(shards.path).vocab_size if shards else GUESSED_VOCAB_SIZE


def plan_model(lineage: Lineage[Artifact], key: GridKey, measured: float | None) -> TrainingPlan:
    """The plan of one model; exact but for separators once its tokenizer's shards exist."""
    from uniscale_assets.modeling.budget import plan_training

    study = lineage.study
    vocab_size = vocabulary_size(lineage, key.tokenizer)
    return plan_training(
        study.models.architecture,
        key.model.size,
        study.models.tie_embeddings,
        study.training,
        study.budget_value(key.model),
        vocab_size,
        measured or guessed_bytes_per_token(vocab_size),
    )


def planned_flops(lineage: Lineage[Artifact], key: GridKey) -> float:
    """Training FLOPs of one model."""
    return plan_model(lineage, key, bytes_per_token(lineage, key.tokenizer)).flops.total


def evaluation_flops(lineage: Lineage[Artifact], key: GridKey) -> float:
    """FLOPs of evaluating one model: a forward pass, a third of training's, over the evaluation split."""
    from uniscale_assets.tokenization.shards import read_summary

    plan = plan_model(lineage, key, bytes_per_token(lineage, key.tokenizer))
    shards = lineage.require(lineage.token_shards(key.tokenizer))
    tokens = read_summary(shards.path).splits[lineage.study.evaluation.split].tokens
    windows_overlap = lineage.study.training.context.bytes / (lineage.study.evaluation.stride_bytes or lineage.study.training.context.bytes)
    return plan.flops.total / plan.labels / 3 * tokens * max(1.0, windows_overlap)


def downstream_flops(lineage: Lineage[Artifact], key: GridKey) -> float:
    """FLOPs of a model's downstream tasks: a forward pass over the items that are made from the study's own text.

    What tasks by name or in files take is not known before they run; where there are no others it is taken to be as much as
    the evaluation.
    """
    from uniscale_assets.evaluation.downstream.build import read_tasks_ledger

    spec = lineage.study.downstream
    if spec is None or not spec.offline_tasks:
        return evaluation_flops(lineage, key)
    ledger = read_tasks_ledger(lineage.require(lineage.downstream_tasks()).path)
    measured = bytes_per_token(lineage, key.tokenizer)
    plan = plan_model(lineage, key, measured)
    tokens = ledger.bytes / (measured or guessed_bytes_per_token(vocabulary_size(lineage, key.tokenizer)))
    return plan.flops.total / plan.labels / 3 * tokens


def measured_speed(platform: Platform) -> Speed:
    """Median speed over the models trained under this home, by size, or a guess. Small models do fewer FLOPs a second."""
    query = "SELECT size, median(training_flops / seconds), count(*) FROM training_runs WHERE seconds > 0 GROUP BY ALL ORDER BY size"
    rows = platform.warehouse.query(query).rows()
    if not rows:
        return Speed({}, GUESSED_FLOPS_PER_SECOND, "a guess for one CPU core; nothing was trained here yet")
    by_size = {size: speed for size, speed, _ in rows}
    source = f"the median of {sum(runs for *_, runs in rows)} models trained here, by size"
    return Speed(by_size, max(by_size.values()), source)


def plan_study(platform: Platform, study: Study) -> StudyPlan:
    """The grid, one row for each tokenizer, size and budget; seeds share a row."""
    import polars as pl

    lineage = platform.lineage(study)
    speed = measured_speed(platform)
    measured = {name: bytes_per_token(lineage, name) for name in study.tokenizer_names}
    missing = missing_models(lineage)
    rows = [
        plan_row(plan_model(lineage, key, measured[key.tokenizer]), key, speed, len(study.seeds), missing)
        for key in study.grid
        if key.model.seed == study.seeds[0]
    ]
    frame = pl.DataFrame(rows)
    return StudyPlan(study.name, len(study.grid), len(missing), frame, notes(study, measured, speed, frame))


def missing_models(lineage: Lineage[Artifact]) -> set[GridKey]:
    """Models without a checkpoint; all of them where the text cannot be found."""
    try:
        return set(lineage.missing("checkpoint"))
    except UniscaleError:
        return set(lineage.study.grid)


def plan_row(plan: TrainingPlan, key: GridKey, speed: Speed, seeds: int, missing: set[GridKey]) -> dict[str, str | int | float]:
    """One line of the plan."""
    parameters, flops = plan.parameters, plan.flops
    return {
        "tokenizer": key.tokenizer,
        "size": key.model.size,
        "budget": key.model.budget,
        "missing": f"{sum(1 for other in missing if same_but_seed(other, key))} of {seeds}",
        "non_embedding_parameters": parameters.non_embedding,
        "embedding_parameters": parameters.embedding,
        "head_parameters": parameters.head,
        "context_tokens": plan.context_tokens,
        "steps": plan.steps,
        "bytes": plan.bytes,
        "tokens": plan.labels,
        "training_flops": flops.total,
        "body_share": flops.body / flops.total,
        "attention_share": flops.attention / flops.total,
        "head_share": flops.head / flops.total,
        "forecast_seconds": speed.seconds(flops.total, key.model.size),
    }


def same_but_seed(one: GridKey, other: GridKey) -> bool:
    """Whether two models differ in nothing but their seed."""
    return (one.tokenizer, one.model.size, one.model.budget) == (other.tokenizer, other.model.size, other.model.budget)


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def notes(study: Study, measured: dict[str, float | None], speed: Speed, frame: pl.DataFrame) -> list[str]:
    """What the plan rests on."""
    total, seconds = (float(frame[column].sum()) * len(study.seeds) for column in ("training_flops", "forecast_seconds"))
    lines = [
        f"All {len(study.grid)} models: {total:.3g} FLOPs, about {duration(seconds)} in one process.",
        f"The forecast rests on {speed.source}.",
        "Parameters and FLOPs by part; each line is one model, the same for every seed.",
    ]
    unknown = [spec.name for spec in study.tokenizers if given_vocab_size(spec) is None and measured[spec.name] is None]
    if unknown:
        lines.append(f"Until these tokenizers exist, their vocabulary sizes are guessed at {GUESSED_VOCAB_SIZE:,}: {', '.join(unknown)}.")
    if study.downstream is not None:
        lines.append(f"Then {len(study.downstream.tasks)} downstream tasks on each model: {', '.join(study.downstream.tasks)}.")
    guessed = [name for name, value in measured.items() if value is None]
    if guessed:
        lines.append(f"Bytes per token are guessed from the vocabulary size until the tokenizers exist: {', '.join(guessed)}.")
    return lines
