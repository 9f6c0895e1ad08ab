"""What must hold before a tokenizer is committed: it loses nothing, invents nothing, and counts every byte."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.errors import LossyTokenizerError
from uniscale_assets.tokenization.batching import batches
from uniscale_assets.tokenization.layout import SEPARATOR_TEXT
from uniscale_assets.tokenization.pieces import pieces_of
from uniscale_assets.tokenization.protocol import CountsLost, TakesBytes, encoding_flops_per_byte, is_lossy, spells_by_token

if TYPE_CHECKING:
    from uniscale_assets.tokenization.protocol import Encoding, Tokenizer
    from uniscale_assets.tokenization.spec import TokenizerSpec

LONGEST_RUN = 8192
CHARACTERS_AT_ONCE = 2**20
RANDOM_DOCUMENTS = 2000
LONGEST_RANDOM_DOCUMENT = 200
LONG_BYTES = 1000
"""of documents that are no text"""
# A tokenizer that runs a model over every byte decodes a few thousand bytes a second.
SLOW_DOCUMENTS, SLOW_CHARACTERS = 2, 500
"""of each language"""
SLOW_STEP = 499
"""of what is not a document of the study, every so-manieth part"""

# What other tokenizers reserve; to ours it is text.
SPECIAL_SPELLINGS = (
    *(SEPARATOR_TEXT, "<s>", "</s>", "<unk>", "<pad>", "[UNK]", "[CLS]"),
    *("<|endoftext|>", "<|im_start|>", "<0x0A>", "\u2581", "Ġ", "Ċ"),
)
# Where cutting rules meet: spaces, line ends, apostrophes, marks, joiners, digits, letters of several kinds.
DELICATE = " \t\r\n\x0b\x85\u00a0\u2028\u3000'’sS\u0301\u200d\ufe0f\u200b\ufeff0١aÀßԱक्中ー가ǅʰ.!/_\u2581Ġ"


@dataclass(frozen=True)
class Verification:
    """What was checked; that it exists says that all of it holds.

    Attributes:
        documents: that were given.
        languages: of them, documents by language.
        bytes: UTF-8 bytes of that text.
        tokens: of that text.
        scalars: Unicode scalar values, each in a run of its neighbours.
        random_documents: random sequences of scalar values.
        byte_symbols: bytes that are an entry of the vocabulary by themselves.
        vocab_size: ids, all together.
        lossy: the tokenizer says that decoding may give other text; then everything but that was checked.
        documents_lost: documents that were not given back; none where it is not lossy.
        windows, windows_lost: windows of those documents, and those that decode to other bytes; 0 where it is not lossy.
    """

    documents: int
    languages: dict[str, int]
    bytes: int
    tokens: int
    scalars: int
    random_documents: int
    byte_symbols: int
    vocab_size: int
    lossy: bool = False
    documents_lost: int = 0
    windows: int = 0
    windows_lost: int = 0


def verify_tokenizer(tokenizer: Tokenizer, spec: TokenizerSpec, documents: Iterable[tuple[str, str]], *, seed: int = 0) -> Verification:
    """Check a tokenizer on given documents, on every Unicode scalar value, and on random sequences of them.

    Args:
        tokenizer: any that follows the protocol. One that runs a model over every byte is checked on a sample of all this.
        spec: what the study asked for.
        documents: language and text; the test split of every language.
        seed: of the random sequences.

    Raises:
        LossyTokenizerError: names the first thing that is lost or wrong, and where.
    """
    if spec.vocab_size not in (None, tokenizer.vocab_size):
        raise LossyTokenizerError(f"{spec.name}: the vocabulary has {tokenizer.vocab_size} ids, vocab_size asks for {spec.vocab_size}")
    slow = encoding_flops_per_byte(tokenizer) > 0
    byte_symbols = check_vocabulary(tokenizer)
    check_bytes(tokenizer, seed)
    check_texts(tokenizer, spellings(), "text that spells a special token")
    counts: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    size = tokens = 0
    for batch in batches(sampled(documents) if slow else documents, lambda document: len(document[1]), CHARACTERS_AT_ONCE):
        texts = [text for _, text in batch]
        encodings = check_texts(tokenizer, texts, "documents", [language for language, _ in batch])
        counts.update(language for language, _ in batch)
        size += sum(int(encoding.byte_ends[-1]) for encoding in encodings if len(encoding.ids))
        tokens += sum(len(encoding.ids) for encoding in encodings)
        lost.update(lost_of(tokenizer, texts, encodings))
    scalars = check_scalars(tokenizer, SLOW_STEP if slow else 1)
    chosen = random_documents(seed)[:: SLOW_STEP if slow else 1]
    check_texts(tokenizer, chosen, "random sequences")
    counted = (counts.total(), dict(counts), size, tokens, scalars, len(chosen), byte_symbols, tokenizer.vocab_size)
    return Verification(*counted, lossy=is_lossy(tokenizer), **lost)


def sampled(documents: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The beginnings of the first documents of each language."""
    seen: Counter[str] = Counter()
    for language, text in documents:
        if seen[language] < SLOW_DOCUMENTS:
            seen[language] += 1
            yield language, text[:SLOW_CHARACTERS]


def lost_of(tokenizer: Tokenizer, texts: Sequence[str], encodings: Sequence[Encoding]) -> dict[str, int]:
    """What a lossy tokenizer does not give back of some documents: fields of `Verification`."""
    if not is_lossy(tokenizer):
        return {}
    documents = [text.encode() for text in texts]
    pairs = zip(documents, encodings, strict=True)
    lost = sum(tokenizer.decode(encoding.ids) != document for document, encoding in pairs)
    windows_lost, windows = tokenizer.count_lost(documents) if isinstance(tokenizer, CountsLost) else (0, 0)
    return {"documents_lost": lost, "windows": windows, "windows_lost": windows_lost}


def check_bytes(tokenizer: Tokenizer, seed: int) -> None:
    """Documents that are no text, where a tokenizer takes them: single bytes, runs, random ones, and text cut inside a character."""
    if not isinstance(tokenizer, TakesBytes):
        return
    source = random.Random(seed)
    runs = [bytes([byte]) * LONG_BYTES for byte in (0, 32, 255)]
    documents = [b"", *(bytes([byte]) for byte in range(256)), *runs, source.randbytes(LONG_BYTES), "ΑΒΓ日本".encode()[:-1]]
    for document, encoding in zip(documents, tokenizer.encode_bytes(documents), strict=True):
        problem = problem_of(tokenizer, document, encoding)
        if problem:
            raise LossyTokenizerError(f"raw bytes: {problem}, in {document[:20]!r}")


def check_vocabulary(tokenizer: Tokenizer) -> int:
    """Every id stands for bytes, the separator for none, and every byte has an id; their number.

    Of a tokenizer whose tokens mean nothing one by one, and of a lossy one, only the separator is looked at; the number is 0.
    """
    if not 0 <= tokenizer.separator_id < tokenizer.vocab_size or tokenizer.decode([tokenizer.separator_id]):
        raise LossyTokenizerError(f"the separator id {tokenizer.separator_id} is not an id that stands for no bytes")
    if is_lossy(tokenizer) or not spells_by_token(tokenizer):
        return 0
    pieces = pieces_of(tokenizer)
    missing = sorted(set(range(256)) - {piece[0] for piece in pieces if len(piece) == 1})
    if missing:
        raise LossyTokenizerError(f"{len(missing)} bytes are not in the vocabulary, first 0x{missing[0]:02X}")
    return 256


def spellings() -> list[str]:
    """Spellings of special tokens: alone, twice, inside words and between spaces; and no text at all."""
    frames = ("{0}", "{0}{0}", "word{0}word", " {0} ", "\n{0}\n", "<{0}>")
    return ["", *(frame.format(spelling) for spelling in SPECIAL_SPELLINGS for frame in frames)]


def check_scalars(tokenizer: Tokenizer, step: int = 1) -> int:
    """Every Unicode scalar value in a run of its neighbours; below U+10000 on a line of its own too, below U+3100 as a document.

    Args:
        tokenizer: the tokenizer.
        step: only every so-manieth scalar value is looked at.

    Returns:
        Their number, 1,112,064 where every one is.
    """
    scalars = [chr(value) for value in (*range(0, 0xD800, step), *range(0xE000, 0x110000, step))]
    runs = ["".join(scalars[start : start + LONGEST_RUN]) for start in range(0, len(scalars), LONGEST_RUN)]
    for batch in batches(runs, len, CHARACTERS_AT_ONCE // 4):
        check_texts(tokenizer, batch, "runs of Unicode scalar values")
    lines = ["\n".join(run) for run in runs[: max(1, 0x10000 // step // LONGEST_RUN)]]
    check_texts(tokenizer, lines, "Unicode scalar values on lines of their own")
    # Stripping and prefixing happen at the ends of documents, to spaces, marks and controls: they are all below.
    check_texts(tokenizer, scalars[: 0x3100 // step], "single Unicode scalar values")
    return len(scalars)


def random_documents(seed: int) -> list[str]:
    """Random sequences: half of any scalar values, half of those where cutting rules meet."""
    source = random.Random(seed)
    documents: list[str] = []
    for index in range(RANDOM_DOCUMENTS):
        length = source.randint(1, LONGEST_RANDOM_DOCUMENT)
        documents.append("".join(source.choices(DELICATE, k=length)) if index % 2 else "".join(random_scalars(source, length)))
    return documents


def random_scalars(source: random.Random, length: int) -> Iterator[str]:
    """Scalar values, evenly over all of them: surrogates are skipped."""
    for _ in range(length):
        value = source.randrange(0x110000 - 0x800)
        yield chr(value if value < 0xD800 else value + 0x800)


def check_texts(tokenizer: Tokenizer, texts: Sequence[str], what: str, languages: Sequence[str] | None = None) -> list[Encoding]:
    """Encode, decode and compare; ``what`` and the language are named in errors."""
    encodings = tokenizer.encode_batch(texts)
    if len(encodings) != len(texts):
        raise LossyTokenizerError(f"{what}: {len(texts)} documents gave {len(encodings)} encodings")
    for index, (text, encoding) in enumerate(zip(texts, encodings, strict=True)):
        problem = problem_of(tokenizer, text.encode(), encoding)
        if problem:
            place = f"{what}, {languages[index]}" if languages else what
            raise LossyTokenizerError(f"{place}: {problem}, in {text[:60]!r}")
    return encodings


def problem_of(tokenizer: Tokenizer, content: bytes, encoding: Encoding) -> str:
    """What is wrong with the encoding of one document; empty where nothing is."""
    import numpy as np

    ids, ends = encoding.ids, encoding.byte_ends
    if len(ids) != len(ends):
        return f"{len(ids)} ids, but {len(ends)} byte ends"
    if len(ids) and (ids.min() < 0 or ids.max() >= tokenizer.vocab_size):
        return f"ids outside the vocabulary of {tokenizer.vocab_size}"
    if (ids == tokenizer.separator_id).any():
        return "the separator stands among the tokens of a text"
    decoded = tokenizer.decode(ids)
    if decoded != content and not is_lossy(tokenizer):
        return difference(content, decoded)
    if (np.diff(ends) < 0).any() or (len(ends) and ends[0] < 0):
        return "byte ends decrease"
    end = int(ends[-1]) if len(ends) else 0
    return "" if end == len(content) else f"byte ends account for {end} of {len(content)} bytes"


def difference(content: bytes, decoded: bytes) -> str:
    """The first character that is not given back."""
    start = next((index for index, (a, b) in enumerate(zip(content, decoded, strict=False)) if a != b), min(len(content), len(decoded)))
    if start == len(content):
        return f"{len(decoded) - start} bytes are given back that were never there, first 0x{decoded[start]:02X}"
    before = content[:start].decode(errors="ignore")
    lost = content.decode(errors="replace")[len(before) :][:1] or "\ufffd"
    return f"{lost!r} (U+{ord(lost):04X}) at byte {len(before.encode())} is lost: {decoded[start : start + 8]!r} is given back"
