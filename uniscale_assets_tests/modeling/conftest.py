"""Token shards of real text, and trainings small enough to run by the dozen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from uniscale_assets.corpus.build import build_documents
from uniscale_assets.corpus.mixing import build_mixture, iterate_documents
from uniscale_assets.corpus.spec import CorpusSpec, SplitBytes
from uniscale_assets.modeling.records import TrainingTask
from uniscale_assets.modeling.spec import ExecutionSpec, TrainingSpec
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.shards import write_token_shards
from uniscale_assets.tokenization.spec import TokenizerSpec

LANGUAGES = ("eng_Latn", "rus_Cyrl")
SIZES = SplitBytes(tokenizer=30_000, train=40_000, validation=5_000, test=5_000)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """The number of threads decides how sums are split, so all trainings here take one."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 kB of the embedded corpus to train on."""
    home = tmp_path_factory.mktemp("corpus")
    spec = CorpusSpec(source="embedded", languages=LANGUAGES, bytes=SIZES, bytes_per_language=300_000)
    for language in LANGUAGES:
        (home / language).mkdir()
        build_documents(spec, language, home / language)
    (home / "mixture").mkdir()
    build_mixture(spec, {language: home / language for language in LANGUAGES}, home / "mixture")
    return home / "mixture"


@pytest.fixture(scope="session")
def tokenizers(mixture: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """BPE tokenizers of 300 and 400 ids."""
    home = tmp_path_factory.mktemp("tokenizers")
    specs = {size: TokenizerSpec(name=f"bpe_{size}", family="bpe", vocab_size=size) for size in (300, 400)}
    (home / "vocabulary").mkdir()
    family_of("bpe").train_vocabulary(
        specs[400], (document.text for document in iterate_documents(mixture, "tokenizer")), home / "vocabulary"
    )
    for size, spec in specs.items():
        (home / str(size)).mkdir()
        family_of("bpe").cut(home / "vocabulary", spec, home / str(size))
    return {size: home / str(size) for size in specs}


@pytest.fixture(scope="session")
def shards(mixture: Path, tokenizers: dict[int, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Token shards of each tokenizer."""
    made = {size: tmp_path_factory.mktemp(f"shards_{size}") for size in tokenizers}
    for size, directory in made.items():
        write_token_shards(load_tokenizer(tokenizers[size]), mixture, directory)
    return made


class MakeTask(Protocol):
    """Makes a task; ``training`` changes keys of `training` by path: {"batch.contexts": 8}."""

    def __call__(self, training: dict[str, Any] | None = None, **changes: Any) -> TrainingTask: ...


@pytest.fixture(scope="session")
def make_task(tokenizers: dict[int, Path], shards: dict[int, Path]) -> MakeTask:
    """A training of some twenty steps: the smallest Apertus on 3 kB."""

    def make(training: dict[str, Any] | None = None, **changes: Any) -> TrainingTask:
        keys: dict[str, Any] = {
            "budget": {"rule": "bytes", "value": 3000},
            "context": {"bytes": 48},
            "batch": {"contexts": 3},
            "optimizer": {"learning_rate": 0.01, "adamw_learning_rate": 0.03},
        }
        for path, value in (training or {}).items():
            *parents, last = path.split(".")
            part = keys
            for parent in parents:
                part = part.setdefault(parent, {})
            part[last] = value
        spec = TrainingSpec.model_validate_json(json.dumps(keys))
        settings: dict[str, Any] = {
            "architecture": "apertus",
            "size": "0.06M",
            "tie_embeddings": True,
            "training": spec,
            "budget_value": spec.budget.values[0],
            "seed": 1,
            "shards": shards[400],
            "tokenizer": tokenizers[400],
            "fingerprint": "f" * 64,
        }
        return TrainingTask(**{**settings, **changes})

    return make


class Trained:
    """A finished training."""

    def __init__(self, task: TrainingTask, directory: Path, execution: ExecutionSpec | None = None) -> None:
        from uniscale_assets.modeling.training import train_model

        self.output, self.work = directory / "output", directory / "work"
        self.output.mkdir(parents=True, exist_ok=True)
        self.outcome = train_model(task, self.output, self.work, execution or ExecutionSpec())
        self.record = self.outcome.record

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """Every tensor of the checkpoint."""
        return weights_of(self.output)


def weights_of(output: Path) -> dict[str, np.ndarray]:
    """Every tensor of a checkpoint."""
    from safetensors.numpy import load_file

    return load_file(output / "model.safetensors")


def equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether two checkpoints have the same weights, bit for bit."""
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="session")
def base(make_task: MakeTask, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The task as it stands, trained once."""
    return Trained(make_task(), tmp_path_factory.mktemp("base"))
