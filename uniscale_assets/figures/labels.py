"""Where to put labels so that they do not cover each other or the points they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTER = 6.7
"""pixels that a letter takes at the labels' font size of 12"""
LINE = 16.0
"""pixels from one line to the next"""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        """Area that two boxes share, square pixels."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(width, 0.0) * max(height, 0.0)

    def outside(self, area: Box) -> float:
        """Area of this box that lies outside another, square pixels."""
        return (self.right - self.left) * (self.top - self.bottom) - self.overlap(area)


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Move values apart until neighbours are ``gap`` apart, each as little as that takes, in their order.

    Values that have to move together form blocks which lie about the mean of what they want (isotonic regression by
    pooling adjacent violators; the least-squares answer).
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    blocks: list[tuple[float, int]] = []
    for place, index in enumerate(order):
        mean, count = positions[index] - place * gap, 1
        while blocks and blocks[-1][0] > mean:
            before, number = blocks.pop()
            mean, count = (before * number + mean * count) / (number + count), number + count
        blocks.append((mean, count))
    bases = [mean for mean, count in blocks for _ in range(count)]
    moved = [0.0] * len(positions)
    for place, index in enumerate(order):
        moved[index] = bases[place] + place * gap
    return moved


def place_labels(
    points: Sequence[tuple[float, float]], reaches: Sequence[tuple[float, float]], texts: Sequence[str], width: float, height: float
) -> list[tuple[float, float]]:
    """Choose for each point where the middle of its label goes.

    Each label in turn takes the nearest place around its point that covers no label, point, bar or edge, or the one
    that covers least. Crowded points go first, since they have the least choice.

    Args:
        points: pixels from the lower left corner of the plot.
        reaches: of each point's error bars to either side and up or down, pixels.
        texts: one for each point.
        width: of the plot, pixels.
        height: of the plot, pixels.

    Returns:
        The middles of the labels, pixels from the lower left corner.
    """
    area = Box(0, 0, width, height)
    bars = [box for point, reach in zip(points, reaches, strict=True) for box in boxes_of(point, reach)]
    taken: list[Box] = []
    middles: list[tuple[float, float]] = [(0.0, 0.0)] * len(points)
    for index in sorted(range(len(points)), key=lambda index: -crowd(points, index)):
        half = len(texts[index]) * LETTER / 2
        costs = {place: cost_of(place, points[index], half, (taken, bars), area) for place in candidates(points[index], half)}
        middles[index] = min(costs, key=lambda place: costs[place])
        taken.append(label_box(middles[index], half))
    return middles


def boxes_of(point: tuple[float, float], reach: tuple[float, float]) -> list[Box]:
    """What a point and its error bars cover."""
    x, y = point
    return [
        Box(x - 6, y - 6, x + 6, y + 6),
        Box(x - reach[0], y - 2, x + reach[0], y + 2),
        Box(x - 2, y - reach[1], x + 2, y + reach[1]),
    ]


def crowd(points: Sequence[tuple[float, float]], index: int) -> int:
    """How many points lie within a label's reach of one."""
    x, y = points[index]
    return sum(abs(other[0] - x) < 100 and abs(other[1] - y) < 40 for other in points)


def candidates(point: tuple[float, float], half: float) -> list[tuple[float, float]]:
    """Places around a point in rings, each further out: aside of it, aside and above or below, above and below."""
    x, y = point
    places = [(x + half + 10, y), (x - half - 10, y)]
    for ring in range(8):
        up = 11 + ring * LINE * 0.75
        aside = half + 5 + ring * 6
        places += [(x + side * aside, y + sign * up) for sign in (1, -1) for side in (1, -1)]
        places += [(x, y + LINE * 0.4 + up), (x, y - LINE * 0.4 - up)]
    return places


def label_box(middle: tuple[float, float], half: float) -> Box:
    """The rectangle of a label."""
    return Box(middle[0] - half, middle[1] - LINE / 2, middle[0] + half, middle[1] + LINE / 2)


def cost_of(
    middle: tuple[float, float], point: tuple[float, float], half: float, others: tuple[Sequence[Box], Sequence[Box]], area: Box
) -> float:
    """What a place costs: covered labels count most and so does what sticks out, then points and bars, then the way there."""
    box = label_box(middle, half)
    labels, bars = (sum(box.overlap(other) for other in boxes) for boxes in others)
    away = max(abs(middle[0] - point[0]) - half, 0) + abs(middle[1] - point[1])
    return 20 * labels + 20 * box.outside(area) + 2 * bars + away
