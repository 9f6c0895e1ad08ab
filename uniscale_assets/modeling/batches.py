"""The global batch of every step, dealt to the processes of a training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uniscale_assets.modeling.packing import PackedWindows


@dataclass(frozen=True)
class BatchLayout:
    """How the contexts of a batch are split: micro-batches of ``micro`` contexts, ``accumulation`` of them on each process."""

    contexts: int
    micro: int
    accumulation: int
    processes: int

    @classmethod
    def of(cls, contexts: int, contexts_per_device_step: int | None, processes: int) -> BatchLayout:
        """Split a batch of ``contexts`` evenly; what does not divide is filled up with masked windows."""
        each = math.ceil(contexts / processes)
        micro = min(contexts_per_device_step or each, each)
        return cls(contexts, micro, math.ceil(each / micro), processes)

    @property
    def padded(self) -> int:
        """Windows in a step, masked ones included."""
        return self.micro * self.accumulation * self.processes


class Batches:
    """Iterable over the micro-batches of one process, from any step on; a function of seed and step only.

    A micro-batch has `input_ids` and `labels` (int64 [micro, S], labels already shifted), and as numbers `step_labels`
    (labels in the whole step, over all processes), `text_tokens` and `bytes` (of this micro-batch).
    """

    def __init__(self, windows: PackedWindows, layout: BatchLayout, process: int) -> None:
        self.windows = windows
        self.layout = layout
        self.process = process
        self.start = 0

    @cached_property
    def steps(self) -> int:
        """Optimizer steps of the whole training."""
        return math.ceil(len(self.windows) / self.layout.contexts)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for step in range(self.start, self.steps):
            yield from self.step(step)

    def step(self, step: int) -> list[dict[str, Any]]:
        """The micro-batches of one step."""
        import numpy as np
        import torch

        layout = self.layout
        chosen = self.windows.order[step * layout.contexts : (step + 1) * layout.contexts]
        step_labels = int(self.windows.window_labels(chosen).sum())
        padded = np.concatenate([chosen, np.full(layout.padded - len(chosen), -1, np.int64)])
        mine = padded.reshape(layout.accumulation, layout.processes, layout.micro)[:, self.process]
        return [
            {
                "input_ids": torch.from_numpy(batch.inputs),
                "labels": torch.from_numpy(batch.labels),
                "step_labels": step_labels,
                "text_tokens": batch.text_tokens,
                "bytes": batch.bytes,
            }
            for batch in (self.windows.batch(windows) for windows in mine)
        ]
