"""The one resource that assets are handed: the store, the warehouse, and what a study needs of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import UniscaleError
from uniscale_assets.home import Home
from uniscale_assets.lineage import Lineage, MissingInputError, Target
from uniscale_assets.resources.progress import Progress, tell
from uniscale_assets.resources.store import Artifact, ArtifactStore, Draft
from uniscale_assets.resources.warehouse import Warehouse
from uniscale_assets.study import Study

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Made:
    """One partition that was asked for: the artifact, or the error."""

    key: Any
    artifact: Artifact | None = None
    error: Exception | None = None


class Platform:
    """Store and warehouse under one home."""

    def __init__(self, home: Home) -> None:
        self.home = home

    @cached_property
    def store(self) -> ArtifactStore:
        """The artifact store."""
        return ArtifactStore(self.home)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The metric warehouse."""
        return Warehouse(self.home.root)

    def lineage(self, study: Study) -> Lineage[Artifact]:
        """The artifacts of a study as they are now."""
        return Lineage(study, self.store)

    def input(self, lineage: Lineage[Artifact], target: Target) -> Path:
        """The directory of an artifact that another is made from, its hashes verified."""
        return self.store.verify(lineage.require(target)).path

    def make_each(self, targets: dict[Any, Target], make: Callable[[Any, Draft], None], *, force: bool = False) -> Iterator[Made]:
        """Make artifacts one after another; what the store holds already is made again only by ``force``."""
        for key, target in targets.items():
            tell(Progress(target.stage, target.label, 0, 1))
            try:
                made = Made(key, self.make_one(target, partial(make, key), force=force))
            except UniscaleError as error:
                made = Made(key, error=error)
            tell(Progress(target.stage, target.label, 1, 1))
            yield made

    def make_one(self, target: Target, make: Callable[[Draft], None], *, force: bool = False) -> Artifact:
        """Make one artifact, or return the one that is there.

        Raises:
            MissingInputError: an input of it is missing.
        """
        if target.fingerprint is None:
            raise MissingInputError(f"{target.stage} {target.label}: what it is made from is missing; materialize that first")
        existing = None if force else self.store.find(target.stage, target.fingerprint)
        if existing is not None:
            return existing
        with self.store.writing(target.stage, target.label, target.fingerprint, replace=force) as draft:
            make(draft)
        assert draft.committed is not None
        return draft.committed

    def rows_of_today(self, table: str, lineage: Lineage[Artifact], stage: str) -> pl.DataFrame:
        """Rows of a metric table that belong to artifacts with today's fingerprints, and no others."""
        import polars as pl

        today = [target.fingerprint for target in lineage.targets(stage).values() if target.fingerprint]
        return self.warehouse.rows(table, lineage.study.name).filter(pl.col("fingerprint").is_in(today))
