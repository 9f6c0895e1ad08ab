"""What is optimal over compute and compression rate, in three dimensions that can turn by themselves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.quantities import format_flops, trimmed
from uniscale_assets.figures.scaling_optima import (
    NOTHING_YET,
    PANELS,
    TITLE,
    Laws,
    between,
    optimum_value,
    panel_title,
    usable_rows,
)
from uniscale_assets.figures.scaling_rows import Row, known, optimum_text
from uniscale_assets.figures.scaling_style import OPTIMA, PAGE_WIDTH, log_axis, quantity_axis, rate_colour, rate_name, scene_axis
from uniscale_assets.figures.style import INK, MUTED, dress, says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure
    from polars import DataFrame

Z_TITLES = {"B": "B* (bytes)", "N": "N* (parameters)", "rho": "ρ* (bytes per parameter)", "loss": "loss (bits per byte)"}
"""short ones: a scene has little room, and the panel's title says the rest"""
DISTANCE, HEIGHT_OF_EYE = 2.15, 0.8
"""of the camera, in plotly's units: a scene is about one wide"""
FIRST_ANGLE = -55.0
"""degrees round the vertical axis"""
TURN_FRAMES = 72
MILLISECONDS_A_FRAME = 90


def optimum_scene(optima: DataFrame, panel: str, laws: Laws | None = None) -> Figure:
    """One quantity over compute and compression rate in three dimensions, with the law's surface.

    Args:
        optima: of one method, language and evaluation set, from `scaling_laws.isoflop_optima`.
        panel: B, N, rho or loss.
        laws: of the same.
    """
    return scenes(optima, [panel], laws or Laws(), f"{TITLE}: {OPTIMA[panel].name}", 620, 760)


def optima_scenes(optima: DataFrame, laws: Laws | None = None, *, turning: bool = False) -> Figure:
    """All four quantities over compute and compression rate in three dimensions.

    Args:
        optima: of one method, language and evaluation set, from `scaling_laws.isoflop_optima`.
        laws: of the same.
        turning: adds the frames of one turn, and buttons that play and stop it.
    """
    figure = scenes(optima, PANELS, laws or Laws(), TITLE, 980, PAGE_WIDTH)
    if turning and figure.data:
        add_turn(figure, len(PANELS))
    return figure


def scenes(optima: DataFrame, panels: Sequence[str], laws: Laws, title: str, height: int, width: int) -> Figure:
    """A scene for each panel, two beside each other."""
    from plotly.subplots import make_subplots

    rows = usable_rows(optima)
    if not rows:
        return says(title, NOTHING_YET)
    columns = min(len(panels), 2)
    lines = -(-len(panels) // columns)
    kinds = [[{"type": "scene"}] * columns for _ in range(lines)]
    names = [panel_title(panel, laws) for panel in panels] if len(panels) > 1 else None
    figure = make_subplots(rows=lines, cols=columns, specs=kinds, subplot_titles=names, horizontal_spacing=0.02, vertical_spacing=0.06)
    for index, panel in enumerate(panels):
        shown = known([{**row, "shown": optimum_value(row, panel, laws)} for row in rows], "shown", laws.compute_column(panel))
        for trace in scene_traces(shown, panel, laws, legend=index == 0):
            figure.add_trace(trace, row=index // columns + 1, col=index % columns + 1)
        if shown:
            figure.update_layout({scene_name(index): scene(shown, panel, laws)})
    turn = "drag to turn, scroll to zoom; " + ("sheet: the fitted law" if any(map(laws.knows, panels)) else "no law is fitted yet")
    dress(figure, title, height=height, width=width, subtitle=turn)
    return figure.update_layout(margin={"l": 0, "r": 110, "t": 104 if len(panels) > 1 else 70, "b": 10}, legend={"x": 1.0, "y": 0.98})


def scene_name(index: int) -> str:
    """plotly's name of a scene: scene, scene2, ..."""
    return "scene" if index == 0 else f"scene{index + 1}"


def scene(rows: Sequence[Row], panel: str, laws: Laws) -> dict[str, Any]:
    """Axes and camera of one scene."""
    title = "C (FLOPs)" if laws.compute_column(panel) == "compute_flops" else "6NB/T (FLOPs)"
    axes = {
        "xaxis": scene_axis(log_axis([row[laws.compute_column(panel)] for row in rows], title, format_flops, most=4)),
        "yaxis": scene_axis(log_axis([row["bytes_per_token"] for row in rows], "T (bytes per token)", trimmed, most=5)),
        "zaxis": scene_axis(quantity_axis(OPTIMA[panel], [row["shown"] for row in rows], most=5, title=Z_TITLES[panel])),
    }
    return {**axes, "aspectmode": "cube", "camera": camera(FIRST_ANGLE), "bgcolor": "white"}


def camera(angle: float) -> dict[str, Any]:
    """The camera at an angle round the vertical axis, degrees."""
    turn = math.radians(angle)
    eye = {"x": round(DISTANCE * math.cos(turn), 4), "y": round(DISTANCE * math.sin(turn), 4), "z": HEIGHT_OF_EYE}
    return {"eye": eye, "center": {"x": 0, "y": 0, "z": -0.12}}


def scene_traces(rows: Sequence[Row], panel: str, laws: Laws, *, legend: bool) -> list[Any]:
    """The law's sheet, and the optima joined along each compression rate."""
    from plotly.graph_objects import Scatter3d

    traces = [law_sheet(rows, panel, laws)] if rows and laws.knows(panel) else []
    for rate in sorted({row["bytes_per_token"] for row in rows}):
        here = [row for row in rows if row["bytes_per_token"] == rate]
        traces.append(
            Scatter3d(
                x=[row[laws.compute_column(panel)] for row in here],
                y=[rate] * len(here),
                z=[row["shown"] for row in here],
                mode="markers+lines",
                line={"color": rate_colour(rate), "width": 3},
                marker={"size": 4.5, "color": rate_colour(rate), "line": {"width": 0.5, "color": INK}},
                name=rate_name(rate),
                legendgroup=rate_name(rate),
                showlegend=legend,
                text=[optimum_text(row) for row in here],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    return traces


def law_sheet(rows: Sequence[Row], panel: str, laws: Laws) -> Any:
    """The law as a grey sheet over the budgets and rates of the optima."""
    import numpy
    from plotly.graph_objects import Surface

    budgets = between([row[laws.compute_column(panel)] for row in rows])
    rates = between([row["bytes_per_token"] for row in rows])
    values = laws.at(panel, numpy.array(budgets)[None, :], numpy.array(rates)[:, None])
    grey = {"colorscale": [[0, MUTED], [1, MUTED]], "showscale": False, "opacity": 0.28}
    return Surface(x=budgets, y=rates, z=values.tolist(), **grey, name="law", hoverinfo="skip")


def add_turn(figure: Figure, count: int) -> None:
    """Add the frames of one whole turn of all scenes together, and the buttons that play and stop it."""
    from plotly.graph_objects import Frame

    angles = [FIRST_ANGLE + 360 * step / TURN_FRAMES for step in range(TURN_FRAMES)]
    views = [{scene_name(index): {"camera": camera(angle)} for index in range(count)} for angle in angles]
    figure.frames = [Frame(name=f"turn-{step}", layout=view) for step, view in enumerate(views)]
    timing = {"frame": {"duration": MILLISECONDS_A_FRAME, "redraw": True}, "transition": {"duration": 0}}
    play = {"label": "▶ turn", "method": "animate", "args": [None, {**timing, "fromcurrent": True, "mode": "immediate"}]}
    stop = {"label": "■ stop", "method": "animate", "args": [[None], {"frame": {"duration": 0, "redraw": False}, "mode": "immediate"}]}
    place = {"type": "buttons", "direction": "right", "x": 1.0, "y": 1.0, "xanchor": "right", "yanchor": "bottom", "showactive": False}
    figure.update_layout(updatemenus=[{**place, "buttons": [play, stop], "pad": {"b": 46, "r": 0}, "bgcolor": "white"}])
