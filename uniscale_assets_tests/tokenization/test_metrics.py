"""Each number against one counted by hand."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from uniscale_assets.corpus.mixing import iterate_documents
from uniscale_assets.corpus.storage import DocumentWriter
from uniscale_assets.errors import TokenizerError
from uniscale_assets.tokenization import metrics
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.metrics import measure_tokenizer, sample_tokens
from uniscale_assets.tokenization.shards import write_token_shards

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from uniscale_assets_tests.tokenization.conftest import Train


def value(frame: pl.DataFrame, metric: str, language: str = "all") -> float:
    [found] = frame.filter((frame["metric"] == metric) & (frame["language"] == language))["value"].to_list()
    return found


@pytest.mark.parametrize("family", ["bpe", "unigram"])
def test_metrics_are_those_counted_by_hand(
    family: str, train: Train, mixture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several ranges of documents, and documents larger than a range.
    monkeypatch.setattr(metrics, "TOKENS_AT_ONCE", 1500)
    tokenizer = load_tokenizer(train(family))
    write_token_shards(tokenizer, mixture, tmp_path)
    frame = measure_tokenizer(tmp_path, mixture)
    assert frame.columns == ["language", "metric", "value", "unit"]
    encode = lambda text: tokenizer.encode_batch([text])[0].ids.tolist()  # noqa: E731
    trained = [(document.language, encode(document.text)) for document in iterate_documents(mixture, "train")]
    tested = [(document.language, document.text, encode(document.text)) for document in iterate_documents(mixture, "test")]
    counts = Counter(token for _, ids in trained for token in ids)
    total = counts.total() + tokenizer.vocab_size - 1
    for language in ("all", "jpn_Jpan", "eng_Latn"):
        texts = [text for of, text, _ in tested if language in ("all", of)]
        ids = [token for of, _, tokens in tested if language in ("all", of) for token in tokens]
        size = len("".join(texts).encode())
        bits = -sum(math.log2((counts[token] + 1) / total) for token in ids)
        used = {token for of, tokens in trained if language in ("all", of) for token in tokens}
        assert value(frame, "tokens", language) == len(ids)
        assert value(frame, "bytes_per_token", language) == pytest.approx(size / len(ids))
        assert value(frame, "characters_per_token", language) == pytest.approx(len("".join(texts)) / len(ids))
        assert value(frame, "unigram_bits_per_byte", language) == pytest.approx(bits / size)
        assert value(frame, "vocabulary_utilization", language) == pytest.approx(len(used) / 999)


def write_mixture(directory: Path, train: str, test: str) -> Path:
    directory.mkdir()
    for split, text in (("train", train), ("validation", test), ("test", test)):
        with DocumentWriter(directory / f"{split}.parquet", with_language=True) as writer:
            writer.add(("eng_Latn", split, text, len(text.encode()), len(text)), len(text.encode()))
    return directory


def test_what_was_never_seen_costs_as_much_as_one_count(train: Train, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(train("bpe", 257))
    mixture = write_mixture(tmp_path / "mixture", "\x00", "any text at all")
    (tmp_path / "shards").mkdir()
    write_token_shards(tokenizer, mixture, tmp_path / "shards")
    frame = measure_tokenizer(tmp_path / "shards", mixture)
    # One byte was seen, once: it has 2 of 257 parts, every other byte 1; and it is not in the test text.
    assert value(frame, "unigram_bits_per_byte") == pytest.approx(math.log2(257))
    assert value(frame, "vocabulary_utilization") == pytest.approx(1 / 256)
    assert value(frame, "bytes_per_token") == 1


def test_shards_of_another_mixture_are_refused(train: Train, mixture: Path, tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    write_token_shards(load_tokenizer(train("bpe")), mixture, tmp_path / "shards")
    other = write_mixture(tmp_path / "mixture", "a", "b")
    with pytest.raises(TokenizerError, match=r"holds 1 bytes of test text, the shards \d+: they are of another mixture"):
        measure_tokenizer(tmp_path / "shards", other)


def test_sample_tokens_are_readable_and_of_every_length(train: Train) -> None:
    tokenizer = load_tokenizer(train("bpe"))
    sample = sample_tokens(tokenizer, each=3)
    lengths = [token.bytes for token in sample]
    assert lengths == sorted(lengths)
    assert set(lengths) == {len(tokenizer.decode([index])) for index in range(1, 1000)}
    for token in sample:
        content = tokenizer.decode([token.id])
        assert (token.bytes, token.text) == (len(content), content.decode(errors="backslashreplace"))
    assert len({token.id for token in sample}) == len(sample)
