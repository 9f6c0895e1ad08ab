"""Texts beside their codes as token shards: compression and decompression as sequence-to-sequence tasks (arXiv 2404.03626, 5.2).

A pair is one document of fixed length: input, target, padding. Ids of the target come after those of the input, so that a byte that
is read and one that is written differ. With a context of one pair and its separator, every window of the trainer is one pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from uniscale_assets.errors import BadInputError
from uniscale_assets.files import write_text
from uniscale_assets.neural_compression.streams import FIRST_ID, SEPARATOR_ID

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.corpus.spec import SplitName
    from uniscale_assets.tokenization.protocol import Tokenizer
    from uniscale_assets.tokenization.shards import SplitCounts

CoderTask = Literal["decompress", "compress", "bytes alone"]
LAYOUT_FILE = "pairs.json"
TEXTS_AT_ONCE = 4096


@dataclass(frozen=True)
class PairLayout:
    """How ids and places of the pairs are dealt out."""

    task: CoderTask
    input_ids: int
    """ids of the input, from 1"""
    target_ids: int
    """ids of the target, after those of the input"""
    length: int
    """of every pair, padding among it, in tokens"""

    @property
    def padding_id(self) -> int:
        """The last id."""
        return FIRST_ID + self.input_ids + self.target_ids

    @property
    def first_target(self) -> int:
        """The lowest id of a target."""
        return FIRST_ID + self.input_ids


@dataclass(frozen=True)
class Sides:
    """Inputs and targets of some texts, numbered from 0."""

    inputs: list[np.ndarray]
    targets: list[np.ndarray]


def pieces(texts: Sequence[bytes], size: int) -> list[bytes]:
    """Texts in pieces of one size; what is left over is dropped."""
    return [text[first : first + size] for text in texts for first in range(0, len(text) - size + 1, size)]


def sides(task: CoderTask, tokenizer: Tokenizer, texts: Sequence[bytes]) -> Sides:
    """What is read and what is to be written."""
    import numpy as np

    letters = [np.frombuffer(text, np.uint8).astype(np.int64) for text in texts]
    if task == "bytes alone":
        return Sides([np.zeros(0, np.int64)] * len(texts), letters)
    encode = getattr(tokenizer, "encode_bytes", None)
    if encode is None:
        raise BadInputError("coder_tasks: only tokenizers that take raw bytes have a code to learn")
    codes = [encoding.ids.astype(np.int64) - FIRST_ID for encoding in encode(list(texts))]
    return Sides(codes, letters) if task == "decompress" else Sides(letters, codes)


def write_pairs(task: CoderTask, tokenizer: Tokenizer, train: Sequence[bytes], held_out: Sequence[bytes], output: Path) -> PairLayout:
    """Write the shards of a task: splits train and validation, and `pairs.json`.

    Args:
        task: which of input and target are bytes.
        tokenizer: of a compressing family; each text is encoded by itself.
        train: texts of one size, in bytes.
        held_out: texts that are asked.
        output: an existing directory.

    Raises:
        BadInputError: no text, or a tokenizer that takes no raw bytes.
    """
    import json
    from dataclasses import asdict

    from uniscale_assets.tokenization.shards import SUMMARY_FILE, ShardSummary

    if not train or not held_out:
        raise BadInputError("coder_tasks: no document is as long as text_bytes in the train and the validation split; lower text_bytes")
    parts: dict[SplitName, Sides] = {"train": sides(task, tokenizer, train), "validation": sides(task, tokenizer, held_out)}
    codes = tokenizer.vocab_size - FIRST_ID
    numbers = {"decompress": (codes, 256), "compress": (256, codes), "bytes alone": (0, 256)}[task]
    length = max(len(one) + len(other) for part in parts.values() for one, other in zip(part.inputs, part.targets, strict=True))
    layout = PairLayout(task, *numbers, length)
    counts = {split: write_split(layout, split, part, output) for split, part in parts.items()}
    summary = ShardSummary(vocab_size=layout.padding_id + 1, separator_id=SEPARATOR_ID, splits=counts, bytes_per_token=1.0)
    write_text(output / SUMMARY_FILE, summary.model_dump_json(indent=2) + "\n")
    write_text(output / LAYOUT_FILE, json.dumps(asdict(layout), indent=2) + "\n")
    return layout


def write_split(layout: PairLayout, split: SplitName, part: Sides, output: Path) -> SplitCounts:
    """Write one split; a token counts as one byte, so that budget and context are in tokens."""
    import numpy as np

    from uniscale_assets.corpus.mixing import MixtureDocument
    from uniscale_assets.tokenization.protocol import Encoding
    from uniscale_assets.tokenization.shards import ShardWriter

    ends = np.arange(1, layout.length + 1)
    with ShardWriter(output, split, layout.padding_id + 1) as writer:
        for first in range(0, len(part.inputs), TEXTS_AT_ONCE):
            numbers = range(first, min(first + TEXTS_AT_ONCE, len(part.inputs)))
            pairs = [pair_of(layout, part.inputs[number], part.targets[number]) for number in numbers]
            documents = [MixtureDocument(layout.task, str(number), "", layout.length) for number in numbers]
            writer.append(documents, [Encoding(pair, ends) for pair in pairs])
        return writer.counts


def pair_of(layout: PairLayout, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Input, target and padding: int32 [length]."""
    import numpy as np

    pair = np.full(layout.length, layout.padding_id, dtype=np.int32)
    pair[: len(source)] = source + FIRST_ID
    pair[len(source) : len(source) + len(target)] = target + layout.first_target
    return pair


def read_layout(directory: Path) -> PairLayout:
    """The layout of a directory that ``write_pairs`` filled."""
    import json

    return PairLayout(**json.loads((directory / LAYOUT_FILE).read_text(encoding="utf-8")))
