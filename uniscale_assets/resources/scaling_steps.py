"""From training runs to laws: what each asset of group `scaling` writes into the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import BadInputError
from uniscale_assets.figures.scaling_report import ScalingInputs, export_scaling_figures, write_scaling_report
from uniscale_assets.files import hash_of, write_text
from uniscale_assets.lineage import Lineage
from uniscale_assets.resources.isoflop_points import IMPORTED, TABLE, imported_points, points_of, study_points
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.publishing import WHOLE, markdown
from uniscale_assets.resources.reporting import Published, study_hash, study_text
from uniscale_assets.resources.scaling_pages import multilingual_of, versions
from uniscale_assets.resources.scaling_rows import allocation_rows, loss_rows, multilingual_rows, optimum_rows, report_rows
from uniscale_assets.resources.store import Artifact
from uniscale_assets.resources.warehouse_rows import empty_rows
from uniscale_assets.scaling_laws.spec import ScalingSpec
from uniscale_assets.study import Study
from uniscale_assets.tables import TABLES

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.scaling_laws.analysis import MethodLaws
    from uniscale_assets.scaling_laws.residuals import Within

PAGE_FILE, TEXT_FILE, FIGURES = "scaling.html", "scaling.txt", "scaling_figures"
NOTHING_YET = "There is no training run at equal FLOPs yet, and so no law."


def spec_of(study: Study) -> ScalingSpec:
    """The study's key `scaling`."""
    assert study.scaling is not None
    return study.scaling


def publish_points(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Write the runs of a study that exist today."""
    study = lineage.study
    if IMPORTED in platform.warehouse.partitions(TABLE, study.name):
        raise BadInputError(f"study {study.name}: an imported collection has this name; name the study, or import the runs, otherwise")
    points = study_points(platform, lineage)
    imported = {name: imported_points(platform.warehouse, name).height for name in spec_of(study).imports}
    runs = points["run"].n_unique()
    metadata = {"runs": f"{runs} of {len(study.grid)}", "methods": ", ".join(points["method"].unique().sort())}
    return publish(platform, study, TABLE, points, metadata | {f"joined from {name}": rows for name, rows in imported.items()})


def publish(platform: Platform, study: Study, table: str, rows: pl.DataFrame, metadata: dict[str, Any]) -> Published:
    """Write the rows of one table of a study, no rows too."""
    fitting = rows.select(TABLES[table].column_names) if rows.height else empty_rows(TABLES[table])
    platform.warehouse.replace(table, study.name, WHOLE, fitting)
    return Published(hash_of(fitting.fill_nan(None).rows()), {"rows": fitting.height, **metadata})


def joined_points(platform: Platform, study: Study) -> pl.DataFrame:
    """The points of a study and of the collections that it names, as the library takes them."""
    import polars as pl

    own = platform.warehouse.rows(TABLE, study.name)
    imported = [imported_points(platform.warehouse, name) for name in spec_of(study).imports]
    return points_of(pl.concat([own, *imported]))


def publish_optima(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Find and write the optimum of every budget, compression rate and language."""
    import polars as pl

    from uniscale_assets.scaling_laws.optima import isoflop_optima

    study = lineage.study
    optima = isoflop_optima(joined_points(platform, study), rule=spec_of(study).optimum_rule)
    whole = optima.filter(pl.col("language") == spec_of(study).language)
    flags = {f"left out: {flag}": count for flag, count in whole.filter(pl.col("flag") != "").group_by("flag").len().sort("flag").rows()}
    metadata = {"cells": whole.height, "usable cells": whole.filter(pl.col("flag") == "").height, **flags}
    return publish(platform, study, "isoflop_optima", optimum_rows(study.name, optima), metadata)


def study_laws(platform: Platform, study: Study) -> list[MethodLaws]:
    """The laws of every method of a study, from its tables as they are; fitting takes a fraction of a second."""
    from uniscale_assets.scaling_laws.analysis import analyse
    from uniscale_assets.scaling_laws.frames import OPTIMUM_COLUMNS

    optima = platform.warehouse.rows("isoflop_optima", study.name).select(OPTIMUM_COLUMNS)
    return analyse(joined_points(platform, study), as_floats(optima), spec_of(study), languages=[spec_of(study).language])


def as_floats(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame whose numbers are all Float64, as the library has them."""
    import polars as pl

    return frame.with_columns(pl.selectors.integer().cast(pl.Float64)) if frame.width else frame


def publish_allocation(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Fit and write law I; no rows, and words why, where it cannot be fitted."""
    study = lineage.study
    laws = study_laws(platform, study)
    rows = allocation_rows(study.name, laws)
    return publish(platform, study, "allocation_law", rows, law_metadata(laws, ("allocation",), rows.height > 0))


def publish_losses(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Fit and write law II under each residual model; no rows, and words why, where it cannot be fitted."""
    study = lineage.study
    laws = study_laws(platform, study)
    rows = loss_rows(study.name, laws)
    return publish(
        platform, study, "loss_law", rows, law_metadata(laws, ("compute-dependent-t", "constant-t", "intercept"), rows.height > 0)
    )


def law_metadata(laws: list[MethodLaws], kinds: tuple[str, ...], fitted: bool) -> dict[str, Any]:
    """What was fitted to how many cells, and why what is missing is missing."""
    metadata: dict[str, Any] = {"usable cells": sum(law.usable.height for law in laws)}
    for law in laws:
        metadata |= {f"{law.method}: {kind} not fitted": law.notes[kind] for kind in kinds if kind in law.notes}
    if not laws and not fitted:
        metadata["not fitted"] = "there is no cell of runs at equal FLOPs yet"
    return metadata


def publish_multilingual(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Write the best compression rate and allocation of each language, with its byte parity."""
    import polars as pl

    study = lineage.study
    found = multilingual_of(joined_points(platform, study))
    usable = found.filter(pl.col("flag") == "")
    metadata = {
        "languages": found["language"].n_unique(),
        "surfaces": found.height,
        "surfaces with a minimum within the runs": usable.height,
    }
    return publish(platform, study, "multilingual_optima", multilingual_rows(study.name, found), metadata)


def publish_report(platform: Platform, lineage: Lineage[Artifact]) -> Published:
    """Write the report as a page, as text and as rows."""
    import dagster as dg

    from uniscale_assets.scaling_laws.report import report_lines

    study = lineage.study
    laws = study_laws(platform, study)
    texts = {law.method: report_lines(law) for law in laws} or {"": [NOTHING_YET]}
    directory = platform.home.reports(study.name)
    write_text(directory / TEXT_FILE, "\n\n".join("\n".join(lines) for lines in texts.values()) + "\n")
    inputs = report_inputs(platform, lineage, laws)
    write_scaling_report(inputs, directory / PAGE_FILE)
    figures = export_scaling_figures(inputs, directory / FIGURES)
    metadata = {
        "page": dg.MetadataValue.path(str(directory / PAGE_FILE)),
        "link": dg.MetadataValue.url((directory / PAGE_FILE).as_uri()),
        "text": dg.MetadataValue.path(str(directory / TEXT_FILE)),
        "figure files": len(figures),
    }
    shown = "\n\n".join("```\n" + "\n".join(lines) + "\n```" for lines in texts.values())
    return publish(platform, study, "scaling_report", report_rows(study.name, texts), metadata | {"report": markdown(shown)})


def report_inputs(platform: Platform, lineage: Lineage[Artifact], laws: list[MethodLaws]) -> ScalingInputs:
    """All that the page shows of a study."""
    import polars as pl

    from uniscale_assets.resources.end_tasks import downstream_tasks, loss_tasks

    study, points = lineage.study, joined_points(platform, lineage.study)
    return ScalingInputs(
        name=study.name,
        laws=laws,
        description=study.description,
        multilingual=multilingual_of(points),
        end_tasks=pl.concat([loss_tasks(points), downstream_tasks(platform, lineage)]),
        text=study_text(study),
        fingerprint=study_hash(study),
        versions=versions(),
    )


def allocation_residuals(platform: Platform, study: Study) -> dict[str, Within]:
    """For each method and quantity with a law I: the cells inside its prediction interval."""
    from uniscale_assets.scaling_laws.residuals import allocation_within

    found = [(law, allocation_within(law.allocation, law.usable)) for law in study_laws(platform, study) if law.allocation]
    return {f"{law.method} {quantity}": within for law, parts in found for quantity, within in parts.items()}


def loss_residuals(platform: Platform, study: Study) -> dict[str, Within]:
    """For each method with a law II, as the study chose it: the cells inside its prediction interval."""
    from uniscale_assets.scaling_laws.residuals import loss_within

    return {law.method: loss_within(law.losses[0], law.usable) for law in study_laws(platform, study) if law.losses}
