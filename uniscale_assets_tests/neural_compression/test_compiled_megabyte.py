"""A megabyte of real text: the codebook says what the model says byte by byte, which is the definition of the scheme."""

from __future__ import annotations

import numpy as np
import pytest

from uniscale_assets.neural_compression.codebook import codebook_of
from uniscale_assets.neural_compression.compilation import compile_strings
from uniscale_assets.neural_compression.equal_info import CompiledWindows
from uniscale_assets.neural_compression.integer_model import IntegerByteModel
from uniscale_assets.neural_compression.schemes import scheme_of
from uniscale_assets.neural_compression.stepwise import WindowEncoder
from uniscale_assets.neural_compression.streams import FIRST_ID
from uniscale_assets.neural_compression.windows import rule_of
from uniscale_assets_tests.benchmarks.bpe_sizes import read_texts

SIZE, PIECE, LANES = 1_000_000, 250, 1000


@pytest.mark.parametrize("scheme", ["delay", "owned_cell"])
def test_every_window_of_a_megabyte_is_that_of_the_model(byte_model: IntegerByteModel, scheme: str) -> None:
    # Every language comes along; a cut inside a character is a document's end like any other.
    text = "".join(text[:400] for text in read_texts()).encode()[:SIZE]
    documents = [text[first : first + PIECE] for first in range(0, len(text), PIECE)]
    compiled = CompiledWindows(codebook_of(compile_strings(byte_model, scheme_of(scheme)), scheme, "model"), 16)
    stepwise = WindowEncoder(byte_model, rule_of(scheme, 16), "every").encode(documents, lanes=LANES)
    assert sum(map(len, documents)) == SIZE
    for fast, slow in zip(compiled.encode_bytes(documents), stepwise, strict=True):
        assert (fast.ids == np.array(slow.values) + FIRST_ID).all()
        assert (fast.byte_ends == slow.ends).all()
