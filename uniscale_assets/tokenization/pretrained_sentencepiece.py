"""A released SentencePiece model, run by SentencePiece itself."""

from __future__ import annotations

from typing import Any

from uniscale_assets.errors import BadInputError
from uniscale_assets.tokenization.piece_tokenizer import PieceTokenizer, text_of

# Field 3 of a model, its normalizer: name (1) `identity`, no character map (2), no space put before the text (3), none taken
# away (4). Source: sentencepiece_model.proto. In a protocol buffer what comes later overrides the fields that it sets.
NO_NORMALIZATION = b"\x1a\x10\x0a\x08identity\x12\x00\x18\x00\x20\x00"


def open_model(content: bytes, source: str) -> Any:
    """A SentencePiece processor of a model's content.

    Raises:
        BadInputError: it is no SentencePiece model.
    """
    import sentencepiece

    try:
        processor: Any = sentencepiece.SentencePieceProcessor(model_proto=content)
    except RuntimeError as error:
        raise BadInputError(f"{source}: neither a tokenizer.json, nor a tiktoken file, nor a SentencePiece model: {error}") from error
    return processor


def special_tokens(processor: Any) -> dict[str, int]:
    """Pieces that no text is written with, by name."""
    tests = (processor.is_control, processor.is_unknown, processor.is_unused)
    special = [index for index in range(processor.get_piece_size()) if any(test(index) for test in tests)]
    return {processor.id_to_piece(index): index for index in special}


def bytes_of_pieces(processor: Any) -> list[bytes]:
    """Bytes of every id; none for special ones."""
    special = set(special_tokens(processor).values())
    names = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
    return [
        b"" if index in special else bytes.fromhex(name[3:5]) if processor.is_byte(index) else text_of(name)
        for index, name in enumerate(names)
    ]


def sentencepiece_tokenizer(processor: Any, separator_id: int) -> PieceTokenizer:
    """The tokenizer of a model; a separator that is no piece of it has the next id."""
    pieces = bytes_of_pieces(processor)
    pieces += [b""] * (separator_id + 1 - len(pieces))
    return PieceTokenizer(processor.encode, pieces, separator_id, marks_spaces=True)
