"""The parallel texts: every language says the same 31 things."""

from __future__ import annotations

import re

import pytest

from uniscale_assets.corpus.languages import L20
from uniscale_assets.corpus.parity import read_parity
from uniscale_assets.errors import BadInputError


def test_every_language_has_every_article() -> None:
    frame = read_parity()
    assert frame.columns == ["language", "script", "article", "text"]
    articles = dict(frame.group_by("language", maintain_order=True).agg("article").iter_rows())
    assert len(articles) == 45
    assert all(numbers == list(range(31)) for numbers in articles.values())
    assert set(L20) <= set(articles)
    assert frame["script"].n_unique() >= 15
    assert frame.filter(frame["text"].str.len_bytes() < 20).is_empty()


def test_texts_are_what_their_language_says() -> None:
    frame = read_parity(["rus_Cyrl", "eng_Latn", "cmn_Hani"])
    first = {row["language"]: row["text"] for row in frame.filter(frame["article"] == 1).to_dicts()}
    assert list(first) == ["rus_Cyrl", "eng_Latn", "cmn_Hani"]
    assert first["eng_Latn"].startswith("All human beings are born free and equal in dignity and rights.")
    assert first["rus_Cyrl"].startswith("Все люди рождаются свободными")
    assert re.match("人人生而自由", first["cmn_Hani"])
    assert dict(frame.select("language", "script").unique().iter_rows())["cmn_Hani"] == "Hans"


def test_a_language_without_text() -> None:
    with pytest.raises(BadInputError, match="no parity text in tlh_Latn; there is in eng_Latn, "):
        read_parity(["eng_Latn", "tlh_Latn"])
