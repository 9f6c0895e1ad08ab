"""How far observed means lie from each order: isotonic regression under the noise's covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.noise import SizeNoise

LEAST_FACTOR = 0.05
"""Keeps a distance above zero where there are fewer documents than ties."""


@dataclass(frozen=True)
class OrderDistances:
    """Orders of one size, each with its distance from the observed means."""

    orders: NDArray[np.int64]
    """[orders, tokenizers]: places of the tokenizers, least value first"""
    distances: NDArray[np.float64]
    """[orders], squared, in units of the noise's covariance"""
    ties: NDArray[np.int64]
    """[orders], neighbours that the nearest values in this order tie"""

    @property
    def ranks(self) -> NDArray[np.int64]:
        """[orders, tokenizers]: each tokenizer's rank, from 0."""
        import numpy as np

        return np.argsort(self.orders, axis=1)


def order_distances(noise: SizeNoise, orders: NDArray[np.int64]) -> OrderDistances:
    """Squared distance from the observed means to the nearest values in each order, and the ties of those.

    Args:
        noise: means and their covariance.
        orders: [orders, tokenizers].
    """
    import numpy as np

    covariance = noise.covariance[orders[:, :, None], orders[:, None, :]]
    gaps = np.diff(noise.means[orders], axis=1)
    spread = np.diff(np.diff(covariance, axis=1), axis=2)
    # Two tokenizers with equal scores on every document leave no variance between them.
    ridge = 1e-9 * np.einsum("kii->k", spread) / spread.shape[-1] + np.finfo(float).tiny
    multipliers = nonnegative_multipliers(spread + ridge[:, None, None] * np.eye(spread.shape[-1]), -gaps)
    ties = (multipliers > 0).sum(axis=1)
    return OrderDistances(orders, np.einsum("ki,ki->k", multipliers, -gaps) * estimation_factor(noise, ties), ties)


def joined_distances(known: OrderDistances, noise: SizeNoise, orders: NDArray[np.int64]) -> OrderDistances:
    """Distances of known orders and of those of others that are new."""
    import numpy as np

    seen = {tuple(order) for order in known.orders.tolist()}
    new = sorted({tuple(order) for order in orders.tolist()} - seen)
    if not new:
        return known
    added = order_distances(noise, np.asarray(new, dtype=np.int64))
    return OrderDistances(
        np.concatenate([known.orders, added.orders]),
        np.concatenate([known.distances, added.distances]),
        np.concatenate([known.ties, added.ties]),
    )


def estimation_factor(noise: SizeNoise, ties: NDArray[np.int64]) -> NDArray[np.float64]:
    """What a distance shrinks by because a covariance of several dimensions was estimated: Hotelling's 1 - (ties - 1) / freedom.

    Only the documents' share of the variance counts; the seeds' covariance has a single estimated number, which F allows for.
    """
    import numpy as np

    return np.maximum(1 - noise.document_share * np.maximum(ties - 1, 0) / noise.degrees_of_freedom, LEAST_FACTOR)


def nonnegative_multipliers(matrices: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve many small problems: x >= 0, Ax - b >= 0, x'(Ax - b) = 0, by block principal pivoting (Portugal et al. 1994).

    These are the conditions of the nearest ordered values; at the solution the squared distance is x'b.

    Args:
        matrices: [problems, n, n], positive definite.
        targets: b, [problems, n].

    Returns:
        x, [problems, n]; exactly zero where a constraint is slack.
    """
    import numpy as np

    count, size = targets.shape
    active = np.zeros((count, size), dtype=bool)
    solution = np.zeros((count, size))
    tolerance = 1e-10 * np.abs(targets).max(initial=0.0)
    for attempt in range(50 + 2**size):
        both = active[:, :, None] & active[:, None, :]
        solution = np.linalg.solve(np.where(both, matrices, np.eye(size)), np.where(active, targets, 0.0)[:, :, None])[:, :, 0]
        slack = np.einsum("kij,kj->ki", matrices, solution) - targets
        wrong = np.where(active, solution < 0, slack < -tolerance)
        if not wrong.any():
            break
        # Exchanging all wrong indices at once is fast but may cycle; exchanging only the last one never does (Murty 1974).
        last = wrong & (np.cumsum(wrong[:, ::-1], axis=1)[:, ::-1] == 1)
        active ^= wrong if attempt < 3 * size else last
    return np.where(active, solution, 0.0)
