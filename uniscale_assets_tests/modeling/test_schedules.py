"""Learning rates by hand."""

from __future__ import annotations

import pytest

from uniscale_assets.modeling.schedules import rate_share
from uniscale_assets.modeling.spec import ScheduleSpec


def shares(steps, **keys):
    return [rate_share(ScheduleSpec(**keys), step, steps) for step in range(steps)]


def test_warmup_stable_decay():
    found = shares(10, name="warmup_stable_decay", warmup=0.2, hold_until=0.5, final=0.0)
    assert found == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0])


def test_cosine():
    found = shares(6, name="cosine", warmup=0.17, final=0.2)
    half = 0.2 + 0.8 * 0.5
    assert found == pytest.approx([1 / 2, 1, 0.2 + 0.8 * (1 + 2**-0.5) / 2, half, 0.2 + 0.8 * (1 - 2**-0.5) / 2, 0.2])


def test_without_warmup_the_first_step_takes_the_whole_rate():
    assert shares(5, name="cosine", warmup=0.0, final=0.1)[0] == 1.0


@pytest.mark.parametrize("name", ["cosine", "warmup_stable_decay"])
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 100])
def test_rates_rise_then_fall_and_end_where_the_study_says(name, steps):
    found = shares(steps, name=name, warmup=0.1, hold_until=0.6, final=0.05)
    top = found.index(1.0)
    assert found[: top + 1] == sorted(found[: top + 1])
    assert found[top:] == sorted(found[top:], reverse=True)
    assert min(found) > 0
    assert steps < 2 or found[-1] == pytest.approx(0.05)


def test_a_step_beyond_the_last_stays_defined():
    # torch's schedulers look one step ahead.
    assert rate_share(ScheduleSpec(name="cosine"), 10, 10) >= 0
    assert rate_share(ScheduleSpec(name="warmup_stable_decay", hold_until=1.0), 10, 10) >= 0
    assert rate_share(ScheduleSpec(), 1, 1) >= 0


def test_held_to_the_end():
    assert set(shares(20, name="warmup_stable_decay", warmup=0.0, hold_until=1.0, final=0.0)) == {1.0}
