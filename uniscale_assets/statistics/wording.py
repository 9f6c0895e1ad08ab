"""The verdict's sentences. Every number in them comes from a table; "cannot tell" is an answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from uniscale_assets.statistics.firmer import MOST_SEEDS, least_p_value, tokenizers_for_significance

if TYPE_CHECKING:
    from uniscale_assets.statistics.coverage import Coverage
    from uniscale_assets.statistics.verdict import Agreement, Share, Winner

FEWEST_TOKENIZERS = 3
SIGNIFICANT = 0.05
MISSING_SHOWN = 5


def budget_prefix(budget: str) -> str:
    """Where a study lists several budgets, which one a sentence is about."""
    return f"Budget {budget}: " if budget else ""


def headline(winners: Sequence[Winner], agreements: Sequence[Agreement]) -> str:
    """One or two sentences for each budget: who wins at the largest size, and the smallest size that can tell."""
    if not winners:
        return "Nothing is evaluated yet, so there is nothing to say."
    parts: list[str] = []
    for budget in dict.fromkeys(winner.budget for winner in winners):
        largest = reference([winner for winner in winners if winner.budget == budget])
        own = [agreement for agreement in agreements if agreement.budget == budget]
        parts.append(f"{budget_prefix(budget)}{short_winner(largest)} {best_agreement(largest, own)}")
    return " ".join(parts)


def reference(winners: Sequence[Winner]) -> Winner:
    """The largest size with 3 tokenizers or more; where there is none, the largest."""
    return ([winner for winner in winners if winner.tokenizers >= FEWEST_TOKENIZERS] or winners)[-1]


def short_winner(winner: Winner) -> str:
    """Who wins at a size, in a few words."""
    if winner.runner_up is None:
        return f"{winner.best} is the only tokenizer at {winner.size}."
    if winner.not_separated is None:
        return f"{winner.best} is ahead at {winner.size}, by an amount whose noise is not known."
    if winner.clear:
        return f"{winner.best} wins at {winner.size}."
    if not winner.not_separated:
        return f"{winner.best} is ahead at {winner.size}; with one seed nothing says whether by more than seeds differ."
    lie = "lies" if len(winner.not_separated) == 1 else "lie"
    return f"Cannot tell which is best at {winner.size}: {winner.best} is ahead, but {listed(winner.not_separated)} {lie} within the noise."


def best_agreement(largest: Winner, agreements: Sequence[Agreement]) -> str:
    """The smallest size with the strongest claim to order the tokenizers as the largest does."""
    if largest.tokenizers < FEWEST_TOKENIZERS:
        return f"Whether small sizes can tell is not defined with fewer than {FEWEST_TOKENIZERS} tokenizers ({largest.tokenizers} here)."
    if not agreements:
        return "There is one size, so nothing says whether small sizes can tell."
    for strength, words in (("strong", "Small sizes can tell"), ("moderate", "Small sizes can tell in part")):
        able = [agreement for agreement in agreements if agreement.strength == strength]
        if able:
            return f"{words}: {claim(able[0])}."
    defined = [agreement for agreement in agreements if agreement.spearman is not None]
    if not defined:
        return f"Whether small sizes can tell is not defined: no two sizes have {FEWEST_TOKENIZERS} tokenizers in common."
    return f"Cannot tell whether small sizes order the tokenizers as large ones do: {claim(defined[-1])}."


def claim(agreement: Agreement) -> str:
    """An agreement with its number and cost."""
    cost = f", at {percent(agreement.compute_share)} of the compute" if agreement.compute_share is not None else ""
    return (
        f"{agreement.small_size} agrees with {agreement.large_size} at Spearman {decimals(agreement.spearman)} "
        f"({interval(agreement.low, agreement.high)}){cost}"
    )


def sentences(winners: Sequence[Winner], agreements: Sequence[Agreement]) -> Iterator[str]:
    """The sentences of one budget: each size's winner, each size's agreement with the largest, and what would be firmer."""
    for winner in winners:
        yield winner_sentence(winner)
    if winners and reference(winners) != winners[-1]:
        last, large = winners[-1], reference(winners)
        yield f"{last.size} has {last.tokenizers} tokenizers so far, too few to compare with; {large.size} stands for the large size."
    for agreement in agreements:
        yield agreement_sentence(agreement)
    defined = [agreement for agreement in agreements if agreement.spearman is not None]
    for agreement in defined[:1]:
        yield from cost_sentences(agreement)
        yield from vocabulary_sentences(agreement)
        yield from population_sentences(agreement)
    yield from firmer_sentences(winners, defined)


def winner_sentence(winner: Winner) -> str:
    """Who is best at a size, by how much, and whether that is more than noise."""
    start = f"At {winner.size} {winner.best} has the least bits per byte ({winner.bits_per_byte:.4f})"
    if winner.runner_up is None or winner.difference is None:
        return f"{start}; no other tokenizer is there to compare."
    gap = f"{winner.difference:.4f} below {winner.runner_up}"
    if winner.difference_low is None or winner.difference_high is None or winner.not_separated is None:
        return f"{start}, {gap}; with one seed and no scores of documents nothing says whether that is noise."
    gap = f"{gap} (simultaneous 95 % interval {winner.difference_low:.4f} to {winner.difference_high:.4f})"
    if winner.clear:
        return f"{start}, {gap}: above the noise."
    if not winner.not_separated:
        return f"{start}, {gap}: above the documents' noise, but with one seed that of seeds is unknown."
    return f"{start}, {gap}, but it cannot be told from {listed(winner.not_separated)}."


def p_in_words(p_value: float) -> str:
    """A p-value, which is never zero."""
    return "p < 0.0001" if p_value < 0.0001 else f"p = {p_value:.4f}"


def agreement_sentence(agreement: Agreement) -> str:
    """Whether a size orders the tokenizers as the largest does, in the words of its band."""
    sizes = f"{agreement.small_size} against {agreement.large_size}"
    if agreement.spearman is None:
        return f"{sizes}: not defined; {agreement.tokenizers} tokenizers have both sizes, and it takes {FEWEST_TOKENIZERS} that differ."
    strength = {"strong": "strong agreement", "moderate": "moderate agreement"}.get(agreement.strength, "weak, or cannot tell")
    strength = strength if agreement.seeds_known else "cannot tell, since with one seed the noise between seeds is unknown"
    p_value = f", permutation {p_in_words(agreement.p_value)}" if agreement.p_value is not None else ""
    ceiling = f"; the seeds' noise alone would leave {decimals(agreement.ceiling)}" if agreement.ceiling is not None else ""
    corrected = f", corrected for it {decimals(agreement.noise_corrected)}" if agreement.noise_corrected is not None else ""
    return (
        f"{sizes}: {strength}. Spearman {decimals(agreement.spearman)} over {agreement.tokenizers} tokenizers "
        f"({interval(agreement.low, agreement.high)}{p_value}){ceiling}{corrected}."
    )


def cost_sentences(agreement: Agreement) -> Iterator[str]:
    """What deciding at the small size saves and what it may cost."""
    if agreement.regret is None:
        return
    most = f" (at most {agreement.regret_high:.4f}, upper end of the 95 % interval)" if sure(agreement) else ""
    saved = f" for {percent(agreement.compute_share)} of its compute" if agreement.compute_share is not None else ""
    chance = f"; the probability that it is the best there is {probability(agreement.winner_probability)}"
    yield (
        f"Taking the winner of {agreement.small_size}{saved} loses {agreement.regret:.4f} bits per byte at {agreement.large_size}"
        f"{most}{chance if sure(agreement) else ''}."
    )


def sure(agreement: Agreement) -> bool:
    """Whether what is said of an agreement knows the noise of seeds."""
    return agreement.seeds_known and agreement.winner_probability is not None and agreement.regret_high is not None


def probability(value: float | None) -> str:
    """A probability from draws, which never shows that something is certain."""
    if value is None:
        return "unknown"
    return "above 99 %" if value > 0.99 else "below 1 %" if value < 0.01 else percent(value)


def vocabulary_sentences(agreement: Agreement) -> Iterator[str]:
    """Whether agreement is more than vocabulary size: pairs of equal vocabulary size against all pairs."""
    within, every = agreement.within_vocabularies, agreement.decision_accuracy
    if within is None or every is None:
        return
    compared = (
        f"{agreement.small_size} orders {share(within)} of the pairs of equal vocabulary size as {agreement.large_size} does, "
        f"and {share(every)} of all pairs"
    )
    if agreement.seeds_known and within.low is not None and within.low > 1 / 2:
        yield f"Agreement is more than vocabulary size: {compared}."
    elif agreement.seeds_known and every.low is not None and every.low > 1 / 2:
        yield f"Vocabulary size drives the agreement: {compared}; between tokenizers of equal vocabulary size cannot tell."
    else:
        yield f"Cannot tell whether vocabulary size drives the agreement: {compared}."


def population_sentences(agreement: Agreement) -> Iterator[str]:
    """What the sample says of other tokenizers."""
    if agreement.seeds_known and agreement.population_low is not None and agreement.population_high is not None:
        ends = f"{ends_of(agreement.population_low, agreement.population_high)}"
        sizes = f"{agreement.small_size} and {agreement.large_size}"
        yield f"For other tokenizers like these {agreement.tokenizers}, Spearman between {sizes} lies in {ends} (95 % interval)."


def firmer_sentences(winners: Sequence[Winner], agreements: Sequence[Agreement]) -> Iterator[str]:
    """How many seeds would separate the first two of the largest size, and how many tokenizers would make p < 0.05."""
    if winners:
        yield from seeds_sentences(reference(winners))
    for agreement in agreements:
        if agreement.p_value is not None and agreement.p_value >= SIGNIFICANT:
            yield tokenizers_sentence(agreement)


def seeds_sentences(winner: Winner) -> Iterator[str]:
    """Seeds that would separate the first two of a size."""
    if winner.runner_up is None:
        return
    if not winner.seeds_known:
        yield f"Firmer: a second seed at {winner.size}, so that the noise between seeds is known."
    elif winner.seeds_needed is not None:
        pair = f"{winner.best} from {winner.runner_up} at {winner.size}"
        needed = winner.seeds_needed.seeds
        if needed is not None:
            yield f"Firmer: about {needed} seeds of each tokenizer would tell {pair}, if their difference is what it seems."
        elif winner.seeds_needed.documents_alone:
            yield f"Firmer: more text to test on; with these documents no number of seeds tells {pair}."
        else:
            yield f"Firmer: not by seeds; even {MOST_SEEDS} of each tokenizer would hardly tell {pair}, so take them as equal."


def tokenizers_sentence(agreement: Agreement) -> str:
    """Tokenizers that would make an agreement significant."""
    sizes = f"{agreement.small_size} against {agreement.large_size}"
    least = least_p_value(agreement.tokenizers)
    if least >= SIGNIFICANT:
        return f"Firmer: 5 tokenizers or more; {agreement.tokenizers} cannot give p below {least:.2f} ({sizes})."
    needed = tokenizers_for_significance(agreement.spearman or 0.0)
    if needed is None or (agreement.spearman or 0.0) <= 0:
        return f"Firmer: nothing here points to agreement of {sizes} that more tokenizers would confirm."
    return f"Firmer: about {max(needed, agreement.tokenizers + 1)} tokenizers would make such a Spearman significant (p < 0.05; {sizes})."


def coverage_sentence(coverage: Coverage) -> str:
    """What of the grid this rests on."""
    if coverage.complete:
        return f"This rests on {coverage} models of the study."
    shown = [str(key) for key in coverage.missing[:MISSING_SHOWN]]
    more = len(coverage.missing) - len(shown)
    return f"This rests on {coverage} models of the study; missing: {', '.join(shown)}{f' and {more} more' if more else ''}."


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def decimals(value: float | None) -> str:
    """A correlation to two decimals."""
    return "unknown" if value is None else f"{value:.2f}"


def interval(low: float | None, high: float | None) -> str:
    """A 95 % interval for these tokenizers, in words."""
    return "interval unknown: no noise is known" if low is None or high is None else f"95 % interval {ends_of(low, high)}"


def ends_of(low: float, high: float) -> str:
    """Two ends, rounded outwards so that no band is claimed by rounding."""
    return f"{math.floor(low * 100 + 1e-9) / 100:.2f} to {math.ceil(high * 100 - 1e-9) / 100:.2f}"


def percent(value: float | None) -> str:
    """A share in percent, two digits where it is small."""
    if value is None:
        return "an unknown share"
    return f"{value * 100:.0f} %" if value >= 0.1 or value == 0 else f"{value * 100:.2g} %"


def share(found: Share) -> str:
    """A share of pairs with its interval."""
    known = found.low is not None and found.high is not None
    return f"{percent(found.value)} (95 % interval {percent(found.low)} to {percent(found.high)})" if known else percent(found.value)
