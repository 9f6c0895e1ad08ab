"""How well a byte model knows a text: in integers as it codes, and in floating point as it was trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.neural_compression.contexts import ByteModel
    from uniscale_assets.neural_compression.integer_model import IntegerByteModel

PIECES_AT_ONCE = 16


@dataclass(frozen=True)
class Quality:
    """Bits per byte on some text."""

    bytes: int
    bits_per_byte: float
    bits_per_byte_float_parts: float
    bits_per_byte_float: float
    by_language: dict[str, float]
    of_first: dict[str, float]

    @classmethod
    def of(cls, model: IntegerByteModel, checkpoint: Path, texts: list[tuple[str, bytes]]) -> Self:
        """Measure a model and the checkpoint that it was made from on texts with their languages."""
        import numpy as np
        import torch

        from uniscale_assets.neural_compression.float_model import FloatByteModel

        pieces = [
            (language, text[first : first + model.context]) for language, text in texts for first in range(0, len(text), model.context)
        ]
        pieces = sorted((piece for piece in pieces if piece[1]), key=lambda piece: -len(piece[1]))
        coded = coded_bits(model, [piece for _, piece in pieces])
        in_parts = coded_bits(FloatByteModel(checkpoint, model.context, torch.float64), [piece for _, piece in pieces])
        floating = bits_of_checkpoint(checkpoint, [piece for _, piece in pieces])
        size = sum(len(piece) for _, piece in pieces)
        languages = sorted({language for language, _ in pieces})
        by_language = {
            name: mean([bits for (language, _), bits in zip(pieces, coded, strict=True) if language == name]) for name in languages
        }
        places = [place for place in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024) if place <= len(coded[0])]
        of_first = {str(place): float(np.mean([bits[place - 1] for bits in coded if len(bits) >= place])) for place in places}
        return cls(size, mean(coded), mean(in_parts), mean(floating), by_language, of_first)


def mean(bits: list[np.ndarray]) -> float:
    """Mean over the bytes of all pieces."""
    import numpy as np

    return float(np.concatenate(bits).mean())


def validation_texts(mixture: Path, limit: int) -> list[tuple[str, bytes]]:
    """Validation documents with their languages, in the mixture's order, up to some bytes; the last one is cut."""
    from uniscale_assets.corpus.mixing import iterate_documents

    found: list[tuple[str, bytes]] = []
    for document in iterate_documents(mixture, "validation"):
        if limit <= 0:
            break
        text = document.text.encode()[:limit]
        found.append((document.language, text))
        limit -= len(text)
    return found


def coded_bits(model: ByteModel, pieces: list[bytes]) -> list[np.ndarray]:
    """-log2 of the parts that each byte of each context is coded with; the longest contexts first."""
    import numpy as np

    from uniscale_assets.neural_compression.arithmetic_coding import parts_of_pieces
    from uniscale_assets.neural_compression.probabilities import PRECISION

    found: list[np.ndarray] = []
    for first in range(0, len(pieces), PIECES_AT_ONCE):
        for firsts, lasts in parts_of_pieces(model, pieces[first : first + PIECES_AT_ONCE]):
            found.append(PRECISION - np.log2(lasts - firsts))
    return found


def bits_of_checkpoint(checkpoint: Path, pieces: list[bytes]) -> list[np.ndarray]:
    """-log2 of the probabilities that the trained model gives each byte, in float64; nothing is rounded to parts."""
    import torch
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float64)
    found: list[np.ndarray] = []
    for first in range(0, len(pieces), PIECES_AT_ONCE):
        chosen = pieces[first : first + PIECES_AT_ONCE]
        longest = len(chosen[0])
        symbols = torch.zeros((len(chosen), longest + 1), dtype=torch.int64)
        for row, piece in enumerate(chosen):
            symbols[row, 1 : len(piece) + 1] = torch.frombuffer(bytearray(piece), dtype=torch.uint8).long() + 1
        with torch.no_grad():
            logits = model(symbols[:, :-1]).logits[..., 1:]
            following = (symbols[:, 1:] - 1).clamp(min=0)
            bits = torch.nn.functional.cross_entropy(logits.transpose(1, 2), following, reduction="none") / torch.log(torch.tensor(2.0))
        found += [bits[row, : len(piece)].numpy() for row, piece in enumerate(chosen)]
    return found
