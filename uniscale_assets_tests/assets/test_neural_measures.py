"""The measures of neural compression from a study's artifacts to its tables and its page, through Dagster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.jobs import study_jobs
from uniscale_assets.assets.neural_measures import NEURAL_ASSETS, neural_assets_of, neural_measures_assets
from uniscale_assets.errors import StudyError
from uniscale_assets.home import Home
from uniscale_assets.materializing import GROUPS, RunSummary, Selection, StudyRun, reports_of
from uniscale_assets.neural_measure_tables import NEURAL_MEASURE_TABLES
from uniscale_assets.resources import launchers, neural_measures
from uniscale_assets.resources.neural_reporting import neural_frames, publish_measure
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.reporting import rows_of_study, study_hash
from uniscale_assets.study import Study, load_study, parse_study
from uniscale_assets.tokenization.spec import TokenizerSpec

STUDY_FILE = Path(__file__).with_name("neural_study.yaml")
STAGES = ("documents", "mixture", "tokenizers", "models", "bits_per_byte", "neural")


@dataclass
class Made:
    """A study and the home it was materialized in."""

    study: Study
    platform: Platform
    summary: RunSummary


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    home = Home(tmp_path_factory.mktemp("home"))
    (home.root / "dagster").mkdir()
    study = load_study(str(STUDY_FILE))
    with dg.DagsterInstance.local_temp(str(home.root / "dagster")) as instance, launchers.kept_workers():
        run = StudyRun(study, Platform(home), instance, Selection(stages=STAGES), False, lambda *_: None)
        yield Made(study, run.platform, run.run())


def rows(made: Made, table: str) -> pl.DataFrame:
    return made.platform.warehouse.rows(table, made.study.name)


def test_every_table_is_filled(made: Made) -> None:
    assert made.summary.failures == []
    assert [table.name for table in NEURAL_MEASURE_TABLES if not rows(made, table.name).height] == []


def test_what_is_measured_of_which_tokenizer(made: Made) -> None:
    assert set(rows(made, "prefix_distances")["tokenizer"]) == set(rows(made, "sentence_pieces")["tokenizer"]) == {"bpe_300", "windows"}
    assert set(rows(made, "token_texts")["tokenizer"]) == set(rows(made, "bit_uniformity")["tokenizer"]) == {"windows"}
    assert set(rows(made, "token_texts")["position"]) == {1, 2}
    assert set(rows(made, "bit_uniformity")["control"]) == {True, False}
    assert dict(rows(made, "prefix_distances").group_by("tokenizer").agg(pl.col("pairs").sum()).rows())["windows"] == 500 * 499 // 2


def test_every_model_over_windows_is_asked(made: Made) -> None:
    found = rows(made, "position_accuracy")
    assert found.select("tokenizer", "seed", "position").rows() == [("windows", seed, place) for seed in (1, 2) for place in (1, 2)]
    tokens = rows(made, "bits_per_byte").filter(tokenizer="windows", language="all")["tokens"][0]
    assert dict(found.group_by("seed").agg(pl.col("tokens").sum()).rows()) == {1: tokens, 2: tokens}


def test_the_coder_is_learned_beside_a_control(made: Made) -> None:
    found = rows(made, "coder_tasks").select("tokenizer", "task", "texts").rows()
    assert set(found) == {("", "bytes alone", 20), ("windows", "decompress", 20), ("windows", "compress", 20)}


def test_comparisons_follow_from_other_tables(made: Made) -> None:
    costs = rows(made, "inference_costs")
    assert costs["seeds"].to_list() == [2, 2]
    assert rows(made, "welch_tests").select("tokenizer", "other", "seeds").rows() == [("bpe_300", "windows", 2)]
    metrics = rows(made, "tokenizer_metrics").filter(metric="uniform_bits_per_byte", language="all", tokenizer="windows")
    mine = rows(made, "compression").filter(language="all", tokenizer="windows")
    assert mine["uniform_bits_per_byte"].item() == pytest.approx(metrics["value"].item())


def test_what_is_there_is_not_made_again(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(neural_measures, "measure_stream", refuse)
    monkeypatch.setattr(neural_measures, "measure_positions", refuse)
    before = rows(made, "position_accuracy")
    lineage = made.platform.lineage(made.study)
    for name in ("stream_measures", "position_accuracy"):
        published = publish_measure(made.platform, lineage, name)
        assert published.metadata["waiting for what they are made from"] == 0
    assert rows(made, "position_accuracy").equals(before)


def test_reports_are_given_rows_of_today_alone(made: Made) -> None:
    lineage = made.platform.lineage(made.study)
    frames = neural_frames(made.platform, lineage, rows_of_study(made.platform, lineage))
    assert frames is not None
    assert frames.coder_tasks.height == 3
    changed = made.study.model_copy(
        update={"coder_tasks": made.study.coder_tasks and made.study.coder_tasks.model_copy(update={"pairs": 300})}
    )
    lineage = made.platform.lineage(changed)
    later = neural_frames(made.platform, lineage, rows_of_study(made.platform, lineage))
    assert later is not None
    assert later.coder_tasks.is_empty()
    assert later.prefix_distances.equals(frames.prefix_distances)


def test_what_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    study, platform = load_study(str(STUDY_FILE)), Platform(Home(tmp_path))
    published = publish_measure(platform, platform.lineage(study), "stream_measures")
    assert published.metadata["measured"] == 0
    assert published.metadata["waiting for what they are made from"] == 2


def test_bits_and_windows_of_tokenizers() -> None:
    def options(**given: Any) -> tuple[int, int] | None:
        return neural_measures.stream_options(
            TokenizerSpec(name="x", family="equal_info", options={"byte_model": "m1", "scheme": "delay", **given})
        )

    assert options() == (8, 2)
    assert options(token_bits=16) == (16, 1)
    assert options(window_bits=64) == (8, 8)
    assert options(window_bits=24, token_bits=16) == (16, 1)
    assert neural_measures.stream_options(TokenizerSpec(name="x", family="gzip", options={"token_bits": 16})) == (16, 1)
    assert neural_measures.stream_options(TokenizerSpec(name="x", family="bytes")) == (8, 1)
    assert neural_measures.stream_options(TokenizerSpec(name="x", family="bpe", vocab_size=300)) is None


def test_only_studies_that_compress_have_them() -> None:
    study, demo = load_study(str(STUDY_FILE)), load_study("demo")
    assert neural_assets_of(study) == NEURAL_ASSETS == GROUPS["neural"]
    assert neural_measures_assets(StudyAssets(demo)) == []
    assert "neural" in study_jobs(StudyAssets(study))
    assert "neural" not in study_jobs(StudyAssets(demo))
    assert reports_of(study)[-1] == "study_report"
    assert set(NEURAL_ASSETS) <= set(reports_of(study))
    assert not set(NEURAL_ASSETS) & set(reports_of(demo))


def test_a_study_without_the_key_keeps_its_hash() -> None:
    demo = load_study("demo")
    assert "coder_tasks" in demo.model_dump()
    assert study_hash(demo) != study_hash(demo.model_copy(update={"seeds": (5,)}))
    study = load_study(str(STUDY_FILE))
    assert study_hash(study) != study_hash(study.model_copy(update={"coder_tasks": None}))


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ({"tokenizers": ["bpe_300"]}, "'bpe_300' is no tokenizer that compresses; there are windows"),
        ({"tokenizers": ["windows"], "size": "9T"}, "coder_tasks.size"),
        ({"tokenizers": []}, "coder_tasks.tokenizers"),
    ],
)
def test_coder_tasks_that_cannot_be(tasks: dict[str, Any], message: str) -> None:
    content = load_study(str(STUDY_FILE)).model_dump(mode="json")
    with pytest.raises(StudyError, match=message):
        parse_study({**content, "coder_tasks": tasks}, "study.yaml")
