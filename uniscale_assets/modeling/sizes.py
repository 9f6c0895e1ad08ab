"""The named sizes of each architecture: fixed shapes, so that a name means the same model in every study."""

from __future__ import annotations

from dataclasses import dataclass

from uniscale_assets.errors import BadInputError
from uniscale_assets.size_names import parameters_of_size_name


@dataclass(frozen=True)
class Shape:
    """The shape of a decoder: rows of weights, in the architecture's own layers."""

    width: int
    """hidden size d; equals heads * head_dim"""
    layers: int
    """decoder layers L"""
    heads: int
    """query heads"""
    key_value_heads: int
    """key and value heads; fewer than heads is grouped-query attention"""
    feed_forward: int
    """inner width of the MLP"""

    @property
    def head_dim(self) -> int:
        """Width of one head."""
        return self.width // self.heads


# The MLP of Apertus has two matrices (up, down) and that of Llama three (gate, up, down): at the same width and depth
# their inner widths stand 3 : 2. Up to 300M every head has its own keys and values; 1B and 3B group them as the published
# Apertus and Llama models do. Head dimensions below 64 exist only in sizes for demos.
SHAPES: dict[str, dict[str, Shape]] = {
    "apertus": {
        "0.005M": Shape(width=16, layers=2, heads=2, key_value_heads=2, feed_forward=44),
        "0.01M": Shape(width=24, layers=2, heads=2, key_value_heads=2, feed_forward=56),
        "0.02M": Shape(width=28, layers=2, heads=2, key_value_heads=2, feed_forward=120),
        "0.04M": Shape(width=32, layers=3, heads=2, key_value_heads=2, feed_forward=142),
        "0.06M": Shape(width=48, layers=2, heads=2, key_value_heads=2, feed_forward=216),
        "0.1M": Shape(width=40, layers=4, heads=2, key_value_heads=2, feed_forward=230),
        "0.2M": Shape(width=80, layers=3, heads=2, key_value_heads=2, feed_forward=256),
        "0.8M": Shape(width=128, layers=4, heads=4, key_value_heads=4, feed_forward=528),
        "3M": Shape(width=256, layers=3, heads=4, key_value_heads=4, feed_forward=1536),
        "4M": Shape(width=256, layers=5, heads=4, key_value_heads=4, feed_forward=1024),
        "20M": Shape(width=512, layers=6, heads=8, key_value_heads=8, feed_forward=2240),
        "50M": Shape(width=640, layers=10, heads=10, key_value_heads=10, feed_forward=2624),
        "100M": Shape(width=768, layers=14, heads=12, key_value_heads=12, feed_forward=3072),
        "300M": Shape(width=1024, layers=24, heads=16, key_value_heads=16, feed_forward=4096),
        "1B": Shape(width=2048, layers=20, heads=16, key_value_heads=4, feed_forward=9728),
        "3B": Shape(width=3072, layers=28, heads=24, key_value_heads=8, feed_forward=13312),
    },
    "llama": {
        "0.005M": Shape(width=16, layers=2, heads=2, key_value_heads=2, feed_forward=30),
        "0.01M": Shape(width=24, layers=2, heads=2, key_value_heads=2, feed_forward=40),
        "0.02M": Shape(width=28, layers=2, heads=2, key_value_heads=2, feed_forward=80),
        "0.04M": Shape(width=32, layers=3, heads=2, key_value_heads=2, feed_forward=96),
        "0.06M": Shape(width=48, layers=2, heads=2, key_value_heads=2, feed_forward=144),
        "0.1M": Shape(width=40, layers=4, heads=2, key_value_heads=2, feed_forward=154),
        "0.2M": Shape(width=80, layers=3, heads=2, key_value_heads=2, feed_forward=168),
        "0.8M": Shape(width=128, layers=4, heads=4, key_value_heads=4, feed_forward=352),
        "3M": Shape(width=256, layers=3, heads=4, key_value_heads=4, feed_forward=1024),
        "4M": Shape(width=256, layers=5, heads=4, key_value_heads=4, feed_forward=688),
        "20M": Shape(width=512, layers=6, heads=8, key_value_heads=8, feed_forward=1488),
        "50M": Shape(width=640, layers=10, heads=10, key_value_heads=10, feed_forward=1744),
        "100M": Shape(width=768, layers=14, heads=12, key_value_heads=12, feed_forward=2048),
        "300M": Shape(width=1024, layers=24, heads=16, key_value_heads=16, feed_forward=2752),
        "1B": Shape(width=2048, layers=20, heads=16, key_value_heads=4, feed_forward=6400),
        "3B": Shape(width=3072, layers=28, heads=24, key_value_heads=8, feed_forward=8896),
    },
}


def shape_of(architecture: str, size: str) -> Shape:
    """The shape of a named size.

    Raises:
        BadInputError: the architecture or the size is not known; the message lists those that are.
    """
    if architecture not in SHAPES:
        raise BadInputError(f"architecture: {architecture!r} is not known; known are {', '.join(sorted(SHAPES))}")
    shapes = SHAPES[architecture]
    if size not in shapes:
        raise BadInputError(
            f"size: {size!r} has no shape for {architecture}; known are {', '.join(sorted(shapes, key=parameters_of_size_name))}"
        )
    return shapes[size]
