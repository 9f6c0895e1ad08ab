"""Many tokenizers in one entry of a study: ``families`` x ``vocab_sizes`` x ``pretokenizers``."""

from __future__ import annotations

import json
from itertools import product
from typing import Annotated, Any

from pydantic import Field, JsonValue, ValidationError

from uniscale_assets.errors import BadInputError
from uniscale_assets.specification import Specification
from uniscale_assets.tokenization.spec import PretokenizerName

Size = Annotated[int, Field(ge=257)]


class FamilyChoice(Specification):
    """A family of a combination with its options; ``name`` takes the family's place in the names of its tokenizers."""

    family: str
    name: str | None = None
    options: dict[str, JsonValue] = Field(default={})


class Combination(Specification):
    """Every family at every size, cut every way.

    A tokenizer is called after its family and size, such as `bpe_4k`, and after its cuts where the entry lists several:
    `bpe_4k_gpt4`.
    """

    families: tuple[str | FamilyChoice, ...] = Field(min_length=1)
    vocab_sizes: tuple[Size, ...] = Field(min_length=1)
    pretokenizers: tuple[PretokenizerName, ...] = Field(default=("gpt4",), min_length=1)

    def members(self) -> list[dict[str, Any]]:
        """Its tokenizers as entries of a study, families in the order given, sizes within them."""
        labels = size_labels(self.vocab_sizes)
        choices = [choice if isinstance(choice, FamilyChoice) else FamilyChoice(family=choice) for choice in self.families]
        return [
            {
                "name": "_".join([choice.name or choice.family, labels[size], *([cuts] if len(self.pretokenizers) > 1 else [])]),
                "family": choice.family,
                "vocab_size": size,
                "pretokenizer": cuts,
                "options": choice.options,
            }
            for choice, size, cuts in product(choices, self.vocab_sizes, self.pretokenizers)
        ]


def size_labels(sizes: tuple[int, ...]) -> dict[int, str]:
    """How each size is called: 4096 and 80_000 are `4k` and `80k`; in full where that would make two sizes one."""
    labels = {size: size_label(size) for size in sizes}
    return labels if len(set(labels.values())) == len(labels) else {size: str(size) for size in sizes}


def size_label(size: int) -> str:
    """`80k` for 80,000, `4k` for 4,096, all digits for what is a multiple of neither 1000 nor 1024."""
    unit = next((unit for unit in (1000, 1024) if size % unit == 0), None)
    return f"{size // unit}k" if unit else str(size)


def expand(entries: list[Any]) -> tuple[list[Any], list[int]]:
    """Entries of the list ``tokenizers`` with combinations written out, and the place in the list that each came from.

    Raises:
        BadInputError: a combination is wrong; names the place and the key.
    """
    pairs = [(member, place) for place, entry in enumerate(entries) for member in members_of(entry, place)]
    return [member for member, _ in pairs], [place for _, place in pairs]


def members_of(entry: Any, place: int) -> list[Any]:
    """The entry itself, or the members of a combination."""
    if not isinstance(entry, dict) or "families" not in entry:
        return [entry]
    try:
        return list(Combination.model_validate_json(json.dumps(entry)).members())
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        # A mistake inside an entry also counts as a list too short, and as a family that is not a plain name.
        causes = [mistake for mistake in mistakes if mistake["type"] not in ("too_short", "string_type")] or mistakes
        raise BadInputError("; ".join(describe_mistake(mistake, place) for mistake in causes)) from error


def describe_mistake(mistake: Any, place: int) -> str:
    """Key, what is wrong, and what is allowed."""
    location = [str(part) for part in mistake["loc"] if part not in ("str", "FamilyChoice")]
    message = mistake["msg"]
    if mistake["type"] == "extra_forbidden":
        kind = Combination if len(location) == 1 else FamilyChoice
        message = f"unknown key; allowed here: {', '.join(kind.model_fields)}"
    return f"tokenizers.{place}.{'.'.join(location)}: {message}"
