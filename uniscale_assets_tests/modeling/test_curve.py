"""Rows, the final loss and the watch over a training, from sums by hand."""

from __future__ import annotations

import json
import math

import pytest

from uniscale_assets.errors import TrainingError
from uniscale_assets.modeling.curve import CurveRecorder, StepTotals, Watch, read_curve, write_curve

CALM = Watch(limit=100.0, warmup=2)


def step(loss, labels=10, text=9, raw_bytes=20):
    """A step with that mean loss, the same for separators."""
    return StepTotals(loss * labels, loss * text, labels, text, raw_bytes)


def test_rows_are_means_over_labels_since_the_row_before():
    recorder = CurveRecorder(steps=80, flops_per_label=3.0, watch=CALM)
    rows = [recorder.add(step(loss=number, labels=10 * (number % 2 + 1)), 1 / number) for number in range(1, 81)]
    kept = [row for row in rows if row is not None]
    assert [row.step for row in kept] == list(range(2, 81, 2))
    # Steps 3 and 4: 20 labels of loss 3, 10 of loss 4.
    assert kept[1].loss_nats == pytest.approx(100 / 30)
    assert kept[1].bits_per_byte == pytest.approx((3 * 9 + 4 * 9) / math.log(2) / 40)
    assert (kept[1].bytes, kept[1].tokens, kept[1].flops, kept[1].learning_rate) == (80, 36, 3.0 * 60, 1 / 4)


@pytest.mark.parametrize("steps", [1, 3, 39, 40, 41, 1000])
def test_a_curve_has_up_to_forty_rows_and_the_last_step_is_one(steps):
    recorder = CurveRecorder(steps, 1.0, CALM)
    for _ in range(steps):
        recorder.add(step(2.0), 0.1)
    assert len(recorder.rows) == min(40, steps)
    assert recorder.rows[-1].step == steps


def test_the_final_loss_is_over_the_last_twentieth():
    recorder = CurveRecorder(60, 1.0, CALM)
    for number in range(60):
        recorder.add(step(float(number)), 0.1)
    assert recorder.final_loss_nats == pytest.approx((57 + 58 + 59) / 3)


def test_a_restored_recorder_goes_on_as_if_never_stopped(tmp_path):
    losses = [5 / (1 + number / 7) for number in range(90)]
    through = CurveRecorder(90, 2.0, CALM)
    stopped = CurveRecorder(90, 2.0, CALM)
    for number, loss in enumerate(losses):
        through.add(step(loss), 0.1)
        if number == 37:
            state = json.loads(json.dumps(stopped.state()))
            stopped = CurveRecorder(90, 2.0, CALM)
            stopped.restore(state)
        stopped.add(step(loss), 0.1)
    assert stopped.rows == through.rows
    assert stopped.final_loss_nats == through.final_loss_nats
    assert stopped.smoothed == through.smoothed
    write_curve(stopped.rows, tmp_path / "curve.parquet")
    assert read_curve(tmp_path) == through.rows


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_names_step_loss_and_rate(loss):
    recorder = CurveRecorder(10, 1.0, CALM)
    recorder.add(step(1.0), 0.25)
    with pytest.raises(TrainingError, match=rf"training loss is {loss} at step 2 of 10, learning rate 0\.25"):
        recorder.add(step(loss), 0.25)


def test_divergence_counts_after_the_warmup_alone():
    recorder = CurveRecorder(100, 1.0, Watch(limit=9.0, warmup=5))
    for _ in range(5):
        recorder.add(step(10.0), 0.1)
    with pytest.raises(TrainingError, match="diverges at step 6 of 100"):
        recorder.add(step(10.0), 0.1)


def test_one_bad_step_is_no_divergence_nor_is_a_bad_start_that_recovers():
    spike = CurveRecorder(100, 1.0, Watch(limit=9.0, warmup=0))
    for number in range(30):
        spike.add(step(40.0 if number == 10 else 5.0), 0.1)
    start = CurveRecorder(100, 1.0, Watch(limit=9.0, warmup=3))
    for number in range(30):
        start.add(step(60.0 if number < 3 else 7.0), 0.1)
