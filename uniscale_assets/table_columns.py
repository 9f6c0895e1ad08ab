"""What a metric table is made of, and the columns that many of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"]


@dataclass(frozen=True)
class Column:
    """One column: DuckDB type and a comment that gives the unit."""

    name: str
    type: ColumnType
    comment: str


@dataclass(frozen=True)
class Table:
    """One metric table of the warehouse."""

    name: str
    comment: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> list[str]:
        """Names in order."""
        return [column.name for column in self.columns]


STUDY = Column("study", "VARCHAR", "name of the study")
TOKENIZER = Column("tokenizer", "VARCHAR", "name of the tokenizer in the study")
SPLIT = Column("split", "VARCHAR", "part of the corpus: tokenizer, train, validation or test")
LANGUAGE = Column("language", "VARCHAR", "language code such as eng_Latn; 'all' is over every language")
FINGERPRINT = Column("fingerprint", "VARCHAR", "of the artifact that these rows were read from")
MODEL = (
    STUDY,
    TOKENIZER,
    Column("size", "VARCHAR", "named size: non-embedding parameters"),
    Column("budget", "VARCHAR", "budget of the partition where the study lists several, else empty"),
    Column("seed", "BIGINT", "seed of initialization and document order"),
)
