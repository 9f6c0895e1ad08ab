"""What a study says about one tokenizer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from uniscale_assets.specification import Specification

PretokenizerName = Literal["gpt2", "gpt4", "apertus", "none"]


class TokenizerSpec(Specification):
    """One tokenizer of a study."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.]*$", description="the partition key; no hyphen, no bar")
    family: str
    vocab_size: int = Field(ge=257, description="all ids together: the separator, 256 bytes and what is learned")
    pretokenizer: PretokenizerName = "gpt4"
    options: dict[str, JsonValue] = Field(default={}, description="belong to the family, which checks them")
