"""The metric tables: every column with its type and what it means. The one definition of their schemas."""

from __future__ import annotations

from uniscale_assets.downstream_tables import DOWNSTREAM_TABLES
from uniscale_assets.neural_measure_tables import NEURAL_MEASURE_TABLES
from uniscale_assets.neural_tables import BYTE_MODELS
from uniscale_assets.predictor_tables import PREDICTORS
from uniscale_assets.scaling_tables import SCALING_TABLES
from uniscale_assets.table_columns import FINGERPRINT, LANGUAGE, MODEL, SPLIT, STUDY, TOKENIZER, Column, ColumnType, Table

__all__ = ["FINGERPRINT", "LANGUAGE", "MODEL", "SPLIT", "STUDY", "TABLES", "TOKENIZER", "Column", "ColumnType", "Table"]

CORPUS_LEDGER = Table(
    "corpus_ledger",
    "Exact counts of the text, by language and split.",
    (
        STUDY,
        LANGUAGE,
        SPLIT,
        Column("documents", "BIGINT", "documents"),
        Column("bytes", "BIGINT", "UTF-8 bytes of the raw text"),
        Column("characters", "BIGINT", "Unicode scalar values"),
        Column("duplicates", "BIGINT", "exact duplicates dropped from this language, over all its splits"),
        Column("mixture_documents", "BIGINT", "documents of this split that the study's mixture takes"),
        Column("mixture_bytes", "BIGINT", "bytes of them"),
        FINGERPRINT,
    ),
)
CORPUS_QUALITY = Table(
    "corpus_quality",
    "What the text is like: lengths, scripts, repeated lines, what was dropped, the mix of languages; one metric a row.",
    (
        STUDY,
        LANGUAGE,
        Column("split", "VARCHAR", "tokenizer, train, validation or test; 'all' is over every split"),
        Column("metric", "VARCHAR", "document_bytes, script_share, repeated_line_share, near_duplicate_share, asked_share, ..."),
        Column("part", "VARCHAR", "which quantile, which script (ISO 15924), repeated where; empty where a metric has one value"),
        Column("value", "DOUBLE", "its value"),
        Column("unit", "VARCHAR", "its unit"),
        FINGERPRINT,
    ),
)
TOKENIZERS = Table(
    "tokenizers",
    "The tokenizers of a study.",
    (
        STUDY,
        TOKENIZER,
        Column("family", "VARCHAR", "bpe, unigram, ..."),
        Column("vocab_size", "BIGINT", "ids, all together"),
        Column("pretokenizer", "VARCHAR", "preset that cuts text before the family sees it"),
        Column("bytes_per_token", "DOUBLE", "compression rate T: raw bytes / tokens of the mixed validation text"),
        Column(
            "unigram_bits_per_byte",
            "DOUBLE",
            "bits per byte of a unigram model over its tokens, fitted on train with add-one smoothing, scored on test",
        ),
        Column("training_seconds", "DOUBLE", "wall seconds of training its vocabulary (shared by nested tokenizers)"),
        Column("peak_memory_bytes", "BIGINT", "peak resident memory of that training"),
        Column("encoding_flops_per_byte", "DOUBLE", "FLOPs of encoding one raw byte; 0 where pieces are looked up"),
        FINGERPRINT,
    ),
)
TOKENIZER_METRICS = Table(
    "tokenizer_metrics",
    "Intrinsic metrics, one a row.",
    (
        STUDY,
        TOKENIZER,
        LANGUAGE,
        Column("metric", "VARCHAR", "name of the metric"),
        Column("value", "DOUBLE", "its value"),
        Column("unit", "VARCHAR", "its unit"),
        FINGERPRINT,
    ),
)
TRAINING_RUNS = Table(
    "training_runs",
    "One trained model a row: parameters, FLOPs, bytes and what it cost.",
    (
        *MODEL,
        Column("architecture", "VARCHAR", "apertus or llama"),
        Column("non_embedding_parameters", "BIGINT", "size N: all but embeddings and head"),
        Column("embedding_parameters", "BIGINT", "input embeddings"),
        Column("head_parameters", "BIGINT", "output head; 0 where it is tied to the embeddings"),
        Column("context_tokens", "BIGINT", "window length S in tokens"),
        Column("steps", "BIGINT", "optimizer steps"),
        Column("bytes", "BIGINT", "raw bytes trained on, exactly; the budget in bytes and the overshoot"),
        Column("text_tokens", "BIGINT", "text tokens trained on"),
        Column("separator_tokens", "BIGINT", "separators among the labels"),
        Column("overshoot_bytes", "BIGINT", "bytes of the last token that lie past a budget in bytes; the labels after it are masked"),
        Column("bytes_per_token", "DOUBLE", "raw bytes / text tokens of what it trained on"),
        Column("training_flops", "DOUBLE", "FLOPs of training, all parts"),
        Column("body_flops", "DOUBLE", "of them 6N a token"),
        Column("attention_flops", "DOUBLE", "of them causal attention, halved"),
        Column("head_flops", "DOUBLE", "of them the output head"),
        Column("final_loss_nats", "DOUBLE", "mean training loss over the last twentieth of the run, nats per label"),
        Column("seconds", "DOUBLE", "wall seconds of training, over all attempts"),
        Column("cpu_seconds", "DOUBLE", "process CPU seconds of training, over all attempts"),
        Column("tokens_per_second", "DOUBLE", "text tokens / second"),
        Column("peak_memory_bytes", "BIGINT", "peak memory of the device (resident memory on a CPU)"),
        Column("device", "VARCHAR", "what it trained on"),
        FINGERPRINT,
    ),
)
TRAINING_CURVES = Table(
    "training_curves",
    "Loss of every model over its training; each row is the mean over the steps since the row before.",
    (
        *MODEL,
        Column("step", "BIGINT", "optimizer steps done"),
        Column("bytes", "BIGINT", "raw bytes trained on so far"),
        Column("tokens", "BIGINT", "text tokens trained on so far"),
        Column("flops", "DOUBLE", "training FLOPs so far"),
        Column("loss_nats", "DOUBLE", "training loss, nats per label"),
        Column("bits_per_byte", "DOUBLE", "training loss over text tokens, bits per raw byte"),
        Column("learning_rate", "DOUBLE", "of the first parameter group, at the row's last step"),
        FINGERPRINT,
    ),
)
BITS_PER_BYTE = Table(
    "bits_per_byte",
    "Bits per byte of every model, by language and over all.",
    (
        *MODEL,
        SPLIT,
        LANGUAGE,
        Column("documents", "BIGINT", "documents scored"),
        Column("bytes", "BIGINT", "raw bytes scored"),
        Column("tokens", "BIGINT", "text tokens scored"),
        Column("negative_log_likelihood_nats", "DOUBLE", "sum over every text token"),
        Column(
            "separator_negative_log_likelihood_nats", "DOUBLE", "sum over the separators that close documents; not part of bits per byte"
        ),
        Column("bits_per_byte", "DOUBLE", "negative_log_likelihood_nats / ln 2 / bytes"),
        Column("byte_perplexity", "DOUBLE", "2^bits_per_byte"),
        Column("token_perplexity", "DOUBLE", "exp(negative_log_likelihood_nats / tokens)"),
        Column("context_bytes", "BIGINT", "window length, bytes"),
        Column("stride_bytes", "BIGINT", "window step, bytes"),
        Column("context_tokens", "BIGINT", "window length S, tokens"),
        Column("stride_tokens", "BIGINT", "window step, tokens"),
        FINGERPRINT,
    ),
)
DOCUMENT_SCORES = Table(
    "document_scores",
    "The score of every document by every model.",
    (
        *MODEL,
        SPLIT,
        LANGUAGE,
        Column("document", "VARCHAR", "document id; the same for translations of one document"),
        Column("bytes", "BIGINT", "raw bytes"),
        Column("tokens", "BIGINT", "text tokens"),
        Column("negative_log_likelihood_nats", "DOUBLE", "sum over its text tokens"),
        Column("separator_negative_log_likelihood_nats", "DOUBLE", "of the separator that closes it"),
        FINGERPRINT,
    ),
)
RANK_CORRELATIONS = Table(
    "rank_correlations",
    "Agreement between every pair of sizes, one metric and statistic a row.",
    (
        STUDY,
        Column("budget", "VARCHAR", "budget of both sizes where the study lists several, else empty"),
        Column("metric", "VARCHAR", "what is ranked by: bits_per_byte, or a downstream task and its metric: 'spelling acc_bytes'"),
        LANGUAGE,
        Column("small_size", "VARCHAR", "the size that predicts"),
        Column("large_size", "VARCHAR", "the size that is predicted"),
        Column(
            "group_name",
            "VARCHAR",
            "'all' tokenizers, those of one vocabulary size: 'vocab_size=1024', or 'equal vocab_size': only pairs of equal size",
        ),
        Column("tokenizers", "BIGINT", "tokenizers that both sizes have"),
        Column("statistic", "VARCHAR", "spearman, kendall, decision_accuracy, winner_probability, regret, ..."),
        Column("value", "DOUBLE", "its value; null where it is not defined"),
        Column("low", "DOUBLE", "lower end of the 95 % interval for these tokenizers"),
        Column("high", "DOUBLE", "upper end"),
        Column("population_low", "DOUBLE", "lower end of the 95 % interval for tokenizers like these"),
        Column("population_high", "DOUBLE", "upper end"),
        Column("p_value", "DOUBLE", "two-sided permutation p-value; exact up to 9 tokenizers"),
        Column("unit", "VARCHAR", "unit of value"),
        Column("note", "VARCHAR", "why a value is missing, or how it was got"),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        CORPUS_LEDGER,
        CORPUS_QUALITY,
        BYTE_MODELS,
        TOKENIZERS,
        TOKENIZER_METRICS,
        TRAINING_RUNS,
        TRAINING_CURVES,
        BITS_PER_BYTE,
        DOCUMENT_SCORES,
        RANK_CORRELATIONS,
        PREDICTORS,
        *SCALING_TABLES,
        *DOWNSTREAM_TABLES,
        *NEURAL_MEASURE_TABLES,
    )
}
