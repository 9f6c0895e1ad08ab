"""Entropies and rank-frequency measures: by hand, on laws that are known, and against the peers' package on real text."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tokenization_scorer

from uniscale_assets.corpus.mixing import iterate_documents
from uniscale_assets.tokenization import metrics, metrics_frequencies
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.metrics_frequencies import count_tokens, frequency_rows, rank_frequency_curves
from uniscale_assets.tokenization.shards import open_shard, write_token_shards

if TYPE_CHECKING:
    from uniscale_assets_tests.tokenization.conftest import Train

COUNTS = np.array([[4, 0, 2, 1, 1], [0, 3, 3, 0, 0], [0, 0, 0, 0, 0]])


def test_entropies_by_hand() -> None:
    # Shares 1/2, 1/4, 1/8, 1/8; two equal shares; nothing.
    assert metrics_frequencies.shannon_entropy(COUNTS)[:2].tolist() == [1.75, 1.0]
    power = 0.5**2.5 + 0.25**2.5 + 2 * 0.125**2.5
    assert metrics_frequencies.renyi_entropy(COUNTS)[:2].tolist() == pytest.approx([math.log2(power) / -1.5, 1.0])
    assert metrics_frequencies.efficiency(np.array([1.0]), 16).tolist() == [0.25]
    assert metrics_frequencies.cardinality(COUNTS).tolist() == [4, 2, 0]
    assert math.isnan(metrics_frequencies.shannon_entropy(COUNTS)[2])
    assert math.isnan(metrics_frequencies.renyi_entropy(COUNTS)[2])


def test_tokens_that_are_all_as_frequent_have_the_most_entropy_and_no_slope() -> None:
    even = np.full((1, 64), 7)
    assert metrics_frequencies.shannon_entropy(even)[0] == metrics_frequencies.renyi_entropy(even)[0] == 6
    assert metrics_frequencies.rank_frequency_slope(even)[0] == pytest.approx(0, abs=1e-12)
    assert metrics_frequencies.zipf_deviation(even)[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("exponent", [0.6, 1.0, 1.4])
def test_a_power_law_has_its_slope_and_no_deviation(exponent: float) -> None:
    law = np.round(1e12 / np.arange(1, 2001) ** exponent)[None, ::-1].astype(np.int64)
    assert metrics_frequencies.rank_frequency_slope(law)[0] == pytest.approx(-exponent, abs=1e-5)
    assert metrics_frequencies.zipf_deviation(law)[0] < 1e-5
    # A triangle on top of a box, in decades.
    width = math.log10(2000)
    area = width * 12 - exponent * width**2 / 2
    assert metrics_frequencies.rank_frequency_area(law)[0] == pytest.approx(area, rel=1e-4)


def test_a_broken_law_deviates() -> None:
    # Slope -1/2 over two decades of ranks, then -3/2 over two more: off the line with slope -1 by a triangle of height 1,
    # whose distance from its mean is spread evenly between -1/2 and 1/2.
    ranks = np.arange(1, 10_001)
    broken = np.where(ranks < 100, 1e12 / ranks**0.5, 1e14 / ranks**1.5).astype(np.int64)
    slope, deviation = metrics_frequencies.line_of(broken)
    assert slope == pytest.approx(-1.0, abs=0.005)
    assert deviation == pytest.approx(1 / math.sqrt(12), rel=0.01)


def test_the_area_by_hand() -> None:
    # Counts 100 and 10: heights 2 and 1 over a width of log10 2.
    assert metrics_frequencies.rank_frequency_area(np.array([[10, 0, 100]]))[0] == pytest.approx(1.5 * math.log10(2))
    assert math.isnan(metrics_frequencies.rank_frequency_area(np.array([[5]]))[0])
    assert math.isnan(metrics_frequencies.rank_frequency_slope(np.array([[5, 4]]))[0])


@pytest.mark.parametrize("family", ["bpe", "unigram"])
def test_real_text_against_tokenization_scorer(
    family: str, train: Train, mixture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(metrics, "TOKENS_AT_ONCE", 3000)
    tokenizer = load_tokenizer(train(family))
    write_token_shards(tokenizer, mixture, tmp_path)
    counts = count_tokens(open_shard(tmp_path, "train"), tokenizer.vocab_size)
    rows = {(metric, language): value for language, metric, value, _ in frequency_rows(counts, tokenizer.vocab_size)}
    for place, language in enumerate(counts.languages):
        documents = [item for item in iterate_documents(mixture, "train") if language in ("all", item.language)]
        lines = [" ".join(map(str, encoding.ids.tolist())) for encoding in tokenizer.encode_batch([item.text for item in documents])]
        assert Counter(" ".join(lines).split()) == {str(index): number for index, number in enumerate(counts.counts[place]) if number}

        def score(metric: str, lines: list[str] = lines, **options: float) -> float:
            return float(tokenization_scorer.score(iter(lines), metric=metric, **options))

        entries = tokenizer.vocab_size - 1
        assert rows["shannon_entropy", language] == pytest.approx(score("shannon_entropy"))
        assert rows["renyi_entropy", language] == pytest.approx(score("renyi_entropy", power=2.5))
        assert rows["shannon_efficiency", language] == pytest.approx(score("shannon_efficiency", vocab=entries))
        assert rows["renyi_efficiency", language] == pytest.approx(score("renyi_efficiency", power=2.5, vocab=entries))
        # The package divides by the types that occur unless it is told the vocabulary.
        types = rows["cardinality", language]
        assert score("renyi_efficiency", power=2.5) == pytest.approx(rows["renyi_entropy", language] / math.log2(types))


def test_curves_are_thinned_evenly_over_log_rank_and_keep_their_ends() -> None:
    counts = metrics_frequencies.TokenCounts(["eng_Latn", "all"], np.array([np.arange(5000), np.arange(5000) * 2]))
    curves = rank_frequency_curves(counts)
    english = curves.filter(language="eng_Latn")
    ranks = english["rank"].to_list()
    assert (ranks[0], ranks[-1]) == (1, 4999)
    assert ranks == sorted(set(ranks))
    assert len(ranks) <= metrics_frequencies.POINTS_PER_DECADE * 4
    assert sum(rank > 500 for rank in ranks) == pytest.approx(sum(50 < rank <= 500 for rank in ranks), abs=2)
    total = 4999 * 5000 / 2
    assert english["share"].to_list() == pytest.approx([(5000 - rank) / total for rank in ranks])
    assert curves.filter(language="all")["share"].to_list() == pytest.approx(english["share"].to_list())
