"""Learning rate over training, as a share of the peak: a pure function of the step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uniscale_assets.modeling.spec import ScheduleSpec


def rate_share(schedule: ScheduleSpec, step: int, steps: int) -> float:
    """The share of the peak learning rate that optimizer step ``step`` takes.

    Warm-up is linear over the first round(warmup * steps) steps, of which the first is already above zero; the step after
    them takes the whole rate. From there `cosine` falls as half a cosine; `warmup_stable_decay` holds until
    round(hold_until * steps) steps are done and then falls linearly. The last step takes exactly ``schedule.final``.

    Args:
        schedule: what the study says.
        step: 0 for the first.
        steps: of the whole training.
    """
    step = min(step, steps - 1)  # torch looks one step past the last
    warmup = round(schedule.warmup * steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    whole_until = warmup + 1
    if schedule.name == "warmup_stable_decay":
        whole_until = max(whole_until, round(schedule.hold_until * steps))
    if step < whole_until:
        return 1.0
    progress = (step - whole_until + 1) / (steps - whole_until)
    fall = (1 + math.cos(math.pi * progress)) / 2 if schedule.name == "cosine" else 1 - progress
    return schedule.final + (1 - schedule.final) * fall
