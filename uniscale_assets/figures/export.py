"""Figures as picture files, by kaleido, where a Chrome or Chromium is found."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FORMATS = ("png", "svg")
DEFAULT_WIDTH = 900
"""pixels of a figure that fills the page"""
SECONDS_A_FIGURE = 60

logger = logging.getLogger(__name__)


def find_browser() -> Path | None:
    """The Chrome or Chromium to draw with: ``BROWSER_PATH`` if it is set, else the first of the usual names on ``PATH``."""
    asked = os.environ.get("BROWSER_PATH")
    if asked:
        return Path(asked) if os.access(asked, os.X_OK) else None
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    return Path(found) if found else None


def write_images(figure: Figure, path_without_suffix: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write one figure as picture files.

    Args:
        figure: a plotly figure.
        path_without_suffix: ``directory/name``; the format gives the suffix.
        formats: png, svg, pdf, ...

    Returns:
        The files written; none, with a line in the log, where no browser is found or it does not start.
    """
    return write_all_images({path_without_suffix: figure}, formats)


def write_all_images(figures: Mapping[Path, Figure], formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write many figures in one browser session: starting it costs seconds, a figure a fraction of one.

    Args:
        figures: by path without suffix.
        formats: png, svg, pdf, ...

    Returns:
        The files written, in order; what could not be drawn is missing from them and named in the log.
    """
    browser = find_browser()
    if browser is None:
        logger.warning("no Chrome or Chromium found, so no picture files: install chromium, or set BROWSER_PATH to one")
        return []
    jobs = [(path.with_name(f"{path.name}.{form}"), form, figure) for path, figure in figures.items() for form in formats]
    for target, _, _ in jobs:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
    try:
        draw([image_order(*job) for job in jobs], browser)
    except Exception as error:  # noqa: BLE001  a browser that does not start must not cost the report
        logger.warning("%s could not draw the figures: %s: %s", browser, type(error).__name__, error)
    return [target for target, _, _ in jobs if target.is_file() and target.stat().st_size > 0]


def image_order(target: Path, form: str, figure: Figure) -> dict[str, Any]:
    """One figure as kaleido's `write_fig_from_object` takes it."""
    layout: Any = figure.layout
    options = {"format": form, "width": layout.width or DEFAULT_WIDTH, "height": layout.height, "scale": 2 if form == "png" else 1}
    return {"fig": figure, "path": target, "opts": options}


def draw(orders: list[dict[str, Any]], browser: Path) -> None:
    """Draw in one session. MathJax is off because kaleido would fetch it from the network; the sandbox is off by its default."""
    import kaleido

    options = {"path": str(browser), "mathjax": False, "timeout": SECONDS_A_FIGURE}
    failures = kaleido.write_fig_from_object_sync(orders, kopts=options)
    for failure in failures or ():
        logger.warning("a figure was not drawn: %s: %s", type(failure).__name__, failure)
