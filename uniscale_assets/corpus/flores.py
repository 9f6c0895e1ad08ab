"""FLORES+: the same sentences in some 200 languages, from a local copy or from the Hugging Face hub by the user's access.

The text is open (CC BY-SA 4.0), but the hub gives it only to those who accept its terms, so that it stays out of training
text: it does not ship with the package.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import CorpusError, DownloadError
from uniscale_assets.files import hash_file, hash_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polars import DataFrame

REPOSITORY = "openlanguagedata/flores_plus"
COLUMNS = ("id", "iso_639_3", "iso_15924", "text")
SUFFIXES = (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst")
# FineWeb-2's codes where FLORES+ has another: it names the kind of Chinese characters, and Persian as Iran speaks it.
CODES = {"cmn_Hani": "cmn_Hans", "fas_Arab": "pes_Arab", "yue_Hani": "yue_Hant", "msa_Latn": "zsm_Latn", "ara_Arab": "arb_Arab"}


def flores_code(language: str) -> str:
    """FLORES+'s code of a language such as cmn_Hani."""
    return CODES.get(language, language)


def read_flores(path: Path, split: str, languages: Sequence[str]) -> DataFrame:
    """Sentences of a local copy, of the languages that it has.

    Args:
        path: a file with all of them, or a directory of files; where it has a folder named as the split, only that is
            read. Parquet or JSON lines (also .gz, .zst) with the columns of the hub: id, iso_639_3, iso_15924, text.
        split: dev or devtest; of a file that has a column `split`, only those rows count.
        languages: codes such as cmn_Hani.

    Returns:
        Columns language (as asked), segment and text, by language and segment; of several dialects of a language the first.

    Raises:
        CorpusError: there are no files, or a column is missing; names the file.
    """
    import polars as pl

    wanted = {flores_code(language): language for language in languages}
    frames = [chosen_rows(file, split, wanted) for file in flores_files(path, split)]
    rows = pl.concat(frames).unique(["language", "segment"], keep="first", maintain_order=True)
    return rows.sort("language", "segment")


def flores_files(path: Path, split: str) -> list[Path]:
    """The files of a split in a local copy, by name.

    Raises:
        CorpusError: there are none.
    """
    if path.is_file():
        return [path]
    base = path / split if (path / split).is_dir() else path
    files = sorted(file for file in base.rglob("*") if file.is_file() and file.name.endswith(SUFFIXES))
    if not files:
        raise CorpusError(f"parity.flores_plus: {path} is no file and holds no {', '.join(SUFFIXES)}; correct the path, or write `hub`")
    return files


def chosen_rows(file: Path, split: str, wanted: dict[str, str]) -> DataFrame:
    """The rows of one file that are asked for."""
    import polars as pl

    frame = read_table(file)
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise CorpusError(f"{file}: no column {', '.join(missing)}; FLORES+ has {', '.join(COLUMNS)}: get it from {REPOSITORY}")
    if "split" in frame.columns:
        frame = frame.filter(pl.col("split") == split)
    code = pl.concat_str("iso_639_3", "iso_15924", separator="_")
    frame = frame.with_columns(code.alias("code")).filter(pl.col("code").is_in(list(wanted)) & pl.col("text").is_not_null())
    return frame.select(
        pl.col("code").replace_strict(wanted, return_dtype=pl.String).alias("language"),
        pl.col("id").cast(pl.Int64).alias("segment"),
        pl.col("text").cast(pl.String),
    )


def read_table(file: Path) -> DataFrame:
    """One file as a frame.

    Raises:
        CorpusError: it is damaged or not what its suffix says.
    """
    import polars as pl

    from uniscale_assets.corpus.formats import opened

    try:
        if file.suffix == ".parquet":
            return pl.read_parquet(file)
        with opened(file) as stream:
            return pl.read_ndjson(stream.read(), infer_schema_length=None)
    except (OSError, EOFError, pl.exceptions.PolarsError) as error:
        raise CorpusError(f"{file}: not readable as its suffix says ({error}); get it again from {REPOSITORY}") from error


def download_flores(split: str, languages: Sequence[str], revision: str) -> DataFrame:
    """Sentences from the hub, of the languages that it has.

    Args:
        split: dev or devtest.
        languages: codes such as cmn_Hani.
        revision: a commit, tag or branch of the repository.

    Returns:
        As `read_flores`.

    Raises:
        DownloadError: the hub cannot be read, or does not give this user access.
    """
    import polars as pl

    try:
        from datasets import get_dataset_config_names, load_dataset

        known = set(get_dataset_config_names(REPOSITORY, revision=revision))
        frames = []
        for language in (language for language in languages if flores_code(language) in known):
            rows: Any = load_dataset(REPOSITORY, flores_code(language), split=split, revision=revision)
            columns = [list(map(int, rows["id"])), list(map(str, rows["text"]))]
            frames.append(pl.DataFrame([[language] * len(rows), *columns], schema=SENTENCES))
    except Exception as error:  # Hub, HTTP, Arrow and datasets each raise their own kinds.
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise DownloadError(
            f"{REPOSITORY} on the Hugging Face hub: {reason}; accept its terms there and log in (`hf auth login`), give a local copy as"
            " parity.flores_plus, or take flores_plus out of parity.texts"
        ) from error
    return pl.concat([pl.DataFrame(schema=SENTENCES), *frames]).sort("language", "segment")


SENTENCES: Any = {"language": str, "segment": int, "text": str}
"""columns of the sentences"""


def flores_fingerprint(path: Path, split: str) -> str:
    """SHA-256 (hex) over the files of a local copy, their names and content.

    Raises:
        CorpusError: there are none.
    """
    files = flores_files(path, split)
    return hash_of([[file.name, remembered_hash(file, file.stat().st_size, file.stat().st_mtime_ns)] for file in files])


@lru_cache(maxsize=4096)
def remembered_hash(file: Path, size: int, changed: int) -> str:  # noqa: ARG001 - another size or time is another content
    """Content hash of a file, read once a process as long as it does not change."""
    return hash_file(file)
