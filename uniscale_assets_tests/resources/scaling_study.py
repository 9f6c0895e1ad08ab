"""A study at equal FLOPs whose runs follow known laws: artifacts and metric rows as trainings would have left them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl

from uniscale_assets.home import Home
from uniscale_assets.lineage import STAGES, Lineage
from uniscale_assets.partition_keys import GridKey
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact
from uniscale_assets.resources.warehouse_rows import empty_rows
from uniscale_assets.study import Study, parse_study
from uniscale_assets.tables import TABLES

RATES = {"bpe_300": 1.4, "bpe_600": 2.0, "bpe_1200": 2.8, "bpe_2400": 3.7}
BUDGETS = (1e9, 3e9, 9e9, 27e9)
LANGUAGES = ("eng_Latn", "rus_Cyrl")
# B* = SCALE C^ALPHA T^BETA.
SCALE, ALPHA, BETA = 3.0, 0.5, 0.45
L_0, GAMMA, E, F, T_BEST, CURVATURE = 40.0, -0.2, 1.0, 0.05, 2.4, 0.06
FILES = {
    "mixture": ["tokenizer.parquet", "train.parquet", "validation.parquet", "test.parquet"],
    "token_shards": ["train.ids.npy", "validation.ids.npy", "test.ids.npy"],
}


def content(**changes: Any) -> dict[str, Any]:
    """The study as a file says it; four sizes are spread around the optimum of every budget."""
    study = {
        "name": "equal_flops",
        "corpus": {"source": "embedded", "languages": list(LANGUAGES)},
        "tokenizers": [{"name": name, "family": "bpe", "vocab_size": int(name.split("_")[1])} for name in RATES],
        "models": {"sizes": ["0.01M", "0.02M", "0.04M", "0.1M"]},
        "seeds": [1],
        "training": {"budget": {"rule": "flops", "value": list(BUDGETS)}, "context": {"bytes": 128}, "batch": {"contexts": 2}},
        "scaling": {},
    }
    return {**study, **changes}


def study_with(**changes: Any) -> Study:
    """That study, checked."""
    return parse_study(content(**changes), "test")


def loss_at(compute: float, rate: float, bytes_: float) -> float:
    """The known law: a parabola in ln B around B*(C, T) over the loss at the optimum."""
    best = SCALE * compute**ALPHA * rate**BETA
    return L_0 * compute**GAMMA + E + F * math.log(rate / T_BEST) ** 2 + CURVATURE * math.log(bytes_ / best) ** 2


def filled(directory: Path, study: Study, *, models: int | None = None) -> Platform:
    """A home that holds the artifacts and rows of a study with its first models (all by default)."""
    platform = Platform(Home(directory))
    lineage, chosen = platform.lineage(study), study.grid[:models]
    for stage in STAGES:
        for key, target in lineage.targets(stage).items():
            if isinstance(key, GridKey) and key not in chosen:
                continue
            with platform.store.writing(stage, target.label, target.fingerprint or "") as draft:
                for name in FILES.get(stage, ["content"]):
                    (draft.path / name).write_text(f"{name} {target.fingerprint}")
    now = platform.lineage(study)
    for name, rate in RATES.items():
        write_tokenizer(platform, now, name, rate)
    for key in chosen:
        write_model(platform, now, key)
    return platform


def rows_of(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of a table; what is not said is null."""
    return pl.concat([empty_rows(TABLES[table]), pl.DataFrame(rows)], how="diagonal_relaxed")


def write_tokenizer(platform: Platform, lineage: Lineage[Artifact], name: str, rate: float) -> None:
    """Bytes per token, a tenth more in Russian than in English."""
    study, fingerprint = lineage.study, lineage.tokenizer_metrics(name).fingerprint
    common = {"study": study.name, "tokenizer": name, "fingerprint": fingerprint}
    platform.warehouse.replace("tokenizers", study.name, name, rows_of("tokenizers", [{**common, "bytes_per_token": rate}]))
    rates = {"all": 1.01 * rate, "eng_Latn": 0.95 * rate, "rus_Cyrl": 1.05 * rate}
    rows = [{**common, "language": language, "metric": "bytes_per_token", "value": value} for language, value in rates.items()]
    platform.warehouse.replace("tokenizer_metrics", study.name, name, rows_of("tokenizer_metrics", rows))


def write_model(platform: Platform, lineage: Lineage[Artifact], key: GridKey) -> None:
    """One run: bytes around B*, parameters from 6 N B / T = C, losses by the known law and 0.1 more in Russian."""
    study = lineage.study
    compute, rate = study.budget_value(key.model), RATES[key.tokenizer]
    best = SCALE * compute**ALPHA * rate**BETA
    away = study.models.sizes.index(key.model.size) - 1.3 + 0.01 * key.model.seed
    bytes_ = round(best * math.exp(-0.5 * away))
    common = {"study": study.name, "tokenizer": key.tokenizer, "size": key.model.size, "budget": key.model.budget, "seed": key.model.seed}
    run = {
        "non_embedding_parameters": round(compute * rate / (6 * bytes_)),
        "embedding_parameters": 1000,
        "head_parameters": 0,
        "bytes": bytes_,
        "training_flops": compute * 0.99999,
        "fingerprint": lineage.checkpoint(key).fingerprint,
    }
    platform.warehouse.replace("training_runs", study.name, str(key), rows_of("training_runs", [{**common, **run}]))
    loss = loss_at(compute, rate, bytes_)
    losses = {"all": loss, "eng_Latn": loss - 0.05, "rus_Cyrl": loss + 0.05}
    fingerprint = lineage.bits_per_byte(key).fingerprint
    scores = [{**common, "language": name, "bits_per_byte": value, "fingerprint": fingerprint} for name, value in losses.items()]
    platform.warehouse.replace("bits_per_byte", study.name, str(key), rows_of("bits_per_byte", scores))
