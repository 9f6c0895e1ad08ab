"""Dagster partitions of a study, and the way between their keys and typed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import dagster as dg

from uniscale_assets.partition_keys import GridKey, ModelKey
from uniscale_assets.study import Study
from uniscale_assets.tokenization.protocol import byte_model_of

Key = TypeVar("Key")


@dataclass(frozen=True)
class StudyPartitions:
    """The partitions definitions of one study."""

    study: Study

    @cached_property
    def language(self) -> dg.StaticPartitionsDefinition:
        """One partition a language."""
        return dg.StaticPartitionsDefinition(list(self.study.corpus.languages))

    @cached_property
    def byte_model(self) -> dg.StaticPartitionsDefinition:
        """One partition for each byte model."""
        return dg.StaticPartitionsDefinition(self.study.byte_model_names)

    @cached_property
    def vocabulary(self) -> dg.StaticPartitionsDefinition:
        """One partition for each trained vocabulary."""
        return dg.StaticPartitionsDefinition(list(self.study.vocabularies))

    @cached_property
    def tokenizer(self) -> dg.StaticPartitionsDefinition:
        """One partition a tokenizer."""
        return dg.StaticPartitionsDefinition(self.study.tokenizer_names)

    @cached_property
    def grid(self) -> dg.MultiPartitionsDefinition:
        """Tokenizer x model."""
        models = dg.StaticPartitionsDefinition([str(key) for key in self.study.model_keys])
        return dg.MultiPartitionsDefinition({"tokenizer": self.tokenizer, "model": models})

    @property
    def of_stage(self) -> dict[str, dg.PartitionsDefinition[Any] | None]:
        """The partitions definition of every stage."""
        return {
            "documents": self.language,
            "mixture": None,
            "byte_model": self.byte_model,
            "vocabulary": self.vocabulary,
            "tokenizer": self.tokenizer,
            "token_shards": self.tokenizer,
            "tokenizer_metrics": self.tokenizer,
            "checkpoint": self.grid,
            "bits_per_byte": self.grid,
            "downstream_tasks": None,
            "downstream_scores": self.grid,
        }

    @cached_property
    def vocabulary_from_byte_model(self) -> dg.StaticPartitionMapping:
        """Each byte model with the vocabularies that are made from it."""
        made = {name: byte_model_of(self.study.vocabulary_spec(name)) for name in self.study.vocabularies}
        return dg.StaticPartitionMapping({model: [name for name in made if made[name] == model] for model in self.study.byte_model_names})

    @cached_property
    def tokenizer_from_vocabulary(self) -> dg.StaticPartitionMapping:
        """Each vocabulary with the tokenizers that are cut from it."""
        members = {name: [spec.name for spec in specs] for name, specs in self.study.vocabularies.items()}
        return dg.StaticPartitionMapping(members)

    @cached_property
    def grid_from_tokenizer(self) -> dg.PartitionMapping:
        """Each tokenizer with its models."""
        return dg.MultiToSingleDimensionPartitionMapping("tokenizer")


def dagster_key(key: Any) -> str:
    """A typed key as Dagster writes it."""
    if isinstance(key, GridKey):
        return dg.MultiPartitionKey({"tokenizer": key.tokenizer, "model": str(key.model)})
    return str(key)


def typed_keys(context: dg.AssetExecutionContext, stage: str) -> list[Any]:
    """The partitions of a run as typed keys."""
    definition = context.assets_def.partitions_def
    if isinstance(definition, dg.MultiPartitionsDefinition):
        return [grid_key(definition.get_partition_key_from_str(key)) for key in context.partition_keys]
    return list(context.partition_keys) if definition is not None else [stage]


def grid_key(key: str) -> GridKey:
    """A grid key from Dagster's multi-partition key."""
    assert isinstance(key, dg.MultiPartitionKey)
    return GridKey(key.keys_by_dimension["tokenizer"], ModelKey.parse(key.keys_by_dimension["model"]))


def ranges(wanted: Sequence[Any], study: Study) -> list[tuple[str, str]]:
    """Cover keys of one stage with as few Dagster partition ranges as a simple rule finds: (first, last) of each.

    A range of the grid is a rectangle: a run of neighbouring tokenizers times a run of neighbouring models.
    """
    if wanted and isinstance(wanted[0], GridKey):
        return grid_ranges(wanted, study)
    order = stage_order(wanted, study)
    return [(run[0], run[-1]) for run in neighbours(wanted, order.index)]


def stage_order(wanted: Sequence[str], study: Study) -> list[str]:
    """The list of partition keys that these stand in."""
    lists = (list(study.corpus.languages), study.tokenizer_names, list(study.vocabularies), study.byte_model_names)
    return next(keys for keys in lists if set(wanted) <= set(keys))


def grid_ranges(wanted: Iterable[GridKey], study: Study) -> list[tuple[str, str]]:
    """Rectangles over the grid: neighbouring tokenizers that want the same neighbouring models share one."""
    models_of: dict[str, list[ModelKey]] = {}
    for key in wanted:
        models_of.setdefault(key.tokenizer, []).append(key.model)
    tokenizers_of: dict[tuple[ModelKey, ModelKey], list[str]] = {}
    for tokenizer, models in models_of.items():
        for run in neighbours(models, study.model_keys.index):
            tokenizers_of.setdefault((run[0], run[-1]), []).append(tokenizer)
    found: list[tuple[str, str]] = []
    for (first, last), tokenizers in tokenizers_of.items():
        for run in neighbours(tokenizers, study.tokenizer_names.index):
            found.append((dagster_key(GridKey(run[0], first)), dagster_key(GridKey(run[-1], last))))
    return found


def neighbours(keys: Iterable[Key], position: Callable[[Key], int]) -> list[list[Key]]:
    """Keys in order, in runs whose positions follow one another."""
    found: list[list[Key]] = []
    for key in sorted(set(keys), key=position):
        if found and position(key) == position(found[-1][-1]) + 1:
            found[-1].append(key)
        else:
            found.append([key])
    return found
