"""The commands of compute-optimal tokenization: `uniscale laws`, `uniscale advise`, `uniscale import-runs`. None needs Dagster."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uniscale_assets.errors import BadInputError

if TYPE_CHECKING:
    from uniscale_assets.resources.scaling_sources import Source

POINTS = "CSV files of training runs: tokenization (or method), compute_flops, T, N, B and a loss, one run a row"
COLUMN = "one of our columns under the name that your files give it, such as bits_per_byte=my_loss; may be given several times"
OPTIMA = "CSV of isoFLOP optima to start from: compute_flops, T, B_star, N_star, L_star"
IMPORTED = "a collection of `uniscale import-runs`"
STUDY = "a study that has runs here"
EXAMPLE = "the tables printed in arXiv 2605.01188, which come with the package"


class Rule(StrEnum):
    """How the optimum of a cell is found."""

    vertex = "vertex"
    grid = "grid"
    best = "best"


ImportedOption = Annotated[str | None, typer.Option(help=IMPORTED)]
StudyOption = Annotated[str | None, typer.Option(help=STUDY)]
ExampleOption = Annotated[bool, typer.Option("--example", help=EXAMPLE)]
OptimaOption = Annotated[Path | None, typer.Option(help=OPTIMA)]
ColumnOption = Annotated[list[str] | None, typer.Option(metavar="OURS=YOURS", help=COLUMN)]
MethodOption = Annotated[str | None, typer.Option(help="only this tokenization method")]
DatasetOption = Annotated[str | None, typer.Option(help="the evaluation set, where the runs have several")]
LanguageOption = Annotated[str | None, typer.Option(help="only this language; 'all' is over every language")]
AdviceLanguageOption = Annotated[str | None, typer.Option(help="another language than 'all', which is over every language")]
RuleOption = Annotated[Rule, typer.Option(help="the optimum of a cell: vertex of its parabola, the paper's grid, or the best run")]
MaxFitOption = Annotated[float | None, typer.Option(help="fit the laws up to this budget (FLOPs), and try them on the cells above")]


class Parameters(StrEnum):
    """Which parameters the allocation law counts."""

    global_ = "global"
    total = "total"


class Compute(StrEnum):
    """What the allocation law takes for compute."""

    nominal = "nominal"
    approximated = "approximated"


class ResidualModel(StrEnum):
    """How the loss depends on the compression rate."""

    compute_dependent_t = "compute-dependent-t"
    constant_t = "constant-t"
    intercept = "intercept"


class Figure(StrEnum):
    """What figures are written as, beside the page that holds them all."""

    html = "html"
    png = "png"
    svg = "svg"
    pdf = "pdf"
    none = "none"


def formats_of(figure: list[Figure] | None) -> list[str] | None:
    """The formats of the figures' own files; None for no figures at all."""
    if figure and Figure.none in figure:
        return None
    return [form.value for form in figure or [Figure.html, Figure.png, Figure.svg]]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module to the command."""
    app.command()(laws)
    app.command()(advise)
    app.command("import-runs")(import_runs)


def laws(
    points: Annotated[list[Path] | None, typer.Argument(metavar="POINTS...", help=POINTS)] = None,
    optima: OptimaOption = None,
    imported: ImportedOption = None,
    study: StudyOption = None,
    example: ExampleOption = False,
    method: MethodOption = None,
    dataset: DatasetOption = None,
    language: LanguageOption = None,
    optimum: RuleOption = Rule.vertex,
    parameters: Annotated[Parameters, typer.Option(help="N of law I: global is without embeddings and head")] = Parameters.global_,
    compute: Annotated[Compute, typer.Option(help="C of law I: the budget, or 6 N* B* / T, the paper's")] = Compute.nominal,
    residual_model: Annotated[ResidualModel, typer.Option(help="of law II")] = ResidualModel.compute_dependent_t,
    two_stage: Annotated[bool, typer.Option("--two-stage", help="fit law II as the paper does; biased")] = False,
    paper_conventions: Annotated[bool, typer.Option("--paper-conventions", help="the paper's intervals, narrower by sqrt 2")] = False,
    max_fit_compute: MaxFitOption = None,
    column: ColumnOption = None,
    figure: Annotated[
        list[Figure] | None,
        typer.Option(help="a format of the figures' own files; default: html, png and svg; none: no figures, and no page"),
    ] = None,
    out: Annotated[Path, typer.Option(help="where the files go; made where it is not there")] = Path("laws"),
) -> None:
    """Fit isoFLOP optima and both scaling laws to training runs of yours, of a study or of others. No study is needed."""
    from uniscale_assets.resources.scaling_pages import write_laws
    from uniscale_assets.scaling_laws.report import report_lines
    from uniscale_assets.scaling_laws.spec import ScalingSpec

    options = ScalingSpec(
        optimum_rule=optimum.value,
        parameters=parameters.value,
        compute=compute.value,
        residual_model=residual_model.value,
        two_stage=two_stage,
        max_fit_compute=max_fit_compute,
        conventions="paper" if paper_conventions else "correct",
    )
    source = source_of(points, optima, imported, study, example, column).narrowed(method, dataset, language)
    fitted = source.analysed(options)
    for law in fitted:
        typer.echo("\n".join(report_lines(law)) + "\n")
    said = f"{source.title}\n{options.model_dump_json(indent=1, exclude={'methods', 'imports', 'language'})}"
    for path in write_laws(fitted, source.title, said, out, formats_of(figure)):
        typer.echo(path)


def advise(
    flops: Annotated[float, typer.Option(help="the training budget, FLOPs")],
    tokenizers: Annotated[str | None, typer.Option(metavar="NAME=T,... | STUDY", help="yours, with bytes per token; or a study's")] = None,
    points: Annotated[list[Path] | None, typer.Option(help=f"{POINTS}; may be given several times")] = None,
    optima: OptimaOption = None,
    imported: ImportedOption = None,
    study: StudyOption = None,
    example: ExampleOption = False,
    method: MethodOption = None,
    dataset: DatasetOption = None,
    language: AdviceLanguageOption = None,
    optimum: RuleOption = Rule.vertex,
    parameters: Annotated[Parameters, typer.Option(help="which N to say: global is without embeddings and head")] = Parameters.global_,
    max_fit_compute: MaxFitOption = None,
    column: ColumnOption = None,
) -> None:
    """Say which parameters, bytes and compression rate to take for a budget, what loss to expect, and what each tokenizer loses."""
    from uniscale_assets.scaling_laws.advice_text import advice_lines
    from uniscale_assets.scaling_laws.spec import ScalingSpec

    if not any((points, optima, imported, study)):
        example = True
    options = ScalingSpec(optimum_rule=optimum.value, parameters=parameters.value, max_fit_compute=max_fit_compute)
    source = source_of(points, optima, imported, study, example, column).narrowed(method, dataset, language)
    source = source if language else source.over_all_languages()
    compared = compression_rates(tokenizers, study)
    for law in source.analysed(options):
        typer.echo("\n".join(advice_lines(law, flops, compared, source.title)) + "\n")


def import_runs(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help=f"{POINTS}. PREFIX[_lang]_BUDGET_results.csv may say some")],
    name: Annotated[str | None, typer.Option(help="what to call the collection; default: the file's name, where it is one file")] = None,
    column: ColumnOption = None,
) -> None:
    """Take training runs of others into the metric tables, all of them or none; they join a study that names them."""
    from uniscale_assets.home import Home
    from uniscale_assets.resources import imported_runs
    from uniscale_assets.resources.warehouse import Warehouse

    if name is None and len(files) > 1:
        raise BadInputError("--name: several files are one collection, which needs a name")
    chosen = name or imported_runs.collection_name(files[0])
    found = imported_runs.import_runs(Warehouse(Home.from_environment().root), files, chosen, mapping_of(column))
    typer.echo(f"Imported {found}")
    typer.echo(f"Laws: uniscale laws --imported {found.name}")


def mapping_of(column: list[str] | None) -> dict[str, str]:
    """The column mapping that options give."""
    pairs = [text.partition("=") for text in column or []]
    for ours, sign, yours in pairs:
        if not (ours and sign and yours):
            raise BadInputError(f"--column {ours}{sign}{yours}: it is OURS=YOURS, such as bits_per_byte=my_loss")
    return {ours: yours for ours, _, yours in pairs}


def source_of(
    points: list[Path] | None, optima: Path | None, imported: str | None, study: str | None, example: bool, column: list[str] | None
) -> Source:
    """Runs, optima or both, from the one place that the options name."""
    from uniscale_assets.home import Home
    from uniscale_assets.resources import scaling_sources
    from uniscale_assets.resources.warehouse import Warehouse

    given = [option for option, value in (("POINTS or --optima", points or optima), ("--imported", imported), ("--study", study)) if value]
    given += ["--example"] if example else []
    if len(given) != 1:
        found = f"there are {', '.join(given)}" if given else "there is none"
        raise BadInputError(f"training runs: one source is wanted, {found}. Take CSV files, --imported NAME, --study NAME or --example")
    if points or optima:
        return scaling_sources.from_files(points or [], optima, mapping_of(column))
    if example:
        return scaling_sources.from_example()
    warehouse = Warehouse(Home.from_environment().root)
    return scaling_sources.from_collection(warehouse, imported) if imported else scaling_sources.from_study(warehouse, study or "")


def compression_rates(tokenizers: str | None, study: str | None) -> dict[str, float]:
    """Bytes per token by tokenizer, as an option says; the study's own where it says nothing and there is a study."""
    from uniscale_assets.home import Home
    from uniscale_assets.resources import scaling_sources
    from uniscale_assets.resources.warehouse import Warehouse

    if tokenizers is not None and "=" in tokenizers:
        return scaling_sources.parse_rates(tokenizers)
    name = tokenizers or study
    return scaling_sources.study_rates(Warehouse(Home.from_environment().root), name) if name else {}
