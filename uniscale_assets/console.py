"""What the command prints: progress, plans, rows and verdicts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from uniscale_assets.resources.planning import duration
from uniscale_assets.resources.progress import Progress as StageProgress

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.home import Home
    from uniscale_assets.resources.planning import StudyPlan
    from uniscale_assets.study import Study

# A pipe has no width of its own; 80 columns would fold numbers.
OUT = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
ERR = Console(stderr=True, highlight=False)


class RunConsole:
    """A bar for each stage, and one for each partition under way."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}"),
        )
        self.progress = Progress(*columns, console=ERR, transient=False)
        self.stages: dict[str, TaskID] = {}
        self.partitions: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Self:
        if ERR.is_terminal:
            self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for task in self.partitions.values():
            self.progress.remove_task(task)
        self.progress.stop()

    def begin(self, stage: str, to_make: int, kept: int) -> None:
        """A stage begins; it shows how much the store holds already."""
        detail = f"{kept} in the store" if kept else ""
        if not ERR.is_terminal and to_make:
            ERR.print(f"{stage}: {to_make} to make{', ' if detail else ''}{detail}", markup=False)
        self.stages[stage] = self.progress.add_task(stage, total=to_make + kept, detail=detail)
        self.progress.update(self.stages[stage], completed=kept)  # stops the clock of a stage with nothing to make

    def observe(self, told: StageProgress) -> None:
        """A partition got on; when it is done its stage's bar moves and its own goes."""
        key = (told.stage, told.label)
        if told.done >= told.total:
            if key in self.partitions:
                self.progress.remove_task(self.partitions.pop(key))
            if told.stage in self.stages:
                self.progress.advance(self.stages[told.stage])
            return
        if key not in self.partitions:
            self.partitions[key] = self.progress.add_task(f"  {told.label}", total=100, detail="")
        self.progress.update(self.partitions[key], completed=round(100 * told.done / told.total), detail=told.detail)

    def print_failures(self, failures: list[str]) -> None:
        """Which partitions failed, and why."""
        if failures:
            ERR.print(f"\n[red]{len(failures)} failed:[/red]")
        for line in failures:
            ERR.print(f"  {line}", markup=False, soft_wrap=True)

    def print_result(self, study: Study, home: Home, reference: str) -> None:
        """The ranking, the verdict, and where to look on; ``reference`` is the study as the user named it."""
        from uniscale_assets.resources.platform import Platform
        from uniscale_assets.resources.reporting import summarize

        summary = summarize(Platform(home), study)
        if summary is None:
            return
        OUT.print()
        print_rows(summary.ranking, "table", title="Bits per byte, mean over seeds with 95 % interval (lower is better)")
        for sentence in summary.verdict:
            OUT.print(sentence, markup=False, soft_wrap=True)
        OUT.print(f"\nReport: {summary.report}", markup=False, soft_wrap=True)
        laws = summary.report.with_name("scaling.html")
        if study.scaling is not None and laws.is_file():
            OUT.print(f"Laws:   {laws}", markup=False, soft_wrap=True)
        ui = "make ui, or uniscale ui" if reference == "demo" else f"uniscale ui {reference}"
        OUT.print(f"UI:     {ui}", markup=False, soft_wrap=True)


def print_rows(rows: pl.DataFrame, form: str, title: str | None = None) -> None:
    """Print a frame as a table, CSV or JSON."""
    if form == "csv":
        sys.stdout.write(rows.write_csv())
    elif form == "json":
        sys.stdout.write(rows.write_json() + "\n")
    else:
        if title:  # above the table, not in it, where it would fold to the table's width
            OUT.print(title, style="italic", markup=False, soft_wrap=True)
        OUT.print(table_of(rows))


def table_of(rows: pl.DataFrame) -> Table:
    """A frame as a rich table: numbers to the right, rounded for reading."""
    table = Table(header_style="bold")
    for name, kind in rows.schema.items():
        table.add_column(name, justify="right" if kind.is_numeric() else "left", overflow="fold")
    for row in rows.iter_rows():
        table.add_row(*(readable(value) for value in row))
    return table


def readable(value: object) -> str:
    """A cell's text."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) >= 1000 or 0 < abs(value) < 0.001 else f"{value:.4f}"
    return str(value)


def print_plan(plan: StudyPlan) -> None:
    """The grid in two tables, what each model is and what its training takes, and what the plan rests on."""
    OUT.print(f"Study {plan.study}: {plan.models} models, {plan.missing} of them missing", style="bold")
    names = ["tokenizer", "size", *(["budget"] if any(plan.frame["budget"]) else [])]
    print_rows(parameters_of(plan.frame, names), "table", title="Parameters")
    print_rows(training_of(plan.frame, names), "table", title="Training of one model")
    for line in plan.notes:
        OUT.print(line, markup=False, soft_wrap=True)


def parameters_of(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Parameters by part and what the store lacks."""
    parts = {"non-embedding": "non_embedding_parameters", "embeddings": "embedding_parameters", "head": "head_parameters"}
    return frame.select(*names, *(shown(frame, column, count, title) for title, column in parts.items()), "missing")


def training_of(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Windows, steps, text, FLOPs by part and time."""
    import polars as pl

    shares = pl.concat_str(
        [(pl.col(f"{part}_share") * 100).round().cast(pl.Int64) for part in ("body", "attention", "head")], separator="/"
    )
    return frame.select(
        *names,
        pl.col("context_tokens").alias("window"),
        "steps",
        shown(frame, "bytes", count),
        shown(frame, "tokens", count),
        shown(frame, "training_flops", "{:.3g}".format, "FLOPs"),
        shares.alias("body/attention/head %"),
        shown(frame, "forecast_seconds", duration, "forecast"),
    )


def shown(frame: pl.DataFrame, column: str, form: Callable[[float], str], title: str | None = None) -> pl.Series:
    """A column of numbers as text."""
    import polars as pl

    return pl.Series(title or column, [form(value) for value in frame[column]])


def count(number: float) -> str:
    """A large number in three digits and a unit."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.0f}"
