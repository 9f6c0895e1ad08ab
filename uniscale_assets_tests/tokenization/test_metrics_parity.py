"""Costs of the same content in several languages."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from uniscale_assets.corpus.flores import read_flores
from uniscale_assets.corpus.parity import read_parity
from uniscale_assets.errors import CorpusError
from uniscale_assets.tokenization.metrics_parity import gini, gini_over_languages, parity_rows, worst_to_best
from uniscale_assets.tokenization.parity import ParitySpec, parity_fingerprint, read_parity_texts
from uniscale_assets_tests.corpus.hub_server import Hub

from .greedy import GreedyTokenizer

LANGUAGES = ("deu_Latn", "cmn_Hani", "fas_Arab")
SENTENCES = {
    ("eng", "Latn"): ["We see.", "They go home.", "No."],
    ("deu", "Latn"): ["Wir sehen.", "Sie gehen heim.", "Nein."],
    ("cmn", "Hans"): ["我们看见。", "他们回家。"],
    ("pes", "Arab"): ["می‌بینیم.", "به خانه می‌روند.", "نه."],
    ("ace", "Latn"): ["unrelated"],
}


def sentences() -> list[dict[str, Any]]:
    """Rows as FLORES+ has them; Chinese lacks the third sentence."""
    return [
        {"id": number, "iso_639_3": code, "iso_15924": script, "glottocode": "x", "text": text}
        for (code, script), texts in SENTENCES.items()
        for number, text in enumerate(texts, start=1)
    ]


def test_inequality_by_hand() -> None:
    assert gini([3, 3, 3]) == 0
    assert gini([0, 0, 0, 8]) == pytest.approx(3 / 4)
    # Pairs of 1, 2, 3 differ by 1, 2, 1, each way: 8 over 2 * 9 * 2.
    assert gini([1, 2, 3]) == pytest.approx(8 / 36)
    assert gini([10, 20, 30]) == pytest.approx(gini([1, 2, 3]))
    assert worst_to_best([4, 10, 5]) == 2.5
    assert gini([5]) != gini([5])
    assert worst_to_best([5]) != worst_to_best([5])


def test_gini_over_languages_is_of_tokens_per_byte() -> None:
    rows = pl.DataFrame(
        {
            "language": ["a", "b", "all", "a"],
            "metric": ["bytes_per_token", "bytes_per_token", "bytes_per_token", "tokens"],
            "value": [1.0, 0.5, 9.0, 9.0],
        }
    )
    # One token a byte against two.
    assert gini_over_languages(rows) == [("all", "gini_over_languages", pytest.approx(2 / (2 * 4 * 1.5)), "share")]


def test_bytes_as_tokens_have_the_premium_of_their_bytes() -> None:
    tokenizer = GreedyTokenizer([])
    rows = parity_rows(tokenizer, read_parity_texts(ParitySpec(), LANGUAGES), LANGUAGES)
    found = {(metric, language): value for language, metric, value, _ in rows}
    sizes = {language: sum(map(len, map(str.encode, read_parity([language])["text"]))) for language in (*LANGUAGES, "eng_Latn")}
    for language in LANGUAGES:
        assert found["udhr_tokens", language] == sizes[language]
        assert found["udhr_premium", language] == pytest.approx(sizes[language] / sizes["eng_Latn"])
    assert ("udhr_premium", "eng_Latn") not in found
    costs = [sizes[language] for language in LANGUAGES]
    assert found["udhr_worst_to_best", "all"] == pytest.approx(max(costs) / min(costs))
    assert found["udhr_gini", "all"] == pytest.approx(gini(costs))
    assert found["udhr_premium", "all"] == pytest.approx(sum(costs) / 3 / sizes["eng_Latn"])


def test_english_has_no_premium_and_one_language_no_inequality() -> None:
    rows = parity_rows(GreedyTokenizer([" the"]), read_parity_texts(ParitySpec(), ["eng_Latn", "deu_Latn"]), ["eng_Latn"])
    assert {metric: value for language, metric, value, _ in rows if language == "eng_Latn"}["udhr_premium"] == 1
    assert {metric for language, metric, _, _ in rows if language == "all"} == {"udhr_premium"}


def test_a_language_that_no_text_has_is_left_out() -> None:
    texts = read_parity_texts(ParitySpec(), ["tlh_Latn", "deu_Latn"])
    assert set(texts["udhr"]["language"]) == {"eng_Latn", "deu_Latn"}
    assert read_parity_texts(ParitySpec(), ["tlh_Latn"]) == {}
    assert read_parity_texts(ParitySpec(texts=()), ["deu_Latn"]) == {}


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "parquet", "directory", "splits in one file"])
def test_flores_from_a_local_copy(form: str, tmp_path: Path) -> None:
    lines = "\n".join(map(json.dumps, sentences()))
    path = tmp_path / f"flores.{form}"
    if form == "jsonl":
        path.write_text(lines)
    elif form == "jsonl.gz":
        path.write_bytes(gzip.compress(lines.encode()))
    elif form == "parquet":
        pl.DataFrame(sentences()).write_parquet(path)
    elif form == "directory":
        # As the repository lies on the hub: a folder for each split, a file for each language.
        path = tmp_path / "copy"
        for split in ("dev", "devtest"):
            (path / split).mkdir(parents=True)
        (path / "dev" / "deu_Latn.jsonl").write_text(json.dumps({**sentences()[3], "text": "from dev"}))
        for code, script in SENTENCES:
            here = [row for row in sentences() if row["iso_639_3"] == code]
            (path / "devtest" / f"{code}_{script}.jsonl").write_text("\n".join(map(json.dumps, here)))
    else:
        path = tmp_path / "all.parquet"
        other = [{**row, "text": "from dev", "split": "dev"} for row in sentences()]
        pl.DataFrame([*other, *({**row, "split": "devtest"} for row in sentences())]).write_parquet(path)
    spec = ParitySpec(texts=("flores_plus",), flores_plus=str(path))
    texts = read_parity_texts(spec, LANGUAGES)["flores_plus"]
    # Chinese has two sentences, so two are compared; it and Persian are named otherwise there.
    assert texts.filter(language="deu_Latn")["text"].to_list() == ["Wir sehen.", "Sie gehen heim."]
    assert sorted(set(texts["language"])) == ["cmn_Hani", "deu_Latn", "eng_Latn", "fas_Arab"]
    assert texts.height == 8
    found = {
        (metric, language): value for language, metric, value, _ in parity_rows(GreedyTokenizer([]), {"flores_plus": texts}, LANGUAGES)
    }
    english = len("We see.They go home.")
    assert found["flores_plus_premium", "deu_Latn"] == len("Wir sehen.Sie gehen heim.") / english
    assert found["flores_plus_premium", "cmn_Hani"] == len("我们看见。他们回家。".encode()) / english


def test_flores_that_is_not_what_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"parity.flores_plus: .*missing is no file and holds no .parquet, .jsonl"):
        read_flores(tmp_path / "missing", "devtest", LANGUAGES)
    (tmp_path / "a.jsonl").write_text('{"id": 1, "sentence": "x"}')
    with pytest.raises(CorpusError, match=r"a.jsonl: no column iso_639_3, iso_15924, text; FLORES\+ has id, iso_639_3"):
        read_flores(tmp_path / "a.jsonl", "devtest", LANGUAGES)
    (tmp_path / "b.parquet").write_text("no parquet")
    with pytest.raises(CorpusError, match=r"b.parquet: not readable as its suffix says"):
        read_flores(tmp_path / "b.parquet", "devtest", LANGUAGES)


def test_the_fingerprint_follows_the_content_of_the_texts(tmp_path: Path) -> None:
    path = tmp_path / "flores.jsonl"
    path.write_text("\n".join(map(json.dumps, sentences())))
    local = ParitySpec(texts=("udhr", "flores_plus"), flores_plus=str(path))
    before = parity_fingerprint(local, LANGUAGES)
    assert parity_fingerprint(local, LANGUAGES) == before
    assert parity_fingerprint(ParitySpec(), LANGUAGES) != before
    assert parity_fingerprint(local, LANGUAGES[:2]) != before
    moved = tmp_path / "elsewhere" / "flores.jsonl"
    moved.parent.mkdir()
    moved.write_bytes(path.read_bytes())
    assert parity_fingerprint(local.model_copy(update={"flores_plus": str(moved)}), LANGUAGES) == before
    path.write_text(path.read_text().replace("Wir sehen", "Wir gehen"))
    assert parity_fingerprint(local, LANGUAGES) != before
    hub = ParitySpec(texts=("flores_plus",), flores_plus="hub", flores_plus_revision="abc")
    assert parity_fingerprint(hub, LANGUAGES) != parity_fingerprint(hub.model_copy(update={"flores_plus_revision": "abd"}), LANGUAGES)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"texts": ("udhr", "udhr")}, "named twice"),
        ({"texts": ("udhr", "flores_plus")}, "say where it is"),
        ({"flores_plus": "here"}, "say where it is"),
        ({"texts": ("flores_plus",), "flores_plus": "hub"}, "needs one"),
        ({"texts": ("flores_plus",), "flores_plus": "here", "flores_plus_revision": "abc"}, "a path takes none"),
        ({"texts": ("bible",)}, "udhr"),
    ],
)
def test_keys_that_do_not_fit_together(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ParitySpec(**keys)


README = """---
configs:
- config_name: {0}
  data_files:
  - split: devtest
    path: devtest/{0}.jsonl
"""
CHILD = """
import sys
from uniscale_assets.errors import DownloadError
from uniscale_assets.tokenization.parity import ParitySpec, read_parity_texts
spec = ParitySpec(texts=("flores_plus",), flores_plus="hub", flores_plus_revision="main")
try:
    print(read_parity_texts(spec, ["deu_Latn", "cmn_Hani", "fas_Arab", "tlh_Latn"])["flores_plus"].write_json())
except DownloadError as error:
    print(error)
"""


def ask_hub(hub: Hub, home: Path, repository_root: Path) -> str:
    """What a process with that hub says; `datasets` reads the address when it starts."""
    server = hub.serve()
    settings = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HOME": str(home), "PYTHONPATH": str(repository_root)}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_") and not key.lower().endswith("_proxy")}
    try:
        done = subprocess.run([sys.executable, "-c", CHILD], env={**kept, **settings}, capture_output=True, text=True, check=True)
    finally:
        server.shutdown()
        server.server_close()
    return done.stdout


def test_flores_from_the_hub(tmp_path: Path, repository_root: Path) -> None:
    files: dict[str, bytes] = {}
    heads: list[str] = []
    for code, script in SENTENCES:
        name = f"{code}_{script}"
        files[f"devtest/{name}.jsonl"] = "\n".join(json.dumps(row) for row in sentences() if row["iso_639_3"] == code).encode()
        heads.append(README.format(name).removeprefix("---\nconfigs:\n"))
    files["README.md"] = ("---\nconfigs:\n" + "".join(heads) + "---\n").encode()
    said = ask_hub(Hub({"openlanguagedata/flores_plus": files}), tmp_path / "home", repository_root)
    rows = json.loads(said)
    assert {row["language"] for row in rows} == {"eng_Latn", "deu_Latn", "cmn_Hani", "fas_Arab"}
    assert [row["text"] for row in rows if row["language"] == "cmn_Hani"] == ["我们看见。", "他们回家。"]
    assert {row["segment"] for row in rows} == {1, 2}


def test_a_hub_that_gives_no_access(tmp_path: Path, repository_root: Path) -> None:
    said = ask_hub(Hub({}), tmp_path / "home", repository_root)
    assert "openlanguagedata/flores_plus on the Hugging Face hub: " in said
    assert "accept its terms there and log in (`hf auth login`), give a local copy as parity.flores_plus" in said
