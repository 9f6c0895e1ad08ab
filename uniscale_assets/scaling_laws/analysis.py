"""Everything that is said of one method's runs: its optima, its laws, what speaks against them; for the command and the assets alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from uniscale_assets.errors import LawError, RunTableError
from uniscale_assets.scaling_laws.frames import OPTIMUM_COLUMNS, POINT_COLUMNS, frame_of
from uniscale_assets.scaling_laws.results import AllocationLaw, Axis, LossLaw, Paraboloid, ResidualModel
from uniscale_assets.scaling_laws.spec import ScalingSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polars import DataFrame

RESIDUAL_MODELS: tuple[ResidualModel, ...] = ("compute-dependent-t", "constant-t", "intercept")
AXES: tuple[Axis, ...] = ("rho", "B", "N")
GROUP = ["method", "language", "evaluation"]
LEAST_BUDGETS_OF_TRIAL = 3

Fitted = TypeVar("Fitted")


@dataclass(frozen=True)
class Trial:
    """How well laws that are fitted up to a budget predict the cells above it."""

    max_fit_compute: float
    """FLOPs"""
    results: DataFrame
    """columns residual_model, rmse, r_squared, ...; of `extrapolation`"""


@dataclass(frozen=True)
class MethodLaws:
    """The laws of one method, in one language and on one evaluation set. What could not be fitted is None, with words why."""

    method: str
    language: str
    evaluation: str
    points: DataFrame
    """its runs, columns `POINT_COLUMNS`; no rows where optima were given instead"""
    optima: DataFrame
    """columns `OPTIMUM_COLUMNS`, flagged cells too"""
    max_fit_compute: float | None
    """the laws are fitted to the cells up to this budget; None: to all"""
    paraboloids: tuple[Paraboloid, ...]
    allocation: AllocationLaw | None
    losses: tuple[LossLaw, ...]
    """law II under each residual model that could be fitted, the chosen one first"""
    trial: Trial | None
    notes: dict[str, str]
    """why something is missing: keys `allocation`, a residual model's name, `trial`"""

    @property
    def name(self) -> str:
        """What its files are called: method, and language where it is not all."""
        return self.method if self.language == "all" else f"{self.method}_{self.language}"

    @property
    def usable(self) -> DataFrame:
        """The cells that the laws are fitted to."""
        return cells_up_to(self.optima.filter(self.optima["flag"] == ""), self.max_fit_compute)

    def loss(self, residual_model: ResidualModel) -> LossLaw | None:
        """Law II under one residual model."""
        return next((law for law in self.losses if law.residual_model == residual_model), None)


def cells_up_to(optima: DataFrame, max_fit_compute: float | None) -> DataFrame:
    """The cells of budgets up to one."""
    return optima if max_fit_compute is None else optima.filter(optima["compute_flops"] <= max_fit_compute * (1 + 1e-9))


def no_points() -> DataFrame:
    """No runs, all columns."""
    return frame_of([], POINT_COLUMNS)


def no_optima() -> DataFrame:
    """No optima, all columns."""
    return frame_of([], OPTIMUM_COLUMNS)


def analyse(
    points: DataFrame | None, optima: DataFrame | None, options: ScalingSpec, *, languages: Sequence[str] | None
) -> list[MethodLaws]:
    """The laws of every method, language and evaluation set that the runs have.

    Args:
        points: rows of `POINT_COLUMNS`; None where only optima are known.
        optima: rows of `OPTIMUM_COLUMNS` to start from; None takes them from the points.
        options: which laws, and how; its `methods`, `imports` and `language` are not read here.
        languages: those that laws are wanted of; None for every one.

    Raises:
        RunTableError: neither points nor optima, or a value that is no positive number.
    """
    from uniscale_assets.scaling_laws.optima import isoflop_optima

    if points is None and optima is None:
        raise RunTableError("scaling laws need training runs or isoFLOP optima; neither was given")
    if optima is None:
        assert points is not None
        optima = isoflop_optima(points, rule=options.optimum_rule)
    runs = no_points() if points is None else points
    groups = optima.select(GROUP).unique().sort(GROUP)
    wanted = groups if languages is None else groups.filter(groups["language"].is_in(list(languages)))
    return [laws_of_group(of_group(runs, group), of_group(optima, group), options, group) for group in wanted.iter_rows(named=True)]


def of_group(frame: DataFrame, group: dict[str, Any]) -> DataFrame:
    """The rows of one method, language and evaluation set."""
    return frame.filter(**group)


def laws_of_group(points: DataFrame, optima: DataFrame, options: ScalingSpec, group: dict[str, Any]) -> MethodLaws:
    """Fit what can be fitted, and keep the words of what cannot."""
    from uniscale_assets.scaling_laws.allocation import fit_allocation_law
    from uniscale_assets.scaling_laws.loss_law import fit_loss_law

    notes: dict[str, str] = {}
    cells = cells_up_to(optima.filter(optima["flag"] == ""), options.max_fit_compute)

    def fit_loss(residual_model: ResidualModel) -> LossLaw:
        return fit_loss_law(cells, residual_model=residual_model, two_stage=options.two_stage, conventions=options.conventions)

    def fit_allocation() -> AllocationLaw:
        if cells.height and cells["optimal_bytes"].null_count() == cells.height:
            raise LawError("the optima say the loss alone, not which bytes and parameters reach it")
        return fit_allocation_law(cells, parameters=options.parameters, compute=options.compute, conventions=options.conventions)

    ordered = sorted(RESIDUAL_MODELS, key=lambda name: name != options.residual_model)
    losses = [attempt(name, notes, lambda name=name: fit_loss(name)) for name in ordered]
    return MethodLaws(
        **group,
        points=points,
        optima=optima,
        max_fit_compute=options.max_fit_compute,
        paraboloids=paraboloids_of(points),
        allocation=attempt("allocation", notes, fit_allocation),
        losses=tuple(law for law in losses if law is not None),
        trial=attempt("trial", notes, lambda: trial_of(optima, options)),
        notes=notes,
    )


def attempt(what: str, notes: dict[str, str], fit: Callable[[], Fitted]) -> Fitted | None:
    """What a fit gives, or None with its words noted."""
    try:
        return fit()
    except LawError as error:
        notes[what] = str(error)
        return None


def trial_of(optima: DataFrame, options: ScalingSpec) -> Trial:
    """Fit up to a budget, predict above it: the asked one, else all budgets but the last.

    Raises:
        LawError: there are too few budgets.
    """
    from uniscale_assets.scaling_laws.extrapolation import extrapolation

    usable = optima.filter(optima["flag"] == "")
    budgets = usable["compute_flops"].unique().sort().to_list()
    if options.max_fit_compute is None and len(budgets) < LEAST_BUDGETS_OF_TRIAL:
        raise LawError(
            f"a trial needs {LEAST_BUDGETS_OF_TRIAL} budgets with usable cells, the last of them to be predicted; there are {len(budgets)}"
        )
    largest = options.max_fit_compute or budgets[-2]
    return Trial(largest, extrapolation(usable, largest, two_stage=options.two_stage))


def paraboloids_of(points: DataFrame) -> tuple[Paraboloid, ...]:
    """The surfaces that can be fitted, by budget and axis."""
    from uniscale_assets.scaling_laws.paraboloid import fit_paraboloid

    budgets = points["compute_flops"].unique().sort().to_list()
    unheard: dict[str, str] = {}
    fits = [
        attempt("", unheard, lambda budget=budget, axis=axis: fit_paraboloid(points, budget, axis)) for budget in budgets for axis in AXES
    ]
    return tuple(fit for fit in fits if fit is not None)
