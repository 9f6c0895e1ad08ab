"""Advice from the laws, and the cost of a byte when a model is used."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from uniscale_assets.errors import LawError, RunTableError
from uniscale_assets.scaling_laws.advice import advise, lost_against_best
from uniscale_assets.scaling_laws.allocation import fit_allocation_law
from uniscale_assets.scaling_laws.end_task import inference_flops_per_byte, pareto_frontier
from uniscale_assets.scaling_laws.loss_law import fit_loss_law
from uniscale_assets_tests.scaling_laws.simulated_laws import TrueLoss, grid_cells
from uniscale_assets_tests.scaling_laws.test_coverage import optima_of as losses_only
from uniscale_assets_tests.scaling_laws.test_laws import NOISY

ALLOCATION, LOSS = fit_allocation_law(NOISY), fit_loss_law(NOISY)


def test_advice_is_what_the_laws_say() -> None:
    advice = advise(ALLOCATION, LOSS, 1e20, {"near": 4.0, "far": 9.0})
    best = float(LOSS.optimal_compression_rate(1e20))
    assert advice.bytes_per_token.value == pytest.approx(best)
    assert advice.bytes.value == pytest.approx(float(ALLOCATION.bytes_at(1e20, best)))
    assert advice.parameters.value == pytest.approx(float(ALLOCATION.parameters_at(1e20, best)))
    assert advice.bits_per_byte.value == pytest.approx(float(LOSS.loss_at(1e20, best)))
    assert [tokenizer.name for tokenizer in advice.tokenizers] == ["near", "far"]
    for tokenizer in advice.tokenizers:
        difference = float(LOSS.loss_at(1e20, tokenizer.bytes_per_token)) - advice.bits_per_byte.value
        assert tokenizer.lost_bits_per_byte.value == pytest.approx(difference, abs=1e-12)
        assert tokenizer.lost_bits_per_byte.covers(difference)
        assert tokenizer.bytes.value == pytest.approx(float(ALLOCATION.bytes_at(1e20, tokenizer.bytes_per_token)))
    assert advice.times_beyond == 1.0
    assert advice.warnings == ()


def test_advice_says_how_far_it_goes_beyond_the_cells() -> None:
    above = advise(ALLOCATION, LOSS, 1e23, {"long": 20.0})
    assert above.times_beyond == pytest.approx(50)
    assert "50 times above the largest fitted budget, 2e+21" in above.warnings[0]
    assert "long (20)" in above.warnings[-1]
    assert above.tokenizers[0].outside_rates
    below = advise(ALLOCATION, LOSS, 5e17)
    assert below.times_beyond == pytest.approx(10)
    assert "10 times below the smallest fitted budget, 5e+18" in below.warnings[0]
    # The further away, the less is known.
    widths = [advise(ALLOCATION, LOSS, flops).bits_per_byte.standard_error for flops in (1e20, 1e22, 1e24)]
    assert widths == sorted(widths)


def test_advice_refuses_laws_that_cannot_give_it() -> None:
    for allocation, loss, words in (
        (ALLOCATION, fit_loss_law(NOISY, two_stage=True), "two-stage fit is biased"),
        (fit_allocation_law(NOISY, compute="approximated"), LOSS, "nominal budget"),
        (ALLOCATION, fit_loss_law(NOISY, residual_model="intercept"), "no compression rate"),
        (fit_allocation_law(NOISY, conventions="paper"), LOSS, "conventions=correct"),
        (ALLOCATION, fit_loss_law(NOISY.with_columns(method=pl.lit("other"))), "law I is of m on bpb, law II of other"),
    ):
        with pytest.raises(LawError, match=words):
            advise(allocation, loss, 1e20)
    for flops, tokenizers in ((math.nan, {}), (1e20, {"mine": -1.0})):
        with pytest.raises(LawError, match="not a positive number"):
            advise(ALLOCATION, LOSS, flops, tokenizers)


def test_intervals_of_what_a_tokenizer_loses_cover() -> None:
    cells, truth = grid_cells(), TrueLoss()
    place = truth.logarithm_of_place - truth.delta * math.log(1e20)
    rates = {"at the best": math.exp(place), "near": 4.5, "far": 9.0}
    covered = np.zeros(len(rates))
    draws = truth.draws(cells, "compute-dependent-t", 100, seed=6)
    for losses in draws:
        law = fit_loss_law(losses_only(cells, losses), profile=False)
        covered += [lost_against_best(law, 1e20, rate).covers(truth.height * (math.log(rate) - place) ** 2) for rate in rates.values()]
    assert (covered / len(draws)).min() >= 0.89


def test_inference_flops_by_hand() -> None:
    # 2 x 1000 parameters, attention 2 x 3 layers x 10 wide x 50 tokens, head 2 x 7 x 10, over 4 bytes a token; 5 local.
    assert (
        inference_flops_per_byte(1000, 3, 10, 4.0, vocab_size=7, local_flops_per_byte=5.0, context_bytes=200) == (2000 + 3000 + 140) / 4 + 5
    )


def test_pareto_frontier() -> None:
    frame = pl.DataFrame(
        {
            "task": ["a"] * 5 + ["b"] * 2,
            "inference_flops_per_byte": [1.0, 2.0, 3.0, 3.0, 4.0, 1.0, 2.0],
            "score": [0.3, 0.5, 0.4, 0.6, 0.6, 0.2, None],
            "model": list("uvwxyzq"),
        }
    )
    assert pareto_frontier(frame)["model"].to_list() == ["u", "v", "x", "z"]
    assert pareto_frontier(frame, larger_is_better=False)["model"].to_list() == ["u", "z"]
    assert pareto_frontier(frame.drop("task").head(5))["model"].to_list() == ["u", "v", "x"]
    assert pareto_frontier(frame.sample(fraction=1, shuffle=True, seed=1))["model"].to_list() == ["u", "v", "x", "z"]
    assert pareto_frontier(frame).columns == frame.columns
    with pytest.raises(RunTableError, match="column inference_flops_per_byte"):
        pareto_frontier(frame.with_columns(inference_flops_per_byte=0.0))
    with pytest.raises(RunTableError, match="no column accuracy"):
        pareto_frontier(frame, score="accuracy")
