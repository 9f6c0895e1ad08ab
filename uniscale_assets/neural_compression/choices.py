"""The names that options take; nothing here imports anything heavy."""

from __future__ import annotations

from typing import Literal

SchemeName = Literal["greedy", "delay", "owned_cell", "most_probable"]
Reset = Literal["every", "every_other", "never"]
TokenBits = Literal[8, 16]
