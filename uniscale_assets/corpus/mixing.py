"""How languages share a split, and the mixture that comes of it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.corpus.build import disk_space
from uniscale_assets.corpus.choice import choose, extra_rooms
from uniscale_assets.corpus.contamination import CONTAMINATION_FILE, Contamination, find_contamination
from uniscale_assets.corpus.ledger import MIXTURE_FILE, Counts, MixtureLedger, Tally, read_ledger, write_ledger
from uniscale_assets.corpus.spec import EVALUATION_SPLITS, SPLITS, TRAINING_SPLITS, CorpusSpec, MixingSpec, SplitName
from uniscale_assets.corpus.splits import order_key
from uniscale_assets.corpus.storage import DocumentWriter, read_batches
from uniscale_assets.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCUMENT_COLUMNS = ("id", "text", "bytes", "characters")


@dataclass(frozen=True, slots=True)
class MixtureDocument:
    """One document of a mixture; ``bytes`` are the UTF-8 bytes of its text."""

    language: str
    id: str
    text: str
    bytes: int


def quotas(sizes: Mapping[str, int], temperature: float, largest_share: float, total: int) -> dict[str, int]:
    """Bytes to take of each language: proportional to size^(1/temperature), by water filling.

    A language gives at most all it has and at most ``largest_share`` of the total (an even share is always allowed: a
    single language may give everything). What it cannot give is shared among the others by the same rule. Bytes are
    whole: parts of a byte go to the largest fractions. Source of the rule: XLM (Conneau & Lample 2019), with
    temperature = 1 / alpha.

    Args:
        sizes: bytes that each language has.
        temperature: 1 is proportional to size; the larger, the more even.
        largest_share: of one language, in (0, 1].
        total: bytes to take of all languages together.

    Returns:
        Bytes by language, in the order of ``sizes``; they add up to ``total`` exactly.

    Raises:
        CorpusError: the languages cannot give that much.
    """
    bounds = language_limits(sizes, largest_share, total)
    available = sum(bounds.values())
    if available < total:
        cause = (
            ""
            if available == sum(sizes.values())
            else f" under mixing.largest_share {largest_share:g}, of {sum(sizes.values()):,} that there are"
        )
        raise CorpusError(f"asked are {total:,} bytes, available {available:,}{cause}")
    weights = {language: size ** (1 / temperature) for language, size in sizes.items()}
    return water_filled(weights, bounds, total)


def water_filled(weights: Mapping[str, float], bounds: Mapping[str, int], total: int) -> dict[str, int]:
    """Whole numbers proportional to ``weights`` that add up to ``total``; none over its bound, what is cut off goes to the rest.

    The bounds add up to ``total`` or more.
    """
    filled: dict[str, int] = dict.fromkeys(weights, 0)
    weights = {language: weight for language, weight in weights.items() if weight}
    while weights:
        rate = (total - sum(filled.values())) / sum(weights.values())
        full = [language for language, weight in weights.items() if rate * weight >= bounds[language]]
        if not full:
            return filled | whole_shares({language: rate * weight for language, weight in weights.items()}, total - sum(filled.values()))
        for language in full:
            filled[language] = bounds[language]
            del weights[language]
    return filled


def asked_mix(sizes: Mapping[str, int], mixing: MixingSpec, total: int) -> dict[str, int]:
    """Bytes of each language that the mixing asks for, had each as much text as that: what ``quotas`` gives, without its first bound."""
    limit = largest_quota(len(sizes), mixing.largest_share, total)
    weights = {language: size ** (1 / mixing.temperature) for language, size in sizes.items()}
    return water_filled(weights, dict.fromkeys(sizes, limit), min(total, limit * sum(map(bool, sizes.values()))))


def largest_quota(languages: int, largest_share: float, total: int) -> int:
    """Bytes that one language may give at most: the largest share, and an even share in any case."""
    return max(int(largest_share * total), -(-total // max(languages, 1)))


def language_limits(sizes: Mapping[str, int], largest_share: float, total: int) -> dict[str, int]:
    """Bytes that each language may give at most: what it has, the largest share, and an even share in any case."""
    limit = largest_quota(len(sizes), largest_share, total)
    return {language: min(size, limit) for language, size in sizes.items()}


def whole_shares(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Shares as whole numbers that add up to ``total``: rounded down, the rest to the largest fractions, ties by name."""
    rounded = {name: int(share) for name, share in shares.items()}
    by_fraction = sorted(shares, key=lambda name: (rounded[name] - shares[name], name))
    for name in by_fraction[: total - sum(rounded.values())]:
        rounded[name] += 1
    return rounded


def build_mixture(spec: CorpusSpec, documents: Mapping[str, Path], output: Path) -> MixtureLedger:
    """Take of every split what ``spec.bytes`` asks, with the languages mixed by ``spec.mixing``.

    Documents are whole; which ones are taken says ``choice.py``. Where ``spec.bytes`` is null a split takes all there is,
    and the mixing does not apply. The rows of all languages are in the order of ``order_key``, which interleaves them. Where
    ``spec.decontamination`` asks for it, training documents that share n-grams with evaluation text are found, listed and, if
    it says so, not taken; see `contamination.py`.

    Args:
        spec: the study's corpus.
        documents: a directory from ``build_documents`` for each language of ``spec.languages``; others are ignored.
        output: an existing empty directory; gets ``<split>.parquet`` (language, id, text, bytes, characters) and
            ``mixture.json``, and ``contamination.parquet`` where it is looked for.

    Returns:
        Exact counts by split and language.

    Raises:
        CorpusError: more bytes are asked than there are, or a split would be empty; names the split.
        ArtifactError: a directory of documents is missing or damaged.
        DiskFullError: no space left.
    """
    with disk_space(output):
        splits, found = mix_splits(spec, documents, output)
        asked: dict[SplitName, int | None] = {split: getattr(spec.bytes, split) for split in SPLITS}
        ledger = MixtureLedger(asked_bytes=asked, splits=splits, decontamination=found.ledger() if found else None)
        write_ledger(output / MIXTURE_FILE, ledger)
    return ledger


def mix_splits(
    spec: CorpusSpec, documents: Mapping[str, Path], output: Path
) -> tuple[dict[SplitName, dict[str, Counts]], Contamination | None]:
    """Write every split; counts by split and language, and what was contaminated where the study asks."""
    if spec.decontamination is None:
        return {split: mix_split(spec, split, documents, output) for split in SPLITS}, None
    mixed = {split: mix_split(spec, split, documents, output) for split in EVALUATION_SPLITS}
    found = find_contamination(spec, spec.decontamination, documents, output, output / CONTAMINATION_FILE)
    mixed |= {split: mix_split(spec, split, documents, output, found) for split in TRAINING_SPLITS}
    return {split: mixed[split] for split in SPLITS}, found


def mix_split(
    spec: CorpusSpec, split: SplitName, documents: Mapping[str, Path], output: Path, contamination: Contamination | None = None
) -> dict[str, Counts]:
    """Write one split of a mixture; counts by language.

    Raises:
        CorpusError: more bytes are asked than there are, or none of the documents fits.
    """
    parts = {language: split_part(split, language, documents[language], contamination) for language in spec.languages}
    shares, extras = plan_split(spec, split, parts)
    rows = heapq.merge(*(chosen_rows(parts[language], shares[language], extras[language]) for language in spec.languages))
    counts = {language: Tally() for language in spec.languages}
    with DocumentWriter(output / f"{split}.parquet", with_language=True) as writer:
        for _, language, document_id, text, size, characters in rows:
            writer.add((language, document_id, text, size, characters), size)
            counts[language].add(size, characters)
    if not any(tally.documents for tally in counts.values()):
        raise CorpusError(f"bytes.{split}: no document fits into {sum(shares.values()):,} bytes; ask for more (null takes all there is)")
    return {language: tally.counts() for language, tally in counts.items()}


@dataclass(frozen=True)
class SplitPart:
    """What one language has of a split."""

    language: str
    path: Path
    bytes: int
    """of the documents that may be taken"""
    left_out: frozenset[int] = frozenset()
    """numbers of the rows that must not be taken"""

    def sizes(self) -> Iterator[int]:
        """Bytes of each document that may be taken, in stored order."""
        row = 0
        for batch in read_batches(self.path, ["bytes"]):
            for size in batch.column("bytes").to_pylist():
                if row not in self.left_out:
                    yield size
                row += 1


def split_part(split: SplitName, language: str, directory: Path, contamination: Contamination | None) -> SplitPart:
    """What a language has of a split, without contaminated documents."""
    path, there = directory / f"{split}.parquet", read_ledger(directory).splits[split].bytes
    if contamination is None:
        return SplitPart(language, path, there)
    left_out = contamination.left_out(split, language)
    return SplitPart(language, path, there - contamination.left_out_bytes(split, language), left_out)


def plan_split(spec: CorpusSpec, split: SplitName, parts: Mapping[str, SplitPart]) -> tuple[dict[str, int], dict[str, int]]:
    """Quota of each language, and what it may take beyond it to fill gaps; bytes.

    Raises:
        CorpusError: the split has no text, or less than is asked.
    """
    available = {language: part.bytes for language, part in parts.items()}
    if not any(available.values()):
        left_out = ", or all are contaminated" if any(part.left_out for part in parts.values()) else ""
        raise CorpusError(
            f"splits.{split}: no document of any language falls into it ({getattr(spec.splits, split):g} of the documents){left_out}; give"
            " more documents or raise the fraction. A text file is one document; JSON lines hold many"
        )
    asked: int | None = getattr(spec.bytes, split)
    if asked is None:
        return available, dict.fromkeys(available, 0)
    try:
        shares = quotas(available, spec.mixing.temperature, spec.mixing.largest_share, asked)
    except CorpusError as error:
        raise CorpusError(
            f"bytes.{split}: {error}; ask for less, raise splits.{split} or give more text (null takes all there is)"
        ) from error
    limits = language_limits(available, spec.mixing.largest_share, asked)
    return shares, extra_rooms(lambda language: parts[language].sizes(), shares, limits)


def chosen_rows(part: SplitPart, share: int, extra: int) -> Iterator[tuple[bytes, str, str, str, int, int]]:
    """Order key, language, id, text, bytes and characters of the documents that ``choose`` takes of a language, by order key."""
    taken = choose(part.sizes(), share, extra)
    number = -1
    for batch in read_batches(part.path, DOCUMENT_COLUMNS):
        ids, texts, sizes, characters = (batch.column(name) for name in DOCUMENT_COLUMNS)
        # Row by row: a batch of every language as Python strings would be many times a document.
        for row in range(batch.num_rows):
            number += 1
            if number not in part.left_out and next(taken):
                document_id = ids[row].as_py()
                yield (
                    order_key(part.language, document_id),
                    part.language,
                    document_id,
                    texts[row].as_py(),
                    sizes[row].as_py(),
                    characters[row].as_py(),
                )


def iterate_documents(mixture: Path, split: SplitName) -> Iterator[MixtureDocument]:
    """The documents of one split of a mixture, in its order, some megabytes at a time.

    Args:
        mixture: a directory from ``build_mixture``.
        split: tokenizer, train, validation or test.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    for batch in read_batches(mixture / f"{split}.parquet", ["language", "id", "text", "bytes"]):
        columns = [batch.column(name) for name in ("language", "id", "text", "bytes")]
        for row in range(batch.num_rows):
            yield MixtureDocument(*(column[row].as_py() for column in columns))
