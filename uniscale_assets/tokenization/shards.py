"""Token shards: text encoded once, memory-mapped by training and evaluation."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError

from uniscale_assets.errors import TokenizerError
from uniscale_assets.files import write_text
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.arrays import HEADER_BYTES, GrowingArray
from uniscale_assets.tokenization.batching import batches

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.corpus.mixing import MixtureDocument
    from uniscale_assets.corpus.spec import SplitName
    from uniscale_assets.tokenization.protocol import Encoding, Tokenizer

SHARD_SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")
SUMMARY_FILE = "shards.json"
# Encoded tokens take some hundred bytes each in the library; this keeps a batch under half a gigabyte.
BATCH_BYTES = 2**20


class SplitCounts(Specification):
    """What one split holds."""

    documents: int
    bytes: int
    tokens: int


class ShardSummary(Specification):
    """``shards.json``.

    ``bytes_per_token`` is the compression rate T: raw bytes / text tokens of the mixed validation text, which sets the
    context in tokens.
    """

    vocab_size: int
    separator_id: int
    splits: dict[str, SplitCounts]
    bytes_per_token: float


class ShardWriter:
    """Appends encoded documents of one split; memory does not grow with their number. Use as a context manager."""

    def __init__(self, directory: Path, split: str, vocab_size: int) -> None:
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.files = ExitStack()
        self.ids = self._array(directory / f"{split}.ids.npy", "uint16" if vocab_size <= 2**16 else "uint32")
        self.byte_ends = self._array(directory / f"{split}.byte_ends.npy", "uint32")
        self.offsets = self._array(directory / f"{split}.offsets.npy", "int64")
        self.document_bytes = self._array(directory / f"{split}.document_bytes.npy", "int64")
        self.schema: Any = pa.schema([("language", pa.string()), ("id", pa.string()), ("bytes", pa.int64()), ("tokens", pa.int64())])
        self.table: Any = self.files.enter_context(pq.ParquetWriter(directory / f"{split}.documents.parquet", self.schema))
        self.offsets.append(np.zeros(1, dtype=np.int64))
        self.bytes = 0

    def _array(self, path: Path, dtype: str) -> GrowingArray:
        return self.files.enter_context(GrowingArray(path, dtype))

    def append(self, documents: list[MixtureDocument], encodings: list[Encoding]) -> None:
        """Add a batch of documents.

        Raises:
            TokenizerError: the byte ends of a document do not end at its bytes.
        """
        import numpy as np
        import pyarrow as pa

        for document, encoding in zip(documents, encodings, strict=True):
            check_byte_ends(document, encoding)
        tokens = np.array([len(encoding.ids) for encoding in encodings], dtype=np.int64)
        sizes = np.array([document.bytes for document in documents], dtype=np.int64)
        self.offsets.append(self.ids.length + np.cumsum(tokens))
        self.ids.append(np.concatenate([encoding.ids for encoding in encodings]))
        self.byte_ends.append(np.concatenate([encoding.byte_ends for encoding in encodings]))
        self.document_bytes.append(sizes)
        self.bytes += int(sizes.sum())
        names = [[document.language for document in documents], [document.id for document in documents]]
        self.table.write_table(pa.table([*names, sizes, tokens], schema=self.schema))

    @property
    def counts(self) -> SplitCounts:
        """What was written so far."""
        return SplitCounts(documents=self.document_bytes.length, bytes=self.bytes, tokens=self.ids.length)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.files.__exit__(kind, error, trace)


def write_token_shards(tokenizer: Tokenizer, mixture: Path, output: Path) -> ShardSummary:
    """Encode the train, validation and test text of a mixture into the empty directory ``output``.

    Raises:
        TokenizerError: the tokenizer's byte ends do not account for a document's bytes, or there is no validation text
            to measure bytes per token on.
        DiskFullError: no space left.
    """
    from uniscale_assets.corpus.build import disk_space

    with disk_space(output):
        splits = {split: write_split(tokenizer, mixture, split, output) for split in SHARD_SPLITS}
    validation = splits["validation"]
    if validation.tokens == 0:
        raise TokenizerError(f"{mixture}: no validation text to measure bytes per token on; raise corpus.splits.validation")
    summary = ShardSummary(
        vocab_size=tokenizer.vocab_size,
        separator_id=tokenizer.separator_id,
        splits=splits,
        bytes_per_token=validation.bytes / validation.tokens,
    )
    write_text(output / SUMMARY_FILE, summary.model_dump_json(indent=2) + "\n")
    return summary


def write_split(tokenizer: Tokenizer, mixture: Path, split: SplitName, output: Path) -> SplitCounts:
    """Encode one split."""
    from uniscale_assets.corpus.mixing import iterate_documents

    with ShardWriter(output, split, tokenizer.vocab_size) as writer:
        for documents in batches(iterate_documents(mixture, split), lambda document: document.bytes, BATCH_BYTES):
            writer.append(documents, tokenizer.encode_batch([document.text for document in documents]))
        return writer.counts


def check_byte_ends(document: MixtureDocument, encoding: Encoding) -> None:
    """Raise ``TokenizerError`` where a document's byte ends do not end at its bytes, or do not fit 32 bits."""
    end = int(encoding.byte_ends[-1]) if len(encoding.byte_ends) else 0
    if end != document.bytes or end >= 2**32:
        raise TokenizerError(f"document {document.id!r} ({document.language}): tokens account for {end} of {document.bytes} bytes")


@dataclass(frozen=True)
class TokenShard:
    """One split of one tokenizer, memory-mapped.

    Document i has the tokens ``offsets[i]`` to ``offsets[i + 1]``, without separators.
    """

    directory: Path
    split: str

    @cached_property
    def ids(self) -> np.ndarray:
        """uint16 or uint32 [tokens]: the documents end to end."""
        return self._map("ids")

    @cached_property
    def byte_ends(self) -> np.ndarray:
        """uint32 [tokens]: raw bytes of its document accounted for after each token."""
        return self._map("byte_ends")

    @cached_property
    def offsets(self) -> np.ndarray:
        """int64 [documents + 1]."""
        return self._map("offsets")

    @cached_property
    def document_bytes(self) -> np.ndarray:
        """int64 [documents]: raw bytes of each."""
        return self._map("document_bytes")

    def documents(self) -> list[tuple[str, str]]:
        """Language and id of each document, in the order of the shard."""
        import pyarrow.parquet as pq

        columns = pq.read_table(self._path("documents.parquet"), columns=["language", "id"]).to_pydict()
        return list(zip(columns["language"], columns["id"], strict=True))

    def _map(self, name: str) -> np.ndarray:
        import numpy as np

        path = self._path(f"{name}.npy")
        try:
            # A memory map of nothing is an error of the operating system.
            return np.load(path, mmap_mode="r" if path.stat().st_size > HEADER_BYTES else None)
        except (OSError, ValueError) as error:
            raise TokenizerError(f"{path}: not readable as a token shard ({error}); materialize token_shards again") from error

    def _path(self, name: str) -> Path:
        return self.directory / f"{self.split}.{name}"


def open_shard(directory: Path, split: str) -> TokenShard:
    """One split of a shard directory.

    Raises:
        TokenizerError: the directory holds no shard of that split.
    """
    summary = read_summary(directory)
    if split not in summary.splits:
        raise TokenizerError(f"{directory}: holds no split {split!r}; it holds {', '.join(summary.splits)}")
    return TokenShard(directory, split)


def read_summary(directory: Path) -> ShardSummary:
    """Read ``shards.json``.

    Raises:
        TokenizerError: it is missing or damaged.
    """
    path = directory / SUMMARY_FILE
    try:
        return ShardSummary.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise TokenizerError(f"{path}: not readable as token shards ({type(error).__name__}); materialize token_shards again") from error
