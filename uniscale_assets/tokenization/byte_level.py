"""Tokenizers in Hugging Face's format whose pieces are written in byte-level characters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import TokenizerError
from uniscale_assets.files import write_text
from uniscale_assets.tokenization.batching import batches
from uniscale_assets.tokenization.description import PROBE_TEXT, Description, probe_hash, write_description
from uniscale_assets.tokenization.layout import SEPARATOR_ID, SEPARATOR_TEXT, unspell
from uniscale_assets.tokenization.pretokenizers import build_pretokenizer, segments
from uniscale_assets.tokenization.protocol import Encoding

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.tokenization.spec import TokenizerSpec

TOKENIZER_FILE = "tokenizer.json"
CHARACTERS_AT_ONCE = 2**20
# The plain fast class takes tokenizer.json as it is; a model's own class would rebuild it with its own settings.
# No special token is named: transformers would add it to what text can spell.
TRANSFORMERS_CONFIG = {"clean_up_tokenization_spaces": False, "tokenizer_class": "PreTrainedTokenizerFast"}


class ByteLevelTokenizer:
    """A ``tokenizers.Tokenizer`` with one byte for each character of a piece; satisfies ``protocol.Tokenizer``."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.vocab_size: int = backend.get_vocab_size()
        self.separator_id = SEPARATOR_ID

    @cached_property
    def pieces(self) -> list[bytes]:
        """Bytes of every id; the separator has none."""
        vocabulary: dict[str, int] = self.backend.get_vocab()
        ordered = sorted(vocabulary, key=lambda piece: vocabulary[piece])
        return [b"" if piece == SEPARATOR_TEXT else unspell(piece) for piece in ordered]

    @cached_property
    def lengths(self) -> np.ndarray:
        """int64 [vocab_size]: bytes of every id."""
        import numpy as np

        return np.fromiter(map(len, self.pieces), dtype=np.int64, count=self.vocab_size)

    def encode_batch(self, texts: Sequence[str]) -> list[Encoding]:
        """Encode documents, in parallel where TOKENIZERS_PARALLELISM and RAYON_NUM_THREADS allow."""
        import numpy as np

        lengths = self.lengths
        parts = [list(segments(text)) for text in texts]
        encoded = self._encode_parts(chain.from_iterable(parts))
        encodings: list[Encoding] = []
        for count in map(len, parts):
            ids = next(encoded) if count == 1 else np.concatenate([next(encoded) for _ in range(count)])
            encodings.append(Encoding(ids, np.cumsum(lengths[ids])))
        return encodings

    def _encode_parts(self, parts: Iterable[str]) -> Iterator[np.ndarray]:
        """Ids of each part. The library keeps some hundred bytes for each token of a batch: batches are small."""
        import numpy as np

        for batch in batches(parts, len, CHARACTERS_AT_ONCE):
            for encoded in self.backend.encode_batch_fast(batch, add_special_tokens=False):
                yield np.array(encoded.ids, dtype=np.int32)

    def decode(self, ids: Sequence[int] | np.ndarray) -> bytes:
        """The bytes that ids stand for."""
        import numpy as np

        return b"".join(map(self.pieces.__getitem__, np.asarray(ids).tolist()))


def assemble(model: Any, spec: TokenizerSpec) -> Any:
    """A ``tokenizers.Tokenizer`` around a model: no normalizer, the preset's cuts, and nothing added to the text."""
    from tokenizers import Tokenizer, decoders

    backend = Tokenizer(model)
    backend.pre_tokenizer = build_pretokenizer(spec.pretokenizer)
    backend.decoder = decoders.ByteLevel()
    return backend


def write_tokenizer(backend: Any, spec: TokenizerSpec, output: Path) -> None:
    """Write the tokenizer directory: ``tokenizer.json``, ``tokenizer_config.json`` and ``uniscale.json``."""
    if spec.vocab_size not in (None, backend.get_vocab_size()):
        raise TokenizerError(f"{spec.name}: {backend.get_vocab_size()} ids instead of vocab_size: {spec.vocab_size}")
    write_text(output / TOKENIZER_FILE, backend.to_str(pretty=True))
    write_text(output / "tokenizer_config.json", json.dumps(TRANSFORMERS_CONFIG, indent=2, sort_keys=True) + "\n")
    ids = ByteLevelTokenizer(backend).encode_batch([PROBE_TEXT])[0].ids
    description = Description(
        family=spec.family,
        vocab_size=backend.get_vocab_size(),
        pretokenizer=spec.pretokenizer,
        separator_id=SEPARATOR_ID,
        separator_text=SEPARATOR_TEXT,
        probe_hash=probe_hash(ids.tolist()),
    )
    write_description(output, description)


def read_tokenizer(directory: Path) -> ByteLevelTokenizer:
    """Read ``tokenizer.json`` itself, never through a class that could change it.

    Raises:
        TokenizerError: the file is missing or damaged, or its ids are not laid out as ours.
    """
    from tokenizers import Tokenizer

    path = directory / TOKENIZER_FILE
    if not path.is_file():
        raise TokenizerError(f"{directory}: {TOKENIZER_FILE} is missing; materialize the tokenizer again")
    try:
        backend = Tokenizer.from_file(str(path))
        tokenizer = ByteLevelTokenizer(backend)
        usable = backend.token_to_id(SEPARATOR_TEXT) == SEPARATOR_ID and len(tokenizer.pieces) == tokenizer.vocab_size
    except Exception as error:  # the Rust side raises bare Exception; a KeyError is a character that is no byte
        raise TokenizerError(f"{path}: not readable as a byte-level tokenizer: {error!r}") from error
    if not usable:
        raise TokenizerError(f"{path}: {SEPARATOR_TEXT!r} is not id {SEPARATOR_ID}; this is none of our tokenizers")
    return tokenizer
