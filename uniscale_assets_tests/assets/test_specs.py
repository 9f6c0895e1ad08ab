"""What Dagster loads: names, partitions, groups, tags, pools, policies; one study or several."""

from pathlib import Path

import dagster as dg
import pytest

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.definitions import build_definitions
from uniscale_assets.evaluation.spec import DownstreamSpec
from uniscale_assets.home import Home
from uniscale_assets.study import Study, load_study

GROUPS = {
    "documents": "corpora",
    "mixture": "corpora",
    "corpus_quality": "corpora",
    "vocabulary": "tokenizers",
    "tokenizer": "tokenizers",
    "token_shards": "tokenizers",
    "tokenizer_metrics": "tokenizers",
    "checkpoint": "models",
    "bits_per_byte": "evaluation",
    "downstream_tasks": "evaluation",
    "downstream_scores": "evaluation",
    "rank_correlations": "reports",
    "predictors": "reports",
    "study_report": "reports",
}


@pytest.fixture(scope="module")
def demo() -> Study:
    return load_study("demo")


@pytest.fixture(scope="module")
def definitions(demo: Study) -> dg.Definitions:
    return build_definitions([demo, load_study("fineweb2_l20")], Home(Path("/nowhere")))


def specs(definitions: dg.Definitions, study: str) -> dict[str, dg.AssetSpec]:
    return {spec.key.path[-1]: spec for spec in definitions.resolve_all_asset_specs() if spec.key.path[0] == study}


@pytest.mark.parametrize("study", ["demo", "fineweb2_l20"])
def test_every_study_has_the_same_assets_in_the_same_groups(definitions: dg.Definitions, study: str) -> None:
    assert {name: spec.group_name for name, spec in specs(definitions, study).items()} == GROUPS


def test_every_asset_says_in_one_sentence_what_it_is_and_whose(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.description.endswith("."), spec.key
        assert spec.description.count(". ") == 0, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key


def test_partitions_are_what_each_asset_depends_on(definitions: dg.Definitions, demo: Study) -> None:
    partitions = {name: spec.partitions_def for name, spec in specs(definitions, "demo").items()}
    counts = {name: len(definition.get_partition_keys()) if definition else None for name, definition in partitions.items()}
    assert counts == {
        "documents": 12,
        "mixture": None,
        "corpus_quality": None,
        "vocabulary": 4,
        "tokenizer": 6,
        "token_shards": 6,
        "tokenizer_metrics": 6,
        "checkpoint": 36,
        "bits_per_byte": 36,
        "downstream_tasks": None,
        "downstream_scores": 36,
        "rank_correlations": None,
        "predictors": None,
        "study_report": None,
    }
    grid = partitions["checkpoint"]
    assert isinstance(grid, dg.MultiPartitionsDefinition)
    assert "0.8M-seed2|unigram_4k" in grid.get_partition_keys()


def test_tables_show_their_columns_with_units(definitions: dg.Definitions) -> None:
    for name in ("mixture", "corpus_quality", "tokenizer_metrics", "checkpoint", "bits_per_byte", "rank_correlations", "predictors"):
        schema = specs(definitions, "demo")[name].metadata["dagster/column_schema"]
        assert isinstance(schema, dg.TableSchema)
        assert all(column.description for column in schema.columns)


def test_training_and_evaluation_carry_a_pool_and_the_largest_request(definitions: dg.Definitions) -> None:
    for study, request in (("demo", None), ("fineweb2_l20", "8")):
        for asset, pool in (("checkpoint", "training"), ("bits_per_byte", "evaluation"), ("downstream_scores", "evaluation")):
            operation = definitions.resolve_assets_def(dg.AssetKey([study, asset])).op
            assert operation.pool == pool
            limits = operation.tags.get("dagster-k8s/config")
            assert (limits is None) == (request is None)
            assert request is None or f'"nvidia.com/gpu": "{request}"' in str(limits)


def test_a_run_of_a_size_carries_the_request_of_that_size(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def("fineweb2_l20_training")
    key = dg.MultiPartitionKey({"tokenizer": "bpe_80k", "model": "50M-seed1"})
    assert '"nvidia.com/gpu": "1"' in job.get_tags_for_partition_key(key, selected_asset_keys=None)["dagster-k8s/config"]


def test_partitions_share_a_run_but_models_whose_sizes_ask_for_their_own_resources(definitions: dg.Definitions) -> None:
    for asset in definitions.resolve_asset_graph().assets_defs:
        if not asset.keys:
            continue  # a check
        alone = asset.key in {dg.AssetKey(["fineweb2_l20", name]) for name in ("checkpoint", "bits_per_byte", "downstream_scores")}
        expected = dg.BackfillPolicy.multi_run(1) if alone else dg.BackfillPolicy.single_run()
        assert asset.backfill_policy == (expected if asset.partitions_def else None), asset.key


def test_there_is_a_job_for_each_stage_and_a_schedule_that_is_off(definitions: dg.Definitions) -> None:
    stages = ("documents", "mixture", "vocabularies", "tokenizers", "training", "downstream_tasks", "evaluation", "models", "reports")
    for study in ("demo", "fineweb2_l20"):
        for stage in stages:
            definitions.resolve_job_def(f"{study}_{stage}")
        schedule = definitions.resolve_schedule_def(f"{study}_nightly_backfill")
        assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED


def test_reports_refresh_while_partitions_are_missing(definitions: dg.Definitions) -> None:
    for name in ("corpus_quality", "rank_correlations", "predictors", "study_report"):
        condition = specs(definitions, "demo")[name].automation_condition
        assert condition is not None
        assert "any_deps_missing" not in str([child.get_label() for child in condition.children])


def test_a_vocabulary_leads_to_its_tokenizers_and_a_tokenizer_to_its_models(demo: Study) -> None:
    partitions = StudyAssets(demo).partitions
    downstream = partitions.tokenizer_from_vocabulary.get_downstream_partitions_for_partitions(
        partitions.vocabulary.subset_with_partition_keys(["bpe_4k"]), partitions.vocabulary, partitions.tokenizer
    )
    assert set(downstream.get_partition_keys()) == {"bpe_1k", "bpe_2k", "bpe_4k"}


def test_materialize_all_gets_from_the_documents_to_every_partition(definitions: dg.Definitions) -> None:
    """The page asks for the documents' partitions, and Dagster follows them through partitioned assets only."""
    partitioned = {spec.key: spec for spec in specs(definitions, "demo").values() if spec.partitions_def}
    reached = {dg.AssetKey(["demo", "documents"])}
    for _ in partitioned:
        reached |= {key for key, spec in partitioned.items() if any(dependency.asset_key in reached for dependency in spec.deps)}
    assert reached == set(partitioned)


def test_a_study_without_downstream_tasks_has_none_of_their_assets(demo: Study) -> None:
    without = demo.model_copy(update={"downstream": None})
    named = demo.model_copy(update={"downstream": DownstreamSpec(tasks=("hellaswag",))})
    for study, expected in ((without, set()), (named, {"downstream_scores"})):
        definitions = build_definitions([study], Home(Path("/nowhere")))
        assert {name for name in specs(definitions, "demo") if name.startswith("downstream")} == expected
        job = definitions.resolve_job_def("demo_models")
        assert {key.path[-1] for key in job.asset_layer.executable_asset_keys} == {"checkpoint", "bits_per_byte", *expected}
