"""What can predict a ranking before the largest size is trained: one type for all kinds of predictors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.noise import SizeNoise

Kind = Literal["intrinsic_metric", "curve_point", "smaller_size", "power_law", "ceiling"]
INTRINSIC, CURVE, SIZE, POWER_LAW, CEILING = "intrinsic_metric", "curve_point", "smaller_size", "power_law", "ceiling"
LOWER, HIGHER = "lower is better", "higher is better"


@dataclass(frozen=True)
class Predictor:
    """One way to rank tokenizers."""

    kind: Kind
    name: str
    tokenizers: tuple[str, ...]
    """those it has a value of"""
    rankings: NDArray[np.float64]
    """[rankings, tokenizers], less is better; several where each is of one seed and scored by itself"""
    size: str | None = None
    """the largest size that it trains; None where it trains none"""
    share: float | None = None
    """of the bytes of a whole training that it takes, 0 to 1"""
    left_out: tuple[int, ...] = ()
    """for each ranking, the seed that the truth leaves out, as the ranking is of the same run; empty where the runs are others"""
    noise: SizeNoise | None = None
    """of the mean over the rankings; None where it is counted, not estimated, or where its noise is the truth's"""
    own_runs: bool = False
    """whether its runs are the truth's own, so that the two err together"""
    compute_flops: float | None = None
    """training FLOPs of all tokenizers and seeds that one ranking takes; None where they are not known"""
    cpu_seconds: float | None = None
    direction: str = LOWER
    """of the value that a reader sees; the rankings are turned round already"""
    note: str = ""
