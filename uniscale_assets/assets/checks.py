"""Asset checks: the measured value beside its bound, over every partition that exists today.

They report. What must hold before anything is committed is verified inside the asset.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.downstream_checks import downstream_checks
from uniscale_assets.resources.dagster_platform import PlatformResource

if TYPE_CHECKING:
    import polars as pl


def study_checks(of: StudyAssets) -> list[dg.AssetChecksDefinition]:
    """The checks of one study."""
    checks = [no_document_in_two_splits(of), tokenizers_lose_nothing(of), loss_below_uniform(of), bits_below_unigram(of)]
    return [*checks, *downstream_checks(of)]


def worst(frame: "pl.DataFrame", column: str, *, bound: float, name: str) -> dg.AssetCheckResult:
    """A check that ``column`` is below ``bound`` in every row; the row nearest to failing is reported."""
    if frame.is_empty():
        return dg.AssetCheckResult(passed=True, description="Nothing exists yet.", metadata={"partitions": 0})
    row = frame.sort(column, descending=True).row(0, named=True)
    label = " ".join(str(row[part]) for part in ("tokenizer", "size", "seed") if part in row)
    passed = row[column] < bound
    described = f"{name}: worst {row[column]:.4f} ({label}), bound {bound:g}, over {len(frame)} partitions"
    return dg.AssetCheckResult(
        passed=passed, description=described, metadata={"worst": row[column], "bound": bound, "partition": label, "partitions": len(frame)}
    )


def no_document_in_two_splits(of: StudyAssets) -> dg.AssetChecksDefinition:
    """Document ids that more than one split holds, over all languages: none."""

    @dg.asset_check(asset=of.key("mixture"), description="No document is in two splits, in any language.")
    def document_in_one_split(platform: PlatformResource) -> dg.AssetCheckResult:
        import duckdb

        from uniscale_assets.corpus.spec import SPLITS

        lineage = platform.get().lineage(of.study)
        mixture = lineage.find(lineage.mixture())
        if mixture is None:
            return dg.AssetCheckResult(passed=True, description="Nothing exists yet.")
        parts = [f"SELECT DISTINCT id, '{split}' AS split FROM read_parquet('{mixture.path / split}.parquet')" for split in SPLITS]  # noqa: S608
        query = f"SELECT count(*) FROM (SELECT id FROM ({' UNION ALL '.join(parts)}) GROUP BY id HAVING count(*) > 1)"  # noqa: S608
        shared = duckdb.connect().execute(query).fetchone()
        count = int(shared[0]) if shared else 0
        return dg.AssetCheckResult(passed=count == 0, metadata={"documents in two splits": count, "bound": 0})

    return document_in_one_split


def tokenizers_lose_nothing(of: StudyAssets) -> dg.AssetChecksDefinition:
    """Bytes of the test split that every tokenizer gave back unchanged before it was committed."""

    @dg.asset_check(asset=of.key("tokenizer"), description="Every tokenizer gave test documents back, but for lossy ones.")
    def lossless(platform: PlatformResource) -> dg.AssetCheckResult:
        lineage = platform.get().lineage(of.study)
        found = {name: lineage.find(lineage.tokenizer(name)) for name in of.study.tokenizer_names}
        made = {name: artifact.metadata for name, artifact in found.items() if artifact}
        verified = {name: measured.get("verified bytes", 0) for name, measured in made.items()}
        lossy = {name: measured["ambiguous_share"] for name, measured in made.items() if measured.get("lossy")}
        metadata: dict[str, Any] = {f"{name}: bytes given back": value for name, value in verified.items() if name not in lossy}
        metadata |= {f"{name}: lossy as the study allows, share of windows lost": share for name, share in lossy.items()}
        return dg.AssetCheckResult(passed=all(value > 0 for value in verified.values()), metadata=metadata)

    return lossless


def loss_below_uniform(of: StudyAssets) -> dg.AssetChecksDefinition:
    """Final training loss / log(vocabulary): a model that learned nothing is at 1."""

    @dg.asset_check(asset=of.key("checkpoint"), description="Every model ends well below the loss of a uniform guess, ln V.")
    def trained(platform: PlatformResource) -> dg.AssetCheckResult:
        import polars as pl

        from uniscale_assets.resources.planning import vocabulary_size

        lineage = platform.get().lineage(of.study)
        runs = platform.get().rows_of_today("training_runs", lineage, "checkpoint")
        names = of.study.tokenizer_names
        sizes = pl.DataFrame({"tokenizer": names, "vocab_size": [vocabulary_size(lineage, name) for name in names]})
        share = pl.col("final_loss_nats") / pl.col("vocab_size").log()
        return worst(runs.join(sizes, on="tokenizer").with_columns(share.alias("share")), "share", bound=0.9, name="final loss / ln V")

    return trained


def bits_below_unigram(of: StudyAssets) -> dg.AssetChecksDefinition:
    """Bits per byte of every model / those of a unigram model over the same tokens."""

    @dg.asset_check(asset=of.key("bits_per_byte"), description="Every model is below the unigram bits per byte of its tokenizer.")
    def below_unigram(platform: PlatformResource) -> dg.AssetCheckResult:
        import polars as pl

        lineage = platform.get().lineage(of.study)
        scores = platform.get().rows_of_today("bits_per_byte", lineage, "bits_per_byte").filter(pl.col("language") == "all")
        tokenizers = platform.get().rows_of_today("tokenizers", lineage, "tokenizer_metrics")
        joined = scores.join(tokenizers.select("tokenizer", "unigram_bits_per_byte"), on="tokenizer")
        share = pl.col("bits_per_byte") / pl.col("unigram_bits_per_byte")
        return worst(joined.with_columns(share.alias("share")), "share", bound=1.0, name="bits per byte / unigram bits per byte")

    return below_unigram
