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
# The floors above the library.
ABOVE = ("resources", "assets", "definitions", "materializing", "console", "cli")
# Plain classes and functions all the same.
PLAIN = tuple(
    f"{PACKAGE}.resources.{name}" for name in ("locks", "store", "warehouse", "warehouse_files", "warehouse_rows", "warehouse_views")
)
# They derive classes from torch's and transformers', and are themselves imported inside functions only.
DERIVE_FROM_TORCH = {f"{PACKAGE}.modeling.{name}" for name in ("optimizers", "step_sums", "trainer", "xielu")}
# What numba compiles, and what calls it, is imported inside functions only; these are what studies and the platform import.
NEURAL = f"{PACKAGE}.neural_compression"
LIGHT_NEURAL = {NEURAL, *(f"{NEURAL}.{name}" for name in ("byte_models", "choices", "families", "probabilities", "spec", "streams"))}
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
    above = {f"{PACKAGE}.{room}" for room in ABOVE}
    return [name for name in names if ".".join(name.split(".")[:2]) not in above or name in PLAIN]


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
    modules = library_modules()
    assert set(modules) >= DERIVE_FROM_TORCH
    compiled = {name for name in modules if name.startswith(NEURAL)} - LIGHT_NEURAL
    light = [name for name in modules if name not in DERIVE_FROM_TORCH | compiled]
    assert set(light) >= LIGHT_NEURAL
    assert not loaded_by(", ".join(light)) & {*HEAVY, "numba"}


@pytest.mark.parametrize("package", ["torch", "transformers", "datasets", "scipy", "plotly", "numba"])
def test_dagster_loads_the_definitions_without(package: str) -> None:
    loaded = loaded_by(f"{PACKAGE}.definitions")
    assert "dagster" in loaded
    assert package not in loaded


def test_the_command_answers_without_torch() -> None:
    assert not loaded_by(f"{PACKAGE}.cli") & {*HEAVY, "dagster"}
