"""A released ``tokenizer.json`` with the same ids, made so that text is all that it reads and writes.

Special tokens keep their ids under names that no text can spell: what spells one stays text. Nothing is added at the ends
of a text, and nothing is cut off. All ids are entries of the model, so that every reader sees the same vocabulary.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from uniscale_assets.errors import BadInputError
from uniscale_assets.tokenization.layout import SEPARATOR_TEXT, unspell
from uniscale_assets.tokenization.piece_tokenizer import SPACE_MARK, text_of

# With a space in it, which neither byte-level nor SentencePiece's spelling has.
SPECIAL = "special token "
BYTE_PIECE = re.compile(r"<0x([0-9A-F]{2})>")

Content = dict[str, Any]


@dataclass(frozen=True)
class Entries:
    """Ids of a tokenizer file.

    Attributes:
        model: pieces of the model.
        special: tokens that stand for no text.
        added: further tokens, matched in the text as they are.
    """

    model: dict[str, int]
    special: dict[str, int]
    added: dict[str, int]

    @property
    def size(self) -> int:
        """Ids, those that nothing uses included."""
        return max([-1, *self.model.values(), *self.special.values(), *self.added.values()]) + 1


def released_entries(content: Content) -> Entries:
    """What has an id in a ``tokenizer.json``."""
    vocabulary = content["model"]["vocab"]
    model = vocabulary if isinstance(vocabulary, dict) else {piece: index for index, (piece, _) in enumerate(vocabulary)}
    special = {token["content"]: token["id"] for token in content["added_tokens"] if token["special"]}
    added = {token["content"]: token["id"] for token in content["added_tokens"] if not token["special"]}
    # Our own tokenizers keep their separator as an entry of the model.
    special |= {SEPARATOR_TEXT: model[SEPARATOR_TEXT]} if SEPARATOR_TEXT in model else {}
    return Entries({piece: index for piece, index in model.items() if piece not in special}, special, added)


def as_text_only(content: Content, separator: str | None) -> tuple[Content, int]:
    """The file with special tokens out of reach of text, and the id of the separator.

    Args:
        content: of a ``tokenizer.json``, as the library writes it.
        separator: one of its special tokens; None adds one with the next id, unless it is a tokenizer of ours.

    Raises:
        BadInputError: it has no special token of that name.
    """
    entries = released_entries(content)
    separator_id, size = choose_separator(entries.special, entries.size, separator)
    names = {index: f"{SPECIAL}{index}" for index in range(size)}
    names |= {index: piece for piece, index in {**entries.added, **entries.model}.items()}
    names |= {index: f"{SPECIAL}{name}" for name, index in entries.special.items()}
    names[separator_id] = SEPARATOR_TEXT
    model = {**content["model"], "vocab": vocabulary_as(content["model"]["vocab"], names)}
    if model.get("unk_token") in entries.special:
        model["unk_token"] = names[entries.special[model["unk_token"]]]
    kept = [token for token in content["added_tokens"] if not token["special"]]
    return {**content, "model": model, "added_tokens": kept, "post_processor": None, "truncation": None, "padding": None}, separator_id


def choose_separator(special: dict[str, int], size: int, separator: str | None) -> tuple[int, int]:
    """The id of the separator, and the size of the vocabulary with it."""
    if separator is None:
        return (special[SEPARATOR_TEXT], size) if SEPARATOR_TEXT in special else (size, size + 1)
    if separator not in special:
        raise BadInputError(f"options: separator: {separator!r} is no special token of the file; it has {', '.join(special) or 'none'}")
    return special[separator], size


def vocabulary_as(released: Any, names: dict[int, str]) -> Any:
    """A vocabulary under new names, in the form of the released one: a mapping, or a list of pieces with their scores."""
    ordered = [names[index] for index in range(len(names))]
    if isinstance(released, dict):
        return {name: index for index, name in enumerate(ordered)}
    least = min(score for _, score in released)
    scores = [score for _, score in released] + [least] * (len(ordered) - len(released))
    return [list(pair) for pair in zip(ordered, scores, strict=True)]


def without_normalization(content: Content) -> Content:
    """The file without what changes text: only spaces are still spelled as marks, where they are."""
    steps = flattened(content["normalizer"], "normalizers")
    marking = [step for step in steps if step["type"] == "Replace" and step["content"] == SPACE_MARK and step["pattern"] == {"String": " "}]
    cuts = [plain_cut(step) for step in flattened(content["pre_tokenizer"], "pretokenizers")]
    decoders = [plain_cut(step) for step in flattened(content["decoder"], "decoders") if step["type"] != "Strip"]
    return {
        **content,
        "normalizer": {"type": "Sequence", "normalizers": marking} if marking else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": cuts} if cuts else None,
        "decoder": {"type": "Sequence", "decoders": decoders} if decoders else None,
    }


def plain_cut(step: Content) -> Content:
    """A step of pretokenizing or decoding that adds no space at the beginning."""
    plain = {"Metaspace": {"prepend_scheme": "never"}, "ByteLevel": {"add_prefix_space": False}}
    return {**step, **plain.get(step["type"], {})}


def flattened(step: Content | None, parts: str) -> list[Content]:
    """The steps of a sequence of sequences."""
    if step is None:
        return []
    return [inner for part in step[parts] for inner in flattened(part, parts)] if step["type"] == "Sequence" else [step]


def spells_bytes(content: Content) -> bool:
    """Whether pieces are written in byte-level characters."""
    steps = [*flattened(content["pre_tokenizer"], "pretokenizers"), *flattened(content["decoder"], "decoders")]
    return any(step["type"] == "ByteLevel" for step in steps)


def marks_spaces(content: Content) -> bool:
    """Whether pieces spell a space with U+2581."""
    normalizers = flattened(content["normalizer"], "normalizers")
    cuts = flattened(content["pre_tokenizer"], "pretokenizers")
    return any(step.get("content") == SPACE_MARK for step in normalizers) or any(step["type"] == "Metaspace" for step in cuts)


def pieces_of(content: Content) -> list[bytes]:
    """Bytes of every id of a file that ``as_text_only`` made; none for special ones."""
    entries = released_entries(content)
    spelled, bytes_apart, marked = spells_bytes(content), bool(content["model"].get("byte_fallback")), marks_spaces(content)
    inner = content["model"]["continuing_subword_prefix"] if content["model"]["type"] == "WordPiece" else ""
    pieces = [b""] * entries.size
    for piece, index in entries.model.items():
        if not piece.startswith(SPECIAL):
            pieces[index] = piece_bytes(piece.removeprefix(inner), spelled=spelled, bytes_apart=bytes_apart, marked=marked)
    for text, index in entries.added.items():
        pieces[index] = text.encode()
    return pieces


def piece_bytes(piece: str, *, spelled: bool, bytes_apart: bool, marked: bool) -> bytes:
    """What a piece of the model stands for."""
    match = BYTE_PIECE.fullmatch(piece) if bytes_apart else None
    if match:
        return bytes.fromhex(match[1])
    if spelled:
        try:
            return unspell(piece)
        except KeyError:
            return piece.encode()
    return text_of(piece) if marked else piece.encode()


def canonical(text: str, source: str) -> Content:
    """A ``tokenizer.json`` of any version as the library writes it today.

    Raises:
        BadInputError: the library cannot read it.
    """
    from tokenizers import Tokenizer

    try:
        return json.loads(Tokenizer.from_str(text).to_str())
    except Exception as error:  # the Rust side raises bare Exception
        raise BadInputError(f"{source}: not readable as a tokenizer.json: {error}") from error
