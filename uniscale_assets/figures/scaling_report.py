"""The report on compute-optimal tokenization: one HTML page that needs nothing else, and every figure as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from plotly.graph_objects import Figure
    from polars import DataFrame

    from uniscale_assets.scaling_laws.analysis import MethodLaws

TEMPLATE = "scaling_report.html.jinja"
PICTURE_FORMATS = ("png", "svg", "pdf")
PLOTLY_FILE = "plotly.min.js"


@dataclass(frozen=True)
class ScalingInputs:
    """All that the report reads. Anything may be missing: the report is of what exists."""

    name: str
    """of the study or of the collection of runs"""
    laws: Sequence[MethodLaws]
    """of each method, language and evaluation set, of `scaling_laws.analysis.analyse`; the page keeps their order"""
    description: str = ""
    multilingual: DataFrame | None = None
    """rows of `scaling_laws.multilingual_optima`"""
    end_tasks: DataFrame | None = None
    """rows with the columns `scaling_tasks.END_TASK_COLUMNS`"""
    text: str = ""
    """where the numbers come from: the study file, or files and options"""
    fingerprint: str = ""
    """hash of what can change a result; empty where there is none"""
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    """version of each package that made the numbers"""


def scaling_report_page(inputs: ScalingInputs) -> str:
    """The page: it embeds plotly.js (about 5 MB), loads nothing from anywhere, and gives the same bytes for the same inputs."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    from uniscale_assets.figures.scaling_sections import scaling_sections

    loader = PackageLoader("uniscale_assets.figures", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    # The library's own text holds no closing script tag; everything else on the page is escaped by the template.
    plotly = Markup(get_plotlyjs())  # noqa: S704
    return environment.get_template(TEMPLATE).render(page=scaling_sections(inputs), plotly_js=plotly)


def write_scaling_report(inputs: ScalingInputs, path: Path) -> None:
    """Write the page whole or not at all.

    Args:
        inputs: what exists.
        path: of the HTML file.
    """
    from uniscale_assets.files import write_text

    write_text(path, scaling_report_page(inputs))


def export_scaling_figures(inputs: ScalingInputs, directory: Path, formats: Sequence[str] = ("html", "png", "svg")) -> list[Path]:
    """Write every figure as files of its own.

    HTML is written always; the pages share one copy of plotly.js beside them and load nothing else. Pictures are written
    where a browser is found; of the turning figure there are none but those of its four scenes.

    Args:
        inputs: what exists.
        directory: made if it is missing.
        formats: of html, png, svg, pdf.

    Returns:
        The files written, HTML first.
    """
    from uniscale_assets.figures.export import write_all_images
    from uniscale_assets.figures.scaling_figure_set import TURNING, scaling_figures

    figures = scaling_figures(inputs)
    pages = write_pages(figures, directory)
    pictures = [form for form in formats if form in PICTURE_FORMATS]
    still = {directory / name: figure for name, figure in figures.items() if not name.endswith(TURNING)}
    return [*pages, *(write_all_images(still, pictures) if pictures else [])]


def write_pages(figures: Mapping[str, Figure], directory: Path) -> list[Path]:
    """Each figure as a page, and plotly.js once."""
    from plotly.offline import get_plotlyjs

    from uniscale_assets.figures.scaling_sections import figure_html
    from uniscale_assets.files import write_text

    directory.mkdir(parents=True, exist_ok=True)
    write_text(directory / PLOTLY_FILE, get_plotlyjs())
    pages: list[Path] = []
    for name, figure in figures.items():
        pages.append(directory / f"{name}.html")
        write_text(pages[-1], figure_html(figure, name, full=True, plotly="directory"))
    return pages
