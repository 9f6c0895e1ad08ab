"""The parallel texts that a study measures parity on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from uniscale_assets.files import hash_of
from uniscale_assets.specification import Specification

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

ENGLISH = "eng_Latn"
HUB = "hub"
TextName = Literal["udhr", "flores_plus"]


class ParitySpec(Specification):
    """Which parallel texts, and where FLORES+ comes from."""

    texts: tuple[TextName, ...] = Field(
        default=("udhr",), description="udhr is the Universal Declaration, which ships with the package; flores_plus is FLORES+"
    )
    flores_plus: str | None = Field(default=None, description="path of a local copy, or `hub`: openlanguagedata/flores_plus")
    flores_plus_split: Literal["dev", "devtest"] = "devtest"
    flores_plus_revision: str | None = Field(default=None, description="commit of the hub's repository, so that the text stays the same")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.texts)) < len(self.texts):
            raise ValueError("texts: a text is named twice")
        if ("flores_plus" in self.texts) != (self.flores_plus is not None):
            raise ValueError("flores_plus: say where it is (a path, or `hub`) if and only if texts name it")
        if (self.flores_plus == HUB) != (self.flores_plus_revision is not None):
            raise ValueError("flores_plus_revision: `hub` needs one (a commit of openlanguagedata/flores_plus), a path takes none")
        return self

    def resolved(self, base: Path) -> ParitySpec:
        """The same with a relative path taken from ``base``."""
        if self.flores_plus is None or self.flores_plus == HUB:
            return self
        return self.model_copy(update={"flores_plus": str(base / self.flores_plus)})


def parity_fingerprint(spec: ParitySpec, languages: Sequence[str]) -> str:
    """SHA-256 (hex) of what parity is measured on: content of the texts that lie here, name and revision of the hub's.

    The Universal Declaration is always among them: the lens shows it.

    Raises:
        CorpusError: the local copy of FLORES+ is not there.
    """
    from uniscale_assets.corpus.flores import REPOSITORY, flores_fingerprint, remembered_hash
    from uniscale_assets.corpus.parity import parity_file

    file = parity_file()
    declaration = remembered_hash(file, file.stat().st_size, file.stat().st_mtime_ns)
    parts: list[object] = [sorted(languages), sorted(spec.texts), declaration]
    if spec.flores_plus == HUB:
        parts.append([REPOSITORY, spec.flores_plus_revision, spec.flores_plus_split])
    elif spec.flores_plus is not None:
        parts.append(flores_fingerprint(Path(spec.flores_plus), spec.flores_plus_split))
    return hash_of(parts)


def read_parity_texts(spec: ParitySpec, languages: Sequence[str]) -> dict[str, pl.DataFrame]:
    """The parallel texts, each with English and the asked languages that it has.

    Args:
        spec: which texts.
        languages: of the study; a text that has none of them besides English is left out.

    Returns:
        Text name to a frame with columns language, segment and text; every language has the same segments.

    Raises:
        CorpusError: a local copy of FLORES+ cannot be read.
        DownloadError: the hub does not give FLORES+.
    """
    import polars as pl

    asked = list(dict.fromkeys([ENGLISH, *languages]))
    texts: dict[str, pl.DataFrame] = {}
    for name in spec.texts:
        rows = udhr(asked) if name == "udhr" else flores(spec, asked)
        aligned = common_segments(rows)
        if ENGLISH in aligned["language"] and aligned["language"].n_unique() > 1:
            texts[name] = aligned.select(pl.col("language", "segment", "text"))
    return texts


def udhr(languages: Sequence[str]) -> pl.DataFrame:
    """The Universal Declaration: columns language, segment (article) and text."""
    import polars as pl

    from uniscale_assets.corpus.parity import read_parity

    rows = read_parity()
    chosen = rows.filter(pl.col("language").is_in(list(languages)))
    return chosen.select("language", pl.col("article").alias("segment"), "text")


def flores(spec: ParitySpec, languages: Sequence[str]) -> pl.DataFrame:
    """FLORES+: columns language, segment and text."""
    from uniscale_assets.corpus.flores import download_flores, read_flores

    if spec.flores_plus == HUB:
        return download_flores(spec.flores_plus_split, languages, spec.flores_plus_revision or "")
    return read_flores(Path(spec.flores_plus or ""), spec.flores_plus_split, languages)


def common_segments(rows: pl.DataFrame) -> pl.DataFrame:
    """The segments that every language has; a sum over others would compare different texts."""
    import polars as pl

    count = rows["language"].n_unique()
    return rows.filter(pl.col("language").n_unique().over("segment") == count).sort("language", "segment")
