"""A study: the one file that says everything that can change a result."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from uniscale_assets.corpus.spec import CorpusSpec
from uniscale_assets.errors import BadInputError, StudyError
from uniscale_assets.evaluation.coder_tasks import CoderTasksSpec
from uniscale_assets.evaluation.spec import DownstreamSpec, EvaluationSpec
from uniscale_assets.modeling.sizes import shape_of
from uniscale_assets.modeling.spec import ExecutionSpec, ModelsSpec, TrainingSpec
from uniscale_assets.neural_compression import families as compressing_families
from uniscale_assets.neural_compression.spec import ByteModelSpec
from uniscale_assets.partition_keys import GridKey, ModelKey, budget_label
from uniscale_assets.scaling_laws.spec import ScalingSpec
from uniscale_assets.specification import Specification, SpecificationLoader
from uniscale_assets.tokenization.combinations import expand
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.parity import ParitySpec
from uniscale_assets.tokenization.protocol import byte_model_of, trained_as
from uniscale_assets.tokenization.spec import TokenizerSpec


class NightlySpec(Specification):
    """What the schedule may ask for in one night."""

    flops: float = Field(default=1e18, gt=0, description="training FLOPs a night, together with what is in flight")
    max_attempts: int = Field(default=3, ge=1, description="a partition that failed this often is left alone")
    cron: str = "0 22 * * *"


class Study(Specification):
    """One experiment: text, tokenizers, models, seeds, training and evaluation."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = ""
    corpus: CorpusSpec
    tokenizers: tuple[TokenizerSpec, ...] = Field(min_length=1)
    byte_models: tuple[ByteModelSpec, ...] = Field(default=(), description="with which tokenizers of the families ac, equal_info compress")
    models: ModelsSpec
    seeds: tuple[int, ...] = Field(min_length=1)
    training: TrainingSpec
    evaluation: EvaluationSpec = EvaluationSpec()
    downstream: DownstreamSpec | None = Field(default=None, description="tasks of lm-evaluation-harness for every model; null: none")
    scaling: ScalingSpec | None = Field(default=None, description="scaling laws of its runs at equal FLOPs; null: none")
    coder_tasks: CoderTasksSpec | None = Field(default=None, description="coders that a transformer is asked to learn; null: none")
    parity: ParitySpec = ParitySpec()
    execution: ExecutionSpec = ExecutionSpec()
    nightly: NightlySpec = NightlySpec()
    run_tags: dict[str, dict[str, Any]] = Field(default={}, description="Dagster tags on the runs of a size, such as dagster-k8s/config")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_repeated("tokenizers", [tokenizer.name for tokenizer in self.tokenizers])
        refuse_repeated("byte_models, tokenizers", [*self.byte_model_names, *self.tokenizer_names])
        refuse_repeated("models.sizes", list(self.models.sizes))
        refuse_repeated("seeds", [str(seed) for seed in self.seeds])
        if min(self.seeds) < 0:
            raise ValueError("seeds: a seed is zero or above")
        for spec in self.tokenizers:
            try:
                family_of(spec.family).check(spec)
            except BadInputError as error:
                raise ValueError(f"tokenizers: {spec.name}: {error}") from error
            self._has_byte_model(spec)
        shapes = [("models.sizes", self.models.architecture, size) for size in self.models.sizes]
        shapes += [(f"byte_models: {spec.name}", "llama", spec.size) for spec in self.byte_models]
        for key, architecture, size in shapes:
            try:
                shape_of(architecture, size)
            except BadInputError as error:
                raise ValueError(f"{key}: {error}") from error
        self._scaling_fits()
        if self.coder_tasks is not None:
            self.coder_tasks.check([spec.name for spec in self.tokenizers if spec.family in compressing_families.NAMES])
        return self

    def _has_byte_model(self, spec: TokenizerSpec) -> None:
        """Raise ``ValueError`` where a tokenizer asks for a byte model that this study has not."""
        name = byte_model_of(spec)
        if name is not None and name not in self.byte_model_names:
            there = ", ".join(self.byte_model_names) or "none"
            raise ValueError(f"tokenizers: {spec.name}: options.byte_model: {name!r} is not among byte_models; there are {there}")

    def _scaling_fits(self) -> None:
        """Raise ``ValueError`` where the scaling laws ask for runs that this study has not."""
        if self.scaling is None:
            return
        if self.training.budget.rule != "flops":
            raise ValueError(f"scaling: runs at equal FLOPs need training.budget.rule flops, not {self.training.budget.rule}")
        unknown = {name for names in self.scaling.methods.values() for name in names} - set(self.tokenizer_names)
        if unknown:
            raise ValueError(f"scaling.methods: no tokenizer {', '.join(sorted(unknown))}; there are {', '.join(self.tokenizer_names)}")
        if self.scaling.language not in ("all", *self.corpus.languages):
            raise ValueError(f"scaling.language: {self.scaling.language!r} is neither 'all' nor in corpus.languages")

    @cached_property
    def tokenizer_names(self) -> list[str]:
        """Tokenizers in the order of the file."""
        return [spec.name for spec in self.tokenizers]

    @cached_property
    def byte_model_names(self) -> list[str]:
        """Byte models in the order of the file."""
        return [spec.name for spec in self.byte_models]

    def byte_model(self, name: str) -> ByteModelSpec:
        """The byte model of that name."""
        return next(spec for spec in self.byte_models if spec.name == name)

    @property
    def compresses(self) -> bool:
        """Whether one of its tokenizers is of a family that compresses."""
        return any(spec.family in compressing_families.NAMES for spec in self.tokenizers)

    def tokenizer(self, name: str) -> TokenizerSpec:
        """The tokenizer of that name."""
        return next(spec for spec in self.tokenizers if spec.name == name)

    @cached_property
    def vocabularies(self) -> dict[str, list[TokenizerSpec]]:
        """Vocabulary partitions: tokenizers of a nested family that differ only in size share one, named after them."""
        groups: dict[str, list[TokenizerSpec]] = {}
        for spec in self.tokenizers:
            groups.setdefault(vocabulary_name(spec, self.tokenizers), []).append(spec)
        return groups

    def vocabulary_spec(self, vocabulary: str) -> TokenizerSpec:
        """What a vocabulary partition is trained with: the largest of its tokenizers, or what that one is cut from."""
        return max(map(trained_as, self.vocabularies[vocabulary]), key=lambda spec: spec.vocab_size or 0)

    def vocabulary_of(self, tokenizer: str) -> str:
        """The vocabulary partition that a tokenizer is cut from."""
        return vocabulary_name(self.tokenizer(tokenizer), self.tokenizers)

    @cached_property
    def model_keys(self) -> list[ModelKey]:
        """Models in the order size, budget, seed."""
        budget = self.training.budget
        labels = [budget_label(budget.rule, value) for value in budget.values] if len(budget.values) > 1 else [""]
        return [ModelKey(size, seed, label) for size in self.models.sizes for label in labels for seed in self.seeds]

    @cached_property
    def grid(self) -> list[GridKey]:
        """Every tokenizer with every model."""
        return [GridKey(tokenizer, model) for tokenizer in self.tokenizer_names for model in self.model_keys]

    def budget_value(self, model: ModelKey) -> float:
        """The budget of a model, in the unit of the study's rule."""
        budget = self.training.budget
        if len(budget.values) == 1:
            return budget.values[0]
        return next(value for value in budget.values if budget_label(budget.rule, value) == model.budget)


def vocabulary_name(spec: TokenizerSpec, among: Iterable[TokenizerSpec]) -> str:
    """Name of the vocabulary partition of a tokenizer: its own name, or the largest's of those it is nested in."""
    learned = trained_as(spec)
    if not family_of(learned.family).nested:
        return spec.name
    alike = {other.name: trained_as(other) for other in among}
    key = (learned.family, learned.pretokenizer, learned.options)
    shared = [name for name, other in alike.items() if (other.family, other.pretokenizer, other.options) == key]
    return max(shared, key=lambda name: alike[name].vocab_size or 0)


def refuse_repeated(key: str, names: list[str]) -> None:
    """Raise ``ValueError`` where a name stands twice."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{key}: named twice: {', '.join(repeated)}")


def shipped_studies() -> dict[str, Path]:
    """The study files that come with the package, by name."""
    directory = Path(str(resources.files("uniscale_assets"))) / "studies"
    return {path.stem: path for path in sorted(directory.glob("*.yaml"))}


def find_study(name_or_path: str) -> Path:
    """A shipped study's name, or a path.

    Raises:
        StudyError: neither; the message lists the names there are.
    """
    shipped = shipped_studies()
    if name_or_path in shipped:
        return shipped[name_or_path]
    path = Path(name_or_path)
    if path.is_file():
        return path
    raise StudyError(f"{name_or_path}: no such file, and no study of that name; shipped are {', '.join(shipped)}")


def load_study(name_or_path: str) -> Study:
    """Read and check a study file.

    Raises:
        StudyError: names the file and the key, and what is allowed there.
    """
    path = find_study(name_or_path)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=SpecificationLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise StudyError(f"{path}: not readable as YAML: {error}") from error
    if not isinstance(content, dict):
        raise StudyError(f"{path}: a study is a mapping of keys; see studies/demo.yaml")
    study = parse_study(content, str(path))
    return resolve_paths(study, path.resolve().parent)


def parse_study(content: dict[str, Any], source: str) -> Study:
    """Check the content of a study file, its combinations of tokenizers written out; ``source`` is named in errors."""
    places: list[int] = []
    try:
        if isinstance(content.get("tokenizers"), list):
            tokenizers, places = expand(content["tokenizers"])
            content = {**content, "tokenizers": tokenizers}
        return Study.model_validate_json(json.dumps(content))
    except (ValidationError, TypeError, ValueError, BadInputError) as error:
        raise StudyError(describe(error, source, places)) from error


def resolve_paths(study: Study, base: Path) -> Study:
    """Paths in a study are relative to its file."""
    corpus = study.corpus
    update: dict[str, Any] = {}
    if corpus.directory is not None:
        update["directory"] = base / corpus.directory
    if corpus.files is not None:
        update["files"] = {language: str(base / pattern) for language, pattern in corpus.files.items()}
    if corpus.decontamination is not None:
        against = (*corpus.decontamination.splits, *(str(base / path) for path in corpus.decontamination.paths))
        update["decontamination"] = corpus.decontamination.model_copy(update={"against": against})
    parts = {
        "corpus": corpus.model_copy(update=update),
        "parity": study.parity.resolved(base),
        "downstream": study.downstream and study.downstream.resolved(base),
        "tokenizers": tuple(spec.resolved(base) for spec in study.tokenizers),
    }
    return study.model_copy(update=parts)


def describe(error: Exception, source: str, places: Sequence[int] = ()) -> str:
    """One line for each mistake: file, key, what is wrong and what is allowed.

    ``places`` are the places in the file of the tokenizers that were checked.
    """
    if not isinstance(error, ValidationError):
        return f"{source}: {error}"
    lines = []
    for mistake in error.errors(include_url=False):
        location = list(mistake["loc"])
        if location[:1] == ["tokenizers"] and len(location) > 1 and places:
            location[1] = places[int(location[1])]
        key = ".".join(map(str, location)) or "study"
        message = mistake["msg"].removeprefix("Value error, ")
        if mistake["type"] == "extra_forbidden":
            message = f"unknown key; allowed here: {', '.join(allowed_keys(mistake['loc'][:-1]))}"
        lines.append(f"{source}: {key}: {message}")
    return "\n".join(lines)


def allowed_keys(location: tuple[int | str, ...]) -> list[str]:
    """The keys that the part of a study at ``location`` takes."""
    import typing

    model: Any = Study
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        choices = [annotation, *typing.get_args(annotation)]
        model = next(item for item in choices if isinstance(item, type) and issubclass(item, Specification))
    return list(model.model_fields)
