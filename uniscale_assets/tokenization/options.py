"""Options of a family, checked."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from uniscale_assets.errors import BadInputError
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.spec import TokenizerSpec

Options = TypeVar("Options", bound=Specification)


def read_options(spec: TokenizerSpec, kind: type[Options]) -> Options:
    """The options of a spec.

    Raises:
        BadInputError: names the key and what is allowed.
    """
    try:
        return kind.model_validate(spec.options)
    except ValidationError as error:
        mistakes = "; ".join(
            ": ".join([*filter(None, [".".join(map(str, mistake["loc"]))]), mistake["msg"].removeprefix("Value error, ")])
            for mistake in error.errors()
        )
        raise BadInputError(f"options: {mistakes}; the family {spec.family} takes {', '.join(kind.model_fields)}") from error


def refuse_options(spec: TokenizerSpec) -> None:
    """Raise ``BadInputError`` where a family that takes no options is given some."""
    if spec.options:
        raise BadInputError(f"options: {', '.join(sorted(spec.options))}: the family {spec.family} takes none")


def check_size(spec: TokenizerSpec) -> None:
    """Raise ``BadInputError`` where ``vocab_size`` is missing."""
    _ = spec.asked_size
