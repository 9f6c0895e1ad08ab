"""From committed artifacts to metric rows and to the metadata that the UI shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.lineage import Lineage
from uniscale_assets.partition_keys import GridKey
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.store import Artifact
from uniscale_assets.study import Study
from uniscale_assets.tables import TABLES

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.corpus.ledger import LanguageLedger, MixtureLedger
    from uniscale_assets.corpus.spec import SplitName
    from uniscale_assets.modeling.records import TrainingRecord

WHOLE = "all"


def markdown(text: str) -> Any:
    """Metadata that the UI renders as Markdown, inline pictures included."""
    import dagster as dg

    return dg.MetadataValue.md(text)


def with_columns(frame: pl.DataFrame, table: str, **constants: Any) -> pl.DataFrame:
    """A frame with constant columns added, its columns in the table's order."""
    import polars as pl

    columns = [pl.lit(value).alias(name) for name, value in constants.items()]
    return frame.with_columns(columns).select(TABLES[table].column_names)


def describe_documents(_: str, artifact: Artifact) -> dict[str, Any]:
    """Counts of one language."""
    from uniscale_assets.corpus.ledger import read_ledger

    ledger = read_ledger(artifact.path)
    splits = {f"{split} bytes": counts.bytes for split, counts in ledger.splits.items()}
    return {
        "documents": ledger.total.documents,
        "bytes": ledger.total.bytes,
        "exact duplicates dropped": ledger.duplicates.documents,
        "near-duplicates dropped": ledger.near_duplicates.documents if ledger.near_duplicates else None,
        **splits,
    }


def publish_corpus(platform: Platform, lineage: Lineage[Artifact], mixture: Artifact) -> dict[str, Any]:
    """Write the corpus ledger of a study."""
    import polars as pl

    from uniscale_assets.corpus.ledger import read_ledger, read_mixture_ledger

    study = lineage.study
    ledgers = [read_ledger(lineage.require(lineage.documents(language)).path) for language in study.corpus.languages]
    mixed = read_mixture_ledger(mixture.path)
    rows = [ledger_row(ledger, mixed, split) for ledger in ledgers for split in ledger.splits]
    frame = with_columns(pl.DataFrame(rows), "corpus_ledger", study=study.name, fingerprint=mixture.fingerprint)
    platform.warehouse.replace("corpus_ledger", study.name, WHOLE, frame)
    return {**{f"{split} bytes": mixed.total(split).bytes for split in mixed.splits}, **contaminated_documents(mixed)}


def contaminated_documents(mixed: MixtureLedger) -> dict[str, int]:
    """Training documents that share n-grams with evaluation text, by split; nothing where the study does not look for them."""
    found = mixed.decontamination
    done = "removed" if found and found.removed else "listed"
    return {
        f"{split} documents contaminated and {done}": sum(counts.documents for counts in by_language.values())
        for split, by_language in (found.found if found else {}).items()
    }


def ledger_row(ledger: LanguageLedger, mixed: MixtureLedger, split: SplitName) -> dict[str, str | int]:
    """One line of the corpus ledger, study and fingerprint apart."""
    from uniscale_assets.corpus.ledger import Counts

    counts, taken = ledger.splits[split], mixed.splits[split].get(ledger.language, Counts())
    return {
        "language": ledger.language,
        "split": split,
        **counts.model_dump(),
        "duplicates": ledger.duplicates.documents,
        "mixture_documents": taken.documents,
        "mixture_bytes": taken.bytes,
    }


def describe_tokenizer(_: str, artifact: Artifact) -> dict[str, Any]:
    """Vocabulary size and sample tokens."""
    from uniscale_assets.tokenization.loading import load_tokenizer
    from uniscale_assets.tokenization.metrics import sample_tokens

    tokenizer = load_tokenizer(artifact.path)
    lines = [f"| {token.id} | {token.bytes} | {code_span(token.text)} |" for token in sample_tokens(tokenizer)]
    table = "\n".join(["| id | bytes | token |", "|---|---|---|", *lines])
    shown = markdown(table) if lines else "none: its tokens mean nothing one by one"
    return {"vocabulary size": tokenizer.vocab_size, "sample tokens": shown, **artifact.metadata}


def code_span(text: str) -> str:
    """Text as Markdown code in a table cell, with spaces and line ends visible."""
    shown = text.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t").replace(" ", "\u2423")
    return "`` " + shown.replace("|", "\\|") + " ``"


def describe_shards(_: str, artifact: Artifact) -> dict[str, Any]:
    """Bytes and tokens of each split."""
    from uniscale_assets.tokenization.shards import read_summary

    summary = read_summary(artifact.path)
    counts = {f"{split} tokens": counts.tokens for split, counts in summary.splits.items()}
    return {"bytes per token": summary.bytes_per_token, **counts}


def publish_tokenizer(platform: Platform, lineage: Lineage[Artifact], name: str, artifact: Artifact) -> dict[str, Any]:
    """Write the rows of one tokenizer: its intrinsic metrics, and its line in the table of tokenizers."""
    import polars as pl

    from uniscale_assets.figures.inline import inline_bytes_per_token
    from uniscale_assets.neural_compression.measuring import bits_rows
    from uniscale_assets.tokenization.description import read_description
    from uniscale_assets.tokenization.metric_rows import frame_of
    from uniscale_assets.tokenization.shards import read_summary

    study, spec = lineage.study, lineage.study.tokenizer(name)
    summary = read_summary(lineage.require(lineage.token_shards(name)).path)
    metrics = intrinsic_metrics(artifact)
    if study.compresses:
        metrics = metrics.vstack(frame_of(bits_rows(metrics, summary.vocab_size)))
    constants = {"study": study.name, "tokenizer": name, "fingerprint": artifact.fingerprint}
    platform.warehouse.replace("tokenizer_metrics", study.name, name, with_columns(metrics, "tokenizer_metrics", **constants))
    vocabulary = lineage.require(lineage.vocabulary(study.vocabulary_of(name)))
    line = pl.DataFrame(
        {
            "family": [spec.family],
            "vocab_size": [summary.vocab_size],
            "pretokenizer": [spec.pretokenizer],
            "bytes_per_token": [summary.bytes_per_token],
            "unigram_bits_per_byte": [overall(metrics, "unigram_bits_per_byte")],
            "training_seconds": [vocabulary.metadata["training seconds"]],
            "peak_memory_bytes": [vocabulary.metadata["peak memory bytes"]],
            "encoding_flops_per_byte": [read_description(lineage.require(lineage.tokenizer(name)).path).encoding_flops_per_byte],
        }
    )
    platform.warehouse.replace("tokenizers", study.name, name, with_columns(line, "tokenizers", **constants))
    return {
        "vocabulary size": summary.vocab_size,
        "bytes per token": line["bytes_per_token"].item(),
        "unigram bits per byte": line["unigram_bits_per_byte"].item(),
        "training seconds": line["training_seconds"].item(),
        "peak memory bytes": line["peak_memory_bytes"].item(),
        **artifact.metadata,
        "bytes per token by language": markdown(inline_bytes_per_token(metrics, f"{name}: bytes per token")),
    }


def intrinsic_metrics(artifact: Artifact) -> pl.DataFrame:
    """The metrics of an artifact and what encoding cost when it was made."""
    import polars as pl

    from uniscale_assets.tokenization.metric_rows import frame_of
    from uniscale_assets.tokenization.metrics_throughput import EncodingCost, cost_rows

    cost = EncodingCost(artifact.metadata["bytes per CPU second"], artifact.metadata["encoding memory bytes"])
    return pl.read_parquet(artifact.path / "metrics.parquet").vstack(frame_of(cost_rows(cost)))


def overall(metrics: pl.DataFrame, metric: str) -> float:
    """The value of a metric over all languages."""
    import polars as pl

    return metrics.filter((pl.col("metric") == metric) & (pl.col("language") == "all"))["value"].item()


def model_constants(study: Study, key: GridKey, artifact: Artifact) -> dict[str, Any]:
    """The columns that say which model a row is of."""
    return {
        "study": study.name,
        "tokenizer": key.tokenizer,
        "size": key.model.size,
        "budget": key.model.budget,
        "seed": key.model.seed,
        "fingerprint": artifact.fingerprint,
    }


def publish_training(platform: Platform, study: Study, key: GridKey, artifact: Artifact) -> dict[str, Any]:
    """Write the rows of one training: what it was, what it cost, and its loss curve."""
    import polars as pl

    from uniscale_assets.figures.inline import inline_loss_curve
    from uniscale_assets.figures.sparkline import inline_loss_sparkline
    from uniscale_assets.modeling.training import read_record

    constants = model_constants(study, key, artifact)
    record, measured = read_record(artifact.path), artifact.metadata
    line = pl.DataFrame([{**record_row(record), **{name: measured[name] for name in MEASURED}}])
    platform.warehouse.replace("training_runs", study.name, str(key), with_columns(line, "training_runs", **constants))
    curve = pl.read_parquet(artifact.path / "curve.parquet")
    platform.warehouse.replace("training_curves", study.name, str(key), with_columns(curve, "training_curves", **constants))
    return {
        "loss curve": markdown(inline_loss_sparkline(curve)),
        "loss curve in full": markdown(inline_loss_curve(curve, f"{key}: training loss")),
        **in_words({**record_row(record), **measured}),
    }


def in_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values under names as people write them."""
    written = {"_": " ", "flops": "FLOPs", "non embedding": "non-embedding"}
    named: dict[str, Any] = {}
    for name, value in values.items():
        for old, new in written.items():
            name = name.replace(old, new)  # noqa: PLW2901
        named[name] = value
    return named


def record_row(record: TrainingRecord) -> dict[str, Any]:
    """The columns of ``training_runs`` that a record gives."""
    return record.model_dump(include=set(TABLES["training_runs"].column_names) - {"size", "seed", "fingerprint"})


MEASURED = ("seconds", "cpu_seconds", "tokens_per_second", "peak_memory_bytes", "device")


def publish_evaluation(platform: Platform, study: Study, key: GridKey, artifact: Artifact) -> dict[str, Any]:
    """Write the scores of one model, by language and by document."""
    import polars as pl

    constants = model_constants(study, key, artifact)
    scores = read_scores(artifact.path, "document_scores.parquet", study)
    platform.warehouse.replace("document_scores", study.name, str(key), with_columns(scores, "document_scores", **constants))
    languages = read_scores(artifact.path, "bits_per_byte.parquet", study)
    platform.warehouse.replace("bits_per_byte", study.name, str(key), with_columns(languages, "bits_per_byte", **constants))
    whole = languages.row(by_predicate=pl.col("language") == "all", named=True)
    names = ("bits_per_byte", "byte_perplexity", "token_perplexity", "documents", "bytes", "tokens", "context_bytes", "stride_bytes")
    shown = {**{name: whole[name] for name in names}, **artifact.metadata}
    return {"bits per byte by language": markdown(by_language(languages)), **in_words(shown)}


def by_language(scores: pl.DataFrame) -> str:
    """Bits per byte by language as a Markdown table, the worst first."""
    rows = scores.sort("bits_per_byte", descending=True).iter_rows(named=True)
    lines = [f"| {row['language']} | {row['bits_per_byte']:.4f} | {row['bytes']} |" for row in rows if row["language"] != "all"]
    return "\n".join(["| language | bits per byte | bytes |", "|---|--:|--:|", *lines])


def read_scores(directory: Path, name: str, study: Study) -> pl.DataFrame:
    """A file of an evaluation, with the split that was scored."""
    import polars as pl

    return pl.read_parquet(directory / name).with_columns(pl.lit(study.evaluation.split).alias("split"))
