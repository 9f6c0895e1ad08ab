"""What is said of a corpus is what was put into it."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from uniscale_assets.corpus import quality
from uniscale_assets.corpus.mixing import asked_mix, build_mixture, quotas
from uniscale_assets.corpus.quality import corpus_quality
from uniscale_assets.corpus.scripts import OTHER, SCRIPT_NAMES, SCRIPT_OF_NAME, script_of, scripts_of_language
from uniscale_assets.corpus.spec import DecontaminationSpec, MixingSpec, NearDuplicatesSpec, SplitBytes, SplitFractions
from uniscale_assets_tests.corpus.texts import build_all, files_spec, write_rows

FRACTIONS = SplitFractions(tokenizer=0.2, train=0.5, validation=0.1, test=0.2)


def measured(base: Path, texts: dict[str, list[str]], **more: Any) -> pl.DataFrame:
    """The quality of a corpus of some texts, by language."""
    files = {
        language: write_rows(base / f"{language}.jsonl", [{"id": f"d{number}", "text": text} for number, text in enumerate(of)])
        for language, of in texts.items()
    }
    spec = files_spec(files, **{"splits": FRACTIONS, **more})
    documents = build_all(spec, base / "documents")
    (base / "mixture").mkdir()
    build_mixture(spec, documents, base / "mixture")
    return corpus_quality(spec, documents, base / "mixture")


def value(rows: pl.DataFrame, metric: str, language: str = "eng_Latn", split: str = "train", part: str = "") -> float:
    return rows.filter(metric=metric, language=language, split=split, part=part)["value"].item()


@pytest.mark.parametrize(
    ("characters", "script"),
    [
        ("aZéßﬁªＡK", "Latn"), ("яЖѣ", "Cyrl"), ("αΏ", "Grek"), ("شچ\u064e", "Arab"), ("कि\u0940", "Deva"), ("中〆㐀", "Hani"),
        ("ひゞ", "Hira"), ("カｱ", "Kana"), ("한ᄀ", "Hang"), ("ไก่", "Thai"), ("እ", "Ethi"), ("ქ", "Geor"), ("Ա", "Armn"),
        ("க", "Taml"), ("ខ", "Khmr"), ("မ", "Mymr"), ("ᠮ", "Mong"), ("א", "Hebr"), ("ᏣᎳ", "Cher"), ("𐤀", OTHER),
    ],
)  # fmt: skip
def test_letters_have_the_script_that_unicode_gives_them(characters: str, script: str) -> None:
    assert {script_of(character) for character in characters} == {script}


def test_the_whole_of_unicode_agrees_with_the_script_property() -> None:
    """Against the `regex` library, which has the property: of the scripts that are named here every letter is right."""
    regex = pytest.importorskip("regex")
    for name in (
        "Latin",
        "Cyrillic",
        "Arabic",
        "Devanagari",
        "Han",
        "Hiragana",
        "Katakana",
        "Hangul",
        "Thai",
        "Ethiopic",
        "Tamil",
        "Khmer",
    ):
        code = next(code for code, named in SCRIPT_NAMES.items() if named == name)
        pattern = regex.compile(rf"\p{{Script={name}}}")
        # The library may know a later Unicode than Python does.
        letters = [chr(point) for point in range(0x30000) if unicodedata.category(chr(point)) in ("Lu", "Ll", "Lo")]
        letters = [letter for letter in letters if pattern.match(letter)]
        wrong = [letter for letter in letters if script_of(letter) != code]
        assert len(letters) > 30
        # Three of 1,400 Latin letters have names of their own, such as the turned F.
        assert len(wrong) <= 0.003 * len(letters), (name, wrong[:10])


def test_digits_punctuation_and_shared_marks_have_no_script() -> None:
    assert {script_of(character) for character in "7 .,–\u0301٣"} == {None}
    assert set(SCRIPT_OF_NAME.values()) <= set(SCRIPT_NAMES)
    assert scripts_of_language("jpn_Jpan") == {"Hani", "Hira", "Kana"}
    assert scripts_of_language("rus_Cyrl") == {"Cyrl"}


def test_lengths_are_those_of_the_documents(tmp_path: Path) -> None:
    texts = ["x" * (number + 1) + str(number) for number in range(200)]
    rows = measured(tmp_path, {"eng_Latn": texts})
    lengths = pl.read_parquet(tmp_path / "mixture" / "train.parquet")["bytes"].sort()
    assert value(rows, "document_bytes", part="longest") == lengths[-1]
    assert value(rows, "document_bytes", part="mean") == lengths.mean()
    assert abs(value(rows, "document_bytes", part="50 %") - float(str(lengths.median()))) <= 2
    assert value(rows, "document_bytes", language="all", part="longest") == lengths[-1]


def test_scripts_are_shares_of_the_letters(tmp_path: Path) -> None:
    rows = measured(tmp_path, {"rus_Cyrl": [f"абв {number}: ab" for number in range(100)]})
    assert value(rows, "script_share", "rus_Cyrl", part="Cyrl") == 0.6
    assert value(rows, "script_share", "rus_Cyrl", part="Latn") == 0.4
    assert value(rows, "own_script_share", "rus_Cyrl") == 0.6


def test_repeated_lines_count_from_their_second_time(tmp_path: Path) -> None:
    rows = measured(tmp_path, {"eng_Latn": [f"{number:04}\nmenu\n\n menu \nmore" for number in range(100)]})
    documents = pl.read_parquet(tmp_path / "mixture" / "train.parquet").height
    assert value(rows, "repeated_line_share", part="in the document") == 4 / 16
    first = 4 * documents + 4 + 4
    assert value(rows, "repeated_line_share", part="in the language") == pytest.approx(1 - first / (16 * documents))


def test_only_a_sample_is_looked_at_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "SAMPLE_BYTES", 100)
    rows = measured(
        tmp_path, {"eng_Latn": [f"{number:05}" for number in range(200)], "deu_Latn": [f"{number:050}" for number in range(200)]}
    )
    assert value(rows, "sampled_bytes") == value(rows, "sampled_bytes", "deu_Latn") == 100


def test_what_was_dropped_is_what_the_ledgers_say(tmp_path: Path) -> None:
    words = [" ".join(str(word * 7919 * (number + 1) % 100_003) for word in range(60)) for number in range(60)]
    texts = [*words, *words[:3], *(f"{text} more" for text in words[:5])]
    rows = measured(tmp_path, {"eng_Latn": texts}, near_duplicates=NearDuplicatesSpec(), decontamination=DecontaminationSpec())
    assert value(rows, "read_documents", split="all") == 68
    assert value(rows, "duplicate_documents", split="all") == 3
    assert value(rows, "near_duplicate_documents", split="all") == 5
    size = sum(len(text) for text in texts)
    assert value(rows, "duplicate_share", "all", split="all") == sum(len(text) for text in words[:3]) / size
    assert value(rows, "contaminated_documents", "all") == 0
    plain = measured(tmp_path / "plain", {"eng_Latn": texts})
    assert not plain.filter(pl.col("metric").str.contains("near|contaminated")).height


def test_the_mix_asked_for_is_that_of_the_rule_and_the_mix_got_is_what_is_there(tmp_path: Path) -> None:
    texts = {
        "eng_Latn": [f"{number:04} " + "word " * 20 for number in range(400)],
        "deu_Latn": [f"{number:04} " + "wort " * 20 for number in range(400)],
        "fra_Latn": [f"{number:04} " + "mot " * 5 for number in range(40)],
    }
    rows = measured(tmp_path, texts, mixing=MixingSpec(temperature=100.0), bytes=SplitBytes(train=21_000))
    asked = {language: value(rows, "asked_share", language) for language in texts}
    got = {language: value(rows, "got_share", language) for language in texts}
    assert sum(asked.values()) == pytest.approx(1)
    assert sum(got.values()) == pytest.approx(1)
    assert all(abs(share - 1 / 3) < 0.02 for share in asked.values())
    # French has about 20 documents of 25 bytes in the training split.
    assert got["fra_Latn"] < 0.05
    assert not rows.filter(metric="asked_share", split="test").height


def test_the_mix_asked_for_is_the_quota_where_every_language_has_enough() -> None:
    sizes = {"a": 10_000, "b": 3_000, "c": 1_000}
    assert asked_mix(sizes, MixingSpec(temperature=2.0), 900) == quotas(sizes, 2.0, 0.5, 900)
    # 5 % is more than `c` has.
    assert asked_mix(sizes, MixingSpec(temperature=2.0), 9_000)["c"] > 1_000
