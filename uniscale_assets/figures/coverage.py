"""Which models of a study exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.figures.style import INK, TokenizerStyle, dress, in_study_order, says, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.partition_keys import GridKey
    from uniscale_assets.statistics.coverage import Coverage

DONE, MISSING = "#9CC9E6", "#F3D3BD"


def coverage_frame(grid: Sequence[GridKey], coverage: Coverage) -> DataFrame:
    """What `coverage_grid` draws: a row for each model of the grid; columns tokenizer, model and done."""
    import polars

    missing = set(coverage.missing)
    rows = [(key.tokenizer, str(key.model), key not in missing) for key in grid]
    return polars.DataFrame(rows, schema={"tokenizer": polars.String, "model": polars.String, "done": polars.Boolean}, orient="row")


def coverage_grid(coverage: DataFrame, styles: Mapping[str, TokenizerStyle]) -> Figure:
    """A cell for each model that the study asks for: scored, or missing.

    Args:
        coverage: a row for each model in the study's order; columns tokenizer, model (as its partition key) and done.
        styles: from `style.styles_of`.
    """
    done = int(coverage["done"].sum())
    title = f"Models scored: {done} of {coverage.height}"
    if coverage.is_empty():
        return says(title, "The study asks for no models.")
    from plotly.graph_objects import Figure, Heatmap

    models = list(dict.fromkeys(coverage["model"].to_list()))
    names = in_study_order(coverage["tokenizer"].to_list(), styles)
    there = {(row["tokenizer"], row["model"]): row["done"] for row in coverage.iter_rows(named=True)}
    trace = Heatmap(
        x=[text_of(model) for model in models],
        y=[text_of(name) for name in names],
        z=[[int(there[name, model]) if (name, model) in there else None for model in models] for name in names],
        text=[["" if there.get((name, model), True) else "missing" for model in models] for name in names],
        texttemplate="%{text}",
        textfont={"size": 11, "color": INK},
        colorscale=[[0, MISSING], [1, DONE]],
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, %{x}<extra></extra>",
    )
    left = 24 + 8 * max(len(name) for name in names)
    above = 60 + 6 * max(len(model) for model in models)
    figure = dress(Figure(trace), title, height=above + 24 + 24 * len(names), width=max(420, left + 60 + 58 * len(models)))
    figure.update_layout(margin={"l": left, "r": 60, "t": above, "b": 20})
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False)
    return figure.update_xaxes(side="top", ticks="", showgrid=False, showline=False, tickangle=-40)
