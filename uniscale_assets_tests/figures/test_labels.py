"""Labels do not cover each other."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from uniscale_assets.figures.labels import LETTER, label_box, place_labels, spread


@given(positions=st.lists(st.floats(0, 100), min_size=1, max_size=20), gap=st.floats(0.1, 10))
def test_spread_values_are_a_gap_apart_and_keep_their_order(positions: list[float], gap: float) -> None:
    moved = spread(positions, gap)
    ordered = sorted(moved)
    assert all(second - first >= gap - 1e-6 for first, second in pairwise(ordered))
    pairs = combinations(range(len(positions)), 2)
    assert all((positions[a] < positions[b]) == (moved[a] < moved[b]) for a, b in pairs if positions[a] != positions[b])


def test_values_that_are_apart_do_not_move_and_equal_ones_move_alike() -> None:
    assert spread([1.0, 5.0, 9.0], 2.0) == [1.0, 5.0, 9.0]
    assert sorted(spread([4.0, 4.0], 2.0)) == [3.0, 5.0]


def test_labels_of_14_scattered_points_cover_neither_each_other_nor_the_edge() -> None:
    for seed in range(20):
        draw = random.Random(seed)
        points = [(draw.uniform(30, 390), draw.uniform(30, 390)) for _ in range(14)]
        texts = [f"unigram_{number}k" for number in range(14)]
        middles = place_labels(points, [(10.0, 10.0)] * 14, texts, 420, 420)
        boxes = [label_box(middle, len(text) * LETTER / 2) for middle, text in zip(middles, texts, strict=True)]
        assert sum(first.overlap(second) for first, second in combinations(boxes, 2)) == 0
        assert all(box.left >= 0 and box.bottom >= 0 and box.right <= 420 and box.top <= 420 for box in boxes)


def test_labels_of_points_that_lie_on_each_other_still_part() -> None:
    points = [(200.0 + number, 200.0) for number in range(8)]
    texts = [f"tokenizer_{number}" for number in range(8)]
    middles = place_labels(points, [(5.0, 5.0)] * 8, texts, 420, 420)
    boxes = [label_box(middle, len(text) * LETTER / 2) for middle, text in zip(middles, texts, strict=True)]
    assert sum(first.overlap(second) for first, second in combinations(boxes, 2)) == 0
