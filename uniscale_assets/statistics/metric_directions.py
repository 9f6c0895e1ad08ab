"""Which way each intrinsic metric is said to point: what turns metrics into rankings.

What the definitions of the metrics call better is taken over. Where they leave it open, `USUALLY_SAID` has the direction that a
metric is tried in, with who says so; those are opinions, and the table of predictors shows what they are worth.
"""

from __future__ import annotations

from dataclasses import dataclass

from uniscale_assets.statistics.predictor_kinds import HIGHER, LOWER
from uniscale_assets.tokenization.metric_definitions import COST, NUMBER_LENGTHS, NUMBER_PREFIX, SCRIPT_PREFIX, definition_of


@dataclass(frozen=True)
class Direction:
    """What a value of a metric is taken to say of a tokenizer."""

    better: str
    """`HIGHER` or `LOWER`"""
    note: str
    """empty where the metric's definition says so, else who does; or what its value leaves out"""

    @property
    def sign(self) -> float:
        """What a value is multiplied with so that less is better."""
        return -1.0 if self.better == HIGHER else 1.0


OF_THE_MACHINE = "measured on one machine once: nothing says that it bears on a model, and its noise is left out"
EVEN_USE = "tokens used evenly, though it grows with the vocabulary (Zouhar et al. 2023 divide by its logarithm)"
LONG_TOKENS = "longer tokens, fewer of them"
BEYOND = "Beyond Text Compression (2025) reports the sign by task and language, so this is one of two"
USUALLY_SAID: dict[str, tuple[str, str]] = {
    "cardinality": (HIGHER, BEYOND),
    "shannon_entropy": (HIGHER, EVEN_USE),
    "renyi_entropy": (HIGHER, EVEN_USE),
    "rank_frequency_slope": (HIGHER, f"a flatter line; {BEYOND}"),
    "rank_frequency_area": (LOWER, f"fewer tokens in all; {BEYOND}"),
    "token_bytes_mean": (HIGHER, LONG_TOKENS),
    "token_bytes_median": (HIGHER, LONG_TOKENS),
    "token_bytes_longest": (HIGHER, LONG_TOKENS),
    "window_bytes_longest": (HIGHER, LONG_TOKENS),
    "text_token_bytes_median": (HIGHER, LONG_TOKENS),
    "text_token_bytes_p90": (HIGHER, LONG_TOKENS),
    "numbers_whole": (LOWER, "numbers learned by heart (Singh and Strouse 2024)"),
    "numbers_single_digits": (HIGHER, "one rule for every number (Singh and Strouse 2024)"),
    "numbers_even_groups": (HIGHER, "one rule for every number (Singh and Strouse 2024)"),
    "numbers_left_to_right": (LOWER, "groups that fit no place value (Singh and Strouse 2024)"),
    "numbers_right_to_left": (HIGHER, "groups that fit place values (Singh and Strouse 2024)"),
    "numbers_irregular": (LOWER, "no rule for numbers (Singh and Strouse 2024)"),
    **{f"{NUMBER_PREFIX}{length}": (LOWER, "fewer tokens for a number") for length in NUMBER_LENGTHS},
}


def direction_of(metric: str) -> Direction | None:
    """The direction of a metric; None for one that nothing is known of."""
    if metric in USUALLY_SAID:
        better, reason = USUALLY_SAID[metric]
        return Direction(better, f"direction not certain, tried as is usually said: {reason}")
    try:
        definition = definition_of(metric)
    except KeyError:
        return None
    note = OF_THE_MACHINE if definition.group == COST else ""
    return {"higher": Direction(HIGHER, note), "lower": Direction(LOWER, note)}.get(definition.better)


def describes_only(metric: str) -> bool:
    """Whether a metric describes a vocabulary and is said by nobody to be better either way."""
    return metric.startswith(SCRIPT_PREFIX)
