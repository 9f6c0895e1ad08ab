"""The page on the text says what the table says, whatever of it is there."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from uniscale_assets.corpus.languages import L100
from uniscale_assets.figures.corpus_page import CorpusPage, corpus_page, mix_sentences, summary, write_corpus_page
from uniscale_assets.figures.corpus_quality import document_lengths, language_mix, repeated_lines, script_shares, split_scripts
from uniscale_assets.tables import TABLES

LANGUAGES = ("eng_Latn", "jpn_Jpan", "rus_Cyrl")


def rows_of(languages: tuple[str, ...] = LANGUAGES, *, steps: bool = True) -> pl.DataFrame:
    """Rows of the table; each language has twice as much text as the next and asked for as much as it got, but for the last."""
    rows: list[tuple[str, str, str, str, float, str]] = []
    total = sum(2.0**-place for place in range(len(languages)))
    for place, language in enumerate((*languages, "all")):
        share = 2.0**-place / total
        rows += [(language, "train", "document_bytes", part, 100.0 * step + place, "bytes") for step, part in enumerate(QUANTILES, start=1)]
        for kind in ("duplicate", *(("near_duplicate",) if steps else ())):
            rows += [
                (language, "all", f"{kind}_documents", "", 3.0 + place, "documents"),
                (language, "all", f"{kind}_share", "", 0.02, "s"),
            ]
        rows += [(language, "all", "read_documents", "", 1000.0, "documents"), (language, "all", "read_bytes", "", 5e6, "bytes")]
        for split in ("tokenizer", "train") if steps else ():
            rows += [
                (language, split, "contaminated_documents", "", 7.0, "documents"),
                (language, split, "contaminated_share", "", 0.01, "s"),
            ]
        if language != "all":
            asked = share if language != languages[-1] else 2 * share
            rows += [(language, "train", "got_share", "", share, "s"), (language, "train", "asked_share", "", asked, "s")]
            rows += [(language, "train", "mixture_bytes", "", share * 1e6, "bytes"), (language, "train", "sampled_bytes", "", 1e5, "bytes")]
            rows += [(language, "train", "script_share", "Latn", 0.75, "s"), (language, "train", "script_share", "Hira", 0.25, "s")]
            rows += [(language, "train", "own_script_share", "", 0.75, "s")]
            rows += [(language, "train", "repeated_line_share", part, 0.1, "s") for part in ("in the document", "in the language")]
    frame = pl.DataFrame(rows, schema=["language", "split", "metric", "part", "value", "unit"], orient="row")
    constants = [pl.lit("trial").alias("study"), pl.lit("f").alias("fingerprint")]
    return frame.with_columns(constants).select(TABLES["corpus_quality"].column_names)


QUANTILES = ("5 %", "25 %", "50 %", "75 %", "95 %", "mean", "longest")


def words_of(page: str) -> str:
    """The text that a reader sees."""
    body = page[page.index("<body>") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<script.*?</script>", " ", body, flags=re.DOTALL)))


def test_the_page_says_what_the_table_says_and_needs_nothing_else(tmp_path: Path) -> None:
    page = CorpusPage("trial <&>", "source: embedded\n", rows_of())
    write_corpus_page(page, tmp_path / "page.html")
    content = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert content == corpus_page(page)
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=\"http", content)
    words = words_of(content)
    assert "trial &lt;&amp;&gt;: the text" in words
    assert "1,000 documents (5 MB) of 3 languages were read." in words
    assert "6 documents (2% of the bytes) were exact duplicates and dropped. 6 documents (2% of the bytes) were near-duplicates" in words
    assert "7 training documents (1% of the bytes) share an n-gram with evaluation text." in words
    assert "rus_Cyrl got least of what the mixing asks for: 14% of the training text in place of 29%." in words
    assert "Latin 75%, Hiragana 25%" in words


def test_what_was_not_looked_for_is_not_called_zero() -> None:
    rows = rows_of(steps=False)
    told = " ".join(summary(rows))
    assert "Near-duplicates were not looked for." in told
    assert "Overlap of the training text with evaluation text was not looked for." in told
    assert "–" in words_of(corpus_page(CorpusPage("trial", "", rows)))
    assert mix_sentences(rows.filter(pl.col("metric") != "asked_share")) == []


def test_a_page_without_rows_says_so() -> None:
    words = words_of(corpus_page(CorpusPage("trial", "", rows_of().head(0))))
    assert "No text has been read yet." in words


@pytest.mark.parametrize("languages", [LANGUAGES[:1], LANGUAGES, L100])
def test_every_figure_has_a_row_for_each_language(languages: tuple[str, ...]) -> None:
    rows = rows_of(languages)
    for draw in (language_mix, document_lengths, script_shares, repeated_lines):
        figure = draw(rows)
        names = {name for trace in figure.data for name in trace.y if name is not None}
        assert names == set(languages), draw
        assert figure.layout.height > 20 * len(languages)


def test_the_mix_shows_what_was_asked_beside_what_was_got() -> None:
    got, asked = language_mix(rows_of()).data
    assert list(got.y) == list(asked.y) == ["rus_Cyrl", "jpn_Jpan", "eng_Latn"]
    assert asked.x[0] == pytest.approx(2 * got.x[0])
    assert len(language_mix(rows_of().filter(pl.col("metric") != "asked_share")).data) == 1


def test_scripts_of_a_language_are_its_own_then_latin_then_others() -> None:
    assert split_scripts("jpn_Jpan", {"Latn": 0.5, "Hira": 0.25, "Hani": 0.125, "Cyrl": 0.125}) == (0.375, 0.5, 0.125)
    assert split_scripts("eng_Latn", {"Latn": 0.75, "Hira": 0.25}) == (0.75, 0.0, 0.25)
    assert sum(split_scripts("kor_Hang", {"Hang": 1.0})) == 1


def test_text_without_repeated_lines_says_so() -> None:
    rows = rows_of().with_columns(pl.when(pl.col("metric") == "repeated_line_share").then(0.0).otherwise(pl.col("value")).alias("value"))
    assert "stands in it twice" in repeated_lines(rows).layout.annotations[0].text
