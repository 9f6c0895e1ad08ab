"""From text to metric rows: what is measured of machine and moment stays out of the files, and the parallel texts are inputs."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from uniscale_assets.errors import BadInputError, CorpusError
from uniscale_assets.home import Home
from uniscale_assets.lineage import Lineage
from uniscale_assets.resources import publishing, tokenizer_steps
from uniscale_assets.resources.intrinsic_files import intrinsic_frames
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.publication import write_publication_tables
from uniscale_assets.resources.store import Artifact, Draft
from uniscale_assets.study import Study, load_study

MINIATURE = Path(__file__).parents[1] / "miniature.yaml"
STEPS = {
    "vocabulary": tokenizer_steps.train_vocabulary,
    "tokenizer": tokenizer_steps.cut_and_verify,
    "token_shards": tokenizer_steps.encode_text,
    "tokenizer_metrics": tokenizer_steps.measure,
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A home with the tokenizers of the miniature study, measured."""
    platform = Platform(Home(tmp_path_factory.mktemp("home")))
    study = load_study(str(MINIATURE))
    write_text(platform, study)
    for stage in STEPS:
        make_stage(platform, study, stage)
    return platform


def write_text(platform: Platform, study: Study) -> None:
    """Documents and mixture."""
    from uniscale_assets.corpus.build import build_documents
    from uniscale_assets.corpus.mixing import build_mixture

    def documents(language: str, draft: Draft) -> None:
        build_documents(study.corpus, language, draft.path)

    for language in study.corpus.languages:
        platform.make_one(platform.lineage(study).documents(language), partial(documents, language))
    lineage = platform.lineage(study)
    paths = {language: platform.input(lineage, lineage.documents(language)) for language in study.corpus.languages}
    platform.make_one(lineage.mixture(), lambda draft: void(build_mixture(study.corpus, paths, draft.path)))


def void(_: object) -> None:
    """A step gives nothing."""


def make_stage(platform: Platform, study: Study, stage: str) -> dict[str, Artifact]:
    """Every partition of a stage."""
    lineage = platform.lineage(study)
    targets = lineage.targets(stage)
    return {key: platform.make_one(target, partial(step, platform, lineage, stage, key)) for key, target in targets.items()}


def step(platform: Platform, lineage: Lineage[Artifact], stage: str, key: str, draft: Draft) -> None:
    STEPS[stage](platform, lineage, key, draft)


def with_parity(**keys: Any) -> Study:
    content = load_study(str(MINIATURE)).model_dump(mode="json")
    return Study.model_validate_json(json.dumps({**content, "parity": {**content["parity"], **keys}}))


def test_what_encoding_cost_is_published_and_not_hashed(platform: Platform) -> None:
    lineage = platform.lineage(load_study(str(MINIATURE)))
    artifact = lineage.require(lineage.tokenizer_metrics("bpe_400"))
    assert set(artifact.files) == {"metrics.parquet", "rank_frequency.parquet", "token_lengths.parquet", "lens.parquet"}
    kept = pl.read_parquet(artifact.path / "metrics.parquet")
    assert not kept["metric"].str.starts_with("encoding").any()
    shown = publishing.publish_tokenizer(platform, lineage, "bpe_400", artifact)
    rows = platform.rows_of_today("tokenizer_metrics", lineage, "tokenizer_metrics")
    speed = rows.filter(metric="encoding_throughput")
    assert speed.select("tokenizer", "language", "value", "unit").rows() == [
        ("bpe_400", "all", artifact.metadata["bytes per CPU second"], "bytes/CPU second")
    ]
    assert shown["bytes per CPU second"] == artifact.metadata["bytes per CPU second"] > 10_000
    assert rows.height >= kept.height + 1


def test_files_beside_the_metrics_are_read_of_today(platform: Platform) -> None:
    study = load_study(str(MINIATURE))
    frames = intrinsic_frames(platform.lineage(study))
    assert frames.rank_frequency["tokenizer"].unique(maintain_order=True).to_list() == study.tokenizer_names
    assert set(frames.lens["language"]) == set(study.corpus.languages)
    other = with_parity(texts=[])
    assert intrinsic_frames(platform.lineage(other)).lens.is_empty()


def test_other_parallel_texts_are_another_measurement_and_nothing_else_is_made_again(platform: Platform, tmp_path: Path) -> None:
    sentences = {"eng": ("Latn", "We see."), "rus": ("Cyrl", "Мы видим."), "jpn": ("Jpan", "見えます。")}
    rows = [{"id": 1, "iso_639_3": code, "iso_15924": script, "text": text} for code, (script, text) in sentences.items()]
    path = tmp_path / "flores.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    study = with_parity(texts=["udhr", "flores_plus"], flores_plus=str(path))
    lineage = platform.lineage(study)
    assert {stage: lineage.missing(stage) for stage in STEPS if lineage.missing(stage)} == {"tokenizer_metrics": study.tokenizer_names}
    made = make_stage(platform, study, "tokenizer_metrics")["bpe_400"]
    metrics = pl.read_parquet(made.path / "metrics.parquet")
    assert set(metrics.filter(metric="flores_plus_premium")["language"]) == {"eng_Latn", "rus_Cyrl", "jpn_Jpan", "all"}
    assert platform.lineage(study).missing("tokenizer_metrics") == []
    path.write_text(path.read_text(encoding="utf-8").replace("We see", "I look"), encoding="utf-8")
    assert platform.lineage(study).missing("tokenizer_metrics") == study.tokenizer_names
    path.unlink()
    with pytest.raises(CorpusError, match=r"parity\.flores_plus"):
        platform.lineage(study).targets("tokenizer_metrics")


def test_paths_of_parallel_texts_are_relative_to_the_study_file(tmp_path: Path) -> None:
    text = MINIATURE.read_text(encoding="utf-8")
    (tmp_path / "study.yaml").write_text(f"{text}\nparity: {{texts: [flores_plus], flores_plus: texts/flores}}\n", encoding="utf-8")
    assert load_study(str(tmp_path / "study.yaml")).parity.flores_plus == str(tmp_path / "texts" / "flores")
    hub = "parity: {texts: [flores_plus], flores_plus: hub, flores_plus_revision: abc}"
    (tmp_path / "hub.yaml").write_text(f"{text}\n{hub}\n", encoding="utf-8")
    assert load_study(str(tmp_path / "hub.yaml")).parity.flores_plus == "hub"


def test_publication_tables_of_what_exists(platform: Platform, tmp_path: Path) -> None:
    study = load_study(str(MINIATURE))
    lineage = platform.lineage(study)
    for name in study.tokenizer_names:
        publishing.publish_tokenizer(platform, lineage, name, lineage.require(lineage.tokenizer_metrics(name)))
    written = write_publication_tables(platform, study, tmp_path / "new" / "tables")
    assert all(path.is_file() for path in written)
    names = {path.name for path in written}
    assert {"intrinsic_metrics.tex", "intrinsic_metrics.md", "intrinsic_metrics.csv", "fertility_by_language.tex"} <= names
    # No model is trained here.
    assert not {name for name in names if name.startswith(("ranking", "downstream", "predictors"))}
    assert r"bpe\_400" in (tmp_path / "new" / "tables" / "intrinsic_metrics.tex").read_text(encoding="utf-8")


def test_nothing_to_write_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there are no metrics yet"):
        write_publication_tables(Platform(Home(tmp_path / "home")), load_study(str(MINIATURE)), tmp_path / "tables")
    assert not (tmp_path / "tables").exists()
