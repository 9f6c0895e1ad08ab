"""Text through Dagster with every step on: documents, mixture, and the page on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.definitions import study_assets
from uniscale_assets.home import Home
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.platform import Platform
from uniscale_assets.study import Study, load_study, parse_study

SENTENCE = "this very sentence is copied from one page into another page by somebody who has had no time to write one"


def write_texts(folder: Path) -> None:
    """300 English documents of their own words; one is nearly another, and one in five hold the same sentence."""
    texts = [" ".join(f"w{(number + 1) * (word + 3) * 7919 % 99_991}" for word in range(80)) for number in range(300)]
    texts[1] = texts[0].replace(texts[0].split()[40], "changed")
    texts[2::5] = [f"{text} {SENTENCE}" for text in texts[2::5]]
    lines = [json.dumps({"id": f"d{number}", "text": text}) for number, text in enumerate(texts)]
    (folder / "eng.jsonl").write_text("\n".join(lines))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("texts")
    write_texts(folder)
    content = load_study(str(Path(__file__).parents[1] / "miniature.yaml")).model_dump(mode="json")
    content["name"] = "steps"
    content["corpus"] = {
        "source": "files",
        "languages": ["eng_Latn"],
        "files": {"eng_Latn": str(folder / "eng.jsonl")},
        "near_duplicates": {},
        "decontamination": {"against": ["test"]},
    }
    return parse_study(content, "steps")


@pytest.fixture(scope="module")
def materialized(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, dg.DagsterInstance]]:
    home = Home(tmp_path_factory.mktemp("home"))
    of = StudyAssets(study)
    with dg.DagsterInstance.ephemeral() as instance:
        for asset in ("documents", "mixture", "corpus_quality"):
            result = dg.materialize(
                study_assets(study),
                selection=dg.AssetSelection.assets(of.key(asset)),
                instance=instance,
                resources={"platform": PlatformResource(home=str(home.root))},
                partition_key="eng_Latn" if asset == "documents" else None,
            )
            assert result.success, asset
        yield Platform(home), instance


def metadata_of(materialized: tuple[Platform, dg.DagsterInstance], study: Study, asset: str) -> dict[str, object]:
    event = materialized[1].get_latest_materialization_event(StudyAssets(study).key(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_the_page_shows_what_was_dropped(materialized: tuple[Platform, dg.DagsterInstance], study: Study) -> None:
    assert metadata_of(materialized, study, "documents")["near-duplicates dropped"] == 1
    removed = metadata_of(materialized, study, "mixture")["train documents contaminated and removed"]
    assert isinstance(removed, int)
    assert removed > 20
    shown = metadata_of(materialized, study, "corpus_quality")
    assert f"{removed} training documents" in str(shown["summary"])
    assert Path(str(shown["page"])).is_file()
    rows = materialized[0].warehouse.rows("corpus_quality", "steps")
    assert rows.filter(metric="contaminated_documents", split="train", language="all")["value"].item() == removed


def test_the_mixture_holds_no_training_document_with_the_sentence(materialized: tuple[Platform, dg.DagsterInstance], study: Study) -> None:
    from uniscale_assets.corpus.mixing import iterate_documents

    lineage = materialized[0].lineage(study)
    mixture = lineage.require(lineage.mixture()).path
    assert not [document.id for document in iterate_documents(mixture, "train") if SENTENCE in document.text]
    assert [document.id for document in iterate_documents(mixture, "test") if SENTENCE in document.text]
