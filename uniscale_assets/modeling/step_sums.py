"""Sums of every step, kept on the device until the host reads several at once.

This module imports torch; it is imported inside functions only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from uniscale_assets.modeling.curve import StepTotals

STEPS_BETWEEN_READS = 16
"""on an accelerator or over several processes; reading every step would stall them. A CPU is read every step."""


@dataclass
class PendingStep:
    """Counts of one step on this process, and the learning rate that it took."""

    learning_rate: float
    labels: int
    """over all processes"""
    text_tokens: int = 0
    bytes: int = 0


class StepSums:
    """Nats and counts of the steps since the last read."""

    def __init__(self, device: torch.device, processes: int) -> None:
        self.capacity = 1 if device.type == "cpu" and processes == 1 else STEPS_BETWEEN_READS
        self.processes = processes
        # Apple's devices have no float64; the sums of one step lose nothing that float32 losses had.
        precision = torch.float32 if device.type == "mps" else torch.float64
        self._nats = torch.zeros(self.capacity, 2, dtype=precision, device=device)
        self._steps: list[PendingStep] = []

    def begin_step(self, learning_rate: float, labels: int) -> None:
        """Start the sums of a step."""
        self._steps.append(PendingStep(learning_rate, labels))

    def add(self, losses: Tensor, is_text: Tensor, text_tokens: int, raw_bytes: int) -> None:
        """Add one micro-batch: losses float32 [labels], 0 where masked; whether each label is a text token."""
        place = len(self._steps) - 1
        self._nats[place, 0] += losses.sum(dtype=self._nats.dtype)
        self._nats[place, 1] += (losses * is_text).sum(dtype=self._nats.dtype)
        self._steps[place].text_tokens += text_tokens
        self._steps[place].bytes += raw_bytes

    @property
    def full(self) -> bool:
        """Whether the next step needs a read first."""
        return len(self._steps) == self.capacity

    def read(self) -> list[tuple[StepTotals, float]]:
        """Totals over all processes and the learning rate of each step since the last read, which are forgotten."""
        counts = torch.tensor([[step.text_tokens, step.bytes] for step in self._steps], dtype=torch.int64)
        nats = self._nats[: len(self._steps)].clone()
        self._nats.zero_()
        if self.processes > 1:
            counts = counts.to(nats.device)
            torch.distributed.all_reduce(nats)
            torch.distributed.all_reduce(counts)
        steps, self._steps = self._steps, []
        return [
            (StepTotals(total, text, step.labels, text_tokens, raw_bytes), step.learning_rate)
            for step, (total, text), (text_tokens, raw_bytes) in zip(steps, nats.tolist(), counts.tolist(), strict=True)
        ]
