"""Advice for a budget as text, also where only the losses of optima are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from uniscale_assets.errors import LawError
from uniscale_assets.scaling_laws.advice import Advice, advise, lost_against_best
from uniscale_assets.scaling_laws.report import aligned, between, short

if TYPE_CHECKING:
    from uniscale_assets.scaling_laws.analysis import MethodLaws
    from uniscale_assets.scaling_laws.results import Estimate, LossLaw


def advice_lines(laws: MethodLaws, compute_flops: float, tokenizers: Mapping[str, float], source: str) -> list[str]:
    """What the laws of one method say to somebody with a budget and some tokenizers.

    Args:
        laws: of one method; law I with the nominal budget, law II in one stage.
        compute_flops: the budget.
        tokenizers: bytes per token by name.
        source: what the runs are called.
    """
    language = "" if laws.language == "all" else f" in {laws.language}"
    title = f"{laws.method}{language}: {short(compute_flops)} FLOPs, by the runs of {source}"
    if not laws.losses:
        why = next((note for name, note in laws.notes.items() if name not in ("allocation", "trial")), "")
        return [title, f"No advice: law II is not fitted. {why}"]
    try:
        if laws.allocation is None:
            return [title, *lines_of_losses(laws, laws.losses[0], compute_flops, tokenizers)]
        return [title, *lines_of_advice(advise(laws.allocation, laws.losses[0], compute_flops, tokenizers))]
    except LawError as error:
        return [title, f"No advice: {error}"]


def lines_of_advice(advice: Advice) -> list[str]:
    """Everything that advice holds."""
    kind = "without embeddings and head" if advice.parameter_kind == "global" else "with embeddings and head"
    rows = [
        ("bytes per token, T", *with_interval(advice.bytes_per_token)),
        (f"parameters, N ({kind})", *with_interval(advice.parameters)),
        ("bytes of text, B", *with_interval(advice.bytes)),
        ("bits per byte to expect", *with_interval(advice.bits_per_byte)),
    ]
    lines = aligned([("take", "value", "95 % interval"), *rows])
    if advice.tokenizers:
        header = ("tokenizer", "T", "bits/byte", "95 % interval", "lost against best T", "95 % interval", "N", "B")
        table: list[Sequence[str]] = [header]
        for tokenizer in advice.tokenizers:
            estimates = (*with_interval(tokenizer.bits_per_byte), *with_interval(tokenizer.lost_bits_per_byte))
            sizes = (short(tokenizer.parameters.value), short(tokenizer.bytes.value))
            table.append((tokenizer.name, short(tokenizer.bytes_per_token), *estimates, *sizes))
        lines += ["", *aligned(table)]
    return [*lines, *advice.warnings]


def lines_of_losses(laws: MethodLaws, law: LossLaw, compute_flops: float, tokenizers: Mapping[str, float]) -> list[str]:
    """What law II alone can say: the best compression rate and losses, no parameters and no bytes."""
    best = law.optimal_compression_rate_estimate(compute_flops)
    expected = law.loss_estimate(compute_flops, best.value, prediction=True)
    rows = [("bytes per token, T", *with_interval(best)), ("bits per byte to expect", *with_interval(expected))]
    lines = aligned([("take", "value", "95 % interval"), *rows])
    lost = {name: lost_against_best(law, compute_flops, rate) for name, rate in tokenizers.items()}
    table: list[Sequence[str]] = [("tokenizer", "T", "bits/byte", "lost against best T", "95 % interval")]
    for name in sorted(lost, key=lambda name: lost[name].value):
        loss = law.loss_at(compute_flops, tokenizers[name])
        table.append((name, short(tokenizers[name]), short(float(loss)), *with_interval(lost[name])))
    lines += ["", *aligned(table)] if lost else []
    return [
        *lines,
        f"N and B cannot be said: law I is not fitted. {laws.notes.get('allocation', '')}",
        *beyond_lines(law, compute_flops, best),
    ]


def beyond_lines(law: LossLaw, compute_flops: float, best: Estimate) -> list[str]:
    """How far beyond what was fitted the advice goes."""
    (low, high), (least, most) = law.compute_range, law.compression_range
    beyond = max(compute_flops / high, low / compute_flops)
    lines: list[str] = []
    if beyond > 1:
        end = (
            f"above the largest fitted budget, {short(high)}" if compute_flops > high else f"below the smallest fitted budget, {short(low)}"
        )
        lines.append(f"{short(compute_flops)} FLOPs is {short(beyond)} times {end}: nothing here shows that the law goes on as fitted.")
    if not least <= best.value <= most:
        lines.append(f"The best T is outside the fitted compression rates, {short(least)} to {short(most)} bytes per token.")
    return lines


def with_interval(estimate: Estimate) -> tuple[str, str]:
    """A value and its interval."""
    return short(estimate.value), between(estimate.low, estimate.high)
