"""The verdict: what it says, and what it does not claim."""

from __future__ import annotations

import math

import polars as pl
import pytest

from uniscale_assets.statistics.coverage import coverage
from uniscale_assets.statistics.firmer import least_p_value, seeds_to_separate, tokenizers_for_significance
from uniscale_assets.statistics.noisy_grids import noisy_grids
from uniscale_assets.statistics.predictor_wording import predictor_sentences
from uniscale_assets.statistics.study_statistics import study_statistics, verdict
from uniscale_assets.statistics.verdict import Verdict
from uniscale_assets_tests.statistics.synthetic import DEMO, SyntheticStudy, synthetic_study

DRAWS = 500


def verdict_on(study: SyntheticStudy) -> Verdict:
    """The verdict on a study."""
    return verdict(study.bits_per_byte, study.document_scores, study.training_runs, study.tokenizers, grid=study.grid, draws=DRAWS)


@pytest.fixture(scope="module")
def demo() -> SyntheticStudy:
    return synthetic_study()


@pytest.fixture(scope="module")
def clear() -> SyntheticStudy:
    return synthetic_study(seed_deviation=0.0003, document_by_tokenizer=0.0)


def test_a_clear_study_has_a_winner_and_strong_agreement(clear: SyntheticStudy) -> None:
    found = verdict_on(clear)
    assert found.headline.startswith("unigram_4k wins at 0.8M. Small sizes can tell: 0.06M agrees with 0.8M at Spearman 1.00")
    assert all(winner.clear for winner in found.winners)
    assert [agreement.strength for agreement in found.agreements] == ["strong", "strong"]
    assert found.coverage == "36 of 36"
    assert any("Agreement is more than vocabulary size" in sentence for sentence in found.sentences)


def test_the_demo_says_what_two_seeds_cannot_tell(demo: SyntheticStudy) -> None:
    """../shared/notes/demo.md: within a vocabulary 0.006 apart at the largest size, where seeds differ by 0.006."""
    found = verdict_on(demo)
    assert found.headline.startswith("Cannot tell which is best at 0.8M: ")
    largest = found.winners[-1]
    assert largest.size == "0.8M"
    assert {largest.best, *(largest.not_separated or ())} == {"unigram_4k", "bpe_4k"}
    assert any("Vocabulary size drives the agreement" in sentence for sentence in found.sentences)
    assert any("seeds of each tokenizer would tell" in sentence for sentence in found.sentences)


def test_bands_are_those_of_the_lower_end(demo: SyntheticStudy) -> None:
    for study in (demo, synthetic_study(seed_deviation=0.02), synthetic_study(seed_deviation=0.1)):
        for agreement in verdict_on(study).agreements:
            assert agreement.low is not None
            expected = "strong" if agreement.low >= 0.8 else "moderate" if agreement.low >= 0.5 else "weak or cannot tell"
            assert agreement.strength == expected


def test_noise_leads_to_cannot_tell() -> None:
    found = verdict_on(synthetic_study(seed_deviation=0.1))
    assert "Cannot tell which is best" in found.headline
    assert "Cannot tell whether small sizes order the tokenizers as large ones do" in found.headline


def test_small_sizes_that_mislead_are_not_called_good() -> None:
    truth = {name: (values[0], values[1], 4.8 - values[2]) for name, values in DEMO.items()}
    found = verdict_on(synthetic_study(truth, seed_deviation=0.001, document_by_tokenizer=0.001))
    assert all(agreement.strength == "weak or cannot tell" for agreement in found.agreements)
    assert all((agreement.spearman or 0) < 0 for agreement in found.agreements)
    assert found.agreements[0].regret == pytest.approx(0.177, abs=0.02)


def test_two_tokenizers_are_said_and_not_numbered(demo: SyntheticStudy) -> None:
    found = verdict_on(demo.keep(pl.col("tokenizer").str.ends_with("1k")))
    assert "fewer than 3 tokenizers" in found.headline
    assert all(agreement.spearman is None and agreement.strength == "not defined" for agreement in found.agreements)
    assert "Spearman" not in str(found)


def test_a_largest_size_under_way_gives_place_to_the_one_below(clear: SyntheticStudy) -> None:
    found = verdict_on(clear.keep((pl.col("size") != "0.8M") | pl.col("tokenizer").str.ends_with("4k")))
    assert found.headline.startswith("unigram_4k wins at 0.2M. Small sizes can tell: 0.06M agrees with 0.2M")
    assert "0.8M has 2 tokenizers so far, too few to compare with; 0.2M stands for the large size." in found.sentences
    assert len(found.agreements) == 1


def test_one_seed_never_claims_a_winner_or_agreement(clear: SyntheticStudy) -> None:
    found = verdict_on(clear.keep(pl.col("seed") == 1))
    assert "with one seed" in found.headline
    assert not any(winner.clear for winner in found.winners)
    assert all(agreement.strength == "weak or cannot tell" for agreement in found.agreements)
    assert any("a second seed" in sentence for sentence in found.sentences)


def test_one_size_one_tokenizer_and_nothing(demo: SyntheticStudy) -> None:
    assert "There is one size" in verdict_on(demo.keep(pl.col("size") == "0.2M")).headline
    assert "only tokenizer" in verdict_on(demo.keep(pl.col("tokenizer") == "bpe_1k")).headline
    nothing = verdict_on(demo.keep(pl.col("seed") == 99))
    assert "Nothing is evaluated yet" in nothing.headline
    assert nothing.coverage == "0 of 36"


def test_no_sentence_prints_a_missing_number(demo: SyntheticStudy, clear: SyntheticStudy) -> None:
    conditions = (pl.lit(value=True), pl.col("seed") == 1, pl.col("size") != "0.8M", (pl.col("size") != "0.2M") | (pl.col("seed") == 1))
    for study in (demo, clear):
        for condition in conditions:
            said = str(verdict_on(study.keep(condition))).lower()
            assert "nan" not in said
            assert "none" not in said
            assert "inf" not in said.replace("information", "")


def test_budgets_are_named() -> None:
    study = synthetic_study(budget="1e15flops", documents=6)
    assert all(sentence.startswith("Budget 1e15flops: ") for sentence in verdict_on(study).sentences[:-1])


def test_coverage_counts_what_the_study_asks_for(demo: SyntheticStudy) -> None:
    missing = (pl.col("tokenizer") == "bpe_1k") & (pl.col("size") != "0.06M") & (pl.col("seed") == 1)
    found = coverage(demo.keep(~missing).bits_per_byte, demo.grid)
    assert str(found) == "34 of 36"
    assert [str(key) for key in found.missing] == ["bpe_1k 0.2M-seed1", "bpe_1k 0.8M-seed1"]
    assert str(coverage(demo.bits_per_byte, demo.grid[:5])) == "5 of 5"
    said = verdict_on(demo.keep(~missing)).sentences[-1]
    assert said == "This rests on 34 of 36 models of the study; missing: bpe_1k 0.2M-seed1, bpe_1k 0.8M-seed1."


def test_least_p_values() -> None:
    assert [round(least_p_value(count), 4) for count in (3, 4, 5, 6)] == [0.3333, 0.0833, 0.0167, 0.0028]


def test_tokenizers_for_significance_are_those_of_the_printed_tables() -> None:
    # Two-sided 5 % critical values of rho (Zar 1972): 0.886 at 6, 0.648 at 10, 0.447 at 20.
    assert tokenizers_for_significance(1.0) == 5
    assert tokenizers_for_significance(0.66) == pytest.approx(10, abs=1)
    assert tokenizers_for_significance(0.45) == pytest.approx(20, abs=1)
    assert tokenizers_for_significance(0.0) is None


def test_seeds_needed_separate_and_one_fewer_do_not(demo: SyntheticStudy) -> None:
    from scipy import stats

    noise = noisy_grids(demo.bits_per_byte, demo.document_scores.head(0), draws=DRAWS)[0]
    first, second = (noise.grid.tokenizers.index(name) for name in ("unigram_4k", "bpe_4k"))
    found = seeds_to_separate(noise, "0.8M", first, second)
    assert found is not None
    assert found.seeds is not None
    difference = abs(noise.grid.means[first, 2] - noise.grid.means[second, 2])
    variance = noise.seed_variances[2].variance or 0.0

    def width(seeds: int) -> float:
        return stats.studentized_range.ppf(0.95, 6, 6 * (seeds - 1)) * math.sqrt(variance / seeds)

    assert width(found.seeds) < difference <= width(found.seeds - 1)


def test_documents_alone_can_hide_a_difference() -> None:
    study = synthetic_study(document_by_tokenizer=1.0, seed_deviation=0.001)
    noise = noisy_grids(study.bits_per_byte, study.document_scores, draws=DRAWS)[0]
    first, second = (noise.grid.tokenizers.index(name) for name in ("unigram_4k", "unigram_2k"))
    found = seeds_to_separate(noise, "0.8M", first, second)
    assert found is not None
    assert found.seeds is None
    assert found.documents_alone


def test_everything_at_once_is_the_same_as_piece_by_piece(demo: SyntheticStudy) -> None:
    whole = study_statistics(
        demo.bits_per_byte, demo.document_scores, demo.training_runs, demo.training_curves, demo.tokenizers, demo.grid, draws=DRAWS
    )
    said = set(predictor_sentences(whole.predictors))
    assert said
    assert [line for line in str(whole.verdict).splitlines() if line not in said] == str(verdict_on(demo)).splitlines()
    assert str(whole.coverage) == "36 of 36"
    assert len(whole.ranking) == 4 * 18
    assert set(whole.comparisons["comparison"]) == {"equal bytes", "equal FLOPs", "equal total parameters"}
