"""How numbers are cut. Each number stands alone, so that nothing before it decides; the digits are ASCII."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.tokenization.metric_definitions import NUMBER_KINDS, NUMBER_LENGTHS, NUMBER_PREFIX
from uniscale_assets.tokenization.metric_rows import Row, rows_of
from uniscale_assets.tokenization.metrics import ALL_LANGUAGES

if TYPE_CHECKING:
    from uniscale_assets.tokenization.protocol import Encoding, Tokenizer

MOST_OF_A_LENGTH = 500
LONG_LENGTHS = range(4, 9)
"""digits of the numbers that are long enough for a direction to show"""


@dataclass(frozen=True)
class CutNumbers:
    """Numbers of one length. cuts: for each, the digits of its tokens in turn."""

    digits: int
    cuts: list[tuple[int, ...]]


def number_rows(tokenizer: Tokenizer) -> list[Row]:
    """Every metric of this module; they are of no language."""
    numbers = [cut_numbers(tokenizer, digits) for digits in NUMBER_LENGTHS]
    long = [group for group in numbers if group.digits in LONG_LENGTHS]
    values = {f"{NUMBER_PREFIX}{group.digits}": tokens_per_number(group) for group in numbers}
    values |= {f"numbers_{kind}": share for kind, share in kind_shares(long).items()}
    values["numbers_cut_alike"] = cut_alike(long)
    return [row for metric, value in values.items() for row in rows_of(metric, [ALL_LANGUAGES], [value])]


def sample_numbers(digits: int) -> list[str]:
    """All numbers of so many digits, or ``MOST_OF_A_LENGTH`` of them, evenly spread; the first digit is not 0 but for the number 0."""
    low, high = (0 if digits == 1 else 10 ** (digits - 1)), 10**digits
    count = min(high - low, MOST_OF_A_LENGTH)
    return [str(low + (high - low) * place // count + offset(place, (high - low) // count)) for place in range(count)]


def offset(place: int, width: int) -> int:
    """A place within a stretch of numbers, another for each stretch: evenly spaced numbers alone would all end in zeros."""
    return place * 7919 % width if width > 1 else 0


def cut_numbers(tokenizer: Tokenizer, digits: int) -> CutNumbers:
    """Encode the sample of a length."""
    encodings = tokenizer.encode_batch(sample_numbers(digits))
    return CutNumbers(digits, [cut_of(encoding) for encoding in encodings])


def cut_of(encoding: Encoding) -> tuple[int, ...]:
    """Bytes of the tokens in turn; tokens that account for none are left out."""
    import numpy as np

    lengths = np.diff(encoding.byte_ends, prepend=0)
    return tuple(lengths[lengths > 0].tolist())


def tokens_per_number(numbers: CutNumbers) -> float:
    """Mean tokens of a number of so many digits, tokens/number."""
    return sum(map(len, numbers.cuts)) / len(numbers.cuts)


def kind_of(cut: Sequence[int]) -> str:
    """How one number is cut, a key of ``NUMBER_KINDS``.

    Groups of the same size with a shorter one at the end were counted off from the left, with a shorter one at the
    beginning from the right (as people write thousands). Source: Singh and Strouse (2024), "Tokenization counts".
    """
    if len(cut) == 1:
        return "whole"
    if max(cut) == 1:
        return "single_digits"
    if len(set(cut)) == 1:
        return "even_groups"
    if len(set(cut[:-1])) == 1 and cut[-1] < cut[0]:
        return "left_to_right"
    return "right_to_left" if len(set(cut[1:])) == 1 and cut[0] < cut[-1] else "irregular"


def kind_shares(groups: Sequence[CutNumbers]) -> dict[str, float]:
    """Share of the numbers that are cut in each way, a share of numbers; every length counts the same."""
    shares = dict.fromkeys(NUMBER_KINDS, 0.0)
    for group in groups:
        for kind, count in Counter(map(kind_of, group.cuts)).items():
            shares[kind] += count / len(group.cuts) / len(groups)
    return shares


def cut_alike(groups: Sequence[CutNumbers]) -> float:
    """Share of the numbers that are cut as most of their length are, a share of numbers: 1 where length alone decides."""
    return sum(Counter(group.cuts).most_common(1)[0][1] / len(group.cuts) for group in groups) / len(groups)
