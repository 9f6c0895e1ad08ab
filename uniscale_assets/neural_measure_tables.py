"""The tables of the measures of neural compression: what streams are like, and what models make of them (arXiv 2404.03626)."""

from __future__ import annotations

from uniscale_assets.table_columns import FINGERPRINT, LANGUAGE, MODEL, STUDY, TOKENIZER, Column, Table

COMPRESSION = Table(
    "compression",
    "Compression in tokens and in bits by tokenizer and language, on the test split.",
    (
        STUDY,
        TOKENIZER,
        Column("family", "VARCHAR", "bytes, gzip, ac, equal_info, bpe, ..."),
        Column("vocab_size", "BIGINT", "ids, the separator among them"),
        LANGUAGE,
        Column("bytes_per_token", "DOUBLE", "raw bytes / tokens: the compression ratio in tokens"),
        Column("compression_in_bits", "DOUBLE", "bits of the raw text / bits of its tokens, each of log2(vocab_size - 1)"),
        Column("uniform_bits_per_byte", "DOUBLE", "log2(vocab_size - 1) / bytes per token: a uniform model"),
        Column("unigram_bits_per_byte", "DOUBLE", "of a model of token frequencies, fitted on train, scored on test"),
    ),
)
INFERENCE_COSTS = Table(
    "inference_costs",
    "Bits per byte against FLOPs of inference and bytes per step, the tokenizer's own cost included; means over seeds.",
    (
        STUDY,
        Column("budget", "VARCHAR", "budget where the study lists several, else empty"),
        TOKENIZER,
        Column("family", "VARCHAR", "of the tokenizer"),
        Column("size", "VARCHAR", "named size: non-embedding parameters"),
        Column("seeds", "BIGINT", "models"),
        Column("bits_per_byte", "DOUBLE", "mean over seeds, over all languages"),
        Column("standard_deviation", "DOUBLE", "of one seed, bits per byte; null with one seed"),
        Column("flops_per_byte", "DOUBLE", "FLOPs of reading one raw byte: body, head, attention and tokenizer"),
        Column("body_flops_per_byte", "DOUBLE", "2 x non-embedding parameters / bytes per token, and the tokenizer's"),
        Column("encoding_flops_per_byte", "DOUBLE", "of them the tokenizer's own; 0 where pieces are looked up"),
        Column("bytes_per_step", "DOUBLE", "raw bytes / tokens of the evaluated text"),
        Column("uniform_bits_per_byte", "DOUBLE", "of a uniform model over the tokenizer's ids"),
    ),
)
WELCH_TESTS = Table(
    "welch_tests",
    "Welch's t-test over seeds for every pair of tokenizers at one size.",
    (
        STUDY,
        Column("budget", "VARCHAR", "budget where the study lists several, else empty"),
        Column("size", "VARCHAR", "named size"),
        TOKENIZER,
        Column("other", "VARCHAR", "the tokenizer that it is compared with"),
        Column("family", "VARCHAR", "of the first"),
        Column("other_family", "VARCHAR", "of the other"),
        Column("seeds", "BIGINT", "of the first"),
        Column("other_seeds", "BIGINT", "of the other"),
        Column("difference", "DOUBLE", "mean bits per byte of the first less that of the other"),
        Column("t_statistic", "DOUBLE", "null where a tokenizer has one seed or neither varies"),
        Column("degrees_of_freedom", "DOUBLE", "by Welch and Satterthwaite"),
        Column("p_value", "DOUBLE", "two-sided"),
    ),
)
PREFIX_DISTANCES = Table(
    "prefix_distances",
    "Edit distances between the tokenizations of one sentence under one-word prefixes, over all pairs of prefixes.",
    (
        STUDY,
        TOKENIZER,
        Column("distance", "BIGINT", "tokens inserted, deleted or replaced"),
        Column("pairs", "BIGINT", "pairs of prefixes at this distance"),
        Column("share", "DOUBLE", "of all pairs"),
        Column("mean_tokens", "DOUBLE", "tokens of the sentence with a prefix; the same in every row of a tokenizer"),
        FINGERPRINT,
    ),
)
SENTENCE_PIECES = Table(
    "sentence_pieces",
    "One sentence as every tokenizer cuts it.",
    (
        STUDY,
        TOKENIZER,
        Column("position", "BIGINT", "of the piece, from 0"),
        Column("ids", "VARCHAR", "tokens of the piece; those that account for no bytes go with the one after them"),
        Column("text", "VARCHAR", "bytes of the piece; those that are no UTF-8 as \\xNN"),
        FINGERPRINT,
    ),
)
TOKEN_TEXTS = Table(
    "token_texts",
    "Texts of the windows that hold a token, by its place in the window.",
    (
        STUDY,
        TOKENIZER,
        Column("token", "BIGINT", "id; null: over all tokens"),
        Column("position", "BIGINT", "place in the window, from 1"),
        Column("windows", "BIGINT", "that hold the token there"),
        Column("distinct_texts", "BIGINT", "different texts among them"),
        Column("first_byte_share", "DOUBLE", "of them that begin with their most frequent first byte"),
        Column("texts", "VARCHAR", "a sample of different texts"),
        FINGERPRINT,
    ),
)
BIT_UNIFORMITY = Table(
    "bit_uniformity",
    "Kullback-Leibler divergence of a tokenizer's bits from uniform, with its band over partitions of the stream.",
    (
        STUDY,
        TOKENIZER,
        Column("control", "BOOLEAN", "true: of as many random bytes"),
        Column("segmentation", "VARCHAR", "n-grams (at every bit) or tokens (end to end)"),
        Column("bits", "BIGINT", "of a segment"),
        Column("estimator", "VARCHAR", "of the entropy: plug-in or miller-madow"),
        Column("partitions", "BIGINT", "disjoint parts of the stream"),
        Column("segments", "BIGINT", "of each partition"),
        Column("low", "DOUBLE", "5 % of the partitions lie below, bits"),
        Column("median", "DOUBLE", "bits"),
        Column("high", "DOUBLE", "95 % of the partitions lie below, bits"),
        FINGERPRINT,
    ),
)
POSITION_ACCURACY = Table(
    "position_accuracy",
    "Teacher-forced top-1 accuracy of every model by the place of the token in its window.",
    (
        *MODEL,
        Column("position", "BIGINT", "place in the window, from 1"),
        Column("tokens", "BIGINT", "asked"),
        Column("correct", "BIGINT", "that the model gives the highest probability"),
        Column("accuracy", "DOUBLE", "correct / tokens"),
        Column("commonest_share", "DOUBLE", "of the tokens at this place that are the most frequent one: a guess without a model"),
        FINGERPRINT,
    ),
)
CODER_TASKS = Table(
    "coder_tasks",
    "Whether a transformer learns a coder: compression and decompression as sequence-to-sequence tasks.",
    (
        STUDY,
        TOKENIZER,
        Column("task", "VARCHAR", "decompress, compress; 'bytes alone': the control, which sees no code"),
        Column("seed", "BIGINT", "of initialization and order"),
        Column("texts", "BIGINT", "asked"),
        Column("tokens", "BIGINT", "target tokens asked"),
        Column("accuracy", "DOUBLE", "of target tokens, given the true ones before"),
        Column("whole_texts", "BIGINT", "texts whose target tokens are all right"),
        Column("cross_entropy_nats", "DOUBLE", "mean over target tokens"),
        Column("uniform_nats", "DOUBLE", "of a uniform guess among the ids of a target"),
        Column("length", "BIGINT", "tokens of a pair, padding among them"),
        Column("training_flops", "DOUBLE", "of its training"),
        FINGERPRINT,
    ),
)
NUMERICAL_STABILITY = Table(
    "numerical_stability",
    "What of a byte model's coding changes with precision, batch size and cache.",
    (
        STUDY,
        Column("byte_model", "VARCHAR", "name of the byte model in the study"),
        Column("question", "VARCHAR", "precision, batch size or cache"),
        Column("reference", "VARCHAR", "how the byte model was run"),
        Column("variant", "VARCHAR", "how it was run otherwise"),
        Column("unit", "VARCHAR", "distributions, arithmetic documents, windows or window documents"),
        Column("changed", "BIGINT", "units that differ"),
        Column("whole", "BIGINT", "all units"),
        Column("share", "DOUBLE", "changed / whole"),
        FINGERPRINT,
    ),
)
NEURAL_MEASURE_TABLES = (
    COMPRESSION,
    INFERENCE_COSTS,
    WELCH_TESTS,
    PREFIX_DISTANCES,
    SENTENCE_PIECES,
    TOKEN_TEXTS,
    BIT_UNIFORMITY,
    POSITION_ACCURACY,
    CODER_TASKS,
    NUMERICAL_STABILITY,
)
