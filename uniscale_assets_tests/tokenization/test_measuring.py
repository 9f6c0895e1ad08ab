"""All metrics of a tokenizer together: what is written, that it is always the same, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from uniscale_assets.corpus.mixing import iterate_documents
from uniscale_assets.tokenization.lens import first_sentence, lens_sentences, lens_table
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.measuring import write_metrics
from uniscale_assets.tokenization.metric_definitions import DEFINITIONS, GROUPS, compressing_definitions, definition_of
from uniscale_assets.tokenization.metrics_throughput import EncodingCost, cost_rows, encoding_cost
from uniscale_assets.tokenization.parity import ParitySpec, read_parity_texts
from uniscale_assets.tokenization.shards import write_token_shards

from .conftest import LANGUAGES
from .greedy import GreedyTokenizer, write_mixture

if TYPE_CHECKING:
    from uniscale_assets.tokenization.protocol import Tokenizer
    from uniscale_assets_tests.tokenization.conftest import Train

COST = {"encoding_throughput", "encoding_memory"}
COMPRESSING = {definition.name for definition in compressing_definitions()}


def write_all(tokenizer: Tokenizer, mixture: Path, home: Path) -> Path:
    """The files of an artifact."""
    (home / "shards").mkdir(parents=True)
    (home / "metrics").mkdir()
    write_token_shards(tokenizer, mixture, home / "shards")
    texts = read_parity_texts(ParitySpec(), LANGUAGES)
    write_metrics(tokenizer, home / "shards", mixture, texts, LANGUAGES, home / "metrics")
    return home / "metrics"


@pytest.fixture(scope="module")
def written(train: Train, mixture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_all(load_tokenizer(train("bpe")), mixture, tmp_path_factory.mktemp("written"))


def test_every_metric_is_there_under_its_definition(written: Path) -> None:
    rows = pl.read_parquet(written / "metrics.parquet")
    assert rows.columns == ["language", "metric", "value", "unit"]
    assert rows.select(pl.struct("language", "metric").is_unique().all()).item()
    assert rows["value"].is_finite().all()
    names = set(rows["metric"])
    assert {name for name in names if not name.startswith("script_share_")} == {
        name for name in DEFINITIONS if not name.startswith("flores_plus") and name not in {*COST, *COMPRESSING}
    }
    of_characters = {"tokens/character", "share of characters"}
    for row in rows.iter_rows(named=True):
        definition = definition_of(row["metric"])
        assert definition.group in GROUPS
        assert row["unit"] == definition.unit or (row["unit"] in of_characters and row["language"] == "jpn_Jpan")


def test_metrics_of_a_language_stand_beside_those_over_all(written: Path) -> None:
    rows = pl.read_parquet(written / "metrics.parquet")
    by_language = ("bytes_per_token", "fertility", "words_split", "cardinality", "renyi_efficiency", "zipf_deviation", "udhr_premium")
    for metric in by_language:
        assert set(rows.filter(metric=metric)["language"]) == {*LANGUAGES, "all"}, metric
    assert set(rows.filter(metric="words_per_token")["language"]) == {*LANGUAGES, "all"} - {"jpn_Jpan"}
    assert rows.filter(metric="gini_over_languages")["language"].to_list() == ["all"]


def test_the_same_tokenizer_gives_the_same_bytes(written: Path, train: Train, mixture: Path, tmp_path: Path) -> None:
    again = write_all(load_tokenizer(train("bpe")), mixture, tmp_path)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {path.name: path.read_bytes() for path in written.iterdir()}


def test_any_tokenizer_that_follows_the_protocol_is_measured(mixture: Path, tmp_path: Path) -> None:
    tokenizer = GreedyTokenizer([" the", "of the ", "ない", " и "], frozenset({" the"}))
    rows = pl.read_parquet(write_all(tokenizer, mixture, tmp_path) / "metrics.parquet")
    assert rows.filter(metric="vocabulary_utilization", language="all")["value"].item() < 1
    assert rows.filter(metric="shannon_efficiency", language="all")["value"].item() < 1


def test_the_lens_cuts_the_sentence_that_it_shows(written: Path, train: Train) -> None:
    lens = pl.read_parquet(written / "lens.parquet")
    tokenizer = load_tokenizer(train("bpe"))
    sentences = {str(of): b"".join(rows["content"]).decode() for (of,), rows in lens.group_by("language", maintain_order=True)}
    assert list(sentences) == list(LANGUAGES)
    assert sentences["eng_Latn"] == "All human beings are born free and equal in dignity and rights."
    assert sentences["rus_Cyrl"].startswith("Все люди рождаются свободными")
    for language, sentence in sentences.items():
        rows = lens.filter(language=language)
        assert rows["position"].to_list() == list(range(rows.height))
        assert rows["id"].to_list() == tokenizer.encode_batch([sentence])[0].ids.tolist()
        assert rows["content"].to_list() == [tokenizer.decode([index]) for index in rows["id"]]


def test_a_language_without_the_declaration_is_shown_by_its_text(tmp_path: Path) -> None:
    mixture = write_mixture(tmp_path / "mixture", test=[("eng_Latn", "Other."), ("tlh_Latn", "tlhIngan maH! taHjaj."), ("tlh_Latn", "no")])
    sentences = lens_sentences(["tlh_Latn", "deu_Latn", "qqq_Latn"], mixture)
    assert sentences["tlh_Latn"] == "tlhIngan maH!"
    assert sentences["deu_Latn"].startswith("Alle Menschen sind frei")
    assert "qqq_Latn" not in sentences


def test_tokens_without_bytes_are_shown_as_such() -> None:
    lens = lens_table(GreedyTokenizer(["the"], frozenset({"the"})), {"eng_Latn": "the中"})
    assert lens["content"].to_list() == [b"", b"the", b"\xe4", b"\xb8", b"\xad"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Ja. Das ist der Anfang. Und mehr.", "Ja. Das ist der Anfang."),
        ("人人生而自由,在尊严和权利上一律平等。他们赋有理性。", "人人生而自由,在尊严和权利上一律平等。"),
        ("Version 1.16 is here and stays. Next", "Version 1.16 is here and stays."),
        ("no end at all", "no end at all"),
        ("x" * 500, "x" * 200),
    ],
)
def test_sentences_end_where_their_script_says(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


def test_encoding_is_timed_on_the_test_text(train: Train, mixture: Path) -> None:
    from uniscale_assets.tokenization.measure import measured

    tokenizer = load_tokenizer(train("bpe"))
    texts = [document.text for document in iterate_documents(mixture, "test")]
    size = sum(len(text.encode()) for text in texts)
    cost = encoding_cost(tokenizer, mixture)
    with measured() as direct:
        for _ in range(5):
            tokenizer.encode_batch(texts)
    assert cost.bytes_per_cpu_second == pytest.approx(5 * size / direct.cpu_seconds, rel=0.9)
    assert cost.memory_bytes is None or 0 <= cost.memory_bytes < 500_000_000


def test_memory_that_encoding_takes_is_seen(mixture: Path) -> None:
    class Wasteful(GreedyTokenizer):
        """Holds 64 MB while it encodes more than a few texts."""

        def encode_batch(self, texts):  # type: ignore[no-untyped-def]
            held = bytearray(b"x") * 64_000_000 if len(texts) > 4 else b""
            encodings = super().encode_batch(texts)
            del held
            return encodings

    modest, wasteful = (encoding_cost(kind([]), mixture).memory_bytes for kind in (GreedyTokenizer, Wasteful))
    if modest is None or wasteful is None:
        pytest.skip("this system does not say how much memory a block of work took")
    assert wasteful - modest > 40_000_000


def test_costs_are_rows_beside_the_others() -> None:
    assert cost_rows(EncodingCost(2e6, 5)) == [
        ("all", "encoding_throughput", 2e6, "bytes/CPU second"),
        ("all", "encoding_memory", 5.0, "bytes"),
    ]
    assert [metric for _, metric, _, _ in cost_rows(EncodingCost(2e6, None))] == ["encoding_throughput"]
