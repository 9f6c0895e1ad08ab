"""Runs of others come in whole or not at all, and the same files give the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from uniscale_assets.errors import BadInputError, RunTableError
from uniscale_assets.resources.imported_runs import collection_name, import_runs
from uniscale_assets.resources.isoflop_points import TABLE, imported_points
from uniscale_assets.resources.warehouse import Warehouse
from uniscale_assets_tests.resources.scaling_study import filled, study_with

HEADER = "tokenization,language,compute_flops,T,N,B,bpb"
GOOD = [f"subword,all,1e19,4.57,{size}e8,{text}e10,1.{loss}" for size, text, loss in ((1, 3.0, 12), (2, 1.6, 10), (3, 1.1, 11))]


def write(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def everything(home: Path) -> dict[str, bytes]:
    """Every file of the table."""
    return {str(path.relative_to(home)): path.read_bytes() for path in (home / "tables" / TABLE).rglob("*.parquet")}


def test_files_that_their_names_explain_become_one_collection(tmp_path: Path) -> None:
    header, rows = "T,N,B,bpb", ["4.57,1e8,3e10,1.12", "4.57,2e8,1.6e10,1.10"]
    files = [write(tmp_path / name, header, rows) for name in ("blt_entropy_1e20_results.csv", "blt_entropy_rus_Cyrl_1e20_results.csv")]
    warehouse = Warehouse(tmp_path / "home")
    found = import_runs(warehouse, files, "blt", {})
    assert found.points.select("study", "method", "language", "compute_flops").unique(maintain_order=True).rows() == [
        ("blt", "blt_entropy", "all", 1e20),
        ("blt", "blt_entropy", "rus_Cyrl", 1e20),
    ]
    assert imported_points(warehouse, "blt").sort("language", "parameters").equals(found.points.sort("language", "parameters"))
    assert set(found.points["run"]) == {file.stem for file in files}


def test_the_same_files_twice_give_the_same_bytes(tmp_path: Path) -> None:
    file, warehouse = write(tmp_path / "runs.csv", HEADER, GOOD), Warehouse(tmp_path / "home")
    import_runs(warehouse, [file], "mine", {})
    before = everything(tmp_path / "home")
    import_runs(warehouse, [file], "mine", {})
    assert everything(tmp_path / "home") == before


BAD = {
    "a missing column": (
        "tokenization,language,compute_flops,T,N,bpb",
        ["subword,all,1e19,4.5,1e8,1.1"],
        ["second.csv", "no column bytes"],
    ),
    "a value that is not above zero": (HEADER, [GOOD[0], "subword,all,1e19,4.5,-1e8,3e10,1.1"], ["second.csv", "line 3", "column N"]),
    "a loss that is not a number": (HEADER, ["subword,all,1e19,4.5,1e8,3e10,nan"], ["second.csv", "line 2", "column bpb"]),
    "a run that stands twice": (HEADER, ["subword,all,1e19,5,1e8,3e10,1.1"] * 2, ["second.csv", "line 3", "line 2"]),
    "millions among plain numbers": (
        HEADER,
        ["subword,all,1e19,4.5,100,3e10,1.1"],
        ["second.csv", "line 2", "column compute_flops", "units"],
    ),
    "a run of the other file": (HEADER, [GOOD[1]], ["second.csv", "first.csv"]),
}


@pytest.mark.parametrize("what", BAD)
def test_one_mistake_keeps_every_file_out(what: str, tmp_path: Path) -> None:
    header, rows, named = BAD[what]
    files = [write(tmp_path / "first.csv", HEADER, GOOD), write(tmp_path / "second.csv", header, rows)]
    warehouse = Warehouse(tmp_path / "home")
    import_runs(warehouse, [write(tmp_path / "before.csv", HEADER, GOOD[:1])], "mine", {})
    before = everything(tmp_path / "home")
    with pytest.raises(RunTableError) as error:
        import_runs(warehouse, files, "mine", {})
    assert all(part in str(error.value) for part in named), str(error.value)
    assert everything(tmp_path / "home") == before


def test_a_name_is_refused_that_a_study_has(tmp_path: Path) -> None:
    from uniscale_assets.resources.scaling_steps import publish_points

    study = study_with()
    platform = filled(tmp_path / "home", study, models=1)
    publish_points(platform, platform.lineage(study))
    file = write(tmp_path / "runs.csv", HEADER, GOOD)
    with pytest.raises(BadInputError, match="equal_flops"):
        import_runs(platform.warehouse, [file], "equal_flops", {})
    import_runs(platform.warehouse, [file], "other", {})
    with pytest.raises(BadInputError, match="imported collection has this name"):
        publish_points(platform, platform.lineage(study_with(name="other")))


@pytest.mark.parametrize("name", ["", "My Runs", "../up", "1st"])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="--name"):
        import_runs(Warehouse(tmp_path), [write(tmp_path / "runs.csv", HEADER, GOOD)], name, {})


def test_a_collection_is_called_after_its_file() -> None:
    assert collection_name(Path("somewhere/BLT runs 1e20.csv")) == "blt_runs_1e20"
