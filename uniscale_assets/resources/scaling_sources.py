"""Where the command takes training runs from: files, an imported collection, a study, or the example that comes along."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from uniscale_assets.errors import BadInputError
from uniscale_assets.resources.isoflop_points import IMPORTED, TABLE, imported_points, points_of
from uniscale_assets.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import polars as pl

    from uniscale_assets.scaling_laws.analysis import MethodLaws
    from uniscale_assets.scaling_laws.spec import ScalingSpec


@dataclass(frozen=True)
class Source:
    """Training runs, isoFLOP optima or both."""

    title: str
    """what they are called in reports"""
    points: pl.DataFrame | None
    """rows of `POINT_COLUMNS`"""
    optima: pl.DataFrame | None
    """rows of `OPTIMUM_COLUMNS`, to start from instead of the points"""

    @property
    def frames(self) -> list[pl.DataFrame]:
        """What there is."""
        return [frame for frame in (self.points, self.optima) if frame is not None]

    def narrowed(self, method: str | None, dataset: str | None, language: str | None) -> Source:
        """The runs of one method, evaluation set or language; one evaluation set has to be left.

        Raises:
            BadInputError: there is none of that name, or several evaluation sets and none was chosen; the message lists them.
        """
        chosen = self
        for option, column, value in (("--method", "method", method), ("--language", "language", language)):
            if value is not None:
                chosen = chosen.with_value(option, column, value)
        if self.points is not None and self.optima is not None:
            # A file of optima need not say the evaluation set, which is that of the runs beside it.
            runs = Source(self.title, chosen.points, None).narrowed(None, dataset, None).points
            return replace(chosen, points=runs, optima=with_evaluation_of(runs, chosen.optima))
        if dataset is not None:
            chosen = chosen.with_value("--dataset", "evaluation", dataset)
        for frame in chosen.frames:
            evaluations = frame["evaluation"].unique().sort().to_list()
            if len(evaluations) > 1:
                raise BadInputError(f"--dataset: the runs have several evaluation sets, choose one of {', '.join(evaluations)}")
        return chosen

    def over_all_languages(self) -> Source:
        """The runs over all languages, where there are such."""
        has_whole = any("all" in frame["language"].to_list() for frame in self.frames)
        return self.with_value("--language", "language", "all") if has_whole else self

    def with_value(self, option: str, column: str, value: str) -> Source:
        """The rows that have a value in a column.

        Raises:
            BadInputError: none has it; the message names the option and what there is.
        """
        known = sorted({name for frame in self.frames for name in frame[column].to_list()})
        if value not in known:
            raise BadInputError(f"{option} {value}: no run has it; there are {', '.join(known)}")
        narrow = {
            name: None if frame is None else frame.filter(**{column: value})
            for name, frame in (("points", self.points), ("optima", self.optima))
        }
        return replace(self, **narrow)

    def analysed(self, options: ScalingSpec) -> list[MethodLaws]:
        """The laws of every method and language that is left."""
        from uniscale_assets.scaling_laws.analysis import analyse

        return analyse(self.points, self.optima, options, languages=None)


def with_evaluation_of(points: pl.DataFrame | None, optima: pl.DataFrame | None) -> pl.DataFrame | None:
    """Optima under the name of the evaluation set that the runs have."""
    import polars as pl

    if points is None or optima is None or points.is_empty():
        return optima
    return optima.with_columns(pl.lit(points["evaluation"][0]).alias("evaluation"))


def from_files(points: Sequence[Path], optima: Path | None, mapping: Mapping[str, str]) -> Source:
    """CSV files of runs, of optima, or of both.

    Raises:
        RunTableError: names file, row and column.
    """
    from uniscale_assets.scaling_laws.points import read_optima, read_point_files

    runs = read_point_files(points, mapping=mapping) if points else None
    given = read_optima(optima) if optima else None
    return Source(", ".join(path.name for path in (*points, *([optima] if optima else []))), runs, given)


def from_collection(warehouse: Warehouse, name: str) -> Source:
    """An imported collection.

    Raises:
        BadInputError: there is none of that name.
    """
    return Source(f"imported collection {name}", points_of(imported_points(warehouse, name)), None)


def from_study(warehouse: Warehouse, study: str) -> Source:
    """The runs of a study whose asset `isoflop_points` was made here, without those of imported collections.

    Raises:
        BadInputError: it has none.
    """
    rows = warehouse.rows(TABLE, study)
    if rows.is_empty() or IMPORTED in warehouse.partitions(TABLE, study):
        raise BadInputError(
            f"--study {study}: no runs at equal FLOPs are here; a study with the key `scaling` has them after `uniscale run`"
        )
    return Source(f"study {study}", points_of(rows), None)


def from_example() -> Source:
    """The tables that come with the package."""
    from uniscale_assets.scaling_laws.shipped import SOURCE, shipped_optima

    return Source(SOURCE, None, shipped_optima())


def parse_rates(text: str) -> dict[str, float]:
    """Bytes per token from ``name=T,name=T``.

    Raises:
        BadInputError: a part is no such thing.
    """
    rates: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        try:
            rate = float(number)
        except ValueError:
            rate = math.nan
        if not name or not 0 < rate < math.inf or name in rates:
            raise BadInputError(f"--tokenizers: {part.strip()!r} is not NAME=BYTES_PER_TOKEN, each name once, such as mine=4.2")
        rates[name] = rate
    return rates


def study_rates(warehouse: Warehouse, study: str) -> dict[str, float]:
    """Bytes per token of a study's tokenizers.

    Raises:
        BadInputError: none of its tokenizers was measured here.
    """
    rows = warehouse.rows("tokenizers", study)
    if rows.is_empty():
        raise BadInputError(f"--tokenizers {study}: neither NAME=BYTES_PER_TOKEN nor a study whose tokenizers were measured here")
    return dict(rows.select("tokenizer", "bytes_per_token").rows())
