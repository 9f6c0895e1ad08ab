"""Typed partition keys. They are printed and parsed here and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from uniscale_assets.errors import BadInputError

MODEL_KEY = re.compile(r"^(?P<size>[0-9.]+[KMB])(?:-(?P<budget>[0-9.e]+[a-z_]+))?-seed(?P<seed>\d+)$")


@dataclass(frozen=True, order=True)
class ModelKey:
    """What distinguishes two models over one tokenizer: ``50M-seed42`` or ``50M-1e18flops-seed42``."""

    size: str
    seed: int
    budget: str = ""

    def __str__(self) -> str:
        return "-".join(part for part in (self.size, self.budget, f"seed{self.seed}") if part)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key.

        Raises:
            BadInputError: the text is no model key.
        """
        match = MODEL_KEY.match(text)
        if match is None:
            raise BadInputError(f"{text!r} is no model key like 50M-seed42 or 50M-1e18flops-seed42")
        return cls(size=match["size"], seed=int(match["seed"]), budget=match["budget"] or "")


@dataclass(frozen=True, order=True)
class GridKey:
    """One trained model: a tokenizer and a model."""

    tokenizer: str
    model: ModelKey

    def __str__(self) -> str:
        return f"{self.tokenizer} {self.model}"


def budget_label(rule: str, value: float) -> str:
    """A budget as a key prints it: ``350000bytes``, ``1e18flops``; it reads back as the same number."""
    number = f"{value:.0f}" if value == int(value) and value < 1e9 else repr(value)
    return f"{exact_exponent(value) if value >= 1e9 else number}{rule}"


def exact_exponent(value: float) -> str:
    """The shortest form with an exponent that reads back as the same float."""
    texts = (f"{value:.{digits}e}" for digits in range(18))
    mantissa, exponent = next(text for text in texts if float(text) == value).split("e")
    return f"{mantissa}e{int(exponent)}"
