"""The training runs and optima recovered from the figures of arXiv 2605.01188, where they lie beside the checkout."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from uniscale_assets.scaling_laws.points import read_optima, read_points


@pytest.fixture(scope="session")
def cotok(shared_data: Path) -> Path:
    path = shared_data / "cotok"
    if not path.is_dir():
        pytest.skip("no cotok data in the shared folder beside the checkout")
    return path


@pytest.fixture(scope="session")
def runs(cotok: Path) -> pl.DataFrame:
    return read_points(cotok / "isoflop_points.csv")


@pytest.fixture(scope="session")
def optima(cotok: Path) -> pl.DataFrame:
    return read_optima(cotok / "optimal_loss.csv")
