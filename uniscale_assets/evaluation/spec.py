"""What a study says about evaluation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from uniscale_assets.specification import Specification


class EvaluationSpec(Specification):
    """Windows of the training context, moved by ``stride_bytes``; null moves by a whole context."""

    split: Literal["validation", "test"] = "test"
    stride_bytes: int | None = Field(default=None, gt=0)
    batch_tokens: int = Field(
        default=16384, gt=0, description="most tokens in one forward pass, 2,048 on a CPU in any case; changes nothing but speed and memory"
    )
