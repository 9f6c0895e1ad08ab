"""Training text that shares words in a row with evaluation text: found, counted, listed, and kept out of the mixture.

It belongs to the mixture: there the evaluation text is known exactly, that of all languages lies together (a German page may
quote an English test document), and other evaluation text makes no language's documents again. Documents are taken out before
the quotas are filled, so others take their place.

Memory: about 40 bytes for each n-gram of the evaluation text while the index is built, 14 after (8 more where n-grams that
many training documents share are left alone, which reads the training text twice); training text is streamed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from uniscale_assets.corpus.evaluation_texts import evaluation_files, read_items
from uniscale_assets.corpus.ledger import Counts, DecontaminationLedger, EvaluationCounts, Tally
from uniscale_assets.corpus.overlap import EvaluationDocument, IndexBuilder
from uniscale_assets.corpus.shingles import Shingles
from uniscale_assets.corpus.spec import TRAINING_SPLITS, SplitName
from uniscale_assets.corpus.storage import read_batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy import int64
    from numpy.typing import NDArray

    from uniscale_assets.corpus.overlap import OverlapIndex
    from uniscale_assets.corpus.spec import CorpusSpec, DecontaminationSpec

CONTAMINATION_FILE = "contamination.parquet"
LISTED_ROWS = 4096


@dataclass(frozen=True)
class Overlap:
    """A training document and an evaluation document that share n-grams, as the listing has them."""

    split: str
    language: str
    document: str
    bytes: int
    against: str
    evaluation_language: str
    evaluation_document: str
    shared: int
    """places in the training document where an n-gram of the evaluation document begins"""
    ngram: str
    """the first of them, as the training document has it"""


@dataclass
class Contamination:
    """Rows that are contaminated, by split and language, and what they count."""

    spec: DecontaminationSpec
    against: dict[str, EvaluationCounts]
    rows: dict[tuple[SplitName, str], frozenset[int]] = field(default_factory=dict)
    found: dict[SplitName, dict[str, Tally]] = field(default_factory=dict)

    def left_out(self, split: SplitName, language: str) -> frozenset[int]:
        """Numbers of the rows of a language's split that the mixture must not take."""
        return self.rows.get((split, language), frozenset()) if self.spec.action == "remove document" else frozenset()

    def left_out_bytes(self, split: SplitName, language: str) -> int:
        """Bytes of these rows."""
        found = self.found.get(split, {}).get(language)
        return found.bytes if found and self.spec.action == "remove document" else 0

    def ledger(self) -> DecontaminationLedger:
        """What it counts."""
        counts: dict[SplitName, dict[str, Counts]] = {
            split: {language: tally.counts() for language, tally in of.items()} for split, of in self.found.items()
        }
        return DecontaminationLedger(removed=self.spec.action == "remove document", against=self.against, found=counts)


def find_contamination(
    corpus: CorpusSpec, spec: DecontaminationSpec, documents: Mapping[str, Path], evaluation: Path, listing: Path
) -> Contamination:
    """Hold the training text of every language against the evaluation text.

    Args:
        corpus: the study's corpus.
        spec: its decontamination.
        documents: a directory from ``build_documents`` for each language.
        evaluation: directory of the mixture, whose evaluation splits are written already.
        listing: a Parquet file to write: the fields of ``Overlap``, by split, language and stored order.

    Raises:
        CorpusError: a file of evaluation text is missing or damaged.
        ArtifactError: a directory of documents is damaged.
    """
    kinds = {language: Shingles.of_language(language, spec.ngram) for language in corpus.languages}
    known, indexes, against = index_evaluation(spec, kinds, evaluation)
    if spec.most_documents is not None:
        paths = {(split, language): documents[language] / f"{split}.parquet" for split in TRAINING_SPLITS for language in kinds}
        for kind, index in indexes.items():
            own = [path for (_, language), path in paths.items() if kinds[language] == kind]
            indexes[kind] = index.without(documents_with(own, index) > spec.most_documents)
    contamination = Contamination(spec, against)
    with OverlapWriter(listing) as writer:
        for split in TRAINING_SPLITS:
            tallies = contamination.found.setdefault(split, {})
            for language in corpus.languages:
                path, tally, rows = documents[language] / f"{split}.parquet", tallies.setdefault(language, Tally()), set[int]()
                for row, document, hits in contaminated_rows(path, indexes[kinds[language]]):
                    rows.add(row)
                    tally.add(document["bytes"], document["characters"])
                    writer.add(overlaps_of(split, language, document, hits, known, kinds[language]))
                contamination.rows[split, language] = frozenset(rows)
    return contamination


def index_evaluation(
    spec: DecontaminationSpec, kinds: Mapping[str, Shingles], evaluation: Path
) -> tuple[list[EvaluationDocument], dict[Shingles, OverlapIndex], dict[str, EvaluationCounts]]:
    """Every evaluation document, an index of their n-grams for each kind of n-gram, and counts by source.

    Text of an unknown language is taken apart in every way that the training text is.
    """
    builders = {kind: IndexBuilder(kind) for kind in dict.fromkeys(kinds.values())}
    known: list[EvaluationDocument] = []
    seen: Counter[str] = Counter()
    short: Counter[str] = Counter()
    for document, text in evaluation_texts(spec, evaluation):
        ways = [kinds[document.language]] if document.language else list(builders)
        has_any = [builders[way].add(text, len(known)) for way in ways]
        known.append(document)
        seen[document.source] += 1
        short[document.source] += not any(has_any)
    against = {source: EvaluationCounts(documents=count, too_short=short[source]) for source, count in seen.items()}
    return known, {kind: builder.build() for kind, builder in builders.items()}, against


def evaluation_texts(spec: DecontaminationSpec, evaluation: Path) -> Iterator[tuple[EvaluationDocument, str]]:
    """Every evaluation document with its text: splits of the mixture, then files."""
    for split in spec.splits:
        for batch in read_batches(evaluation / f"{split}.parquet", ["language", "id", "text"]):
            for row in range(batch.num_rows):
                language, document_id, text = (batch.column(name)[row].as_py() for name in ("language", "id", "text"))
                yield EvaluationDocument(split, language, document_id), text
    for pattern in spec.paths:
        for name, path in evaluation_files(pattern).items():
            for item, text in read_items(path, name):
                yield EvaluationDocument(name, "", item), text


def documents_with(paths: Sequence[Path], index: OverlapIndex) -> NDArray[int64]:
    """In how many training documents each n-gram of the index stands.

    What many share is boilerplate rather than a leak. Source: GPT-3 (Brown et al. 2020, appendix C), which left n-grams of
    more than 10 training documents alone.
    """
    import numpy as np

    counts = np.zeros(len(index.hashes), np.int64)
    for path in paths:
        for batch in read_batches(path, ["text"]):
            for text in batch.column("text"):
                hashes = index.shingles.hashes(text.as_py())
                places, _ = index.find(hashes)
                counts[index.places(np.unique(hashes[places]))] += 1
    return counts


def contaminated_rows(path: Path, index: OverlapIndex) -> Iterator[tuple[int, dict[str, Any], list[tuple[int, int]]]]:
    """Number of each row that shares an n-gram, its values, and (place of an n-gram, evaluation document) in order."""
    import numpy as np

    before = 0
    for batch in read_batches(path, ["id", "text", "bytes", "characters"]):
        texts = batch.column("text")
        hashes = [index.shingles.hashes(texts[row].as_py()) for row in range(batch.num_rows)]
        ends = np.cumsum([len(of) for of in hashes])
        places, numbers = index.find(np.concatenate(hashes))
        rows, firsts = np.unique(np.searchsorted(ends, places, side="right"), return_index=True)
        starts = np.concatenate([[0], ends])[rows]
        shared = zip(np.split(places, firsts[1:]), np.split(numbers, firsts[1:]), strict=True) if len(rows) else ()
        for row, start, (own, theirs) in zip(rows.tolist(), starts.tolist(), shared, strict=True):
            values = {name: batch.column(name)[row].as_py() for name in batch.schema.names}
            yield before + row, values, list(zip((own - start).tolist(), theirs.tolist(), strict=True))
        before += batch.num_rows


def overlaps_of(
    split: str,
    language: str,
    document: Mapping[str, Any],
    hits: Sequence[tuple[int, int]],
    known: Sequence[EvaluationDocument],
    kind: Shingles,
) -> list[Overlap]:
    """One line of the listing for each evaluation document that a training document shares n-grams with."""
    counts = Counter(number for _, number in hits)
    first = {number: place for place, number in reversed(hits)}
    return [
        Overlap(
            split=split,
            language=language,
            document=document["id"],
            bytes=document["bytes"],
            against=known[number].source,
            evaluation_language=known[number].language,
            evaluation_document=known[number].id,
            shared=counts[number],
            ngram=kind.spell(document["text"], first[number]),
        )
        for number in sorted(counts)
    ]


class OverlapWriter:
    """Writes the listing, some thousand lines at a time."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        numbers = ("bytes", "shared")
        names = Overlap.__dataclass_fields__
        self._schema = pa.schema([(name, pa.int64() if name in numbers else pa.large_string()) for name in names])
        self._writer = ParquetWriter(path, self._schema, compression="zstd")
        self._lines: list[Overlap] = []

    def add(self, lines: Sequence[Overlap]) -> None:
        """Append some lines."""
        self._lines += lines
        if len(self._lines) >= LISTED_ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        columns = [[getattr(line, name) for line in self._lines] for name in self._schema.names]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._lines.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._writer.close()
