"""How an asset reports what it committed, partition by partition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import dagster as dg

from uniscale_assets.assets.partitions import dagster_key
from uniscale_assets.errors import UniscaleError
from uniscale_assets.resources.store import Artifact

DATA_VERSION_TAGS = {"dagster/data_version_is_user_provided": "true"}


class MaterializeConfig(dg.Config):
    """Options of a run, in the launchpad (shift-click on Materialize)."""

    force: bool = False
    """Make it again even where the store already holds it."""


@dataclass(frozen=True)
class Outcome:
    """What became of one partition: an artifact, or the error that kept it from being one."""

    key: Any
    artifact: Artifact | None = None
    error: Exception | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def tags(self) -> dict[str, str]:
        """The content hash as data version."""
        assert self.artifact is not None
        return {**DATA_VERSION_TAGS, "dagster/data_version": self.artifact.content_hash}


AssetEvent: TypeAlias = dg.AssetMaterialization | dg.MaterializeResult[Any]


def report_outcomes(context: dg.AssetExecutionContext, outcomes: Iterable[Outcome]) -> Iterator[AssetEvent]:
    """Log every partition as it commits; fail at the end if any failed.

    A step that ends well makes Dagster add an event of its own to each partition, without the data version. In a run of one
    partition that event carries everything; in a run of several each partition's own event is written again after it, so that the
    last one is the right one.
    """
    committed: list[dg.AssetMaterialization] = []
    failed: list[Outcome] = []
    several = context.has_partition_key_range and len(context.partition_keys) > 1
    for outcome in outcomes:
        if outcome.error is not None:
            context.log.error("%s: %s", outcome.key, outcome.error)
            failed.append(outcome)
        elif several:
            committed.append(event_of(context, outcome))
            yield committed[-1]
        else:
            yield dg.MaterializeResult(
                metadata=described(outcome), data_version=dg.DataVersion(outcome.tags["dagster/data_version"]), tags=outcome.tags
            )
    if failed:
        raise dg.Failure(description=summary_of(failed), allow_retries=False)
    if several:
        yield dg.MaterializeResult()
        yield from committed


def event_of(context: dg.AssetExecutionContext, outcome: Outcome) -> dg.AssetMaterialization:
    """The materialization event of one partition."""
    return dg.AssetMaterialization(
        asset_key=context.asset_key, partition=dagster_key(outcome.key), metadata=described(outcome), tags=outcome.tags
    )


def described(outcome: Outcome) -> dict[str, Any]:
    """The outcome's metadata with where it lies and when it was made."""
    assert outcome.artifact is not None
    artifact = outcome.artifact
    return {
        **{name: rounded(value) for name, value in outcome.metadata.items() if value is not None},
        "path": dg.MetadataValue.path(str(artifact.path)),
        "fingerprint": artifact.fingerprint,
        "bytes on disk": sum(size for size, _ in artifact.files.values()),
        "committed": artifact.created,
    }


def rounded(value: Any) -> Any:
    """A float to six digits, for reading; the metric tables have all of them."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def summary_of(failed: list[Outcome]) -> str:
    """Which partitions failed and why, one a line."""
    lines = [f"{outcome.key}: {first_line(outcome.error)}" for outcome in failed]
    return f"{len(failed)} failed:\n" + "\n".join(lines)


def first_line(error: Exception | None) -> str:
    """The message of a known error; the type too of any other."""
    text = str(error)
    return text if isinstance(error, UniscaleError) else f"{type(error).__name__}: {text}"


def caught(key: Any, error: Exception) -> Outcome:
    """An outcome that failed."""
    return Outcome(key, error=error)
