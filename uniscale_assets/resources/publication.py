"""Tables of a study for a paper, as files."""

from __future__ import annotations

from pathlib import Path

from uniscale_assets.errors import BadInputError
from uniscale_assets.files import write_text
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.reporting import report_inputs, rows_of_study
from uniscale_assets.study import Study


def write_publication_tables(platform: Platform, study: Study, directory: Path) -> list[Path]:
    """Write every table for which the study has rows today, each as .tex, .md and .csv.

    Args:
        platform: store and warehouse.
        study: the study.
        directory: made where it is not there; files of the same names are replaced.

    Returns:
        The files written, by table.

    Raises:
        BadInputError: there is nothing to write yet, or the directory cannot be written.
    """
    from uniscale_assets.figures.publication_formats import FORMATS
    from uniscale_assets.figures.publication_tables import publication_tables

    lineage = platform.lineage(study)
    inputs = report_inputs(platform, lineage, rows_of_study(platform, lineage))
    tables = publication_tables(inputs, platform.rows_of_today("downstream_scores", lineage, "downstream_scores"))
    if not tables:
        raise BadInputError(f"study {study.name}: there are no metrics yet; materialize some of it first, with `uniscale run`")
    files = {directory / f"{table.name}.{suffix}": write(table) for table in tables for suffix, write in FORMATS.items()}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            write_text(path, content)
    except OSError as error:
        raise BadInputError(f"--out {directory}: {error.strerror}; choose a directory that can be written") from error
    return list(files)
