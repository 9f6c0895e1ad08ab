"""What it costs to decide at the small size: the winner and the regret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.noise import SizeNoise

TAIL = 0.025
"""of each end of a 95 % interval"""


@dataclass(frozen=True)
class Regret:
    """Bits per byte lost at the large size by taking the small size's winner, with a 95 % interval for these tokenizers."""

    value: float
    low: float | None
    high: float | None


def winners(means: NDArray[np.float64]) -> NDArray[np.int64]:
    """Places of the least value; several where they tie exactly."""
    import numpy as np

    return np.flatnonzero(means == means.min())


def winner_probability(small: SizeNoise, large: SizeNoise) -> float | None:
    """Probability that the tokenizer seen to win at the small size is the large size's true winner.

    The share of draws of the large size's values in which it is the best; None where no noise is known. Under a flat
    prior, so for tokenizers that nearly tie it tends to 1 / (their number), which is what is then known. Tied winners of
    the small size count equally.
    """

    if not large.known:
        return None
    drawn = large.means + large.draws
    best = drawn == drawn.min(axis=1, keepdims=True)
    return float((best / best.sum(axis=1, keepdims=True)).mean(axis=0)[winners(small.means)].mean())


def regret(small: SizeNoise, large: SizeNoise) -> Regret:
    """Bits per byte lost at the large size by taking the small size's winner.

    The true regret is the largest of the winner's differences to the others, none below zero. Its lower end is the
    largest lower end of those differences under one-sided simultaneous intervals (comparison with the best: Hsu 1981);
    its upper end the 97.5 % quantile of the largest drawn difference, which lies high where several nearly tie.
    Where the small size's winners tie, the mean of their regrets, and the widest interval.
    """
    import numpy as np

    chosen = winners(small.means)
    losses = large.means[chosen] - large.means.min()
    if not large.known:
        return Regret(float(losses.mean()), None, None)
    ends = [regret_interval(large, int(place)) for place in chosen]
    return Regret(float(np.mean(losses)), min(low for low, _ in ends), max(high for _, high in ends))


def regret_interval(large: SizeNoise, chosen: int) -> tuple[float, float]:
    """The interval of one tokenizer's regret."""
    import numpy as np

    others = np.delete(np.arange(len(large.means)), chosen)
    differences = large.means[chosen] - large.means[others]
    errors = large.draws[:, [chosen]] - large.draws[:, others]
    scales = np.sqrt(large.difference_variances[chosen, others])
    scales = np.where(scales > 0, scales, 1.0)
    reach = np.quantile((errors / scales).max(axis=1), 1 - TAIL)
    low = max(0.0, float((differences - reach * scales).max()))
    return low, max(0.0, float(np.quantile((differences + errors).max(axis=1), 1 - TAIL)))
