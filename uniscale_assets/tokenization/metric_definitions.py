"""Every intrinsic metric by name: what it says, its unit, and which way is better. Figures, tables and predictors read them here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from uniscale_assets.corpus.scripts import SCRIPT_NAMES

Better = Literal["higher", "lower", "neither"]

TEXTS = {"udhr": "Universal Declaration", "flores_plus": "FLORES+"}
"""parallel texts by the prefix of their metrics"""
NUMBER_LENGTHS = range(1, 9)
"""digits of the numbers whose cuts are looked at"""
SCRIPT_PREFIX = "script_share_"
NUMBER_PREFIX = "number_tokens_"


@dataclass(frozen=True)
class MetricDefinition:
    """One metric.

    Attributes:
        name: in the table `tokenizer_metrics`.
        group: heading that it stands under.
        title: for people.
        unit: of its value; of languages without spaces it may be another, which their rows say.
        better: which way a tokenizer does its work with less; ``neither`` where that is not known beforehand.
        meaning: one sentence.
    """

    name: str
    group: str
    title: str
    unit: str
    better: Better
    meaning: str


COMPRESSION, WORDS, FREQUENCIES, FAIRNESS, VOCABULARY, NUMBERS, COST = (
    "Compression",
    "Words",
    "Token frequencies",
    "Parity between languages",
    "Vocabulary",
    "Numbers",
    "Cost of encoding",
)
GROUPS = (COMPRESSION, WORDS, FREQUENCIES, FAIRNESS, VOCABULARY, NUMBERS, COST)


def plain_definitions() -> Iterator[MetricDefinition]:
    """Those that are one metric each."""
    new = MetricDefinition
    of_types = "of the tokens that occur in the training text"
    yield new("tokens", COMPRESSION, "Tokens of the test text", "tokens", "lower", "Text tokens of the test split.")
    yield new(
        "bytes_per_token", COMPRESSION, "Bytes per token", "bytes/token", "higher", "Raw bytes of the test split over its text tokens."
    )
    yield new(
        "characters_per_token", COMPRESSION, "Characters per token", "characters/token", "higher", "Unicode scalar values over text tokens."
    )
    yield new(
        "words_per_token", COMPRESSION, "Words per token", "words/token", "higher", "Words over text tokens, where words have spaces."
    )
    yield new(
        "unigram_bits_per_byte",
        COMPRESSION,
        "Unigram bits per byte",
        "bits/byte",
        "lower",
        "What a model that has seen no context spends on a byte of the test split.",
    )
    yield new("fertility", WORDS, "Fertility", "tokens/word", "lower", "Tokens that hold a part of a word, over words.")
    yield new("words_split", WORDS, "Words split", "share of words", "lower", "Share of the words that lie in more than one token.")
    yield new(
        "whole_word_tokens",
        WORDS,
        "Tokens of whole words",
        "share of tokens",
        "higher",
        "Share of the tokens that hold words and cut none.",
    )
    yield new(
        "word_final_tokens",
        WORDS,
        "Tokens that end a word",
        "share of tokens",
        "higher",
        "Share of the tokens in which the last word they hold ends.",
    )
    yield new(
        "valid_word_tokens",
        WORDS,
        "Tokens that are words of the lexicon",
        "share of tokens",
        "higher",
        "Share of the tokens that are a whole word of the text which wordfreq's list of the language has.",
    )
    yield new("cardinality", FREQUENCIES, "Token types in use", "tokens", "neither", "Different tokens in the training text.")
    yield new(
        "vocabulary_utilization",
        FREQUENCIES,
        "Vocabulary in use",
        "share",
        "higher",
        "Share of the vocabulary that occurs in the training text.",
    )
    yield new("shannon_entropy", FREQUENCIES, "Shannon entropy", "bits/token", "neither", f"Entropy of the frequencies {of_types}.")
    yield new(
        "shannon_efficiency", FREQUENCIES, "Shannon efficiency", "share", "higher", "Shannon entropy over the logarithm of the vocabulary."
    )
    yield new("renyi_entropy", FREQUENCIES, "Renyi entropy", "bits/token", "neither", f"Renyi entropy, alpha 2.5, {of_types}.")
    yield new(
        "renyi_efficiency",
        FREQUENCIES,
        "Renyi efficiency (alpha 2.5)",
        "share",
        "higher",
        "Renyi entropy over the logarithm of the vocabulary.",
    )
    yield new(
        "rank_frequency_slope",
        FREQUENCIES,
        "Slope of frequency over rank",
        "decades/decade",
        "neither",
        "Slope of the straight line through log frequency over log rank; Zipf's law has -1.",
    )
    yield new(
        "rank_frequency_area",
        FREQUENCIES,
        "Area below frequency over rank",
        "square decades",
        "neither",
        "Area below log count over log rank.",
    )
    yield new(
        "zipf_deviation",
        FREQUENCIES,
        "Deviation from Zipf's law",
        "decades",
        "lower",
        "Root mean square distance of log frequency from its straight line over log rank.",
    )
    yield new(
        "gini_over_languages",
        FAIRNESS,
        "Gini coefficient over languages",
        "share",
        "lower",
        "Inequality of tokens per byte of the test split; 0 where every language costs the same.",
    )
    yield new("token_bytes_mean", VOCABULARY, "Mean length of an entry", "bytes", "neither", "Mean bytes of the vocabulary's entries.")
    yield new(
        "token_bytes_median", VOCABULARY, "Median length of an entry", "bytes", "neither", "Median bytes of the vocabulary's entries."
    )
    yield new("token_bytes_longest", VOCABULARY, "Longest entry", "bytes", "neither", "Most bytes of an entry.")
    yield new(
        "text_token_bytes_median", VOCABULARY, "Median length of a token", "bytes", "neither", "Median bytes of a token of the test text."
    )
    yield new(
        "text_token_bytes_p90", VOCABULARY, "Long tokens", "bytes", "neither", "90th percentile of the bytes of a token of the test text."
    )
    yield new("encoding_throughput", COST, "Encoding", "bytes/CPU second", "higher", "Raw bytes of the test text encoded in a CPU second.")
    yield new("encoding_memory", COST, "Memory of encoding", "bytes", "lower", "Most resident memory above what the process held before.")


def compressing_definitions() -> Iterator[MetricDefinition]:
    """Those of studies with tokenizers that compress; the ones of windows only such a tokenizer has."""
    new = MetricDefinition
    meaning = "Logarithm of the vocabulary over bytes per token: what a model that knows nothing spends on a byte of the test split."
    yield new("uniform_bits_per_byte", COMPRESSION, "Uniform bits per byte", "bits/byte", "lower", meaning)
    meaning = "Bits of the test split's bytes over those of its tokens, each taking the logarithm of the vocabulary."
    yield new("bit_compression_ratio", COMPRESSION, "Compression in bits", "ratio", "higher", meaning)
    meaning = "Share of the windows of the test split that decode to other bytes than they were made from."
    yield new("ambiguous_share", COMPRESSION, "Ambiguous windows", "share of windows", "lower", meaning)
    meaning = "Share of the test documents that are not given back."
    yield new("ambiguous_documents", COMPRESSION, "Documents lost", "share of documents", "lower", meaning)
    meaning = "Share of the bytes of test text whose window's string had been met before, so that no model had to be asked."
    yield new("prefix_cache_hit_rate", COST, "Strings met before", "share of bytes", "higher", meaning)
    meaning = "Share of the codes of a window that stand for a string."
    yield new("codes_with_string", VOCABULARY, "Codes that stand for a string", "share of codes", "higher", meaning)
    meaning = "Share of the codes of a window that occur in the training text."
    yield new("codes_used", VOCABULARY, "Codes in use", "share of codes", "higher", meaning)
    yield new("window_bytes_longest", VOCABULARY, "Longest string of a window", "bytes", "neither", "Most bytes that a window stands for.")


NUMBER_KINDS = {
    "whole": "in one token",
    "single_digits": "digit by digit",
    "even_groups": "in groups of one size that fit",
    "left_to_right": "in groups from the left, the last one shorter",
    "right_to_left": "in groups from the right, the first one shorter",
    "irregular": "in any other way",
}
"""how a number can be cut; each number is of one kind"""


def number_definitions() -> Iterator[MetricDefinition]:
    """How numbers are cut."""
    new = MetricDefinition
    for length in NUMBER_LENGTHS:
        digits = "1 digit" if length == 1 else f"{length} digits"
        title, meaning = f"Tokens of a number of {digits}", f"Mean tokens of a number of {digits}."
        yield new(f"{NUMBER_PREFIX}{length}", NUMBERS, title, "tokens/number", "neither", meaning)
    for kind, words in NUMBER_KINDS.items():
        title = f"Numbers cut {words}" if kind != "whole" else "Numbers in one token"
        yield new(f"numbers_{kind}", NUMBERS, title, "share of numbers", "neither", f"Share of the numbers of 4 to 8 digits {words}.")
    meaning = "Share of the numbers of 4 to 8 digits cut as most numbers of their length are."
    yield new("numbers_cut_alike", NUMBERS, "Numbers cut alike", "share of numbers", "higher", meaning)


def parity_definitions() -> Iterator[MetricDefinition]:
    """Those of a parallel text."""
    new = MetricDefinition
    for text, title in TEXTS.items():
        yield new(f"{text}_tokens", FAIRNESS, f"Tokens of the {title}", "tokens", "lower", f"Text tokens of the {title}.")
        meaning = f"Tokens of the {title} over those of its English text."
        yield new(f"{text}_premium", FAIRNESS, f"Token premium, {title}", "ratio to English", "lower", meaning)
        meaning = f"Tokens of the {title} in the language that takes most, over the one that takes fewest."
        yield new(f"{text}_worst_to_best", FAIRNESS, f"Worst to best language, {title}", "ratio", "lower", meaning)
        meaning = f"Inequality of the tokens of the {title}; 0 where every language takes as many."
        yield new(f"{text}_gini", FAIRNESS, f"Gini coefficient, {title}", "share", "lower", meaning)


DEFINITIONS: dict[str, MetricDefinition] = {
    definition.name: definition
    for definitions in (plain_definitions, compressing_definitions, number_definitions, parity_definitions)
    for definition in definitions()
}


KINDS_OF_ENTRIES = {
    "bytes": "parts of characters",
    "mixed": "of several scripts",
    "digits": "digits",
    "spaces": "white space",
    "signs": "punctuation and signs",
}
"""what an entry of a vocabulary is that is of no one script"""


def script_in_words(script: str) -> str:
    """Latin for Latn; what the kinds that are no script are."""
    if script == "Jpan":
        return "Japanese, of several scripts"
    return KINDS_OF_ENTRIES.get(script) or SCRIPT_NAMES.get(script, script)


def definition_of(name: str) -> MetricDefinition:
    """What a metric of the table is; shares of the vocabulary by script are made as they are met.

    Raises:
        KeyError: there is no such metric.
    """
    if name.startswith(SCRIPT_PREFIX):
        words = script_in_words(name.removeprefix(SCRIPT_PREFIX))
        meaning = f"Share of the vocabulary's entries that are {words}."
        return MetricDefinition(name, VOCABULARY, f"Vocabulary: {words}", "share of the vocabulary", "neither", meaning)
    return DEFINITIONS[name]
