"""What a fitted pair of laws says to somebody with a budget and some tokenizers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from uniscale_assets.errors import LawError
from uniscale_assets.scaling_laws.results import AllocationLaw, Estimate, LossLaw
from uniscale_assets.scaling_laws.usable import ROUNDING


@dataclass(frozen=True)
class TokenizerAdvice:
    """One tokenizer of the user's at the budget."""

    name: str
    bytes_per_token: float
    bits_per_byte: Estimate
    """the loss to expect, with the scatter of one cell"""
    lost_bits_per_byte: Estimate
    """what it loses against the best compression rate at the same budget; the interval is of this difference"""
    bytes: Estimate
    """to train on"""
    parameters: Estimate
    outside_rates: bool
    """its compression rate is outside those of the fitted cells"""


@dataclass(frozen=True)
class Advice:
    """What to train for a budget."""

    method: str
    evaluation: str
    compute_flops: float
    bytes_per_token: Estimate
    """the best compression rate T*"""
    bytes: Estimate
    """to train on at T*"""
    parameters: Estimate
    """at T*; with or without embeddings as the allocation law says"""
    parameter_kind: str
    """global or total"""
    bits_per_byte: Estimate
    """the loss to expect at T*, with the scatter of one cell"""
    times_beyond: float
    """budget / largest fitted budget, or smallest / budget below them; 1 within the fitted budgets"""
    tokenizers: tuple[TokenizerAdvice, ...]
    """least loss first"""
    warnings: tuple[str, ...]
    """where the advice goes beyond what was measured"""


def advise(allocation: AllocationLaw, loss: LossLaw, compute_flops: float, tokenizers: Mapping[str, float] | None = None) -> Advice:
    """N, B and T to use for a budget, the loss to expect, and what each tokenizer loses against the best compression rate.

    Args:
        allocation: law I with C the nominal budget.
        loss: law II, fitted in one stage: the two-stage fit is biased.
        compute_flops: the budget C.
        tokenizers: bytes per token of each, by name.

    Raises:
        LawError: laws of different methods, law I with approximated compute, law II in two stages or without an optimal
            compression rate; a budget or compression rate that is no positive number.
    """
    check_laws(allocation, loss)
    for name, value in {"flops": compute_flops, **(tokenizers or {})}.items():
        if not (math.isfinite(value) and value > 0):
            raise LawError(f"{name}: {value} is not a positive number")
    best = loss.optimal_compression_rate_estimate(compute_flops)
    advised = [tokenizer_advice(allocation, loss, compute_flops, name, rate) for name, rate in (tokenizers or {}).items()]
    beyond = times_beyond(compute_flops, common_range(allocation, loss))
    return Advice(
        method=loss.method,
        evaluation=loss.evaluation,
        compute_flops=compute_flops,
        bytes_per_token=best,
        bytes=allocation.optimal_bytes.estimate(compute_flops, best.value),
        parameters=allocation.optimal_parameters.estimate(compute_flops, best.value),
        parameter_kind=allocation.parameters,
        bits_per_byte=loss.loss_estimate(compute_flops, best.value, prediction=True),
        times_beyond=beyond,
        tokenizers=tuple(sorted(advised, key=lambda advice: (advice.lost_bits_per_byte.value, advice.name))),
        warnings=tuple(warnings_of(allocation, loss, compute_flops, best, beyond, advised)),
    )


def check_laws(allocation: AllocationLaw, loss: LossLaw) -> None:
    """Refuse laws that do not go together or cannot advise."""
    if (allocation.method, allocation.evaluation) != (loss.method, loss.evaluation):
        raise LawError(f"law I is of {allocation.method} on {allocation.evaluation}, law II of {loss.method} on {loss.evaluation}")
    if allocation.compute != "nominal":
        raise LawError("advice is for a nominal budget; fit law I with compute=nominal")
    if loss.two_stage:
        raise LawError("advice takes the one-stage fit of law II; the two-stage fit is biased")
    if loss.conventions == "paper" or allocation.conventions == "paper":
        raise LawError("advice takes intervals that cover; fit both laws with conventions=correct")
    loss.optimum()


def tokenizer_advice(allocation: AllocationLaw, loss: LossLaw, compute_flops: float, name: str, rate: float) -> TokenizerAdvice:
    """What one tokenizer comes to."""
    low, high = loss.compression_range
    return TokenizerAdvice(
        name=name,
        bytes_per_token=rate,
        bits_per_byte=loss.loss_estimate(compute_flops, rate, prediction=True),
        lost_bits_per_byte=lost_against_best(loss, compute_flops, rate),
        bytes=allocation.optimal_bytes.estimate(compute_flops, rate),
        parameters=allocation.optimal_parameters.estimate(compute_flops, rate),
        outside_rates=not low * (1 - ROUNDING) <= rate <= high * (1 + ROUNDING),
    )


def lost_against_best(loss: LossLaw, compute_flops: float, rate: float) -> Estimate:
    """F ln(T / T*)^2 in bits per byte.

    Its interval is that of its signed root, squared: the root is nearly normal, and at T* the loss itself is not.
    """
    height, place = loss.optimum()
    logarithm = math.log(compute_flops)
    away = loss.slope * logarithm + math.log(rate) - math.log(place.value)
    root = math.sqrt(height.value)
    variance = loss.variance({"F": away / (2 * root), "ln T_0": -root, "delta": root * logarithm})
    reach, signed = loss.quantile * math.sqrt(variance), root * away
    ends = sorted(((signed - reach) ** 2, (signed + reach) ** 2))
    least = 0.0 if abs(signed) <= reach else ends[0]
    return Estimate(signed**2, 2 * abs(signed) * math.sqrt(variance), least, ends[1])


def common_range(allocation: AllocationLaw, loss: LossLaw) -> tuple[float, float]:
    """Budgets that both laws were fitted to."""
    return max(allocation.compute_range[0], loss.compute_range[0]), min(allocation.compute_range[1], loss.compute_range[1])


def times_beyond(compute_flops: float, fitted: tuple[float, float]) -> float:
    """How many times a budget lies above the largest fitted one, or below the smallest; 1 in between."""
    low, high = fitted
    return max(compute_flops / high, low / compute_flops, 1.0)


def warnings_of(
    allocation: AllocationLaw, loss: LossLaw, compute_flops: float, best: Estimate, beyond: float, advised: list[TokenizerAdvice]
) -> list[str]:
    """Where the advice goes beyond what was measured, in sentences."""
    low, high = common_range(allocation, loss)
    rates = loss.compression_range
    sentences: list[str] = []
    if beyond > 1 + ROUNDING:
        side = f"above the largest fitted budget, {high:.3g}" if compute_flops > high else f"below the smallest fitted budget, {low:.3g}"
        sentences.append(
            f"{compute_flops:.3g} FLOPs is {beyond:.3g} times {side}: "
            "the intervals hold only if the laws go on as fitted, which nothing here shows."
        )
    if not rates[0] <= best.value <= rates[1]:
        sentences.append(
            f"T* = {best.value:.3g} is outside the fitted compression rates, {rates[0]:.3g} to {rates[1]:.3g} bytes per token."
        )
    outside = [f"{advice.name} ({advice.bytes_per_token:.3g})" for advice in advised if advice.outside_rates]
    if outside:
        sentences.append(f"Outside the fitted compression rates, {rates[0]:.3g} to {rates[1]:.3g} bytes per token: {', '.join(outside)}.")
    return sentences
