"""Every predictor that the tables of a study hold: intrinsic metrics, earlier points of curves, smaller sizes, power laws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from uniscale_assets.statistics.curve_points import SHARES, PointTable, point_noise, point_table
from uniscale_assets.statistics.metric_directions import describes_only, direction_of
from uniscale_assets.statistics.noisy_grids import random_source
from uniscale_assets.statistics.predictor_kinds import CEILING, CURVE, INTRINSIC, LOWER, POWER_LAW, SIZE, Predictor
from uniscale_assets.statistics.scores import ALL_LANGUAGES
from uniscale_assets.statistics.size_extrapolation import FEWEST_SIZES, extrapolation_noise

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from uniscale_assets.statistics.noise import GridNoise, SizeNoise

SAME_RUNS = "one seed: the runs are the truth's own, so their noise agrees with its and the value is too good"
LEFT_OUT = "one seed at a time, against the mean of the other seeds, as the runs are the truth's own"


@dataclass(frozen=True)
class StudyTables:
    """What the predictors of one budget are made from."""

    noise: GridNoise
    """of the budget, over all languages"""
    truth_size: str
    runs: pl.DataFrame
    """rows of `training_runs` of the budget"""
    curves: pl.DataFrame
    """rows of `training_curves` of the budget"""
    metrics: pl.DataFrame | None
    """rows of `tokenizer_metrics`"""
    seed: int
    """of every draw"""

    @cached_property
    def tokenizers(self) -> tuple[str, ...]:
        """Those whose truth is known: they have the largest size."""
        return self.with_sizes(self.truth_size)

    @cached_property
    def truth(self) -> SizeNoise:
        """Means and noise of `tokenizers` at the largest size."""
        return self.noise.at(self.truth_size, self.places(self.tokenizers))

    @property
    def smaller_sizes(self) -> tuple[str, ...]:
        """Sizes below the largest, ascending."""
        return self.noise.grid.sizes[: self.noise.grid.sizes.index(self.truth_size)]

    def places(self, tokenizers: Sequence[str]) -> list[int]:
        """Places of tokenizers in the grid."""
        return [self.noise.grid.tokenizers.index(name) for name in tokenizers]

    def with_sizes(self, *sizes: str) -> tuple[str, ...]:
        """Tokenizers that have the largest size and all of these."""
        grid = self.noise.grid
        columns = [grid.sizes.index(size) for size in {*sizes, self.truth_size}]
        return tuple(name for name, counts in zip(grid.tokenizers, grid.counts[:, columns], strict=True) if counts.all())

    def values(self, size: str, tokenizers: Sequence[str]) -> NDArray[np.float64]:
        """Bits per byte of every seed: [tokenizers, seeds]; NaN where a model is missing."""
        return self.noise.grid.values[self.places(tokenizers), self.noise.grid.sizes.index(size)]

    def column(self, column: str, size: str) -> Mapping[tuple[str, int], float]:
        """A column of the trainings of a size by tokenizer and seed, where it has a value."""
        rows = self.runs.filter(size=size)
        if column not in rows.columns:
            return {}
        triples = rows.select("tokenizer", "seed", column).drop_nulls().iter_rows()
        return {(str(name), int(seed)): float(value) for name, seed, value in triples}


def predictors_in(tables: StudyTables) -> Iterator[Predictor]:
    """Every predictor of one budget's ranking, the ceiling last."""
    yield from intrinsic_metrics(tables)
    for size in (*tables.smaller_sizes, tables.truth_size):
        yield from curve_points(tables, size)
    for size in tables.smaller_sizes:
        yield smaller_size(tables, size)
    for count in range(FEWEST_SIZES, len(tables.smaller_sizes) + 1):
        yield power_law(tables, tables.smaller_sizes[:count])
    yield from ceiling(tables)


def intrinsic_metrics(tables: StudyTables) -> Iterator[Predictor]:
    """Every metric over all languages that has a direction; one whose direction is not known is named with no ranking."""
    import polars as pl

    if tables.metrics is None:
        return
    whole = tables.metrics.filter(pl.col("language") == ALL_LANGUAGES, pl.col("value").is_finite())
    for metric in sorted(whole["metric"].unique()):
        if not describes_only(metric):
            rows = whole.filter(pl.col("metric") == metric)
            found = dict(zip(rows["tokenizer"], rows["value"], strict=True))
            yield intrinsic_metric(metric, {name: found[name] for name in tables.tokenizers if name in found})


def intrinsic_metric(metric: str, values: Mapping[str, float]) -> Predictor:
    """One metric as a predictor: no training, so no FLOPs."""
    import numpy as np

    direction = direction_of(metric)
    if direction is None:
        note = "no direction is known for it: give it one in metric_directions.py"
        return Predictor(INTRINSIC, metric, tuple(values), np.empty((0, len(values))), compute_flops=0.0, direction="", note=note)
    ranking = direction.sign * np.array([list(values.values())])
    return Predictor(INTRINSIC, metric, tuple(values), ranking, compute_flops=0.0, direction=direction.better, note=direction.note)


def curve_points(tables: StudyTables, size: str) -> Iterator[Predictor]:
    """Points of the loss curves of one size."""
    import numpy as np

    curves = tables.curves.filter(size=size)
    for share in SHARES:
        found = point_table(curves, tables.with_sizes(size), share)
        present = np.isfinite(found.values).any(axis=1)
        kept = PointTable(
            tuple(np.array(found.tokenizers, dtype=object)[present]), found.seeds, found.values[present], found.flops[present]
        )
        if present.any():
            yield from [own_curve(tables, kept, share)] if size == tables.truth_size else [other_curve(tables, kept, size, share)]


def noise_of_point(tables: StudyTables, table: PointTable, size: str, share: float) -> SizeNoise:
    """`point_noise` with a random source of its own."""
    random = random_source(tables.seed, tables.noise.grid.budget, size, str(share))
    return point_noise(table, size, len(tables.noise.draws), random)


def other_curve(tables: StudyTables, table: PointTable, size: str, share: float) -> Predictor:
    """A point of a smaller size's curves, mean over seeds."""
    import numpy as np

    noise = noise_of_point(tables, table, size, share)
    return Predictor(
        kind=CURVE,
        name=f"{size} at {share:.0%} of its training",
        tokenizers=table.tokenizers,
        rankings=noise.means[None],
        size=size,
        share=share,
        noise=noise,
        compute_flops=float(np.nansum(table.flops)),
        cpu_seconds=cpu_seconds_until(tables, table, size),
        note=noise.note,
    )


def own_curve(tables: StudyTables, table: PointTable, share: float) -> Predictor:
    """A point of the largest size's own curves: each seed for itself, to be held against the others."""
    import numpy as np

    size, name = tables.truth_size, f"{tables.truth_size} at {share:.0%} of its training"
    usable = held_out_seeds(tables, table.tokenizers, table.seeds, table.values)
    noise, seconds = noise_of_point(tables, table, size, share), cpu_seconds_until(tables, table, size)
    if not usable:
        return Predictor(
            kind=CURVE,
            name=name,
            tokenizers=table.tokenizers,
            rankings=noise.means[None],
            size=size,
            share=share,
            noise=noise,
            own_runs=True,
            compute_flops=float(np.nansum(table.flops)),
            cpu_seconds=seconds,
            note=SAME_RUNS,
        )
    models = np.isfinite(table.flops).sum() / len(table.tokenizers)
    return Predictor(
        kind=CURVE,
        name=name,
        tokenizers=table.tokenizers,
        rankings=table.values[:, usable].T,
        size=size,
        share=share,
        left_out=tuple(table.seeds[place] for place in usable),
        noise=noise,
        own_runs=True,
        compute_flops=float(table.flops[:, usable].sum(axis=0).mean()),
        cpu_seconds=None if seconds is None else seconds / models,
        note=LEFT_OUT,
    )


def held_out_seeds(tables: StudyTables, tokenizers: Sequence[str], seeds: Sequence[int], values: NDArray[np.float64]) -> list[int]:
    """Places of the seeds that can be held against others: each tokenizer has a value, and another seed of the largest size."""
    import numpy as np

    grid, final = tables.noise.grid, np.isfinite(tables.values(tables.truth_size, tokenizers))

    def others(seed: int) -> bool:
        return bool(np.delete(final, grid.seeds.index(seed), axis=1).any(axis=1).all()) if seed in grid.seeds else bool(final.any())

    return [place for place, seed in enumerate(seeds) if np.isfinite(values[:, place]).all() and others(seed)]


def cpu_seconds_until(tables: StudyTables, table: PointTable, size: str) -> float | None:
    """CPU seconds of trainings up to a point of their curves, in proportion to FLOPs; None where one is not known."""
    import numpy as np

    seconds, flops = tables.column("cpu_seconds", size), tables.column("training_flops", size)
    total = 0.0
    for row, column in zip(*np.nonzero(np.isfinite(table.flops)), strict=True):
        key = table.tokenizers[row], table.seeds[column]
        if key not in seconds or not flops.get(key):
            return None
        total += seconds[key] * float(table.flops[row, column]) / flops[key]
    return total


def smaller_size(tables: StudyTables, size: str) -> Predictor:
    """A smaller size, trained to its end, mean over seeds."""
    names = tables.with_sizes(size)
    noise = tables.noise.at(size, tables.places(names))
    flops, seconds = spent(tables, (size,), names)
    return Predictor(
        SIZE, size, names, noise.means[None], size, 1.0, noise=noise, compute_flops=flops, cpu_seconds=seconds, note=noise.note
    )


def power_law(tables: StudyTables, sizes: tuple[str, ...]) -> Predictor:
    """A power law over smaller sizes, for each tokenizer, read at the largest."""
    names = tables.with_sizes(*sizes)
    random = random_source(tables.seed, tables.noise.grid.budget, "power law", *sizes)
    noise = extrapolation_noise(tables.noise, sizes, tables.truth_size, tables.places(names), random)
    flops, seconds = spent(tables, sizes, names)
    law = f"power law over {', '.join(sizes)}" if len(sizes) > FEWEST_SIZES else f"line in log size through {' and '.join(sizes)}"
    ranking = noise.means[None]
    return Predictor(POWER_LAW, law, names, ranking, sizes[-1], 1.0, noise=noise, compute_flops=flops, cpu_seconds=seconds, note=noise.note)


def spent(tables: StudyTables, sizes: Sequence[str], tokenizers: Sequence[str]) -> tuple[float | None, float | None]:
    """Training FLOPs and CPU seconds of every evaluated model of some sizes; None where one is not known."""
    import numpy as np

    totals: list[float | None] = []
    for column in ("training_flops", "cpu_seconds"):
        found: list[float | None] = []
        for size in sizes:
            known, there = tables.column(column, size), np.isfinite(tables.values(size, tokenizers))
            seeds = tables.noise.grid.seeds
            found += [known.get((str(tokenizers[int(row)]), seeds[int(place)])) for row, place in np.argwhere(there)]
        totals.append(None if None in found else sum(value for value in found if value is not None))
    return totals[0], totals[1]


def ceiling(tables: StudyTables) -> Iterator[Predictor]:
    """The largest size trained once more: the final values of each seed, held against the others."""
    import numpy as np

    values, seeds = tables.values(tables.truth_size, tables.tokenizers), tables.noise.grid.seeds
    usable = held_out_seeds(tables, tables.tokenizers, seeds, values)
    if usable:
        flops, seconds = spent(tables, (tables.truth_size,), tables.tokenizers)
        models = np.isfinite(values).sum() / len(tables.tokenizers)
        each = [None if total is None else float(total / models) for total in (flops, seconds)]
        yield Predictor(
            kind=CEILING,
            name=f"{tables.truth_size} trained again with another seed",
            tokenizers=tables.tokenizers,
            rankings=values[:, usable].T,
            size=tables.truth_size,
            share=1.0,
            left_out=tuple(seeds[place] for place in usable),
            own_runs=True,
            compute_flops=each[0],
            cpu_seconds=each[1],
            direction=LOWER,
            note=LEFT_OUT,
        )
