"""Small multiples: one panel a size, at most three beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.style import text_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_COLUMNS = 3


@dataclass(frozen=True)
class Panels:
    """The panels of a figure, in reading order."""

    names: list[str]

    @property
    def columns(self) -> int:
        """Panels beside each other; four stand two by two."""
        return 2 if len(self.names) == 4 else min(len(self.names), MOST_COLUMNS)

    @property
    def rows(self) -> int:
        """Panels below each other."""
        return -(-len(self.names) // self.columns)

    def place(self, name: str) -> dict[str, Any]:
        """Row and column of a panel, from 1, as plotly counts."""
        row, column = divmod(self.names.index(name), self.columns)
        return {"row": row + 1, "col": column + 1}

    def figure(self, **options: Any) -> Figure:
        """An empty figure with these panels and their names above them; ``options`` go to plotly's `make_subplots`."""
        from plotly.subplots import make_subplots

        titles = [f"size {text_of(name)}" for name in self.names]
        return make_subplots(rows=self.rows, cols=self.columns, subplot_titles=titles, **options)
