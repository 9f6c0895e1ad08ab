"""Learning rate over training, as a share of the peak: a pure function of the step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uniscale_assets.modeling.spec import ScheduleSpec


def rate_share(schedule: ScheduleSpec, step: int, steps: int) -> float:
    """The share of the peak learning rate that optimizer step ``step`` takes.

    Warm-up is linear over round(warmup * steps) steps and its first step is already above zero; the step after it takes
    the whole rate. `cosine` falls from there as half a cosine, `warmup_stable_decay` holds for the first
    round(hold_until * steps) steps and then falls linearly; the last step takes exactly ``schedule.final``.

    Args:
        schedule: what the study says.
        step: 0 for the first.
        steps: of the whole training.
    """
    warmup = round(schedule.warmup * steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    start = warmup if schedule.name == "cosine" else max(warmup, round(schedule.hold_until * steps))
    last = steps - 1
    if step < start or last <= start:
        return 1.0
    progress = min(1.0, (step - start) / (last - start))
    fall = (1 + math.cos(math.pi * progress)) / 2 if schedule.name == "cosine" else 1 - progress
    return schedule.final + (1 - schedule.final) * fall
