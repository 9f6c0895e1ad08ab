"""The compressing families behind the tokenization protocol; importing this module makes them known to study files."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from uniscale_assets.errors import BadInputError, TokenizerError
from uniscale_assets.neural_compression.spec import ArithmeticOptions, EqualInfoOptions, GzipOptions, StreamOptions
from uniscale_assets.neural_compression.streams import FIRST_ID, SEPARATOR_ID, ByteTokenizer, vocabulary_of
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.description import PROBE_TEXT, Description, probe_hash, write_description
from uniscale_assets.tokenization.options import read_options
from uniscale_assets.tokenization.protocol import Encoding, register

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.tokenization.spec import TokenizerSpec

OPTIONS_FILE = "options.json"
STATIC_FILE = "byte_frequencies.json"
OptionsType = TypeVar("OptionsType", bound=Specification)


class NoOptions(Specification):
    """Options of a family that takes none."""


class ByteAlphabet(ByteTokenizer):
    """One id for each byte (ByT5, arXiv 2105.13626)."""

    spells_by_token = True

    def __init__(self) -> None:
        super().__init__(vocabulary_of(8))

    def encode_bytes(self, documents: Sequence[bytes]) -> list[Encoding]:
        import numpy as np

        return [
            Encoding(np.frombuffer(document, np.uint8).astype(np.int32) + np.int32(FIRST_ID), np.arange(1, len(document) + 1))
            for document in documents
        ]

    def decode_tokens(self, tokens: np.ndarray) -> bytes:
        import numpy as np

        return tokens.astype(np.uint8).tobytes()


class CompressingFamily(Generic[OptionsType]):
    """What the families share: options, the vocabulary's size, and the directory of a tokenizer."""

    name: str
    nested = False
    only_pretokenizer = "none"
    options_type: type[OptionsType]

    def check(self, spec: TokenizerSpec) -> None:
        """Options are its own; ``vocab_size`` is what its tokens make it, and may be left out."""
        size = self.vocab_size_of(spec)
        if spec.vocab_size not in (None, size):
            raise BadInputError(f"vocab_size: {self.name} with these options has {size} ids; say that, or leave it out")

    def options(self, spec: TokenizerSpec) -> OptionsType:
        """The options of a spec."""
        return read_options(spec, self.options_type)

    def vocab_size_of(self, spec: TokenizerSpec) -> int:
        """Ids, the separator among them."""
        options = self.options(spec)
        return vocabulary_of(options.token_bits if isinstance(options, StreamOptions) else 8)

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:  # noqa: ARG002 - the protocol's
        """Nothing is learned from the text."""
        write_options(output, self.options(spec))

    def cut(self, vocabulary: Path, spec: TokenizerSpec, output: Path) -> None:
        """The same files, and a description."""
        if vocabulary != output:
            for path in sorted(vocabulary.iterdir()):
                shutil.copyfile(path, output / path.name)
        write_options(output, self.options(spec))
        tokenizer = self.load(output)
        ids = tokenizer.encode_batch([PROBE_TEXT])[0].ids
        description = Description(
            family=self.name,
            vocab_size=tokenizer.vocab_size,
            pretokenizer=spec.pretokenizer,
            separator_id=SEPARATOR_ID,
            separator_text="",
            probe_hash=probe_hash(ids.tolist()),
            encoding_flops_per_byte=tokenizer.encoding_flops_per_byte,
        )
        write_description(output, description)

    def load(self, directory: Path) -> ByteTokenizer:
        """Read a tokenizer directory."""
        path = directory / OPTIONS_FILE
        try:
            options = self.options_type.model_validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise TokenizerError(f"{path}: not readable ({type(error).__name__}); materialize the tokenizer again") from error
        return self.assembled(directory, options)

    def assembled(self, directory: Path, options: OptionsType) -> ByteTokenizer:
        """The tokenizer of a directory."""
        raise NotImplementedError


def write_options(output: Path, options: Specification) -> None:
    """Write ``options.json``."""
    from uniscale_assets.files import write_text

    write_text(output / OPTIONS_FILE, options.model_dump_json(indent=2) + "\n")


class Bytes(CompressingFamily[NoOptions]):
    """Family ``bytes``."""

    name = "bytes"
    options_type = NoOptions

    def assembled(self, directory: Path, options: NoOptions) -> ByteTokenizer:  # noqa: ARG002 - the protocol's
        return ByteAlphabet()


class Gzip(CompressingFamily[GzipOptions]):
    """Family ``gzip``."""

    name = "gzip"
    options_type = GzipOptions

    def assembled(self, directory: Path, options: GzipOptions) -> ByteTokenizer:  # noqa: ARG002 - the protocol's
        from uniscale_assets.neural_compression.deflate import DeflateTokenizer

        return DeflateTokenizer(options.token_bits, header=options.header)


class StaticArithmetic(CompressingFamily[StreamOptions]):
    """Family ``static_ac``: arithmetic coding under the frequencies of bytes in the tokenizer split, one added to each."""

    name = "static_ac"
    options_type = StreamOptions

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:
        """Count bytes."""
        import json

        import numpy as np

        from uniscale_assets.files import write_text

        counts = np.ones(256, dtype=np.int64)
        for text in texts:
            counts += np.bincount(np.frombuffer(text.encode(), np.uint8), minlength=256)
        write_text(output / STATIC_FILE, json.dumps(counts.tolist()) + "\n")
        write_options(output, self.options(spec))

    def assembled(self, directory: Path, options: StreamOptions) -> ByteTokenizer:
        import json

        import numpy as np

        from uniscale_assets.neural_compression.arithmetic_coding import StaticTokenizer
        from uniscale_assets.neural_compression.probabilities import cumulative_parts

        path = directory / STATIC_FILE
        try:
            counts = np.array(json.loads(path.read_text(encoding="utf-8")), dtype=np.int64)
            usable = counts.shape == (256,) and counts.min() > 0
        except (OSError, ValueError) as error:
            raise TokenizerError(f"{path}: not readable ({error}); materialize the tokenizer again") from error
        if not usable:
            raise TokenizerError(f"{path}: not 256 counts above zero; materialize the tokenizer again")
        return StaticTokenizer(cumulative_parts(counts), options.token_bits)


class ModelFamily(CompressingFamily[OptionsType]):
    """A family whose vocabulary is made from a byte model and not from text (`protocol.NeedsByteModel`)."""

    def byte_model_of(self, spec: TokenizerSpec) -> str:
        """Name of the study's byte model that it needs."""
        options: Any = self.options(spec)
        return options.byte_model

    def train_from_model(self, spec: TokenizerSpec, byte_model: Path, output: Path) -> None:
        """Fill the vocabulary directory from the directory of a byte model."""
        from uniscale_assets.neural_compression.quantization import FILE

        shutil.copyfile(byte_model / FILE, output / FILE)
        write_options(output, self.options(spec))

    def train_vocabulary(self, spec: TokenizerSpec, texts: Iterable[str], output: Path) -> None:  # noqa: ARG002 - the protocol's
        """Refused: the platform hands a byte model to ``train_from_model``."""
        raise TokenizerError(f"{spec.name}: the family {self.name} is made from a byte model; materialize `byte_model` first")


class Arithmetic(ModelFamily[ArithmeticOptions]):
    """Family ``ac``."""

    name = "ac"
    options_type = ArithmeticOptions

    def assembled(self, directory: Path, options: ArithmeticOptions) -> ByteTokenizer:
        from uniscale_assets.neural_compression.arithmetic_coding import ModelTokenizer
        from uniscale_assets.neural_compression.quantization import read_integer_model

        return ModelTokenizer(read_integer_model(directory), options.token_bits)


class EqualInfo(ModelFamily[EqualInfoOptions]):
    """Family ``equal_info``: windows of 16 bits by a compiled codebook, others by the byte model."""

    name = "equal_info"
    nested = True
    options_type = EqualInfoOptions

    def trained_as(self, spec: TokenizerSpec) -> TokenizerSpec:
        """A codebook does not depend on how its windows are cut into tokens."""
        options = {**spec.options, "token_bits": 16} if self.options(spec).compiled else spec.options
        return spec.model_copy(update={"vocab_size": None, "options": options})

    def train_from_model(self, spec: TokenizerSpec, byte_model: Path, output: Path) -> None:
        """Compile the codebook where there is one; else the model itself is the vocabulary."""
        options = self.options(spec)
        if not options.compiled:
            super().train_from_model(spec, byte_model, output)
            return
        from uniscale_assets.neural_compression.codebook import codebook_of, write_codebook
        from uniscale_assets.neural_compression.compilation import compile_strings
        from uniscale_assets.neural_compression.quantization import model_hash, read_integer_model
        from uniscale_assets.neural_compression.schemes import scheme_of

        strings = compile_strings(read_integer_model(byte_model), scheme_of(options.scheme))
        write_codebook(codebook_of(strings, options.scheme, model_hash(byte_model)), output)
        write_options(output, options)

    def assembled(self, directory: Path, options: EqualInfoOptions) -> ByteTokenizer:
        from uniscale_assets.neural_compression.codebook import read_codebook
        from uniscale_assets.neural_compression.equal_info import CompiledWindows, StepwiseWindows
        from uniscale_assets.neural_compression.quantization import read_integer_model
        from uniscale_assets.neural_compression.windows import rule_of

        if options.compiled:
            return CompiledWindows(read_codebook(directory), options.token_bits)
        rule = rule_of(options.scheme, options.window_bits)
        return StepwiseWindows(read_integer_model(directory), rule, options.reset, options.token_bits)


NAMES = tuple(register(family).name for family in (Bytes(), Gzip(), StaticArithmetic(), Arithmetic(), EqualInfo()))
