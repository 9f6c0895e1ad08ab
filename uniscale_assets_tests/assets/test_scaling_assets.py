"""The scaling group: only of studies that ask for it, from runs of known laws to their tables, report and checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import polars as pl
import pytest

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.scaling import SCALING_ASSETS, scaling_assets, scaling_checks
from uniscale_assets.definitions import build_definitions
from uniscale_assets.materializing import GROUPS, Selection, reports_of
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.platform import Platform
from uniscale_assets.study import Study, load_study
from uniscale_assets_tests.resources.scaling_study import ALPHA, BETA, BUDGETS, RATES, T_BEST, filled, study_with

STUDY = study_with()


@dataclass
class Materialized:
    """A study whose six assets were materialized, one after the other."""

    study: Study
    platform: Platform
    result: dg.ExecuteInProcessResult

    def query(self, sql: str) -> pl.DataFrame:
        """Ask the tables."""
        return self.platform.warehouse.query(sql)

    def metadata(self, asset: str) -> dict[str, object]:
        """What an asset told Dagster."""
        events = self.result.asset_materializations_for_node(f"{self.study.name}__{asset}")
        return {name: value.value for name, value in events[0].metadata.items()}


def materialize(study: Study, platform: Platform) -> Materialized:
    of = StudyAssets(study)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [*scaling_assets(of), *scaling_checks(of)],
            instance=instance,
            resources={"platform": PlatformResource(home=str(platform.home.root))},
        )
    assert result.success
    return Materialized(study, platform, result)


@pytest.fixture(scope="module")
def materialized(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Materialized]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROWSER_PATH", "/nowhere")  # pictures are tested with the figures
        yield materialize(STUDY, filled(tmp_path_factory.mktemp("home"), STUDY))


def test_a_study_without_the_key_has_none_of_it() -> None:
    demo = load_study("demo")
    assert scaling_assets(StudyAssets(demo)) == scaling_checks(StudyAssets(demo)) == []
    assert not set(reports_of(demo)) & set(SCALING_ASSETS)


def test_the_shipped_study_has_all_of_it_in_one_group_after_everything_else() -> None:
    from uniscale_assets.home import Home

    study = load_study("isoflop_demo")
    assert len(study.training.budget.values) >= 3
    assert min(len(study.tokenizers), len(study.models.sizes)) >= 4
    definitions = build_definitions([study], Home.from_environment())
    groups = {spec.key.path[-1]: spec.group_name for spec in definitions.resolve_all_asset_specs()}
    assert {name for name, group in groups.items() if group == "scaling"} == set(SCALING_ASSETS) == set(GROUPS["scaling"])
    assert reports_of(study)[-len(SCALING_ASSETS) :] == SCALING_ASSETS
    definitions.resolve_job_def("isoflop_demo_scaling")


def test_the_command_knows_the_group_only_where_there_is_one() -> None:
    from uniscale_assets.errors import BadInputError

    Selection(stages=("scaling",)).check(STUDY)
    with pytest.raises(BadInputError, match="--stage scaling"):
        Selection(stages=("scaling",)).check(load_study("demo"))


def test_every_cell_has_its_known_optimum(materialized: Materialized) -> None:
    optima = materialized.query("SELECT * FROM isoflop_optima WHERE language = 'all'")
    assert len(optima) == len(BUDGETS) * len(RATES)
    assert set(optima["flag"]) == {""}
    known = 3.0 * optima["compute_flops"] ** ALPHA * optima["bytes_per_token"] ** BETA
    assert (optima["optimal_bytes"] / known - 1).abs().max() < 1e-6  # pyright: ignore[reportOperatorIssue]
    assert (optima["global_compute_flops"] / optima["compute_flops"] - 1).abs().max() < 0.02  # pyright: ignore[reportOperatorIssue]


def test_law_one_is_the_known_one(materialized: Materialized) -> None:
    rows = materialized.query(
        "SELECT coefficient, value, low, high, cells, within_interval FROM allocation_law WHERE quantity = 'optimal_bytes'"
    )
    law = {row["coefficient"]: row for row in rows.iter_rows(named=True)}
    assert law["compute_exponent"]["value"] == pytest.approx(ALPHA, abs=1e-6)
    assert law["compression_exponent"]["value"] == pytest.approx(BETA, abs=1e-6)
    assert law["scale"]["low"] <= 3.0 * (1 + 1e-6)
    assert set(rows["cells"]) == {len(BUDGETS) * len(RATES)}
    assert rows["within_interval"].is_between(0, 1).all()


def test_law_two_finds_the_best_compression_rate(materialized: Materialized) -> None:
    rows = materialized.query("SELECT residual_model, coefficient, value, rmse, extrapolation_rmse, max_fit_compute FROM loss_law")
    assert set(rows["residual_model"]) == {"compute-dependent-t", "constant-t", "intercept"}
    constant = {row["coefficient"]: row["value"] for row in rows.filter(residual_model="constant-t").iter_rows(named=True)}
    assert constant["T_0"] == pytest.approx(T_BEST, rel=1e-4)
    assert constant["F"] == pytest.approx(0.05, rel=1e-3)
    assert set(rows["max_fit_compute"]) == {BUDGETS[-2]}
    best = rows.filter(residual_model="constant-t")["extrapolation_rmse"][0]
    assert best < 1e-4 < rows.filter(residual_model="intercept")["extrapolation_rmse"][0]


def test_each_language_has_its_optimum_beside_its_parity(materialized: Materialized) -> None:
    rows = materialized.query("SELECT * FROM multilingual_optima ORDER BY language, compute_flops")
    assert set(rows["language"]) == {"eng_Latn", "rus_Cyrl"}
    assert set(rows["script"]) == {"Latn", "Cyrl"}
    parity = dict(rows.select("language", "byte_parity").unique().rows())
    assert parity["eng_Latn"] == 1.0
    assert 1.8 < parity["rus_Cyrl"] < 2.3
    assert rows["bits_per_byte"].null_count() == 0


def test_the_report_is_a_page_a_text_and_rows(materialized: Materialized) -> None:
    reports = materialized.platform.home.reports(STUDY.name)
    text = (reports / "scaling.txt").read_text(encoding="utf-8")
    lines = materialized.query("SELECT text FROM scaling_report ORDER BY method, line")["text"]
    assert text.splitlines() == lines.to_list()
    assert "Law I, allocation" in text
    assert "16 of 16" in text or "of 16 cells are inside" in text
    assert "plotly" in (reports / "scaling.html").read_text(encoding="utf-8")
    assert list((reports / "scaling_figures").glob("*.html"))


def test_the_checks_say_the_share_inside_beside_its_bound(materialized: Materialized) -> None:
    evaluations = {evaluation.check_name: evaluation for evaluation in materialized.result.get_asset_check_evaluations()}
    assert set(evaluations) == {"allocation_residuals_within_interval", "loss_residuals_within_interval"}
    for evaluation in evaluations.values():
        shares = {name: value.value for name, value in evaluation.metadata.items() if name.endswith(("share inside", "bound"))}
        assert len(shares) in (2, 4)
        assert evaluation.passed


def test_a_law_that_misses_something_fails_its_check() -> None:
    from uniscale_assets.scaling_laws.residuals import Within

    assert Within(19, 20).holds
    assert not Within(15, 20).holds
    assert Within(15, 20).bound == pytest.approx(0.8)


@pytest.mark.parametrize("models", [0, 8])
def test_what_cannot_be_fitted_is_empty_and_says_why(
    models: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", "/nowhere")
    few = materialize(STUDY, filled(tmp_path_factory.mktemp("home"), STUDY, models=models))
    for table in ("allocation_law", "loss_law"):
        assert few.query(f"SELECT * FROM {table}").is_empty()  # noqa: S608 - a name from above
        assert any("not fitted" in name for name in few.metadata(table)), few.metadata(table)
    assert set(few.query("SELECT flag FROM isoflop_optima")["flag"]) <= {"too few runs"}
    said = "\n".join(few.query("SELECT text FROM scaling_report ORDER BY line")["text"])
    assert "not fitted" in said if models else "no training run at equal FLOPs" in said
