"""The base of everything that a study file says."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Specification(BaseModel):
    """A part of a study: immutable, strict in its types, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
