"""Text: one asset for each language's documents, one for the mixture."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from uniscale_assets.assets.common import REFRESH, StageRun, StudyAssets
from uniscale_assets.assets.outcomes import AssetEvent, MaterializeConfig
from uniscale_assets.resources import corpus_steps, publishing
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.store import Artifact, Draft


def corpora_assets(of: StudyAssets) -> list[Any]:
    """The assets of group `corpora`."""
    study = of.study

    @dg.asset(
        **of.options("documents", group="corpora", kinds={"parquet"}),
        description="Documents of one language: exact duplicates dropped, split by a hash of the document id, never changed.",
    )
    def documents(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        from uniscale_assets.corpus.build import build_documents

        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "documents")

        def make(language: str, draft: Draft) -> None:
            target = run.lineage.documents(language)
            cache = run.platform.store.work_directory("documents", target.fingerprint or "")
            build_documents(study.corpus, language, draft.path, cache=cache)

        yield from run.make_each(make, publishing.describe_documents)

    @dg.asset(
        **of.options("mixture", group="corpora", kinds={"parquet"}, tables=("corpus_ledger",)),
        deps=[of.dependency("documents", dg.AllPartitionMapping())],
        description="The text of every split, mixed over languages by byte quotas, with its exact ledger.",
    )
    def mixture(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        from uniscale_assets.corpus.mixing import build_mixture

        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "mixture")

        def make(_: str, draft: Draft) -> None:
            targets = {language: run.lineage.documents(language) for language in study.corpus.languages}
            inputs = {language: run.platform.input(run.lineage, target) for language, target in targets.items()}
            build_mixture(study.corpus, inputs, draft.path)

        def describe(_: str, artifact: Artifact) -> dict[str, Any]:
            return publishing.publish_corpus(run.platform, run.lineage, artifact)

        yield from run.make_each(make, describe)

    @dg.asset(
        **of.options("corpus_quality", group="corpora", kinds={"plotly", "duckdb"}, tables=("corpus_quality",)),
        deps=[of.dependency("documents", dg.AllPartitionMapping()), of.dependency("mixture")],
        automation_condition=REFRESH,
        description="What the text is like, as a page and a table: lengths, scripts, repeated lines, what was dropped, the language mix.",
    )
    def corpus_quality(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        published = corpus_steps.publish_corpus_quality(platform.get(), platform.get().lineage(study))
        return dg.MaterializeResult(metadata=published.metadata, data_version=dg.DataVersion(published.content_hash))

    return [documents, mixture, corpus_quality]
