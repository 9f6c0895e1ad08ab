"""What each stage of a study depends on, and so the fingerprint of every artifact.

A fingerprint hashes the study keys that a stage reads, the content hashes of its inputs and the stage's format version. It is
None while an input is missing. Whether a partition is missing is asked here, never of Dagster's history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, wraps
from typing import Any, Generic, Protocol, TypeVar

from uniscale_assets.errors import UniscaleError
from uniscale_assets.files import hash_of
from uniscale_assets.modeling.sizes import shape_of
from uniscale_assets.partition_keys import GridKey, ModelKey
from uniscale_assets.stages import FORMAT_VERSIONS, STAGES, WHOLE_STAGES, stages_of
from uniscale_assets.study import Study
from uniscale_assets.tokenization.protocol import byte_model_of, hashed_keys

__all__ = ["STAGES", "WHOLE_STAGES", "Lineage", "Lookup", "MissingInputError", "StoredArtifact", "Target", "stages_of"]

INTEGER_MODEL = "byte_model.safetensors"
"""the file of a byte model that tokenizers are made from; its checkpoint and report change none"""


class StoredArtifact(Protocol):
    """What lineage needs of an artifact."""

    @property
    def content_hash(self) -> str:
        """SHA-256 of the content."""
        ...

    def hash_of_files(self, *patterns: str) -> str:
        """SHA-256 of the files that match."""
        ...


ArtifactType = TypeVar("ArtifactType", bound=StoredArtifact)
Found_co = TypeVar("Found_co", bound=StoredArtifact, covariant=True)


class Lookup(Protocol[Found_co]):
    """What lineage needs of a store."""

    def find(self, stage: str, fingerprint: str) -> Found_co | None:
        """The artifact, or None."""
        ...


@dataclass(frozen=True)
class Target:
    """One artifact to be: a stage, the label people see, and its fingerprint (None while an input is missing)."""

    stage: str
    label: str
    fingerprint: str | None


class MissingInputError(UniscaleError):
    """An artifact that this one is made from does not exist yet."""


def remembered(build: Callable[..., Target]) -> Callable[..., Target]:
    """Build a target once: with its inputs there, its fingerprint does not change while one lineage looks at a study."""

    @wraps(build)
    def look_up(lineage: Lineage[Any], *key: Any) -> Target:
        name = (build.__name__, *key)
        known = lineage.targets_seen.get(name)
        if known is None:
            known = build(lineage, *key)
            if known.fingerprint is not None:
                lineage.targets_seen[name] = known
        return known

    return look_up


class Lineage(Generic[ArtifactType]):
    """The artifacts of one study, as they should be today and as they are; a short-lived look at both."""

    def __init__(self, study: Study, store: Lookup[ArtifactType]) -> None:
        self.study = study
        self.store = store
        self.targets_seen: dict[tuple[Any, ...], Target] = {}
        self._found: dict[Target, ArtifactType] = {}

    def find(self, target: Target) -> ArtifactType | None:
        """The artifact with today's fingerprint, or None."""
        if target.fingerprint is None:
            return None
        found = self._found.get(target) or self.store.find(target.stage, target.fingerprint)
        if found is not None:
            self._found[target] = found
        return found

    def require(self, target: Target) -> ArtifactType:
        """The artifact with today's fingerprint.

        Raises:
            MissingInputError: it has to be materialized first.
        """
        found = self.find(target)
        if found is None:
            raise MissingInputError(
                f"study {self.study.name}: {target.stage} {target.label} is missing or belongs to an earlier state of the study;"
                f" materialize `{target.stage}` first"
            )
        return found

    @remembered
    def documents(self, language: str) -> Target:
        """Deduplicated, split text of one language."""
        from uniscale_assets.corpus.sources import source_fingerprint

        corpus = self.study.corpus
        keys = {"source": source_fingerprint(corpus, language), "splits": corpus.splits.model_dump(), "limit": corpus.bytes_per_language}
        if corpus.near_duplicates is not None:
            keys["near_duplicates"] = corpus.near_duplicates.model_dump()
        return self._target("documents", language, keys, {})

    @remembered
    def mixture(self) -> Target:
        """The text of every split, mixed over languages."""
        corpus = self.study.corpus
        keys: dict[str, Any] = {"bytes": corpus.bytes.model_dump(), "mixing": corpus.mixing.model_dump(), "languages": corpus.languages}
        if corpus.decontamination is not None:
            from uniscale_assets.corpus.evaluation_texts import evaluation_state

            keys["decontamination"] = corpus.decontamination.model_dump(exclude={"against"})
            keys["decontaminated_against"] = evaluation_state(corpus.decontamination)
        inputs = {language: self._content(self.documents(language)) for language in corpus.languages}
        return self._target("mixture", self.study.name, keys, inputs)

    @remembered
    def byte_model(self, name: str) -> Target:
        """A small model over bytes, with which tokenizers compress. The validation text tells how well it knows text."""
        spec = self.study.byte_model(name)
        keys = {**spec.model_dump(exclude={"name"}), "shape": asdict(shape_of("llama", spec.size))}
        return self._target("byte_model", name, keys, {"text": self._files(self.mixture(), "train.parquet", "validation.parquet")})

    @remembered
    def vocabulary(self, name: str) -> Target:
        """What a family learned at the largest size of a group of nested tokenizers: from text, or from a byte model."""
        spec = self.study.vocabulary_spec(name)
        model = byte_model_of(spec)
        if model is not None:
            inputs = {"byte_model": self._files(self.byte_model(model), INTEGER_MODEL)}
        else:
            inputs = {"text": self._files(self.mixture(), "tokenizer.parquet")}
        return self._target("vocabulary", name, hashed_keys(spec), inputs)

    @remembered
    def tokenizer(self, name: str) -> Target:
        """One tokenizer, verified on the test split."""
        keys = hashed_keys(self.study.tokenizer(name))
        inputs = {
            "vocabulary": self._content(self.vocabulary(self.study.vocabulary_of(name))),
            "verified_on": self._files(self.mixture(), "test.parquet"),
        }
        return self._target("tokenizer", name, keys, inputs)

    @remembered
    def token_shards(self, name: str) -> Target:
        """Training, validation and test text as tokens."""
        inputs = {
            "tokenizer": self._content(self.tokenizer(name)),
            "text": self._files(self.mixture(), "train.parquet", "validation.parquet", "test.parquet"),
        }
        return self._target("token_shards", name, {}, inputs)

    @remembered
    def tokenizer_metrics(self, name: str) -> Target:
        """Intrinsic metrics of one tokenizer."""
        from uniscale_assets.tokenization.parity import parity_fingerprint

        inputs = {"shards": self._content(self.token_shards(name)), "tokenizer": self._content(self.tokenizer(name))}
        parity = parity_fingerprint(self.study.parity, self.study.corpus.languages)
        return self._target("tokenizer_metrics", name, {"parity": parity}, inputs)

    @remembered
    def checkpoint(self, key: GridKey) -> Target:
        """One trained model. It depends on the training text and on T (the validation text), not on the test text."""
        shards = self.token_shards(key.tokenizer)
        inputs = {
            "tokenizer": self._content(self.tokenizer(key.tokenizer)),
            "text": self._files(shards, "train.*"),
            "bytes_per_token": self._files(shards, "validation.*"),
        }
        return self._target("checkpoint", str(key), checkpoint_keys(self.study, key.model), inputs)

    @remembered
    def bits_per_byte(self, key: GridKey) -> Target:
        """The scores of one model on the evaluation split."""
        evaluation = self.study.evaluation
        shards = self.token_shards(key.tokenizer)
        keys = {**evaluation.model_dump(exclude={"batch_tokens"}), "context_bytes": self.study.training.context.bytes}
        inputs = {
            "checkpoint": self._content(self.checkpoint(key)),
            "text": self._files(shards, f"{evaluation.split}.*"),
            "bytes_per_token": self._files(shards, "validation.*"),
        }
        return self._target("bits_per_byte", str(key), keys, inputs)

    @remembered
    def downstream_tasks(self) -> Target:
        """The downstream tasks that are made from the study's own text."""
        from uniscale_assets.evaluation.downstream.keys import offline_keys

        spec, split = required(self.study.downstream), self.study.evaluation.split
        inputs = {name: self._files(self.mixture(), f"{name}.parquet") for name in ("train", split)}
        return self._target("downstream_tasks", self.study.name, {**offline_keys(spec), "split": split}, inputs)

    @remembered
    def downstream_scores(self, key: GridKey) -> Target:
        """What one model makes of the downstream tasks."""
        spec = required(self.study.downstream)
        inputs = {"checkpoint": self._content(self.checkpoint(key))}
        if spec.offline_tasks:
            inputs["tasks"] = self._content(self.downstream_tasks())
        return self._target("downstream_scores", str(key), self._downstream_keys, inputs)

    @cached_property
    def _downstream_keys(self) -> dict[str, Any]:
        from uniscale_assets.evaluation.downstream.keys import score_keys

        return score_keys(required(self.study.downstream))

    def targets(self, stage: str) -> dict[Any, Target]:
        """Every target of a stage, by typed partition key; a stage without partitions has its study's name as key.

        Empty for a stage that the study does not have.
        """
        study = self.study
        keys: Mapping[str, list[Any]] = {
            "documents": list(study.corpus.languages),
            "byte_model": study.byte_model_names,
            "vocabulary": list(study.vocabularies),
            "tokenizer": study.tokenizer_names,
            "token_shards": study.tokenizer_names,
            "tokenizer_metrics": study.tokenizer_names,
            "checkpoint": study.grid,
            "bits_per_byte": study.grid,
            "downstream_scores": study.grid,
        }
        if stage not in stages_of(study):
            return {}
        if stage in WHOLE_STAGES:
            return {study.name: getattr(self, stage)()}
        of_key: Callable[[Any], Target] = getattr(self, stage)
        return {key: of_key(key) for key in keys[stage]}

    def missing(self, stage: str) -> list[Any]:
        """Partition keys for which the store holds no artifact with today's fingerprint."""
        return [key for key, target in self.targets(stage).items() if self.find(target) is None]

    def _content(self, target: Target) -> str | None:
        found = self.find(target)
        return found.content_hash if found else None

    def _files(self, target: Target, *patterns: str) -> str | None:
        found = self.find(target)
        return found.hash_of_files(*patterns) if found else None

    def _target(self, stage: str, label: str, keys: Mapping[str, Any], inputs: Mapping[str, str | None]) -> Target:
        if None in inputs.values():
            return Target(stage, label, None)
        content = {"stage": stage, "version": FORMAT_VERSIONS[stage], "keys": dict(keys), "inputs": dict(inputs)}
        return Target(stage, label, hash_of(content))


SpecType = TypeVar("SpecType")


def required(spec: SpecType | None) -> SpecType:
    """A part that a study has, where its stage is asked for."""
    assert spec is not None, "stages_of leaves this stage out"
    return spec


def checkpoint_keys(study: Study, model: ModelKey) -> dict[str, Any]:
    """The study keys that one training reads: other sizes, seeds and budgets of the study are not among them."""
    training = study.training.model_dump()
    training["budget"] = {"rule": study.training.budget.rule, "value": study.budget_value(model)}
    models = study.models.model_dump(exclude={"sizes"})
    shape = asdict(shape_of(study.models.architecture, model.size))
    return {"models": models, "shape": shape, "size": model.size, "seed": model.seed, "training": training}
