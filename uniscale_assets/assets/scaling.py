"""Compute-optimal tokenization: of studies with the key `scaling`, from runs at equal FLOPs to laws and their report."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dagster as dg

from uniscale_assets.assets.common import StudyAssets
from uniscale_assets.assets.reports import REFRESH
from uniscale_assets.resources import scaling_steps
from uniscale_assets.resources.dagster_platform import PlatformResource
from uniscale_assets.resources.reporting import Published

if TYPE_CHECKING:
    from uniscale_assets.resources.platform import Platform

SCALING_ASSETS = ("isoflop_points", "isoflop_optima", "allocation_law", "loss_law", "multilingual_optima", "scaling_report")


def scaling_assets(of: StudyAssets) -> list[Any]:
    """The assets of group `scaling`; none where the study has no such key."""
    if of.study.scaling is None:
        return []
    every = dg.AllPartitionMapping()
    trained = [of.dependency(name, every) for name in ("checkpoint", "bits_per_byte", "tokenizer_metrics")]

    @dg.asset(
        **scaling_options(of, "isoflop_points", {"duckdb"}),
        deps=trained,
        description="The study's training runs at equal FLOPs: budget, bytes per token, parameters, bytes and loss by language.",
    )
    def isoflop_points(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        return published(of, platform, scaling_steps.publish_points)

    @dg.asset(
        **scaling_options(of, "isoflop_optima", {"duckdb", "numpy"}),
        deps=[of.dependency("isoflop_points")],
        description="The best bytes, parameters and loss of every budget and compression rate, with intervals.",
    )
    def isoflop_optima(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        return published(of, platform, scaling_steps.publish_optima)

    @dg.asset(
        **scaling_options(of, "allocation_law", {"duckdb", "scipy"}),
        deps=[of.dependency("isoflop_optima")],
        description="Law I: how bytes and parameters share a budget at a compression rate, with intervals.",
    )
    def allocation_law(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        return published(of, platform, scaling_steps.publish_allocation)

    @dg.asset(
        **scaling_options(of, "loss_law", {"duckdb", "scipy"}),
        deps=[of.dependency("isoflop_optima")],
        description="Law II: the loss at the optimum over budget and compression rate, under three residual models.",
    )
    def loss_law(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        return published(of, platform, scaling_steps.publish_losses)

    @dg.asset(
        **scaling_options(of, "multilingual_optima", {"duckdb", "numpy"}),
        deps=[of.dependency("isoflop_points")],
        description="The best compression rate and allocation of each language beside its byte parity with English.",
    )
    def multilingual_optima(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        return published(of, platform, scaling_steps.publish_multilingual)

    @dg.asset(
        **scaling_options(of, "scaling_report", {"plotly"}),
        deps=[of.dependency(name) for name in ("isoflop_points", "allocation_law", "loss_law", "multilingual_optima")],
        description="The laws in words and every figure of them, as one self-contained page.",
    )
    def scaling_report(platform: PlatformResource) -> dg.MaterializeResult[Any]:
        return published(of, platform, scaling_steps.publish_report)

    return [isoflop_points, isoflop_optima, allocation_law, loss_law, multilingual_optima, scaling_report]


def scaling_options(of: StudyAssets, name: str, kinds: set[str]) -> dict[str, Any]:
    """Arguments of ``dagster.asset`` that the assets of this group share; each has a table of its name."""
    return {**of.options(name, group="scaling", kinds=kinds, tables=(name,)), "automation_condition": REFRESH}


def published(of: StudyAssets, platform: PlatformResource, publish: Callable[["Platform", Any], Published]) -> dg.MaterializeResult[Any]:
    """Publish one table and say what it holds."""
    told = publish(platform.get(), platform.get().lineage(of.study))
    return dg.MaterializeResult(metadata=told.metadata, data_version=dg.DataVersion(told.content_hash))


def scaling_checks(of: StudyAssets) -> list[dg.AssetChecksDefinition]:
    """The checks of group `scaling`."""
    return [] if of.study.scaling is None else [allocation_residuals(of), loss_residuals(of)]


def allocation_residuals(of: StudyAssets) -> dg.AssetChecksDefinition:
    """Share of the cells inside the 95 % prediction interval of law I, for bytes and for parameters."""

    @dg.asset_check(asset=of.key("allocation_law"), description="Residuals of law I are within what its interval claims.")
    def allocation_residuals_within_interval(platform: PlatformResource) -> dg.AssetCheckResult:
        return residual_check(scaling_steps.allocation_residuals(platform.get(), of.study))

    return allocation_residuals_within_interval


def loss_residuals(of: StudyAssets) -> dg.AssetChecksDefinition:
    """Share of the cells inside the 95 % prediction interval of law II, as the study chose it."""

    @dg.asset_check(asset=of.key("loss_law"), description="Residuals of law II are within what its interval claims.")
    def loss_residuals_within_interval(platform: PlatformResource) -> dg.AssetCheckResult:
        return residual_check(scaling_steps.loss_residuals(platform.get(), of.study))

    return loss_residuals_within_interval


def residual_check(found: dict[str, Any]) -> dg.AssetCheckResult:
    """Each law's share of cells inside beside its bound."""
    if not found:
        return dg.AssetCheckResult(passed=True, description="No law is fitted yet.", metadata={"laws": 0})
    metadata: dict[str, Any] = {"laws": len(found)}
    for name, within in found.items():
        metadata |= {f"{name}: share inside": within.share, f"{name}: bound": within.bound, f"{name}: cells": within.cells}
    described = "; ".join(f"{name}: {within}" for name, within in found.items())
    return dg.AssetCheckResult(passed=all(within.holds for within in found.values()), description=described, metadata=metadata)
