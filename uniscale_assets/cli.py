"""The `uniscale` command. Exit codes: 0 done, 1 something failed, 2 bad input."""

from __future__ import annotations

import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import typer

from uniscale_assets.errors import BadInputError, UniscaleError, WarehouseError
from uniscale_assets.scaling_command import add_commands

if TYPE_CHECKING:
    from uniscale_assets.console import RunConsole
    from uniscale_assets.home import Home
    from uniscale_assets.study import Study

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)

StudyArgument = Annotated[str, typer.Argument(metavar="STUDY", help="a shipped study's name, or the path of a study file")]


class Format(StrEnum):
    """How a query's rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command()
def plan(study: StudyArgument) -> None:
    """Show the grid: parameters by part, bytes, FLOPs and forecast time of every model. Nothing is run."""
    from uniscale_assets.console import print_plan
    from uniscale_assets.resources.planning import plan_study
    from uniscale_assets.resources.platform import Platform
    from uniscale_assets.study import load_study

    print_plan(plan_study(Platform(home()), load_study(study)))


@app.command()
def run(
    study: StudyArgument,
    tokenizer: Annotated[list[str] | None, typer.Option(help="only this tokenizer; may be given several times")] = None,
    size: Annotated[list[str] | None, typer.Option(help="only this size; may be given several times")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="only this seed; may be given several times")] = None,
    stage: Annotated[list[str] | None, typer.Option(help="only this stage or group of stages; may be given several times")] = None,
    force: Annotated[bool, typer.Option("--force", help="make again what the store holds already")] = False,
) -> None:
    """Materialize what the store lacks, from text to report, through Dagster in this process."""
    from uniscale_assets.console import RunConsole
    from uniscale_assets.study import load_study

    checked = load_study(study)
    console = RunConsole()
    chosen = Chosen(tuple(tokenizer or ()), tuple(size or ()), tuple(seed or ()), tuple(stage or ()))
    try:
        with console:
            failures = materialize(checked, console, chosen, force=force)
    except KeyboardInterrupt:
        stop("stopped; run the same command again to go on where it was", 130)
    console.print_failures(failures)
    console.print_result(checked, home(), study)
    if failures:
        raise typer.Exit(1)


class Chosen(NamedTuple):
    """The options that narrow a run."""

    tokenizers: tuple[str, ...]
    sizes: tuple[str, ...]
    seeds: tuple[int, ...]
    stages: tuple[str, ...]


def materialize(study: Study, console: RunConsole, chosen: Chosen, *, force: bool) -> list[str]:
    """Run one study; what failed, one a line."""
    from uniscale_assets.materializing import Selection, StudyRun
    from uniscale_assets.resources import launchers
    from uniscale_assets.resources.instance import open_instance
    from uniscale_assets.resources.platform import Platform
    from uniscale_assets.resources.progress import observed_by

    selection = Selection(*chosen)
    with open_instance(home(), captures_output=False) as instance, observed_by(console.observe), launchers.kept_workers():
        return StudyRun(study, Platform(home()), instance, selection, force, console.begin).run().failures


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="a query over the metric tables; SHOW TABLES lists them")],
    format: Annotated[Format, typer.Option(help="how rows are printed")] = Format.table,  # noqa: A002 - the option's name
) -> None:
    """Ask the metric tables in SQL (DuckDB)."""
    from uniscale_assets.console import print_rows
    from uniscale_assets.resources.warehouse import Warehouse

    try:
        rows = Warehouse(home().root).query(sql)
    except WarehouseError as error:
        raise BadInputError(str(error)) from error
    print_rows(rows, format.value)


@app.command()
def tables(
    study: StudyArgument,
    out: Annotated[Path, typer.Option(help="directory that the files go into; made where it is not there")] = Path("tables"),
) -> None:
    """Write a study's tables for a paper: LaTeX (booktabs), Markdown and CSV, the best values in bold."""
    from uniscale_assets.resources.platform import Platform
    from uniscale_assets.resources.publication import write_publication_tables
    from uniscale_assets.study import load_study

    for path in write_publication_tables(Platform(home()), load_study(study), out):
        typer.echo(str(path))


@app.command()
def ui(
    study: Annotated[
        list[str] | None, typer.Argument(metavar="[STUDY]...", help="studies to load; default: UNISCALE_STUDIES, or demo")
    ] = None,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on")] = 3000,
) -> None:
    """Open Dagster: the assets, their partitions, schedules and reports."""
    from uniscale_assets.resources.instance import open_instance, workspace_file
    from uniscale_assets.study import load_study

    if study:
        os.environ["UNISCALE_STUDIES"] = ",".join(study_reference(name) for name in study)
    for name in (os.environ.get("UNISCALE_STUDIES") or "demo").split(","):
        load_study(name.strip())
    refuse_busy_port(host, port)
    open_instance(home()).dispose()
    quiet = ["-W", "ignore:Function `dev_command` is superseded"]  # advice to Dagster's developers' users, not to ours
    command = [sys.executable, *quiet, "-m", "dagster", "dev", "-w", str(workspace_file(home())), "-h", host, "-p", str(port)]
    typer.echo(f"Dagster on http://{host}:{port} (Ctrl-C stops it)")
    # A shell starts what runs in its background with this signal ignored, and Dagster ends its children by it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.executable, command)  # noqa: S606 - arguments are a list


def refuse_busy_port(host: str, port: int) -> None:
    """Raise ``BadInputError`` where nothing can listen on a port."""
    import socket

    try:
        socket.create_server((host, port)).close()
    except (OSError, OverflowError) as error:
        raise BadInputError(f"--host {host} --port {port}: {error}; choose another port, for instance --port {port + 1}") from error


def study_reference(name: str) -> str:
    """A study as an environment variable can carry it: a shipped name, or an absolute path."""
    from uniscale_assets.study import shipped_studies

    return name if name in shipped_studies() else str(Path(name).resolve())


add_commands(app)


def home() -> Home:
    """The home of this process."""
    from uniscale_assets.home import Home

    return Home.from_environment()


def main() -> None:
    """Entry point: known errors are printed in a line, without a traceback."""
    try:
        app()
    except BadInputError as error:
        stop(str(error), 2)
    except UniscaleError as error:
        stop(str(error), 1)


def stop(message: str, code: int) -> NoReturn:
    """Print an error and leave."""
    typer.secho(message, err=True, fg=typer.colors.RED)
    sys.exit(code)


if __name__ == "__main__":
    main()
