"""The whole way on a small study: text in, a ranking of tokenizers out. Read this first.

A study of 2 tokenizers x 2 sizes x 2 seeds over three languages is materialized through Dagster, asset after asset, and then
asked in SQL.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from uniscale_assets.assets.checks import study_checks
from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.definitions import study_assets
from uniscale_assets.home import Home
from uniscale_assets.lineage import STAGES
from uniscale_assets.modeling.flops import training_flops_per_token
from uniscale_assets.resources import launchers
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.platform import Platform
from uniscale_assets.study import Study, load_study

STUDY_FILE = Path(__file__).with_name("miniature.yaml")
ASSETS = (
    "documents",
    "mixture",
    "vocabulary",
    "tokenizer",
    "token_shards",
    "tokenizer_metrics",
    "checkpoint",
    "bits_per_byte",
    "downstream_tasks",
    "downstream_scores",
    "corpus_quality",
    "rank_correlations",
    "predictors",
    "study_report",
)


@dataclass
class Materialized:
    """A study, the home it was materialized in, and Dagster's record of it."""

    study: Study
    platform: Platform
    instance: dg.DagsterInstance

    def materialize(self, asset: str) -> dg.ExecuteInProcessResult:
        """Every partition of one asset, in one run, with its checks."""
        of = StudyAssets(self.study)
        partitions = of.partitions.of_stage.get(asset)
        keys = partitions.get_partition_keys() if partitions else []
        ends = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]} if keys else {}
        return dg.materialize(
            [*study_assets(self.study), *study_checks(of)],
            selection=dg.AssetSelection.assets(of.key(asset)),
            instance=self.instance,
            resources={"platform": PlatformResource(home=str(self.platform.home.root))},
            tags=ends,
        )

    def query(self, sql: str) -> pl.DataFrame:
        """Ask the metric tables."""
        return self.platform.warehouse.query(sql)


@pytest.fixture(scope="module")
def materialized(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Materialized]:
    home = Home(tmp_path_factory.mktemp("home"))
    study = load_study(str(STUDY_FILE))
    (home.root / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(home.root / "dagster")) as instance, launchers.kept_workers():
        whole = Materialized(study, Platform(home), instance)
        for asset in ASSETS:
            assert whole.materialize(asset).success, asset
        yield whole


def test_every_model_has_bits_per_byte_for_every_language(materialized: Materialized) -> None:
    rows = materialized.query("SELECT tokenizer, size, seed, language, bits_per_byte FROM bits_per_byte")
    assert len(rows) == 2 * 2 * 2 * (3 + 1)
    assert set(rows["language"]) == {"eng_Latn", "rus_Cyrl", "jpn_Jpan", "all"}
    assert rows["bits_per_byte"].is_between(0.5, 8).all()


def test_documents_add_up_to_languages_and_languages_to_all(materialized: Materialized) -> None:
    unequal = materialized.query("""
        WITH documents AS (
            SELECT tokenizer, size, seed, sum(bytes) AS bytes, sum(negative_log_likelihood_nats) AS nats
            FROM document_scores GROUP BY ALL)
        SELECT * FROM bits_per_byte JOIN documents USING (tokenizer, size, seed)
        WHERE language = 'all' AND (bits_per_byte.bytes != documents.bytes
            OR abs(bits_per_byte.bits_per_byte / (nats / ln(2) / documents.bytes) - 1) > 1e-12)""")
    assert unequal.is_empty()


def test_every_tokenizer_scores_the_same_bytes_which_are_those_of_the_ledger(materialized: Materialized) -> None:
    scored = materialized.query("SELECT DISTINCT language, bytes, documents FROM bits_per_byte WHERE language != 'all' ORDER BY language")
    counted = materialized.query(
        "SELECT language, mixture_bytes AS bytes, mixture_documents AS documents FROM corpus_ledger WHERE split = 'test' ORDER BY language"
    )
    assert scored.equals(counted)


def test_every_model_learned_more_than_token_frequencies(materialized: Materialized) -> None:
    behind = materialized.query("""
        SELECT * FROM bits_per_byte JOIN tokenizers USING (study, tokenizer)
        WHERE language = 'all' AND bits_per_byte >= unigram_bits_per_byte""")
    assert behind.is_empty()


def test_two_seeds_differ_and_each_model_trained_on_the_same_bytes(materialized: Materialized) -> None:
    rows = materialized.query("SELECT count(DISTINCT final_loss_nats) AS losses, count(DISTINCT bytes) AS bytes FROM training_runs")
    assert rows.row(0) == (8, 1)
    assert materialized.query("SELECT DISTINCT bytes FROM training_runs").item() == 30_000


def test_every_model_is_scored_on_both_tasks_with_every_item_kept(materialized: Materialized) -> None:
    rows = materialized.query("SELECT task, metric, language, documents, value, random_baseline FROM downstream_scores")
    metrics = rows.filter(language="all").group_by("task", "metric").len()
    assert set(metrics.rows()) == {
        *((task, metric, 8) for task in ("spelling", "true_continuation") for metric in ("acc", "acc_bytes")),
        ("true_continuation", "acc_mutual_info", 8),
    }
    assert rows["value"].is_between(0, 1).all()
    assert set(rows["random_baseline"]) == {0.25}
    assert set(rows["language"]) == {"eng_Latn", "rus_Cyrl", "jpn_Jpan", "all"}
    unequal = materialized.query("""
        WITH items AS (
            SELECT tokenizer, size, seed, task, metric, avg(value) AS mean, count(*) AS items FROM downstream_items GROUP BY ALL)
        SELECT * FROM downstream_scores FULL JOIN items USING (tokenizer, size, seed, task, metric)
        WHERE (language = 'all' OR language IS NULL) AND (abs(value - mean) > 1e-12 OR documents != items OR documents IS NULL)""")
    assert unequal.is_empty()


def test_models_spell_better_than_chance(materialized: Materialized) -> None:
    spelled = materialized.query(
        "SELECT value FROM downstream_scores WHERE task = 'spelling' AND metric = 'acc_bytes' AND language = 'all'"
    )
    assert spelled["value"].mean() > 0.35


def test_tasks_are_metrics_of_the_rank_correlations_beside_bits_per_byte(materialized: Materialized) -> None:
    metrics = materialized.query("SELECT DISTINCT metric FROM rank_correlations ORDER BY metric")["metric"].to_list()
    tasks = ["spelling acc", "spelling acc_bytes", *(f"true_continuation {name}" for name in ("acc", "acc_bytes", "acc_mutual_info"))]
    assert metrics == ["bits_per_byte", *tasks]


def test_two_tokenizers_are_too_few_for_a_correlation_and_that_is_said(materialized: Materialized) -> None:
    rows = materialized.query("SELECT value, note FROM rank_correlations WHERE statistic = 'spearman' AND language = 'all'")
    assert rows["value"].null_count() == len(rows) > 0
    assert all("3" in note for note in rows["note"])
    predictors = materialized.query("SELECT kind, decision_accuracy, note FROM predictors")
    assert set(predictors["kind"]) == {"intrinsic_metric", "curve_point", "smaller_size", "ceiling"}
    assert predictors["decision_accuracy"].null_count() == len(predictors)
    assert all("takes 3" in note for note in predictors["note"])


def test_the_ranking_has_the_bits_that_each_model_saves_for_a_flop(materialized: Materialized) -> None:
    ranking = pl.read_csv(materialized.platform.home.reports("miniature") / "ranking.csv").filter(language="all")
    models = materialized.query("""
        SELECT b.tokenizer, b.size, avg(8 - b.bits_per_byte) AS saved, any_value(b.tokens / b.bytes) AS tokens_per_byte,
            any_value(b.context_tokens) AS context, any_value(t.vocab_size) AS vocabulary
        FROM bits_per_byte AS b JOIN tokenizers AS t USING (tokenizer) WHERE language = 'all' GROUP BY ALL""")
    for model in models.iter_rows(named=True):
        forward = training_flops_per_token("apertus", model["size"], model["vocabulary"], model["context"]).total / 3
        found = ranking.filter(tokenizer=model["tokenizer"], size=model["size"])["information_capacity"].item()
        assert found == pytest.approx(model["saved"] / (forward * model["tokens_per_byte"]))


def test_the_queries_of_the_readme_have_answers(materialized: Materialized) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    queries = [query for query in readme.split("```sql")[1].split("```")[0].split(";") if query.strip()]
    names = {"'demo'": "'miniature'", "'0.8M'": "'0.2M'", "bpe_4k": "bpe_400", "unigram_4k": "unigram_400"}
    assert len(queries) == 5
    for query in queries:
        here = reduce(lambda text, name: text.replace(*name), names.items(), query)
        assert not materialized.query(here).is_empty(), here


def test_the_report_is_one_page_that_needs_nothing_else(materialized: Materialized) -> None:
    report = materialized.platform.home.reports("miniature") / "report.html"
    page = report.read_text(encoding="utf-8")
    assert "bpe_400" in page
    assert "8 of 8" in page
    assert "spelling, acc_bytes" in page


def test_the_text_has_a_page_and_a_table_of_its_own(materialized: Materialized) -> None:
    page = (materialized.platform.home.reports("miniature") / "corpus_quality.html").read_text(encoding="utf-8")
    assert "Near-duplicates were not looked for." in page
    own = materialized.query("SELECT language, value FROM corpus_quality WHERE metric = 'own_script_share' ORDER BY language")
    assert own["language"].to_list() == ["eng_Latn", "jpn_Jpan", "rus_Cyrl"]
    assert own["value"].is_between(0.5, 1).all()
    read = materialized.query("SELECT value FROM corpus_quality WHERE metric = 'got_share' AND split = 'train'")
    assert abs(read["value"].sum() - 1) < 1e-12


def test_the_last_event_of_every_partition_carries_its_data_version(materialized: Materialized) -> None:
    lineage = materialized.platform.lineage(materialized.study)
    of = StudyAssets(materialized.study)
    for stage in [asset for asset in ASSETS if asset in STAGES]:
        key = of.key(stage)
        partitions = of.partitions.of_stage[stage]
        expected = {lineage.require(target).content_hash for target in lineage.targets(stage).values()}
        records = materialized.instance.fetch_materializations(key, limit=1000).records
        last: dict[str | None, str] = {}
        for record in records:
            assert record.asset_materialization is not None
            last.setdefault(record.partition_key, record.asset_materialization.tags["dagster/data_version"])
        assert set(last.values()) == expected, stage
        assert set(last) == (set(partitions.get_partition_keys()) if partitions else {None}), stage


def test_every_check_passed_and_reports_what_it_measured(materialized: Materialized) -> None:
    of = StudyAssets(materialized.study)
    checks = {
        "mixture": "document_in_one_split",
        "tokenizer": "lossless",
        "checkpoint": "trained",
        "bits_per_byte": "below_unigram",
        "downstream_scores": "scored_alike",
    }
    for asset, name in checks.items():
        key = dg.AssetCheckKey(of.key(asset), name)
        record = materialized.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
        assert record.event is not None
        evaluation = record.event.asset_check_evaluation
        assert evaluation is not None
        assert evaluation.passed, name
        assert evaluation.metadata, name


def test_a_second_run_finds_everything_there(materialized: Materialized) -> None:
    before = materialized.query("SELECT * FROM training_runs ORDER BY ALL")
    assert materialized.materialize("checkpoint").success
    assert materialized.query("SELECT * FROM training_runs ORDER BY ALL").equals(before)


def test_a_checkpoint_shows_its_loss_curve(materialized: Materialized) -> None:
    event = materialized.instance.get_latest_materialization_event(StudyAssets(materialized.study).key("checkpoint"))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert "data:image/svg+xml" in str(metadata["loss curve"].value)
    assert math.isfinite(float(str(metadata["seconds"].value)))
