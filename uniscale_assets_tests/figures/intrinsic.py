"""Intrinsic metrics and what lies beside them, measured on two small tokenizers of the embedded corpus once a session."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from uniscale_assets.corpus.build import build_documents
from uniscale_assets.corpus.mixing import build_mixture, iterate_documents
from uniscale_assets.corpus.spec import CorpusSpec, SplitBytes
from uniscale_assets.figures.intrinsic_frames import IntrinsicFrames
from uniscale_assets.figures.style import TokenizerStyle, styles_of
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.measuring import write_metrics
from uniscale_assets.tokenization.metric_rows import frame_of
from uniscale_assets.tokenization.metrics_throughput import EncodingCost, cost_rows
from uniscale_assets.tokenization.parity import ParitySpec, read_parity_texts
from uniscale_assets.tokenization.shards import write_token_shards
from uniscale_assets.tokenization.spec import TokenizerSpec

LANGUAGES = ("eng_Latn", "fas_Arab", "jpn_Jpan", "rus_Cyrl", "spa_Latn")
FAMILIES = {"bpe_500": "bpe", "unigram_500": "unigram"}


@dataclass(frozen=True)
class Measured:
    """What the report is given."""

    metrics: pl.DataFrame
    frames: IntrinsicFrames
    styles: dict[str, TokenizerStyle]


@cache
def measured() -> Measured:
    """Train, encode and measure."""
    with TemporaryDirectory() as scratch:
        home = Path(scratch)
        mixture = build_text(home)
        tables = [measure(name, family, mixture, home / name) for name, family in FAMILIES.items()]
    together = [pl.concat(part) for part in zip(*tables, strict=True)]
    constants = [pl.lit("demo").alias("study"), "tokenizer", "language", "metric", "value", "unit", pl.lit("e" * 64).alias("fingerprint")]
    return Measured(together[0].select(constants), IntrinsicFrames(*together[1:]), styles_of(FAMILIES))


def build_text(home: Path) -> Path:
    """A mixture of five languages in four scripts."""
    sizes = SplitBytes(tokenizer=100_000, train=50_000, validation=15_000, test=25_000)
    spec = CorpusSpec(source="embedded", languages=LANGUAGES, bytes=sizes, bytes_per_language=400_000)
    for language in LANGUAGES:
        (home / language).mkdir()
        build_documents(spec, language, home / language)
    (home / "mixture").mkdir()
    build_mixture(spec, {language: home / language for language in LANGUAGES}, home / "mixture")
    return home / "mixture"


def measure(name: str, family: str, mixture: Path, home: Path) -> list[pl.DataFrame]:
    """Metrics, ranks, lengths and cuts of one tokenizer."""
    spec = TokenizerSpec(name=name, family=family, vocab_size=500)
    for folder in ("vocabulary", "tokenizer", "shards", "metrics"):
        (home / folder).mkdir(parents=True)
    texts = [document.text for document in iterate_documents(mixture, "tokenizer")]
    family_of(family).train_vocabulary(spec, texts, home / "vocabulary")
    family_of(family).cut(home / "vocabulary", spec, home / "tokenizer")
    tokenizer = family_of(family).load(home / "tokenizer")
    write_token_shards(tokenizer, mixture, home / "shards")
    parity = read_parity_texts(ParitySpec(), LANGUAGES)
    metrics = write_metrics(tokenizer, home / "shards", mixture, parity, LANGUAGES, home / "metrics")
    files = [pl.read_parquet(home / "metrics" / f"{file}.parquet") for file in ("rank_frequency", "token_lengths", "lens")]
    rows = metrics.vstack(frame_of(cost_rows(EncodingCost(3e6, 4_000_000))))
    return [frame.select(pl.lit(name).alias("tokenizer"), pl.all()) for frame in (rows, *files)]
