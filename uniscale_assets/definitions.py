"""All that Dagster loads: the assets, checks, jobs and schedules of every study in ``UNISCALE_STUDIES``."""

from __future__ import annotations

import os
from typing import Any

import dagster as dg

from uniscale_assets.assets.byte_models import byte_models_assets
from uniscale_assets.assets.checks import study_checks
from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.corpora import corpora_assets
from uniscale_assets.assets.downstream import downstream_assets
from uniscale_assets.assets.evaluation import evaluation_assets
from uniscale_assets.assets.jobs import study_jobs
from uniscale_assets.assets.models import models_assets
from uniscale_assets.assets.neural_measures import neural_measures_assets
from uniscale_assets.assets.reports import reports_assets
from uniscale_assets.assets.scaling import scaling_assets, scaling_checks
from uniscale_assets.assets.schedules import nightly_backfill
from uniscale_assets.assets.tokenizers import tokenizers_assets
from uniscale_assets.home import Home
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.study import Study, load_study

DEFAULT_STUDIES = "demo"


def study_assets(study: Study) -> list[Any]:
    """Every asset of one study."""
    of = StudyAssets(study)
    text_to_tokens = (corpora_assets, byte_models_assets, tokenizers_assets)
    models_to_reports = (models_assets, evaluation_assets, downstream_assets, neural_measures_assets, reports_assets, scaling_assets)
    return [asset for build in (*text_to_tokens, *models_to_reports) for asset in build(of)]


def build_definitions(studies: list[Study], home: Home) -> dg.Definitions:
    """The definitions of some studies over one home."""
    assets: list[Any] = []
    checks: list[Any] = []
    jobs: list[Any] = []
    schedules: list[Any] = []
    for study in studies:
        of = StudyAssets(study)
        assets += study_assets(study)
        checks += [*study_checks(of), *scaling_checks(of)]
        study_jobs_by_name = study_jobs(of)
        jobs += study_jobs_by_name.values()
        schedules.append(nightly_backfill(of, study_jobs_by_name["models"]))
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=jobs,
        schedules=schedules,
        executor=dg.in_process_executor,
        resources={"platform": PlatformResource(home=str(home.root))},
    )


def loaded_studies() -> list[Study]:
    """The studies that ``UNISCALE_STUDIES`` names, separated by commas: shipped names or paths."""
    names = os.environ.get("UNISCALE_STUDIES") or DEFAULT_STUDIES
    return [load_study(name.strip()) for name in names.split(",") if name.strip()]


defs = build_definitions(loaded_studies(), Home.from_environment())
