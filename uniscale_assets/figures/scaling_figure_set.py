"""The figures of compute-optimal tokenization by name, for files of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures.scaling_cloud import loss_cloud
from uniscale_assets.figures.scaling_languages import language_groups, multilingual_figure
from uniscale_assets.figures.scaling_maps import loss_map
from uniscale_assets.figures.scaling_optima import PANELS, optima_panels
from uniscale_assets.figures.scaling_profile import best_rate, loss_profile
from uniscale_assets.figures.scaling_report_tables import names_of
from uniscale_assets.figures.scaling_scenes import optima_scenes, optimum_scene
from uniscale_assets.figures.scaling_sections import curves, drawn_laws, mapped_budgets
from uniscale_assets.figures.scaling_style import AXES
from uniscale_assets.figures.scaling_tasks import end_task
from uniscale_assets.figures.style import text_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from uniscale_assets.figures.scaling_report import ScalingInputs
    from uniscale_assets.scaling_laws.analysis import MethodLaws

TURNING = "optima_turning"
"""the figure that is for HTML alone: pictures stand still, and its four scenes have pictures of their own"""


def scaling_figures(inputs: ScalingInputs) -> dict[str, Figure]:
    """Every figure by file name; those of a method carry its name, in the file's and in the title."""
    figures: dict[str, Figure] = {}
    for name, laws in zip(names_of(inputs.laws), inputs.laws, strict=True):
        figures |= {file_name(name, kind): titled(figure, name) for kind, figure in method_figures(laws).items()}
    if inputs.multilingual is not None and inputs.multilingual.height:
        for place, group in enumerate(language_groups(inputs.multilingual), start=1):
            figures[f"languages_{place}"] = multilingual_figure(group)
    if inputs.end_tasks is not None and inputs.end_tasks.height:
        figures["end_tasks"] = end_task(inputs.end_tasks)
    return figures


def method_figures(laws: MethodLaws) -> dict[str, Figure]:
    """The figures of one method by kind; what needs runs is left out where only optima are known."""
    chosen, optima = drawn_laws(laws), laws.optima
    figures = {
        "loss_profile": loss_profile(optima, chosen.loss),
        "best_rate": best_rate(optima, chosen.loss),
        "optima": optima_panels(optima, chosen),
        TURNING: optima_scenes(optima, chosen, turning=True),
        **{f"optima_3d_{panel}": optimum_scene(optima, panel, chosen) for panel in PANELS},
    }
    if laws.points.is_empty():
        return figures
    for axis in AXES:
        figures |= {f"curves_{axis}_{fit}": curves(laws, axis, fit) for fit in ("separate", "joint")}
        figures[f"runs_3d_{axis}"] = loss_cloud(laws.points, optima, axis, paraboloids=laws.paraboloids)
    maps = {
        f"map_{budget:.3g}".replace("+", ""): loss_map(laws.points, budget, laws.paraboloids, optima=optima)
        for budget in mapped_budgets(laws)
    }
    return figures | maps


def file_name(name: str, kind: str) -> str:
    """A name that every file system takes."""
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', name)}_{kind}"


def titled(figure: Figure, name: str) -> Figure:
    """The figure with its method's name before the title, since it stands alone."""
    layout: Any = figure.layout
    return figure.update_layout(title_text=layout.title.text.replace("<b>", f"<b>{text_of(name)}: ", 1))
