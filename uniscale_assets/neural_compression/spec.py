"""What a study says about its byte models and about tokenizers that compress."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from uniscale_assets.modeling.spec import BatchSpec, BudgetSpec, ContextSpec, OptimizerSpec, ScheduleSpec, TrainingSpec
from uniscale_assets.neural_compression.choices import Reset, SchemeName, TokenBits
from uniscale_assets.specification import Specification


class CropsSpec(Specification):
    """How the training text of a byte model is cut: every piece starts as a context does, after the separator.

    Windows start afresh, so their first bytes weigh most: a share of the text comes in short pieces.
    """

    short_bytes: int = Field(default=31, ge=1)
    short_share: float = Field(default=0.5, ge=0, le=1, description="of the bytes")


class ByteModelSpec(Specification):
    """M1 of arXiv 2404.03626: a small decoder over bytes, trained by the platform's own trainer from the training split."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.]*$", description="the partition key")
    size: str = Field(default="3M", description="a shape of `llama`; 3M is the paper's: 3 layers of 256, 4 heads, MLP 1024")
    context_bytes: int = Field(default=1024, ge=16, le=1024, description="bytes after which its context starts afresh")
    seed: int = Field(default=0, ge=0)
    crops: CropsSpec = CropsSpec()
    bytes: int = Field(default=400_000_000, gt=0, description="training budget in raw bytes; text is repeated where it is larger")
    batch_contexts: int = Field(default=32, gt=0)
    optimizer: OptimizerSpec = OptimizerSpec()
    schedule: ScheduleSpec = ScheduleSpec()
    initializer_range: float = Field(default=0.02, gt=0)
    embedding_initializer_range: float | None = Field(default=None, gt=0)
    validation_bytes: int = Field(default=200_000, gt=0, description="at most so much validation text, for its bits per byte")

    @property
    def training(self) -> TrainingSpec:
        """As the trainer takes it: context and budget in bytes, fp32."""
        return TrainingSpec(
            budget=BudgetSpec(rule="bytes", value=float(self.bytes)),
            context=ContextSpec(bytes=self.context_bytes),
            batch=BatchSpec(contexts=self.batch_contexts),
            optimizer=self.optimizer,
            schedule=self.schedule,
            initializer_range=self.initializer_range,
            embedding_initializer_range=self.embedding_initializer_range,
            repeat=True,
            precision="fp32",
        )


class StreamOptions(Specification):
    """Options of every compressing family: bits of a token."""

    token_bits: TokenBits = Field(default=8, description="8 or 16: 256 or 65,536 tokens")


class GzipOptions(StreamOptions):
    """Options of ``gzip``."""

    header: bool = Field(default=True, description="zlib's header and checksum, as in the paper; false: bare DEFLATE")


class ArithmeticOptions(StreamOptions):
    """Options of ``ac``."""

    byte_model: str = Field(description="one of the study's byte_models")


class EqualInfoOptions(ArithmeticOptions):
    """Options of ``equal_info``."""

    window_bits: Literal[16, 24, 32, 64, 128] = 16
    scheme: SchemeName = "most_probable"
    reset: Reset = Field(default="every", description="before which windows the byte model forgets its context")
    allow_lossy: bool = Field(default=False, description="greedy loses text: to train on it has to be said")

    @property
    def compiled(self) -> bool:
        """Whether all its windows can be looked up."""
        return self.window_bits == 16 and self.reset == "every"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.scheme == "most_probable" and not self.compiled:
            raise ValueError("scheme: most_probable needs all strings of a window: window_bits 16 and reset every; or take owned_cell")
        if self.scheme == "greedy" and not self.allow_lossy:
            raise ValueError(
                "scheme: greedy (the paper's rule) loses text: another text may be decoded; say allow_lossy: true, or take delay"
            )
        return self
