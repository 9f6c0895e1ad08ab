"""The study report: one HTML page that needs nothing else, verdict first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from polars import DataFrame

    from uniscale_assets.figures.codebooks import CompressionFrames
    from uniscale_assets.figures.intrinsic_frames import IntrinsicFrames
    from uniscale_assets.figures.neural_frames import NeuralFrames
    from uniscale_assets.partition_keys import GridKey
    from uniscale_assets.statistics.downstream import DownstreamStatistics
    from uniscale_assets.statistics.study_statistics import StudyStatistics

TEMPLATE = "study_report.html.jinja"


@dataclass(frozen=True)
class StudyFacts:
    """What the report says of the study itself."""

    name: str
    description: str
    text: str
    """the study file, as it was read or written out in full"""
    fingerprint: str
    """hash of what can change a result"""
    families: Mapping[str, str]
    """family of each tokenizer, in the order of the study file; gives colours and markers"""
    grid: Sequence[GridKey]
    """every model that the study asks for"""
    versions: Mapping[str, str]
    """version of each package that made the numbers"""


@dataclass(frozen=True)
class ReportInputs:
    """All that the report reads. Every frame may be empty or lack models: the report is of what exists."""

    study: StudyFacts
    statistics: StudyStatistics
    """ranking, rank correlations, comparisons, separations, coverage and verdict"""
    tokenizers: DataFrame
    """rows of `tables.TOKENIZERS`"""
    tokenizer_metrics: DataFrame
    """rows of `tables.TOKENIZER_METRICS`"""
    training_runs: DataFrame
    """rows of `tables.TRAINING_RUNS`"""
    training_curves: DataFrame
    """rows of `tables.TRAINING_CURVES`"""
    corpus_ledger: DataFrame
    """rows of `tables.CORPUS_LEDGER`"""
    intrinsic: IntrinsicFrames | None = None
    """what lies beside the intrinsic metrics; None where there is nothing yet"""
    downstream: DownstreamStatistics | None = None
    """accuracies and agreement on downstream tasks; None where the study asks for none"""
    neural: NeuralFrames | None = None
    """measures of neural compression; None where none of its tokenizers compresses"""
    compression: CompressionFrames | None = None
    """byte models and codebooks; None where the study has none"""


def study_report(inputs: ReportInputs) -> str:
    """The page: it embeds plotly.js (about 5 MB), loads nothing from anywhere, and gives the same bytes for the same inputs."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    from uniscale_assets.figures.report_sections import report_sections

    loader = PackageLoader("uniscale_assets.figures", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    sections = report_sections(inputs)
    # The library's own text holds no closing script tag; everything else on the page is escaped by the template.
    return environment.get_template(TEMPLATE).render(page=sections, plotly_js=Markup(get_plotlyjs()))  # noqa: S704


def write_report(inputs: ReportInputs, output: Path) -> None:
    """Write the page whole or not at all.

    Args:
        inputs: what exists of the study.
        output: path of the HTML file.
    """
    from uniscale_assets.files import write_text

    write_text(output, study_report(inputs))
