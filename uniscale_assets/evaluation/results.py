"""What an evaluation finds: scores of documents, summed into languages, as rows and as the two Parquet files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from uniscale_assets.tables import BITS_PER_BYTE, DOCUMENT_SCORES, FINGERPRINT, MODEL, SPLIT, Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np

ALL_LANGUAGES = "all"
DOCUMENT_SCORES_FILE = "document_scores.parquet"
BITS_PER_BYTE_FILE = "bits_per_byte.parquet"


def bits_per_byte(negative_log_likelihood_nats: float, raw_bytes: int) -> float:
    """Bits per byte: the sum of -log2 p over every text token / raw bytes. The separator is no text token.

    Source: DESIGN.md, Numbers; the same as lm-evaluation-harness's ``bits_per_byte``.
    """
    return negative_log_likelihood_nats / math.log(2) / raw_bytes


@dataclass(frozen=True)
class DocumentScores:
    """One row a document, in the order of the shard.

    languages, documents: names and ids [documents].
    bytes, tokens: int64 [documents]; raw bytes and text tokens.
    negative_log_likelihood_nats: float64 [documents]; sum over the text tokens.
    separator_negative_log_likelihood_nats: float64 [documents]; of the separator that closes the document.
    """

    languages: Sequence[str]
    documents: Sequence[str]
    bytes: np.ndarray
    tokens: np.ndarray
    negative_log_likelihood_nats: np.ndarray
    separator_negative_log_likelihood_nats: np.ndarray


class Windows(BaseModel):
    """How far a model saw: window length and step, in raw bytes as the study says and in tokens as it came out."""

    model_config = ConfigDict(frozen=True)

    context_bytes: int
    stride_bytes: int
    context_tokens: int
    stride_tokens: int


class LanguageScore(BaseModel):
    """The documents of one language, or of all (``language == 'all'``)."""

    model_config = ConfigDict(frozen=True)

    language: str
    documents: int
    bytes: int
    tokens: int
    negative_log_likelihood_nats: float
    separator_negative_log_likelihood_nats: float

    @property
    def bits_per_byte(self) -> float:
        """Bits per raw byte."""
        return bits_per_byte(self.negative_log_likelihood_nats, self.bytes)

    @property
    def byte_perplexity(self) -> float:
        """2^bits_per_byte."""
        return power(2.0, self.bits_per_byte)

    @property
    def token_perplexity(self) -> float:
        """exp(nats per text token)."""
        return power(math.e, self.negative_log_likelihood_nats / self.tokens)


def power(base: float, exponent: float) -> float:
    """base^exponent; infinite where a float cannot hold it."""
    try:
        return base**exponent
    except OverflowError:
        return math.inf


class EvaluationSummary(BaseModel):
    """One evaluation: its scores, and what it cost. The costs are not part of the artifact.

    languages: one for each language in alphabetical order, then 'all'.
    seconds, cpu_seconds: wall and process time of the whole evaluation, loading included.
    """

    model_config = ConfigDict(frozen=True)

    split: str
    windows: Windows
    languages: tuple[LanguageScore, ...]
    device: str
    seconds: float
    cpu_seconds: float

    @property
    def all_languages(self) -> LanguageScore:
        """The score over every language."""
        return self.languages[-1]


def sum_by_language(scores: DocumentScores) -> tuple[LanguageScore, ...]:
    """Sum scores of documents into languages, and all of them into 'all', which comes last."""
    import numpy as np

    languages = np.asarray(scores.languages)
    parts = {str(language): languages == language for language in np.unique(languages)}
    every = np.ones(len(languages), bool)
    return tuple(sum_documents(scores, name, chosen) for name, chosen in (*parts.items(), (ALL_LANGUAGES, every)))


def sum_documents(scores: DocumentScores, language: str, chosen: np.ndarray) -> LanguageScore:
    """One score over the documents ``chosen`` (bool [documents]); sums are rounded once, so order changes nothing."""
    return LanguageScore(
        language=language,
        documents=int(chosen.sum()),
        bytes=int(scores.bytes[chosen].sum()),
        tokens=int(scores.tokens[chosen].sum()),
        negative_log_likelihood_nats=math.fsum(scores.negative_log_likelihood_nats[chosen]),
        separator_negative_log_likelihood_nats=math.fsum(scores.separator_negative_log_likelihood_nats[chosen]),
    )


def write_results(scores: DocumentScores, summary: EvaluationSummary, output: Path) -> None:
    """Write ``document_scores.parquet`` and ``bits_per_byte.parquet`` into an existing directory.

    Their columns are those of ``tables.py``, less what the partition is named by (and less the split, for documents).
    """
    documents = [column for column in DOCUMENT_SCORES.columns if column not in (*MODEL, SPLIT, FINGERPRINT)]
    write_table(document_columns(scores), documents, output / DOCUMENT_SCORES_FILE)
    rows = [language_row(summary, score) for score in summary.languages]
    languages = [column for column in BITS_PER_BYTE.columns if column not in (*MODEL, FINGERPRINT)]
    write_table({column.name: [row[column.name] for row in rows] for column in languages}, languages, output / BITS_PER_BYTE_FILE)


def document_columns(scores: DocumentScores) -> dict[str, Any]:
    """Scores of documents under the names of the metric table."""
    return {
        "language": scores.languages,
        "document": scores.documents,
        "bytes": scores.bytes,
        "tokens": scores.tokens,
        "negative_log_likelihood_nats": scores.negative_log_likelihood_nats,
        "separator_negative_log_likelihood_nats": scores.separator_negative_log_likelihood_nats,
    }


def language_row(summary: EvaluationSummary, score: LanguageScore) -> dict[str, Any]:
    """The score of a language under the names of the metric table."""
    return {
        "split": summary.split,
        **score.model_dump(),
        "bits_per_byte": score.bits_per_byte,
        "byte_perplexity": score.byte_perplexity,
        "token_perplexity": score.token_perplexity,
        **summary.windows.model_dump(),
    }


def write_table(values: Mapping[str, Any], columns: Sequence[Column], path: Path) -> None:
    """Write columns of a metric table as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}
    schema = pa.schema([(column.name, types[column.type]) for column in columns])
    pq.write_table(
        pa.table([pa.array(values[name], schema.field(name).type) for name in schema.names], schema=schema), path, compression="zstd"
    )
