"""What the template of the report on compute-optimal tokenization is given: words, tables and figures, in the order of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.figures import scaling_report_tables as tables
from uniscale_assets.figures.report_sections import CONFIGURATION, Picture
from uniscale_assets.figures.scaling_cloud import loss_cloud
from uniscale_assets.figures.scaling_curves import isoflop_curves
from uniscale_assets.figures.scaling_languages import language_groups, multilingual_figure
from uniscale_assets.figures.scaling_maps import budgets_with_rates, loss_map
from uniscale_assets.figures.scaling_optima import Laws, optima_panels
from uniscale_assets.figures.scaling_profile import best_rate, loss_profile
from uniscale_assets.figures.scaling_rows import budgets_of
from uniscale_assets.figures.scaling_scenes import optima_scenes
from uniscale_assets.figures.scaling_tasks import end_task
from uniscale_assets.figures.scaling_words import headline, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure

    from uniscale_assets.figures.report_tables import Table
    from uniscale_assets.figures.scaling_report import ScalingInputs
    from uniscale_assets.scaling_laws.analysis import MethodLaws

PARTS_WITH_SCENES = 2
"""methods whose figures turn in three dimensions: each has five scenes, and browsers keep about sixteen alive"""
SCENE_BUTTONS: dict[str, Any] = {**CONFIGURATION, "modeBarButtons": [["toImage", "orbitRotation", "resetCameraDefault3d"]]}


@dataclass(frozen=True)
class MethodPart:
    """All of one method, language and evaluation set."""

    name: str
    anchor: str
    profile: Picture
    best_rate: Picture
    panels: Picture
    scenes: Picture | None
    curves: Picture | None
    more_curves: Sequence[Picture]
    maps: Sequence[Picture]
    """largest budget first"""
    cloud: Picture | None
    optima: Table
    paraboloids: Table


@dataclass(frozen=True)
class ScalingSections:
    """The page."""

    inputs: ScalingInputs
    headline: str
    sentences: Sequence[str]
    allocation: Table
    losses: Table
    best_rates: Table
    trial: Table
    flags: Table
    parts: Sequence[MethodPart]
    languages: Sequence[Picture]
    language_table: Table | None
    tasks: Picture | None


class ScalingPictures:
    """Turns figures into HTML with ids that count up, so that the same inputs give the same page."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, figure: Figure, caption: str = "") -> Picture:
        self.count += 1
        return Picture(figure_html(figure, f"figure-{self.count}", full=False, plotly=False), caption)


def figure_html(figure: Figure, name: str, *, full: bool, plotly: bool | str) -> str:
    """A figure as HTML, a whole page or a part of one.

    Args:
        figure: to write; frames are not played before somebody asks.
        name: id of its element.
        full: a page of its own.
        plotly: where plotly.js comes from, as plotly's `include_plotlyjs`.
    """
    solid = any(trace.type in ("scatter3d", "surface") for trace in figure.data)
    layout: Any = figure.layout
    options = {**(SCENE_BUTTONS if solid else CONFIGURATION), "responsive": layout.width is None}
    return figure.to_html(full_html=full, include_plotlyjs=plotly, validate=False, div_id=name, config=options, auto_play=False)


def scaling_sections(inputs: ScalingInputs) -> ScalingSections:
    """Make every table and figure."""
    draw = ScalingPictures()
    names = tables.names_of(inputs.laws)
    languages = inputs.multilingual if inputs.multilingual is not None and inputs.multilingual.height else None
    tasks = inputs.end_tasks if inputs.end_tasks is not None and inputs.end_tasks.height else None
    return ScalingSections(
        inputs=inputs,
        headline=headline(inputs.laws),
        sentences=sentences(inputs.laws),
        allocation=tables.allocation_table(inputs.laws),
        losses=tables.loss_table(inputs.laws),
        best_rates=tables.best_rate_table(inputs.laws),
        trial=tables.trial_table(inputs.laws),
        flags=tables.flag_table(inputs.laws),
        parts=[method_part(laws, name, place, draw) for place, (laws, name) in enumerate(zip(inputs.laws, names, strict=True))],
        languages=[draw(multilingual_figure(group)) for group in language_groups(languages)] if languages is not None else [],
        language_table=tables.language_table(languages) if languages is not None else None,
        tasks=draw(end_task(tasks)) if tasks is not None else None,
    )


def drawn_laws(laws: MethodLaws) -> Laws:
    """The laws that the figures draw: the chosen residual model is the first."""
    return Laws(laws.allocation, laws.losses[0] if laws.losses else None)


def method_part(laws: MethodLaws, name: str, place: int, draw: ScalingPictures) -> MethodPart:
    """Figures and tables of one method; what needs runs is left out where only optima are known."""
    chosen, runs = drawn_laws(laws), laws.points.height > 0
    solid = place < PARTS_WITH_SCENES
    more = [("B", "joint"), ("N", "separate"), ("N", "joint"), ("rho", "separate"), ("rho", "joint")]
    return MethodPart(
        name=name,
        anchor=f"method-{place + 1}",
        profile=draw(loss_profile(laws.optima, chosen.loss)),
        best_rate=draw(best_rate(laws.optima, chosen.loss)),
        panels=draw(optima_panels(laws.optima, chosen)),
        scenes=draw(optima_scenes(laws.optima, chosen, turning=True)) if solid else None,
        curves=draw(curves(laws, "B", "separate")) if runs else None,
        more_curves=[draw(curves(laws, axis, fit)) for axis, fit in more] if runs else [],
        maps=[draw(loss_map(laws.points, budget, laws.paraboloids, optima=laws.optima)) for budget in mapped_budgets(laws)],
        cloud=draw(loss_cloud(laws.points, laws.optima, "rho", paraboloids=laws.paraboloids)) if runs and solid else None,
        optima=tables.optima_table(laws),
        paraboloids=tables.paraboloid_table(laws.paraboloids),
    )


def curves(laws: MethodLaws, axis: Any, fit: Any) -> Figure:
    """Loss curves of one method."""
    return isoflop_curves(laws.points, laws.optima, axis, fit=fit, paraboloids=laws.paraboloids)


def mapped_budgets(laws: MethodLaws) -> list[float]:
    """The budgets of which there is a landscape, largest first."""
    return budgets_with_rates(laws.points)[::-1] if budgets_of(laws.points) else []
