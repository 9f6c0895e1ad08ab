"""Laws as files for people and programs: parameters, optima, text, and figures on one page and as files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.figures.scaling_report import ScalingInputs, export_scaling_figures, write_scaling_report
from uniscale_assets.resources.end_tasks import loss_tasks
from uniscale_assets.scaling_laws.law_files import write_law_files

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.scaling_laws.analysis import MethodLaws

PAGE, FIGURES = "scaling_report.html", "figures"
VERSIONED = ("uniscale-assets", "numpy", "scipy", "polars", "plotly")


def write_laws(laws: Sequence[MethodLaws], title: str, text: str, directory: Path, formats: Sequence[str] | None) -> list[Path]:
    """Write the files of every method, the page with all of them, and every figure.

    Args:
        laws: what was fitted.
        title: what the runs are called.
        text: where the numbers come from: files and options.
        directory: made where it is not there.
        formats: of the figures' own files: html, png, svg, pdf; pictures need a browser, and there are none without. None for no
            figures at all, and no page.

    Returns:
        The files of the methods, then the page; the figures' own are under `FIGURES`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written = [path for law in laws for path in write_law_files(law, directory)]
    if formats is None:
        return written
    inputs = inputs_of(laws, title, text)
    write_scaling_report(inputs, directory / PAGE)
    export_scaling_figures(inputs, directory / FIGURES, formats)
    return [*written, directory / PAGE]


def inputs_of(laws: Sequence[MethodLaws], title: str, text: str) -> ScalingInputs:
    """All that the page shows of runs that no study made."""
    return ScalingInputs(name=title, laws=laws, multilingual=languages_of(laws), end_tasks=tasks_of(laws), text=text, versions=versions())


def versions() -> dict[str, str]:
    """Of the packages that make the numbers."""
    return {name: version(name) for name in VERSIONED}


def points_of_all(laws: Sequence[MethodLaws]) -> pl.DataFrame | None:
    """The runs of every method; None where only optima are known."""
    import polars as pl

    known = [law.points for law in laws if law.points.height]
    return pl.concat(known) if known else None


def tasks_of(laws: Sequence[MethodLaws]) -> pl.DataFrame | None:
    """The losses as end tasks."""
    points = points_of_all(laws)
    return None if points is None else loss_tasks(points)


def languages_of(laws: Sequence[MethodLaws]) -> pl.DataFrame | None:
    """The best of every language that has runs of its own; None where there is none."""
    points = points_of_all(laws)
    found = None if points is None else multilingual_of(points)
    return found if found is not None and found.height else None


def multilingual_of(points: pl.DataFrame) -> pl.DataFrame:
    """The best of every language, beside its byte parity with English."""
    import polars as pl

    from uniscale_assets.corpus.parity import read_parity
    from uniscale_assets.scaling_laws.multilingual import multilingual_optima, parity_of_texts

    return multilingual_optima(points.filter(pl.col("language") != "all"), parity_of_texts(read_parity()))
