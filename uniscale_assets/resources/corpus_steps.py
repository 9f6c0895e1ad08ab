"""What a study's text is like: from documents and mixture to the table `corpus_quality` and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.files import hash_file
from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.publishing import WHOLE, markdown, with_columns
from uniscale_assets.resources.reporting import Published
from uniscale_assets.resources.store import Artifact
from uniscale_assets.study import Study

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

PAGE_FILE = "corpus_quality.html"


def publish_corpus_quality(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Measure the text, write its table and its page.

    Raises:
        MissingInputError: the documents or the mixture of today's study are not there yet.
    """
    from uniscale_assets.corpus.quality import corpus_quality
    from uniscale_assets.figures.corpus_page import CorpusPage, summary, write_corpus_page

    study = lineage.study
    mixture = lineage.require(lineage.mixture())
    documents = {language: lineage.require(lineage.documents(language)).path for language in study.corpus.languages}
    found = corpus_quality(study.corpus, documents, mixture.path)
    rows = with_columns(found, "corpus_quality", study=study.name, fingerprint=mixture.fingerprint)
    platform.warehouse.replace("corpus_quality", study.name, WHOLE, rows)
    path = page_path(platform, study.name)
    write_corpus_page(CorpusPage(study.name, corpus_text(study), rows), path)
    return Published(hash_file(path), quality_metadata(path, rows, summary(rows)))


def page_path(platform: Platform, study: str) -> Path:
    """Where the page of a study's text lies."""
    return platform.home.reports(study) / PAGE_FILE


def corpus_text(study: Study) -> str:
    """The corpus of a study as YAML, with its defaults written out."""
    import yaml

    return yaml.safe_dump(study.corpus.model_dump(mode="json"), sort_keys=False, width=120, allow_unicode=True)


def quality_metadata(path: Path, rows: pl.DataFrame, sentences: list[str]) -> dict[str, Any]:
    """The summary in words, where the page lies, and the shares that one looks at first."""
    import dagster as dg

    whole = rows.filter(language="all", part="")
    shares = {
        f"{row['metric'].replace('_', ' ')}{'' if row['split'] == 'all' else ', ' + row['split']}": row["value"]
        for row in whole.filter(unit="share of bytes").iter_rows(named=True)
    }
    return {
        "summary": markdown(" ".join(sentences)),
        "page": dg.MetadataValue.path(str(path)),
        "link": dg.MetadataValue.url(path.as_uri()),
        **shares,
    }
