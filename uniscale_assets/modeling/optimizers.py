"""One optimizer for all parameters: Muon on hidden matrices with AdamW on the rest, or AdamW alone.

This module imports torch; it is imported inside functions only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

if TYPE_CHECKING:
    from uniscale_assets.modeling.spec import OptimizerSpec

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Newton-Schulz coefficients that send singular values towards 1 fastest (Keller Jordan, "Muon", 2024)"""


class MuonWithAdamW(torch.optim.Optimizer):
    """Parameter groups under `rule: muon` or `rule: adamw`, each with its own learning rate.

    One class and one set of groups, because `accelerate.prepare` replaces ``param_groups``: a wrapper around two
    optimizers would go on reading groups that the schedule no longer moves.

    muon: momentum with Nesterov's look-ahead, orthogonalized by Newton-Schulz steps, times
    sqrt(max(1, rows / columns)) of the weight (rows are outputs), so that an update has the same size for every shape
    (Jordan 2024). adamw: Loshchilov and Hutter 2019, PyTorch's own fused kernel. Weight decay is decoupled in both.
    """

    def __init__(self, groups: Iterable[dict[str, Any]]) -> None:
        super().__init__(groups, {})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not parameters:
                continue
            if group["rule"] == "muon":
                self._step_muon(group, parameters)
            else:
                self._step_adamw(group, parameters)
        return loss

    def _step_muon(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        for alike in same_shapes(parameters):
            ahead = torch.stack([lying(self._look_ahead(parameter, group["momentum"])) for parameter in alike])
            updates = orthogonalized(ahead, group["newton_schulz_steps"])
            for parameter, update in zip(alike, updates.to(parameters[0].dtype), strict=True):
                rows, columns = parameter.shape
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update.T if rows > columns else update, alpha=-group["lr"] * max(1, rows / columns) ** 0.5)

    def _look_ahead(self, parameter: Tensor, momentum: float) -> Tensor:
        gradient, average = cast("Tensor", parameter.grad), self._buffer(parameter, "momentum")
        average.lerp_(gradient, 1 - momentum)
        return gradient.lerp(average, momentum)

    def _step_adamw(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        for parameter in parameters:
            if "step" not in self.state[parameter]:
                self.state[parameter]["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
        adamw(
            parameters,
            [cast("Tensor", parameter.grad) for parameter in parameters],
            [self._buffer(parameter, "mean") for parameter in parameters],
            [self._buffer(parameter, "square") for parameter in parameters],
            [],
            [self.state[parameter]["step"] for parameter in parameters],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["epsilon"],
            maximize=False,
        )

    def _buffer(self, parameter: Tensor, name: str) -> Tensor:
        state = self.state[parameter]
        if name not in state:
            state[name] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        return cast("Tensor", state[name])


def same_shapes(matrices: list[Tensor]) -> list[list[Tensor]]:
    """Matrices grouped by shape once they lie (rows <= columns), in order of first appearance."""
    groups: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)
    for matrix in matrices:
        groups[tuple(sorted(matrix.shape))].append(matrix)
    return list(groups.values())


def lying(matrix: Tensor) -> Tensor:
    """The matrix with at most as many rows as columns, transposed where needed."""
    return matrix.T if matrix.shape[0] > matrix.shape[1] else matrix


def orthogonalized(matrices: Tensor, steps: int) -> Tensor:
    """Approximately U V^T of each matrix U S V^T: Newton-Schulz in bf16.

    Args:
        matrices: [count, rows, columns] with rows <= columns.
        steps: iterations of the quintic; five bring all but the smallest singular values to 0.7 to 1.2, three fewer of them.

    Returns:
        bf16 [count, rows, columns].
    """
    first, third, fifth = QUINTIC
    # The Frobenius norm bounds the largest singular value, and the iteration needs it below 1.
    norms = matrices.flatten(1).norm(dim=1).clamp_min_(1e-7)
    x = (matrices / norms[:, None, None]).bfloat16()
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=third, alpha=fifth), x, beta=first)
    return x


def parameter_groups(model: nn.Module, spec: OptimizerSpec) -> list[dict[str, Any]]:
    """The groups of a model under a study's optimizer; empty ones are left out.

    Weight decay falls on matrices alone: hidden ones and an untied head, never on embeddings, norms or scalars.

    Args:
        model: a causal language model of transformers.
        spec: under `muon` hidden matrices take ``learning_rate`` and the rest ``adamw_learning_rate``; under `adamw`
            everything takes ``adamw_learning_rate``.
    """
    embedding, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight  # type: ignore[operator,union-attr]
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    hidden = [one for one in parameters if one.ndim == 2 and one is not embedding and one is not head]
    heads = [] if head is embedding else [head]
    others = [one for one in parameters if one.ndim != 2 or one is embedding]
    adam = {"rule": "adamw", "lr": spec.adamw_learning_rate, "betas": spec.betas, "epsilon": spec.epsilon}
    muon = {"rule": "muon", "lr": spec.learning_rate, "momentum": spec.momentum, "newton_schulz_steps": spec.newton_schulz_steps}
    by_muon = spec.name == "muon"
    groups: list[dict[str, Any]] = [
        {**muon, "params": hidden if by_muon else [], "weight_decay": spec.weight_decay},
        {**adam, "params": heads if by_muon else hidden + heads, "weight_decay": spec.weight_decay},
        {**adam, "params": others, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
