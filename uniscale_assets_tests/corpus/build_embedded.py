"""Make the embedded corpus and the parity texts again from the project's data folder.

    python uniscale_assets_tests/corpus/build_embedded.py ../shared/data uniscale_assets/data

Writes ``corpus/<language>.jsonl.gz`` (rows of id and text) and ``parity/udhr.jsonl.gz``. The result is the same byte for
byte: no time stamp, no file name inside. The NOTICE beside them says what was taken and under which licence.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# The three sources whose licences (CC-BY-SA-3.0, MIT) allow the text to travel with a package.
SOURCES = frozenset({"debian-handbook", "gnome-user-docs", "fastapi-docs"})
CORPUS_LANGUAGES = (
    "eng_Latn", "deu_Latn", "fra_Latn", "spa_Latn", "rus_Cyrl", "ukr_Cyrl", "arb_Arab", "fas_Arab", "ind_Latn", "jpn_Jpan",
    "cmn_Hani", "kor_Hang",
)  # fmt: skip

# L20, then scripts and families that it lacks. Gurmukhi stays out: one article of its text is not parallel.
PARITY_LANGUAGES = (
    "eng_Latn", "cmn_Hani", "spa_Latn", "arb_Arab", "rus_Cyrl", "deu_Latn", "fra_Latn", "jpn_Jpan", "hin_Deva", "por_Latn",
    "ind_Latn", "vie_Latn", "tur_Latn", "pol_Latn", "ell_Grek", "swh_Latn", "fas_Arab", "ben_Beng", "tha_Thai", "kor_Hang",
    "ukr_Cyrl", "ita_Latn", "nld_Latn", "ces_Latn", "hun_Latn", "fin_Latn", "heb_Hebr", "tam_Taml", "tel_Telu", "mar_Deva",
    "urd_Arab", "guj_Gujr", "kan_Knda", "mal_Mlym", "sin_Sinh", "mya_Mymr", "khm_Khmr", "lao_Laoo", "tir_Ethi", "hye_Armn",
    "kat_Geor", "kaz_Cyrl", "bod_Tibt", "yor_Latn", "hau_Latn",
)  # fmt: skip
# Mandarin has two primary rows under FineWeb-2's one name: simplified characters are taken.
LEFT_OUT = frozenset({"cmn_Hant"})


def read_rows(path: Path) -> Iterator[dict[str, object]]:
    """Rows of one JSON-lines file in gzip."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def write_rows(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """JSON lines in gzip, with neither time stamp nor name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows]
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as stream:
        stream.write("".join(lines).encode())


def build_corpus(data: Path, output: Path) -> None:
    """Rows of ``SOURCES`` in ``CORPUS_LANGUAGES``, as they are."""
    for language in CORPUS_LANGUAGES:
        rows = read_rows(data / "mini" / f"{language}.jsonl.gz")
        kept = ({"id": row["id"], "text": row["text"]} for row in rows if row["source"] in SOURCES)
        write_rows(output / "corpus" / f"{language}.jsonl.gz", kept)


def build_parity(data: Path, output: Path) -> None:
    """Primary rows of ``PARITY_LANGUAGES``, by language and article."""
    wanted = {language: place for place, language in enumerate(PARITY_LANGUAGES)}
    rows = read_rows(data / "udhr" / "udhr.jsonl.gz")
    kept = [row for row in rows if row["primary"] and row["fineweb2"] in wanted and row["lang"] not in LEFT_OUT]
    kept.sort(key=lambda row: (wanted[str(row["fineweb2"])], row["article"]))
    names = ({"language": row["fineweb2"], "script": row["script"], "article": row["article"], "text": row["text"]} for row in kept)
    write_rows(output / "parity" / "udhr.jsonl.gz", names)


if __name__ == "__main__":
    build_corpus(Path(sys.argv[1]), Path(sys.argv[2]))
    build_parity(Path(sys.argv[1]), Path(sys.argv[2]))
