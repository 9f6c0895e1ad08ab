"""What the report on compute-optimal tokenization says in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.figures.quantities import format_flops, trimmed
from uniscale_assets.figures.report_tables import number
from uniscale_assets.figures.scaling_report_tables import has_best_rate, names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uniscale_assets.scaling_laws.analysis import MethodLaws
    from uniscale_assets.scaling_laws.results import Estimate, LossLaw

NO_RUNS = "There are no runs at equal compute yet, so nothing can be said of the best compression rate."


def headline(all_laws: Sequence[MethodLaws]) -> str:
    """The answer in a sentence, of the first method that has one."""
    if not all_laws:
        return NO_RUNS
    for name, laws in zip(names_of(all_laws), all_laws, strict=True):
        if has_best_rate(laws):
            return f"{name}: {best_rate_words(laws.losses[0], laws)}"
    return "The runs do not tell a best compression rate: no fitted loss law has a lowest point."


def best_rate_words(law: LossLaw, laws: MethodLaws) -> str:
    """T* at the least and the largest budget, and whether it moves."""
    budgets = laws.usable["compute_flops"].unique().sort().to_list()
    first, last = (law.optimal_compression_rate_estimate(budget) for budget in (budgets[0], budgets[-1]))
    low, high = (float(rate) for rate in (laws.usable["bytes_per_token"].min(), laws.usable["bytes_per_token"].max()))  # pyright: ignore[reportArgumentType]
    if not low <= last.value <= high:
        where = "above" if last.value > high else "below"
        return (
            f"the best compression rate at {format_flops(budgets[-1])} FLOPs lies {where} those that were run, {trimmed(low)} to"
            f" {trimmed(high)} bytes per token; the law's {estimate_words(last)} is an extrapolation."
        )
    at_last = f"{estimate_words(last)} bytes per token at {format_flops(budgets[-1])} FLOPs"
    if law.delta is None or len(budgets) == 1:
        return (
            f"the best compression rate is {at_last}; this law holds it the same at every budget."
            if law.delta is None
            else f"the best compression rate is {at_last}."
        )
    if law.delta.covers(0):
        return f"the best compression rate is {at_last}; whether it moves with compute cannot be told."
    moves = "falls" if law.delta.value > 0 else "rises"
    return f"the best compression rate {moves} from {estimate_words(first)} at {format_flops(budgets[0])} to {at_last}."


def estimate_words(estimate: Estimate) -> str:
    """A value with its interval in brackets."""
    return f"{trimmed(estimate.value)} ({trimmed(estimate.low)} to {trimmed(estimate.high)})"


def sentences(all_laws: Sequence[MethodLaws]) -> list[str]:
    """What each method's laws say, one after the other."""
    found: list[str] = []
    for name, laws in zip(names_of(all_laws), all_laws, strict=True):
        found += [f"{name}: {sentence}" for sentence in method_sentences(laws)]
    return found


def method_sentences(laws: MethodLaws) -> list[str]:
    """Cells, allocation, best rate and extrapolation of one method."""
    parts = [cell_words(laws), allocation_words(laws)]
    if has_best_rate(laws):
        words = best_rate_words(laws.losses[0], laws)
        parts.append(words + two_stage_words(laws.losses[0]))
    else:
        parts.append(
            f"no best compression rate. {missing(laws, [law.residual_model for law in laws.losses] or ['compute-dependent-t'])}".strip()
        )
    return [*parts, trial_words(laws)]


def two_stage_words(law: LossLaw) -> str:
    """A warning where law II is fitted as the paper does."""
    return (
        " The law is fitted in two stages, as in the paper, which is biased: its intervals cover less than they say."
        if law.two_stage
        else ""
    )


def cell_words(laws: MethodLaws) -> str:
    """How much the laws stand on."""
    flagged = laws.optima.height - laws.optima.filter(laws.optima["flag"] == "").height
    runs = f"{laws.points.height} runs, " if laws.points.height else ""
    budgets, rates = (laws.optima[column].n_unique() for column in ("compute_flops", "bytes_per_token"))
    kept = f"; {flagged} of them are kept out of the laws" if flagged else ""
    limit = f"; the laws are fitted up to {format_flops(laws.max_fit_compute)} FLOPs" if laws.max_fit_compute is not None else ""
    return f"{runs}{laws.optima.height} cells of {budgets} budgets and {rates} compression rates{kept}{limit}."


def allocation_words(laws: MethodLaws) -> str:
    """What ten times the compute buys."""
    law = laws.allocation
    if law is None:
        return f"no allocation law. {missing(laws, ['allocation'])}".strip()
    powers = (law.optimal_bytes, law.optimal_parameters)
    more_bytes, more_parameters = (trimmed(10**power.compute_exponent.value) for power in powers)
    twice = [trimmed(2**power.compression_exponent.value) for power in powers]
    return (
        f"ten times the compute is best spent on {more_bytes} times the bytes and {more_parameters} times the parameters;"
        f" at twice the bytes per token, {twice[0]} times the bytes and {twice[1]} times the parameters are best."
    )


def trial_words(laws: MethodLaws) -> str:
    """How well the chosen model predicts what it was not fitted to."""
    if laws.trial is None:
        return f"no extrapolation was tried. {missing(laws, ['trial'])}".strip()
    chosen = laws.losses[0].residual_model if laws.losses else "compute-dependent-t"
    rows = laws.trial.results.filter(residual_model=chosen)
    if rows.is_empty():
        return "no extrapolation was tried."
    row = rows.row(0, named=True)
    return (
        f"fitted up to {format_flops(laws.trial.max_fit_compute)} FLOPs, the law predicts the {row['predicted_cells']:g} cells above it"
        f" to {number(row['rmse'])} bits per byte (root mean square)."
    )


def missing(laws: MethodLaws, keys: Sequence[str]) -> str:
    """Why something is missing, in the library's words."""
    notes = list(dict.fromkeys(laws.notes[key] for key in keys if key in laws.notes))
    return " ".join(note[:1].upper() + note[1:] + ("" if note.endswith(".") else ".") for note in notes)
