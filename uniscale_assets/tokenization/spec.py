"""What a study says about one tokenizer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from uniscale_assets.errors import BadInputError
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.protocol import FAMILIES

# `own`: the tokenizer brings its cuts along; only what was trained elsewhere does.
PretokenizerName = Literal["gpt2", "gpt4", "apertus", "none", "own"]
PRETRAINED = "pretrained"


class TokenizerSpec(Specification):
    """One tokenizer of a study.

    ``vocab_size`` is what the tokenizer then has, exactly. It is left out (None) only where something else decides it: of
    `pretrained` the file (a size that is given must be the file's), of `characters` the text and the option `least_count` (a
    size that is given takes the most frequent characters, exactly that many). The size that came of it stands in the
    tokenizer's own files and in the table `tokenizers`.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.]*$", description="the partition key; no hyphen, no bar")
    family: str
    vocab_size: int | None = Field(default=None, ge=257, description="all ids together: the separator, 256 bytes and what is learned")
    pretokenizer: PretokenizerName = "gpt4"
    options: dict[str, JsonValue] = Field(default={}, description="belong to the family, which checks them")

    @model_validator(mode="before")
    @classmethod
    def _own_cuts(cls, content: Any) -> Any:
        """A pretrained tokenizer is cut its own way; no other is. A family that takes text uncut needs not be told so."""
        if not isinstance(content, dict):
            return content
        pretrained = content.get("family") == PRETRAINED
        only = getattr(FAMILIES.get(str(content.get("family"))), "only_pretokenizer", None)
        cuts = content.get("pretokenizer", "own" if pretrained else only or "gpt4")
        if only not in (None, cuts):
            raise ValueError(f"pretokenizer: the family {content['family']} takes text as it is; leave the key out")
        if (cuts == "own") != pretrained:
            raise ValueError("pretokenizer: `own` is that of the family pretrained, and of no other; leave the key out")
        return {**content, "pretokenizer": cuts}

    @property
    def asked_size(self) -> int:
        """``vocab_size`` of a family that cannot do without.

        Raises:
            BadInputError: the study left it out.
        """
        if self.vocab_size is None:
            raise BadInputError(f"vocab_size: is missing; the family {self.family} needs it")
        return self.vocab_size

    def resolved(self, base: Path) -> Self:
        """With the option `path`, where there is one, relative to the directory ``base``."""
        path = self.options.get("path")
        if not isinstance(path, str):
            return self
        return self.model_copy(update={"options": {**self.options, "path": os.path.normpath(base / path)}})
