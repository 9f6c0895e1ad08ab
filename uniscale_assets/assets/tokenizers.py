"""Tokenizers: vocabularies trained once, tokenizers cut from them and verified, text encoded, metrics counted."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from uniscale_assets.assets.common import StageRun, StudyAssets
from uniscale_assets.assets.outcomes import AssetEvent, MaterializeConfig
from uniscale_assets.resources import publishing, tokenizer_steps
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.store import Artifact, Draft


def tokenizers_assets(of: StudyAssets) -> list[Any]:
    """The assets of group `tokenizers`."""
    study, partitions = of.study, of.partitions
    from_model = [of.dependency("byte_model", partitions.vocabulary_from_byte_model)] if study.byte_models else []

    @dg.asset(
        **of.options("vocabulary", group="tokenizers", kinds={"huggingface"}),
        # The page's "Materialize all" goes from partitions to partitions: without its second dependency it would end at the mixture.
        deps=[of.dependency("mixture"), of.dependency("documents", dg.AllPartitionMapping()), *from_model],
        description="What a tokenizer family learns from text or compiles from a byte model, at the largest of those that share it.",
    )
    def vocabulary(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "vocabulary")

        def make(name: str, draft: Draft) -> None:
            tokenizer_steps.train_vocabulary(run.platform, run.lineage, name, draft)

        yield from run.make_each(make, lambda _, artifact: dict(artifact.metadata))

    @dg.asset(
        **of.options("tokenizer", group="tokenizers", kinds={"huggingface"}),
        deps=[of.dependency("vocabulary", partitions.tokenizer_from_vocabulary), of.dependency("mixture")],
        description="A tokenizer with the vocabulary exactly as asked, committed only once it is shown to lose no byte.",
    )
    def tokenizer(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "tokenizer")

        def make(name: str, draft: Draft) -> None:
            tokenizer_steps.cut_and_verify(run.platform, run.lineage, name, draft)

        yield from run.make_each(make, publishing.describe_tokenizer)

    @dg.asset(
        **of.options("token_shards", group="tokenizers", kinds={"numpy"}),
        deps=[of.dependency("tokenizer"), of.dependency("mixture")],
        description="Training, validation and test text encoded once: ids, document offsets and byte ends, memory-mapped.",
    )
    def token_shards(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "token_shards")

        def make(name: str, draft: Draft) -> None:
            tokenizer_steps.encode_text(run.platform, run.lineage, name, draft)

        yield from run.make_each(make, publishing.describe_shards)

    @dg.asset(
        **of.options("tokenizer_metrics", group="tokenizers", kinds={"duckdb"}, tables=("tokenizer_metrics", "tokenizers")),
        deps=[of.dependency("token_shards"), of.dependency("tokenizer"), of.dependency("vocabulary", partitions.tokenizer_from_vocabulary)],
        description="Intrinsic metrics of a tokenizer by language: bytes per token, vocabulary used, unigram bits per byte.",
    )
    def tokenizer_metrics(context: dg.AssetExecutionContext, config: MaterializeConfig, platform: PlatformResource) -> Iterator[AssetEvent]:
        run = StageRun(context, config, platform.get(), platform.get().lineage(study), "tokenizer_metrics")

        def make(name: str, draft: Draft) -> None:
            tokenizer_steps.measure(run.platform, run.lineage, name, draft)

        def describe(name: str, artifact: Artifact) -> dict[str, Any]:
            return publishing.publish_tokenizer(run.platform, run.lineage, name, artifact)

        yield from run.make_each(make, describe)

    return [vocabulary, tokenizer, token_shards, tokenizer_metrics]
