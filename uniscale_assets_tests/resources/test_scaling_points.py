"""Runs of a study become points of the scaling laws: all that exist today, and no others."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from uniscale_assets.errors import BadInputError
from uniscale_assets.resources.imported_runs import import_runs
from uniscale_assets.resources.isoflop_points import points_of, study_points
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.scaling_steps import joined_points, publish_optima, publish_points
from uniscale_assets_tests.resources.scaling_study import BUDGETS, RATES, filled, loss_at, study_with

STUDY = study_with()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    return filled(tmp_path_factory.mktemp("home"), STUDY)


def test_every_run_is_a_point_in_every_language(platform: Platform) -> None:
    points = study_points(platform, platform.lineage(STUDY))
    assert len(points) == len(STUDY.grid) * 3
    assert set(points["language"]) == {"all", "eng_Latn", "rus_Cyrl"}
    assert points["run"].n_unique() == len(STUDY.grid)
    assert set(points["study"]) == {"equal_flops"}
    assert set(points["evaluation"]) == {"test"}


def test_the_runs_of_one_budget_and_tokenizer_are_one_cell(platform: Platform) -> None:
    points = study_points(platform, platform.lineage(STUDY))
    cells = points.group_by("language", "compute_flops", "bytes_per_token").len()
    assert len(cells) == 3 * len(BUDGETS) * len(RATES)
    assert set(cells["len"]) == {len(STUDY.models.sizes)}
    assert set(points["compute_flops"]) == set(BUDGETS)
    assert set(points.filter(pl.col("language") == "all")["bytes_per_token"]) == set(RATES.values())
    assert set(points.filter(pl.col("language") == "rus_Cyrl")["bytes_per_token"]) == {1.05 * rate for rate in RATES.values()}


def test_a_point_says_what_its_run_was(platform: Platform) -> None:
    points = study_points(platform, platform.lineage(STUDY))
    one = points.filter(pl.col("run") == "bpe_600 0.04M-3e9flops-seed1", pl.col("language") == "all").row(0, named=True)
    assert one["method"] == "bpe"
    assert one["total_parameters"] == one["parameters"] + 1000
    assert one["bits_per_byte"] == loss_at(3e9, 2.0, one["bytes"])


def test_a_study_names_its_methods(platform: Platform) -> None:
    study = study_with(scaling={"methods": {"small": ["bpe_300", "bpe_600"]}})
    points = study_points(platform, platform.lineage(study))
    assert set(points.filter(pl.col("run").str.starts_with("bpe_300"))["method"]) == {"small"}
    assert set(points.filter(pl.col("run").str.starts_with("bpe_2400"))["method"]) == {"bpe"}


def test_two_seeds_are_two_runs_of_a_cell(tmp_path: Path) -> None:
    study = study_with(seeds=[1, 2])
    points = study_points(home := filled(tmp_path, study, models=8), home.lineage(study))
    cells = points.filter(pl.col("language") == "all").group_by("compute_flops", "bytes_per_token").len()
    assert set(cells["len"]) == {2}


def test_runs_of_another_state_of_the_study_are_left_out(platform: Platform) -> None:
    changed = study_with(training={**STUDY.training.model_dump(mode="json"), "initializer_range": 0.5})
    assert study_points(platform, platform.lineage(changed)).is_empty()


def test_imported_runs_join_a_study_that_names_them(tmp_path: Path, platform: Platform) -> None:
    table = tmp_path / "others_results.csv"
    table.write_text("tokenization,compute_flops,T,N,B,bpb\nlatent,1e19,4,2e8,1.5e10,1.1\n")
    import_runs(platform.warehouse, [table], "others", {})
    study = study_with(scaling={"imports": ["others"]})
    publish_points(platform, platform.lineage(study))
    joined = joined_points(platform, study)
    assert set(joined["method"]) == {"bpe", "latent"}
    assert len(joined) == len(points_of(study_points(platform, platform.lineage(study)))) + 1
    publish_optima(platform, platform.lineage(study))
    flags = platform.warehouse.query("SELECT DISTINCT method, flag FROM isoflop_optima ORDER BY ALL").rows()
    assert flags == [("bpe", ""), ("latent", "too few runs")]


def test_a_collection_that_does_not_exist_is_named_with_those_that_do(platform: Platform) -> None:
    study = study_with(scaling={"imports": ["nobodys"]})
    with pytest.raises(BadInputError, match="nobodys: no imported collection"):
        publish_points(platform, platform.lineage(study))
