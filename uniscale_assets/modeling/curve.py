"""The loss curve of a training and the watch over it, from exact sums of every step."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from uniscale_assets.errors import TrainingError

ROWS = 40
"""rows of a curve; fewer where a training has fewer steps"""
SMOOTHING = 0.9
"""weight of the past in the smoothed loss: about the last ten steps"""


@dataclass(frozen=True)
class StepTotals:
    """Sums over the labels of one optimizer step, over every device."""

    nats: float
    """of text tokens and separators"""
    text_nats: float
    """of text tokens"""
    labels: int
    text_tokens: int
    bytes: int
    """raw bytes of the text tokens"""

    def __add__(self, other: StepTotals) -> StepTotals:
        return StepTotals(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


NOTHING = StepTotals(0.0, 0.0, 0, 0, 0)


@dataclass(frozen=True)
class CurveRow:
    """The mean over the steps since the row before; counts are from the beginning."""

    step: int
    """optimizer steps done"""
    bytes: int
    tokens: int
    """text tokens"""
    flops: float
    loss_nats: float
    """per label"""
    bits_per_byte: float
    """over text tokens"""
    learning_rate: float
    """of the first parameter group, at the row's last step"""


@dataclass(frozen=True)
class Watch:
    """What counts as diverged: both the smoothed and the last loss above ``limit`` nats, after ``warmup`` steps.

    The smoothed one alone would remember an initialization that started high and is recovering.
    """

    limit: float
    warmup: int


class CurveRecorder:
    """Takes the totals of every step in order; writes rows and raises where the loss is not finite or diverges."""

    def __init__(self, steps: int, flops_per_label: float, watch: Watch) -> None:
        self.steps = steps
        self.flops_per_label = flops_per_label
        self.watch = watch
        count = min(ROWS, steps)
        self._row_ends = {steps * (row + 1) // count for row in range(count)}
        self._final_from = steps - max(1, steps // 20)
        self.step = 0
        self.smoothed = math.nan
        self.total = NOTHING
        self.final = NOTHING
        self._since_row = NOTHING
        self.rows: list[CurveRow] = []

    def add(self, totals: StepTotals, learning_rate: float) -> CurveRow | None:
        """Take one step; returns the row that it completes.

        Raises:
            TrainingError: the loss is not finite, or diverges.
        """
        self.step += 1
        self._check(totals.nats / totals.labels, learning_rate)
        self.total += totals
        self._since_row += totals
        if self.step > self._final_from:
            self.final += totals
        if self.step not in self._row_ends:
            return None
        self.rows.append(self._row(learning_rate))
        self._since_row = NOTHING
        return self.rows[-1]

    def _check(self, loss: float, learning_rate: float) -> None:
        where = f"at step {self.step} of {self.steps}, learning rate {learning_rate:.3g}"
        if not math.isfinite(loss):
            raise TrainingError(f"the training loss is {loss} {where}: lower the learning rates, or clip harder")
        self.smoothed = loss if self.step == 1 else SMOOTHING * self.smoothed + (1 - SMOOTHING) * loss
        if self.step > self.watch.warmup and min(self.smoothed, loss) > self.watch.limit:
            raise TrainingError(
                f"the training diverges {where}: smoothed loss {self.smoothed:.4g} nats (last {loss:.4g}) is above "
                f"{self.watch.limit:.4g}, which is training.divergence_factor times log(vocabulary): lower the learning rates"
            )

    def _row(self, learning_rate: float) -> CurveRow:
        since = self._since_row
        return CurveRow(
            step=self.step,
            bytes=self.total.bytes,
            tokens=self.total.text_tokens,
            flops=self.flops_per_label * self.total.labels,
            loss_nats=since.nats / since.labels,
            bits_per_byte=since.text_nats / math.log(2) / since.bytes if since.bytes else math.nan,
            learning_rate=learning_rate,
        )

    @property
    def final_loss_nats(self) -> float:
        """Mean loss over the last twentieth of the steps (at least one), nats per label."""
        return self.final.nats / self.final.labels

    def state(self) -> dict[str, Any]:
        """All that `restore` needs, as JSON."""
        sums = {name: asdict(getattr(self, name)) for name in ("total", "final", "_since_row")}
        return {"step": self.step, "smoothed": self.smoothed, "rows": [asdict(row) for row in self.rows], **sums}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.step, self.smoothed = state["step"], state["smoothed"]
        self.rows = [CurveRow(**row) for row in state["rows"]]
        for name in ("total", "final", "_since_row"):
            setattr(self, name, StepTotals(**state[name]))


def write_curve(rows: list[CurveRow], path: Path) -> None:
    """Write `curve.parquet`: one row a `CurveRow`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"int": pa.int64(), "float": pa.float64()}
    schema = pa.schema([(one.name, types[str(one.type)]) for one in fields(CurveRow)])
    pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows], schema), path)


def read_curve(directory: Path) -> list[CurveRow]:
    """The loss curve of a checkpoint directory."""
    import pyarrow.parquet as pq

    return [CurveRow(**row) for row in pq.read_table(directory / "curve.parquet").to_pylist()]
