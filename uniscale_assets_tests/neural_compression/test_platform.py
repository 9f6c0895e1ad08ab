"""The whole way of a study whose tokenizers compress: a byte model trained, codebooks compiled, text encoded, models trained and scored."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from uniscale_assets.assets.checks import tokenizers_lose_nothing
from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.partitions import ranges
from uniscale_assets.errors import ArtifactError, TokenizerError
from uniscale_assets.home import Home
from uniscale_assets.lineage import Lineage, MissingInputError
from uniscale_assets.materializing import RunSummary, Selection, StudyRun
from uniscale_assets.modeling import trainer as trainer_module
from uniscale_assets.modeling.spec import ExecutionSpec
from uniscale_assets.neural_compression.byte_models import read_report
from uniscale_assets.resources import byte_model_steps, launchers, tokenizer_steps
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.publishing import describe_tokenizer
from uniscale_assets.resources.store import Artifact
from uniscale_assets.study import Study, load_study
from uniscale_assets.tokenization.loading import load_tokenizer

STAGES = ("documents", "mixture", "tokenizers", "models", "bits_per_byte", "study_report")


@dataclass
class Made:
    """A study and the home it was materialized in."""

    study: Study
    platform: Platform
    summary: RunSummary

    @property
    def lineage(self) -> Lineage[Artifact]:
        return self.platform.lineage(self.study)

    def query(self, sql: str) -> pl.DataFrame:
        return self.platform.warehouse.query(sql)

    def metric(self, name: str, language: str = "all") -> dict[str, float]:
        rows = self.query(f"SELECT tokenizer, value FROM tokenizer_metrics WHERE metric = '{name}' AND language = '{language}'")  # noqa: S608
        return dict(rows.rows())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    home = Home(tmp_path_factory.mktemp("home"))
    (home.root / "dagster").mkdir()
    study = load_study(str(Path(__file__).with_name("miniature_neural.yaml")))
    with dg.DagsterInstance.local_temp(str(home.root / "dagster")) as instance, launchers.kept_workers():
        run = StudyRun(study, Platform(home), instance, Selection(stages=STAGES), False, lambda *_: None)
        yield Made(study, run.platform, run.run())


def test_everything_is_made(made: Made) -> None:
    assert made.summary.failures == []
    assert made.summary.made["byte_model"] == 1
    assert made.summary.made["checkpoint"] == made.summary.made["bits_per_byte"] == len(made.study.tokenizers)


def test_the_byte_model_has_a_row(made: Made) -> None:
    row = made.query("SELECT * FROM byte_models").row(0, named=True)
    artifact = made.lineage.require(made.lineage.byte_model("m1"))
    assert row["bits_per_byte"] == read_report(artifact.path).bits_per_byte
    assert row["training_bytes"] == 20_000
    assert row["cpu_seconds"] > 0
    assert 4 < row["bits_per_byte_float"] <= row["bits_per_byte"] < 8
    assert abs(row["bits_per_byte"] - row["bits_per_byte_float_parts"]) < 0.01


def test_every_model_is_scored_over_the_same_bytes(made: Made) -> None:
    rows = made.query("SELECT tokenizer, bytes, bits_per_byte FROM bits_per_byte WHERE language = 'all'")
    assert set(rows["tokenizer"]) == set(made.study.tokenizer_names)
    assert rows["bytes"].n_unique() == 1
    assert rows["bits_per_byte"].is_between(1, 12).all()


def test_rates_in_bits(made: Made) -> None:
    uniform, ratio, rate = (made.metric(name) for name in ("uniform_bits_per_byte", "bit_compression_ratio", "bytes_per_token"))
    assert uniform["bytes"] == 8.0
    assert set(uniform) == set(made.study.tokenizer_names)
    for name in made.study.tokenizer_names:
        assert ratio[name] * uniform[name] == pytest.approx(8)
    assert uniform["most_probable"] == pytest.approx(16 / rate["most_probable"])


def test_only_where_a_model_runs_does_encoding_cost_flops(made: Made) -> None:
    costs = dict(made.query("SELECT tokenizer, encoding_flops_per_byte FROM tokenizers").rows())
    parameters = made.query("SELECT parameters FROM byte_models").item()
    running = 2 * (parameters - 257 * 24)
    assert {name for name, cost in costs.items() if cost} == {"ac", "owned_cell_24"}
    assert costs["ac"] == costs["owned_cell_24"] == running


def test_what_is_lost_is_said(made: Made) -> None:
    share, documents = made.metric("ambiguous_share"), made.metric("ambiguous_documents")
    assert set(share) == set(documents) == {"greedy"}
    assert 0 < share["greedy"] < 0.5
    assert 0 < documents["greedy"] <= 1
    artifact = made.lineage.require(made.lineage.tokenizer("greedy"))
    assert artifact.metadata["lossy"] is True
    assert artifact.metadata["ambiguous_share"] == pytest.approx(share["greedy"])
    assert "lossy" not in made.lineage.require(made.lineage.tokenizer("ac")).metadata


def test_codebooks_can_be_looked_at(made: Made) -> None:
    assert set(made.metric("codes_used")) == {"greedy", "most_probable"}
    assert made.metric("codes_with_string")["most_probable"] == 1.0
    assert 0 < made.metric("prefix_cache_hit_rate")["owned_cell_24"] < 1
    frame = pl.read_parquet(made.lineage.require(made.lineage.tokenizer_metrics("most_probable")).path / "codebook.parquet")
    tokenizer = load_tokenizer(made.lineage.require(made.lineage.tokenizer("most_probable")).path)
    assert set(frame["kind"]) == {"most probable", "longest", "most frequent"}
    for row in frame.iter_rows(named=True):
        assert tokenizer.decode([row["code"] + 1]) == row["content"]
    single = frame.filter(kind="most probable", bytes=1)["probability"]
    assert single.is_sorted(descending=True)
    assert frame.filter(kind="most frequent")["count"].is_sorted(descending=True)


def test_the_report_shows_them(made: Made) -> None:
    page = (made.platform.home.reports("miniature_neural") / "report.html").read_text(encoding="utf-8")
    assert "The codebook of most_probable" in page
    assert page.count("<small>loses ") == 1, "the one tokenizer that loses text says so where it is ranked"
    assert "cost of integers" in page
    assert "The codebook of ac" not in page


def test_tokens_without_a_meaning_of_their_own_are_no_sample(made: Made) -> None:
    of = {name: describe_tokenizer(name, made.lineage.require(made.lineage.tokenizer(name))) for name in ("ac", "most_probable")}
    assert "one by one" in of["ac"]["sample tokens"]
    assert "| 1 |" in str(of["most_probable"]["sample tokens"].value)


def test_a_new_process_finds_the_families(made: Made) -> None:
    """As a worker does that scores downstream tasks."""
    directory = made.lineage.require(made.lineage.tokenizer("owned_cell_24")).path
    code = (
        "import sys, inspect; from pathlib import Path; from uniscale_assets.evaluation.downstream import score;"
        "exec('\\n'.join(line.strip() for line in inspect.getsource(score.score_downstream).splitlines() if 'families' in line));"
        "from uniscale_assets.tokenization.loading import load_tokenizer; print(load_tokenizer(Path(sys.argv[1])).vocab_size)"
    )
    process = subprocess.run([sys.executable, "-c", code, str(directory)], capture_output=True, text=True, check=False)
    assert process.stdout.strip() == "257", process.stderr


def test_partitions_of_byte_models(made: Made) -> None:
    of = StudyAssets(made.study)
    assert list(of.partitions.of_stage["byte_model"].get_partition_keys()) == ["m1"]
    assert ranges(["m1"], made.study) == [("m1", "m1")]
    assert tokenizers_lose_nothing(of).check_keys


def copied(made: Made, directory: Path) -> Platform:
    """A home with the text and the byte model alone."""
    for stage in ("documents", "mixture", "byte_model"):
        shutil.copytree(made.platform.home.artifacts / stage, directory / "artifacts" / stage)
    return Platform(Home(directory))


def test_a_missing_or_damaged_byte_model_is_named(made: Made, tmp_path: Path) -> None:
    platform = copied(made, tmp_path)
    model = platform.lineage(made.study).require(platform.lineage(made.study).byte_model("m1")).path
    file = model / "byte_model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    lineage = platform.lineage(made.study)
    with pytest.raises(ArtifactError, match=r"byte_model\.safetensors: its hash is not the one"):
        platform.make_one(lineage.vocabulary("ac"), lambda draft: tokenizer_steps.train_vocabulary(platform, lineage, "ac", draft))
    shutil.rmtree(model)
    lineage = platform.lineage(made.study)
    assert lineage.vocabulary("ac").fingerprint is None
    with pytest.raises(MissingInputError, match="vocabulary ac: what it is made from is missing"):
        platform.make_one(lineage.vocabulary("ac"), lambda _: None)
    with pytest.raises(MissingInputError, match=r"byte_model m1 is missing .*materialize `byte_model` first"):
        lineage.require(lineage.byte_model("m1"))


@pytest.mark.parametrize(("tokenizer", "file"), [("ac", "byte_model.safetensors"), ("most_probable", "codebook.safetensors")])
def test_a_damaged_tokenizer_is_refused(made: Made, tmp_path: Path, tokenizer: str, file: str) -> None:
    directory = tmp_path / tokenizer
    shutil.copytree(made.lineage.require(made.lineage.tokenizer(tokenizer)).path, directory)
    content = (directory / file).read_bytes()
    (directory / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(TokenizerError, match=f"{file}: damaged"):
        load_tokenizer(directory)
    (directory / file).unlink()
    with pytest.raises(TokenizerError, match=f"{file}: missing"):
        load_tokenizer(directory)
    (directory / file).write_bytes(content)
    options = directory / "options.json"
    options.write_text(json.dumps({"token_bits": 12}))
    with pytest.raises(TokenizerError, match=r"options\.json: not readable"):
        load_tokenizer(directory)


def test_a_foreign_codebook_is_refused(made: Made, tmp_path: Path) -> None:
    lineage = made.lineage
    directory = tmp_path / "mixed"
    shutil.copytree(lineage.require(lineage.tokenizer("most_probable")).path, directory)
    shutil.copyfile(lineage.require(lineage.tokenizer("greedy")).path / "codebook.safetensors", directory / "codebook.safetensors")
    with pytest.raises(TokenizerError, match="encodes otherwise than when it was made"):
        load_tokenizer(directory)


def job(made: Made, platform: Platform, execution: ExecutionSpec) -> dict[str, Any]:
    """What a worker is handed."""
    lineage = platform.lineage(made.study)
    commission = launchers.commission_of(platform, lineage.byte_model("m1"), force=True)
    mixture = platform.input(lineage, lineage.mixture())
    spec = made.study.byte_model("m1")
    return byte_model_steps.ByteModelJob(commission=commission, spec=spec, mixture=mixture, execution=execution).model_dump(mode="json")


def test_a_killed_training_goes_on(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, through = copied(made, tmp_path / "killed"), copied(made, tmp_path / "through")
    byte_model_steps.train(job(made, through, ExecutionSpec()), lambda _: None)
    lineage = through.lineage(made.study)
    expected = lineage.require(lineage.byte_model("m1"))
    payload = job(made, platform, ExecutionSpec(checkpoint_minutes=1e-9))
    trainer: Any = trainer_module.StudyTrainer
    original = trainer.record_steps

    def record_steps(self: Any) -> None:
        original(self)
        if self.recorder.step == 9:
            monkeypatch.setattr(trainer, "record_steps", original)
            raise RuntimeError("stopped")

    monkeypatch.setattr(trainer, "record_steps", record_steps)
    with pytest.raises(RuntimeError, match="stopped"):
        byte_model_steps.train(payload, lambda _: None)
    byte_model_steps.train(payload, lambda _: None)
    now = platform.lineage(made.study)
    artifact = now.require(now.byte_model("m1"))
    assert artifact.metadata["resumed_from_step"] >= 7
    assert artifact.metadata["attempts"] == 2
    assert expected.metadata["attempts"] == 1
    assert artifact.content_hash == expected.content_hash
    assert not platform.store.work_directory("byte_model", artifact.fingerprint).exists()


def test_verification_reads_a_sample_where_a_model_runs(made: Made) -> None:
    of = {name: made.lineage.require(made.lineage.tokenizer(name)).metadata for name in ("ac", "greedy", "most_probable")}
    whole = made.query("SELECT sum(mixture_bytes) FROM corpus_ledger WHERE split = 'test'").item()
    assert of["most_probable"]["verified bytes"] == of["greedy"]["verified bytes"] == whole
    assert 0 < of["ac"]["verified bytes"] <= whole
