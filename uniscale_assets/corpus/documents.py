"""One document as a source gives it, and what is asked of every one of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from uniscale_assets.errors import CorpusError


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One document; ``file`` and ``row`` (counted from 1) say in errors where it stands."""

    id: str
    text: str
    file: str
    row: int


def place_of(file: str, row: int) -> str:
    """How errors name a row."""
    return f"{file}: row {row}"


def derived_id(text: str) -> str:
    """The id of a row that has none: a hash of its text.

    A row number would move every later document to another split when a row is put in before it; this moves none, and
    the order of rows and files plays no part.
    """
    return f"text-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def check_text(value: object, place: str) -> str:
    """The text of a row, as it is.

    Raises:
        CorpusError: no text, not a string, or a string that UTF-8 cannot hold (a lone surrogate).
    """
    if value is None:
        raise CorpusError(f"{place}: no text; give the row a string `text`, or remove the row")
    if not isinstance(value, str):
        raise CorpusError(f"{place}: `text` is of type {type(value).__name__}, not a string; write it as a string")
    return check_encodable(value, "text", place)


def check_id(value: object, place: str) -> str:
    """The id of a row; a whole number becomes its decimal digits.

    Raises:
        CorpusError: neither a string nor a whole number, or empty, or no UTF-8.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise CorpusError(f"{place}: `id` is {value!r}; give every row an id (a string or a whole number), or leave the column out")
    return check_encodable(value, "id", place)


def check_encodable(value: str, name: str, place: str) -> str:
    """The string, which UTF-8 can hold.

    Raises:
        CorpusError: it has a surrogate that is not half of a pair.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"{place}: `{name}` is no valid Unicode: a lone surrogate \\u{ord(value[error.start]):04x} at character {error.start};"
            " write the character as UTF-8, or both surrogates of its pair"
        ) from error
    return value
