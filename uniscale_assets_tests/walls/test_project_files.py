"""The project's own files agree with each other: where the definitions are, and which versions were tested."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement

DEFINITIONS = "uniscale_assets.definitions"


def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def pinned(root: Path) -> dict[str, str]:
    """Versions of constraints.txt by normalized name."""
    lines = (line.partition("#")[0].strip() for line in (root / "constraints.txt").read_text().splitlines())
    pins = dict(line.split("==") for line in lines if line)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins.items()}


def test_every_way_to_open_dagster_finds_the_same_definitions(repository_root: Path) -> None:
    tools = project(repository_root)["tool"]
    workspace = yaml.safe_load((repository_root / "workspace.yaml").read_text())
    cloud = yaml.safe_load((repository_root / "dagster_cloud.yaml").read_text())
    found = {
        tools["dagster"]["module_name"],
        tools["dg"]["project"]["code_location_target_module"],
        *(location["python_module"]["module_name"] for location in workspace["load_from"]),
        *(location["code_source"]["module_name"] for location in cloud["locations"]),
    }
    assert found == {DEFINITIONS}
    assert importlib.util.find_spec(DEFINITIONS) is not None


def test_dagster_reads_the_workspace(repository_root: Path) -> None:
    from dagster._core.workspace.load import location_origins_from_yaml_paths

    origins = location_origins_from_yaml_paths([str(repository_root / "workspace.yaml")])
    assert [origin.location_name for origin in origins] == ["uniscale_assets"]


def test_the_tested_versions_are_within_the_bounds(repository_root: Path) -> None:
    pins = pinned(repository_root)
    table = project(repository_root)["project"]
    requirements = [Requirement(text) for text in (*table["dependencies"], *table["optional-dependencies"]["test"])]
    assert len(requirements) > 25
    for requirement in requirements:
        version = pins[re.sub(r"[-_.]+", "-", requirement.name).lower()]
        assert requirement.specifier.contains(version), f"{requirement} does not allow {version} of constraints.txt"


def test_pins_are_plain_public_versions(repository_root: Path) -> None:
    pins = pinned(repository_root)
    assert pins["torch"] == "2.13.0"
    assert all(re.fullmatch(r"[0-9][0-9a-z.]*", version) for version in pins.values())
