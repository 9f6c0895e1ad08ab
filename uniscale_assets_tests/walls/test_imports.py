"""The walls: imports go one way, the library knows no Dagster, and importing costs nothing that is not used."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = "uniscale_assets"
# From the floor up to, and without, the floors that know Dagster.
ROOMS_WITH_DAGSTER = ("assets", "definitions", "cli")
# Modules of rooms above the library that are plain classes all the same.
PLAIN_RESOURCES = ("locks", "store", "warehouse", "warehouse_files", "warehouse_rows", "warehouse_views")
HEAVY = ("torch", "transformers", "datasets", "scipy", "plotly", "polars", "pyarrow", "duckdb", "tokenizers", "sentencepiece", "lm_eval")


def modules_of(directory: Path) -> list[str]:
    """Dotted names of every module under a directory of the package."""
    paths = (path.relative_to(directory.parent).with_suffix("") for path in directory.rglob("*.py"))
    return sorted({".".join(path.parts).removesuffix(".__init__") for path in paths})


def library_modules() -> list[str]:
    """Every module below the floors that know Dagster."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.submodule_search_locations
    names = modules_of(Path(spec.submodule_search_locations[0]))
    above = {f"{PACKAGE}.{room}" for room in ROOMS_WITH_DAGSTER}
    plain = {f"{PACKAGE}.resources.{name}" for name in PLAIN_RESOURCES}
    return [name for name in names if ".".join(name.split(".")[:2]) not in above | {f"{PACKAGE}.resources"} or name in plain]


@cache
def loaded_by(module: str) -> frozenset[str]:
    """Top-level packages that a new process has loaded after importing one module."""
    code = f"import json, sys; import {module}; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, f"import {module} failed:\n{process.stderr}"
    return frozenset(json.loads(process.stdout.splitlines()[-1]))


def test_imports_go_one_way(repository_root: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    process = subprocess.run(command, cwd=repository_root, capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stdout + process.stderr
    assert " 0 broken" in process.stdout


def test_the_library_is_imported_without_dagster() -> None:
    modules = library_modules()
    assert len(modules) > 20
    assert "dagster" not in loaded_by(", ".join(modules))


def test_the_library_is_imported_without_anything_heavy() -> None:
    assert not loaded_by(", ".join(library_modules())) & set(HEAVY)


@pytest.mark.parametrize("package", ["torch", "transformers", "datasets", "scipy", "plotly"])
def test_dagster_loads_the_definitions_without(package: str) -> None:
    loaded = loaded_by(f"{PACKAGE}.definitions")
    assert "dagster" in loaded
    assert package not in loaded


def test_the_command_answers_without_torch() -> None:
    assert not loaded_by(f"{PACKAGE}.cli") & {"torch", "transformers", "dagster"}
