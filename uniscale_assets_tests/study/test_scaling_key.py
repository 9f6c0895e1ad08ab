"""The key `scaling`: what it takes, what it refuses, and that a study without it is what it was."""

from __future__ import annotations

from typing import Any

import pytest

from uniscale_assets.errors import StudyError
from uniscale_assets.lineage import checkpoint_keys
from uniscale_assets.study import load_study, parse_study
from uniscale_assets_tests.resources.scaling_study import content, study_with


def test_an_empty_key_takes_every_default() -> None:
    scaling = study_with().scaling
    assert scaling is not None
    assert (scaling.parameters, scaling.compute, scaling.residual_model, scaling.two_stage) == (
        "global",
        "nominal",
        "compute-dependent-t",
        False,
    )
    assert scaling.method_of("bpe_300", "bpe") == "bpe"


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown key": ({"scaling": {"model": "constant-t"}}, ["scaling.model", "unknown key", "residual_model"]),
    "a residual model that is none": ({"scaling": {"residual_model": "constant"}}, ["scaling.residual_model", "constant-t"]),
    "runs that are not at equal FLOPs": (
        {"training": {"budget": {"rule": "bytes", "value": 20000}, "context": {"bytes": 128}, "batch": {"contexts": 2}}},
        ["training.budget.rule", "flops", "bytes"],
    ),
    "a tokenizer that the study lacks": ({"scaling": {"methods": {"mine": ["bpe_9"]}}}, ["scaling.methods", "bpe_9", "bpe_300"]),
    "a tokenizer in two methods": ({"scaling": {"methods": {"a": ["bpe_300"], "b": ["bpe_300"]}}}, ["methods", "named twice", "bpe_300"]),
    "a collection named twice": ({"scaling": {"imports": ["paper", "paper"]}}, ["imports", "twice"]),
    "a language that the study lacks": ({"scaling": {"language": "jpn_Jpan"}}, ["scaling.language", "jpn_Jpan", "all"]),
    "a budget below zero": ({"scaling": {"max_fit_compute": -1.0}}, ["scaling.max_fit_compute", "greater than 0"]),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_is_named_with_its_key(what: str) -> None:
    changes, named = WRONG[what]
    with pytest.raises(StudyError) as error:
        parse_study(content(**changes), "mine.yaml")
    assert all(part in str(error.value) for part in ["mine.yaml", *named]), str(error.value)


def test_a_method_takes_in_the_tokenizers_that_it_names() -> None:
    scaling = study_with(scaling={"methods": {"subword": ["bpe_300", "bpe_600"]}}).scaling
    assert scaling is not None
    assert [scaling.method_of(name, "bpe") for name in ("bpe_300", "bpe_600", "bpe_1200")] == ["subword", "subword", "bpe"]


def test_no_training_depends_on_the_key() -> None:
    plain, other = study_with(scaling=None), study_with(scaling={"residual_model": "intercept"})
    key = plain.model_keys[0]
    assert checkpoint_keys(plain, key) == checkpoint_keys(other, key)
    assert load_study("demo").scaling is None
