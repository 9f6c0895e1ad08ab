"""What the text of a study is like: lengths, scripts, repeated lines, what was dropped, and the mix of languages.

Every metric has one function here. Lengths and counts are of all of the text; scripts and repeated lines are of the first
``SAMPLE_BYTES`` of each language in the mixture, which is a random sample of its documents, since their order is a hash.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.corpus.ledger import Counts, LanguageLedger, MixtureLedger, read_ledger, read_mixture_ledger
from uniscale_assets.corpus.mixing import asked_mix
from uniscale_assets.corpus.scripts import script_of, scripts_of_language
from uniscale_assets.corpus.spec import SPLITS, CorpusSpec, SplitName
from uniscale_assets.corpus.storage import read_batches

if TYPE_CHECKING:
    from polars import DataFrame

SAMPLE_BYTES = 8_000_000
QUANTILES = {"5 %": 0.05, "25 %": 0.25, "50 %": 0.5, "75 %": 0.75, "95 %": 0.95}
MEASURED_SPLIT: SplitName = "train"
ALL = "all"


@dataclass(frozen=True)
class QualityRow:
    """One row of the table `corpus_quality`, study and fingerprint apart."""

    language: str
    split: str
    metric: str
    part: str
    value: float
    unit: str


def corpus_quality(spec: CorpusSpec, documents: Mapping[str, Path], mixture: Path) -> DataFrame:
    """Every metric of a corpus.

    Args:
        spec: the study's corpus.
        documents: a directory from ``build_documents`` for each language.
        mixture: a directory from ``build_mixture``.

    Returns:
        Columns language, split, metric, part, value and unit.

    Raises:
        ArtifactError: a directory is damaged.
    """
    import polars as pl

    ledgers = [read_ledger(documents[language]) for language in spec.languages]
    mixed = read_mixture_ledger(mixture)
    rows = [
        *length_rows(mixture),
        *sample_rows(mixture, spec.languages),
        *dropped_rows(ledgers),
        *contamination_rows(ledgers, mixed),
        *mix_rows(spec, ledgers, mixed),
    ]
    return pl.DataFrame([vars(row) for row in rows], schema_overrides={"value": pl.Float64})


def length_rows(mixture: Path) -> Iterator[QualityRow]:
    """Lengths of the documents in the mixture's training text (`document_bytes`: quantiles, mean and longest), bytes."""
    import polars as pl

    lengths = pl.scan_parquet(mixture / f"{MEASURED_SPLIT}.parquet").select("language", "bytes")
    wanted = [pl.col("bytes").quantile(share, "nearest").alias(part) for part, share in QUANTILES.items()]
    wanted += [pl.col("bytes").mean().alias("mean"), pl.col("bytes").max().alias("longest")]
    by_language = lengths.group_by("language").agg(wanted).sort("language").collect()
    whole = lengths.select(pl.lit(ALL).alias("language"), *wanted).collect()
    for found in [*by_language.iter_rows(named=True), *whole.iter_rows(named=True)]:
        for part in (*QUANTILES, "mean", "longest"):
            yield QualityRow(found["language"], MEASURED_SPLIT, "document_bytes", part, float(found[part]), "bytes")


@dataclass
class TextSample:
    """What is counted of one language's sample: 12 bytes a line, and each distinct character."""

    bytes: int = 0
    characters: Counter[str] = field(default_factory=Counter[str])
    lines: array[int] = field(default_factory=lambda: array("Q"))
    lengths: array[int] = field(default_factory=lambda: array("I"))
    repeated_in_document: int = 0
    """characters of lines that stand in the same document before"""

    def add(self, text: str, size: int) -> None:
        """One document of ``size`` bytes."""
        self.bytes += size
        self.characters.update(text)
        here: set[str] = set()
        for line in filter(None, map(str.strip, text.splitlines())):
            self.repeated_in_document += len(line) if line in here else 0
            here.add(line)
            self.lines.frombytes(hashlib.blake2b(line.encode(), digest_size=8).digest())
            self.lengths.append(len(line))

    def repeated(self) -> int:
        """Characters of lines that stand in the sample before, in whatever document."""
        import numpy as np

        lengths = np.asarray(self.lengths)
        _, first = np.unique(np.asarray(self.lines), return_index=True)
        return int(lengths.sum() - lengths[first].sum())

    def scripts(self) -> Counter[str]:
        """Letters by script."""
        found: Counter[str] = Counter()
        for character, count in self.characters.items():
            script = script_of(character)
            if script is not None:
                found[script] += count
        return found


def sample_rows(mixture: Path, languages: Sequence[str]) -> Iterator[QualityRow]:
    """Scripts and repeated lines of each language's sample of the training text."""
    for language, sample in read_samples(mixture, languages).items():
        yield QualityRow(language, MEASURED_SPLIT, "sampled_bytes", "", sample.bytes, "bytes")
        yield from repeated_rows(language, sample)
        yield from script_rows(language, sample)


def read_samples(mixture: Path, languages: Sequence[str]) -> dict[str, TextSample]:
    """The first ``SAMPLE_BYTES`` of each language's training text, counted."""
    samples = {language: TextSample() for language in languages}
    for batch in read_batches(mixture / f"{MEASURED_SPLIT}.parquet", ["language", "text", "bytes"]):
        texts = batch.column("text")
        sizes = batch.column("bytes").to_pylist()
        for row, language in enumerate(batch.column("language").to_pylist()):
            if samples[language].bytes < SAMPLE_BYTES:
                samples[language].add(texts[row].as_py(), sizes[row])
        if all(sample.bytes >= SAMPLE_BYTES for sample in samples.values()):
            break
    return samples


def repeated_rows(language: str, sample: TextSample) -> Iterator[QualityRow]:
    """`repeated_line_share`: characters of lines that stand before, in the same document or in any, of those of all lines.

    A line is what stands between line ends, without blanks at its ends; empty ones do not count. Source: Gopher's rules (Rae et
    al. 2021, table A1), which count within a document.
    """
    total = sum(sample.lengths)
    for part, repeated in (("in the document", sample.repeated_in_document), ("in the language", sample.repeated())):
        if total:
            yield QualityRow(language, MEASURED_SPLIT, "repeated_line_share", part, repeated / total, "share of characters")


def script_rows(language: str, sample: TextSample) -> Iterator[QualityRow]:
    """`script_share`: letters of each script, by ISO 15924 code, of all letters; `own_script_share`: of those the code promises."""
    found = sample.scripts()
    total = found.total()
    if not total:
        return
    for script, count in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        yield QualityRow(language, MEASURED_SPLIT, "script_share", script, count / total, "share of letters")
    own = sum(found[script] for script in scripts_of_language(language))
    yield QualityRow(language, MEASURED_SPLIT, "own_script_share", "", own / total, "share of letters")


def dropped_rows(ledgers: Sequence[LanguageLedger]) -> Iterator[QualityRow]:
    """What was read of each language, over all splits, and what of it was dropped as a duplicate or near-duplicate.

    `read_documents`, `read_bytes`; `duplicate_documents`, `duplicate_share`; `near_duplicate_documents`, `near_duplicate_share`
    where the study looks for them. Shares are of the bytes that were read.
    """
    for language, of in [*((ledger.language, [ledger]) for ledger in ledgers), (ALL, ledgers)]:
        read = added(ledger.read for ledger in of)
        yield QualityRow(language, ALL, "read_documents", "", read.documents, "documents")
        yield QualityRow(language, ALL, "read_bytes", "", read.bytes, "bytes")
        near = [ledger.near_duplicates for ledger in of if ledger.near_duplicates is not None]
        kinds = {"duplicate": [ledger.duplicates for ledger in of], **({"near_duplicate": near} if near else {})}
        for kind, counts in kinds.items():
            dropped = added(counts)
            yield QualityRow(language, ALL, f"{kind}_documents", "", dropped.documents, "documents")
            yield QualityRow(language, ALL, f"{kind}_share", "", dropped.bytes / max(read.bytes, 1), "share of bytes")


def contamination_rows(ledgers: Sequence[LanguageLedger], mixed: MixtureLedger) -> Iterator[QualityRow]:
    """Training documents that share an n-gram with evaluation text, by split, of the documents that the split had before.

    `contaminated_documents`, and `contaminated_share` of the split's bytes; none where the study does not look.
    """
    for split, by_language in (mixed.decontamination.found if mixed.decontamination else {}).items():
        there = {ledger.language: ledger.splits[split] for ledger in ledgers}
        found = {**by_language, ALL: added(by_language.values())}
        there[ALL] = added(list(there.values()))
        for language, counts in found.items():
            yield QualityRow(language, split, "contaminated_documents", "", counts.documents, "documents")
            yield QualityRow(language, split, "contaminated_share", "", counts.bytes / max(there[language].bytes, 1), "share of bytes")


def mix_rows(spec: CorpusSpec, ledgers: Sequence[LanguageLedger], mixed: MixtureLedger) -> Iterator[QualityRow]:
    """The mix of languages: `mixture_bytes` and their share (`got_share`); `asked_share` is that of ``asked_mix``.

    A split that takes all there is has no `asked_share`. What a language gets differs from what is asked where it has too
    little text, and where whole documents do not fit.
    """
    for split in SPLITS:
        got = mixed.splits[split]
        total = mixed.total(split).bytes
        asked_bytes = mixed.asked_bytes[split]
        left_out = mixed.decontamination.found.get(split, {}) if mixed.decontamination and mixed.decontamination.removed else {}
        sizes = {ledger.language: ledger.splits[split].bytes - left_out.get(ledger.language, Counts()).bytes for ledger in ledgers}
        asked = asked_mix(sizes, spec.mixing, asked_bytes) if asked_bytes is not None else {}
        for language, counts in got.items():
            yield QualityRow(language, split, "mixture_bytes", "", counts.bytes, "bytes")
            yield QualityRow(language, split, "got_share", "", counts.bytes / max(total, 1), "share of bytes")
            if asked:
                yield QualityRow(language, split, "asked_share", "", asked[language] / max(sum(asked.values()), 1), "share of bytes")


def added(counts: Iterable[Counts]) -> Counts:
    """Counts together."""
    return sum(counts, Counts())
