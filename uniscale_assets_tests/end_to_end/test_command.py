"""The command as a user meets it: exit codes, words instead of tracebacks, and nothing lost however it ends."""

from __future__ import annotations

import csv
import io
import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from uniscale_assets.materializing import REPORTS
from uniscale_assets_tests.end_to_end.commands import (
    ROOT,
    Told,
    artifacts,
    children,
    created,
    end_of,
    environment,
    left_of,
    start,
    start_in_terminal,
    uniscale,
    wait_for_training,
    wait_until,
)
from uniscale_assets_tests.end_to_end.conftest import TINY

MODELS = ("--stage", "models")


def tiny_with(path: Path, old: str, new: str) -> Path:
    """A study file that is the tiny one with some text replaced."""
    text = TINY.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_from_an_empty_home_to_a_report(first_run: tuple[Path, Told]) -> None:
    home, told = first_run
    assert told.code == 0, told.text
    stages = {name.split("/")[0] for name in artifacts(home)}
    assert stages == {
        "documents",
        "mixture",
        "vocabulary",
        "tokenizer",
        "token_shards",
        "tokenizer_metrics",
        "checkpoint",
        "bits_per_byte",
    }
    assert "bpe_300" in told.out
    assert (home / "reports" / "tiny" / "report.html").is_file()
    assert str(home / "reports" / "tiny" / "report.html") in told.out


def test_a_second_run_makes_nothing(finished: Path) -> None:
    before = created(finished)
    told = uniscale("run", TINY, home=finished)
    assert told.code == 0, told.text
    assert created(finished) == before
    assert [line for line in told.err.splitlines() if "to make" in line] == [f"{name}: 1 to make" for name in REPORTS]


def test_a_plan_makes_nothing(tmp_path: Path) -> None:
    told = uniscale("plan", TINY, home=tmp_path / "home")
    assert told.code == 0, told.text
    assert "1 of 1" in told.out
    assert "FLOPs" in told.out
    assert not artifacts(tmp_path / "home")


WRONG = {
    "no study of that name": (["plan", "nothing"], "demo"),
    "a key that no study has": (["run", "{study}"], "corpus.langages: unknown key; allowed here: source"),
    "a tokenizer that the study lacks": (["run", str(TINY), "--tokenizer", "bpe_9"], "bpe_300"),
    "a seed that is no number": (["run", str(TINY), "--seed", "one"], "--seed"),
    "a stage that does not exist": (["run", str(TINY), "--stage", "cooking"], "checkpoint"),
    "an option that does not exist": (["run", str(TINY), "--fast"], "--fast"),
    "SQL that is none": (["query", "SELEC 1"], "SELEC"),
    "a table that does not exist": (["query", "SELECT * FROM scores"], "scores"),
    "a format that does not exist": (["query", "SELECT 1", "--format", "xml"], "xml"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_of_the_user_is_said_in_a_line_and_ends_with_2(what: str, tmp_path: Path) -> None:
    arguments, named = WRONG[what]
    study = tiny_with(tmp_path / "study.yaml", "  source: embedded", "  source: embedded\n  langages: [eng_Latn]")
    told = uniscale(*[argument.format(study=study) for argument in arguments], home=tmp_path / "home")
    assert told.code == 2, told.text
    assert "Traceback" not in told.text
    assert named in told.err.replace("\n", " "), told.err
    assert not artifacts(tmp_path / "home")


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told = uniscale("ui", "--port", str(listener.getsockname()[1]), home=tmp_path / "home")
    assert told.code == 2, told.text
    assert "Traceback" not in told.text
    assert "choose another port" in told.err


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = uniscale("run", TINY, home=tmp_path / "file" / "home", directory=tmp_path)
    assert told.code == 2, told.text
    assert "Traceback" not in told.text
    assert "UNISCALE_HOME" in told.err


def test_rows_come_as_a_table_csv_or_json(finished: Path) -> None:
    sql = "SELECT tokenizer, language, documents, bits_per_byte FROM bits_per_byte ORDER BY language"
    table, as_csv, as_json = (uniscale("query", sql, "--format", form, home=finished) for form in ("table", "csv", "json"))
    assert table.code == as_csv.code == as_json.code == 0
    rows = json.loads(as_json.out)
    assert [row["language"] for row in rows] == ["all", "eng_Latn"]
    assert [float(row["bits_per_byte"]) for row in csv.DictReader(io.StringIO(as_csv.out))] == [row["bits_per_byte"] for row in rows]
    assert all(row["language"] in table.out for row in rows)


def test_a_partition_that_fails_is_named_at_the_end_and_takes_no_other_along(without_models: Path, tmp_path: Path) -> None:
    study = tiny_with(tmp_path / "greedy.yaml", "value: 120_000", "value: [5_000, 10_000_000]")
    told = uniscale("run", study, *MODELS, "--stage", "evaluation", home=without_models)
    assert told.code == 1, told.text
    assert "Traceback" not in told.text
    end = told.err[told.err.index("failed:") :]
    assert "0.06M-10000000bytes-seed1" in end
    assert "epochs" in end
    assert [name.split("-")[0:3] for name in artifacts(without_models, "bits_per_byte")] == [
        ["bits_per_byte/bpe_300", "0.06M", "5000bytes"]
    ]


def test_ctrl_c_ends_everything_at_once_and_the_next_run_goes_on(without_models: Path, finished: Path, tmp_path: Path) -> None:
    screen = tmp_path / "screen"
    process = start_in_terminal("run", TINY, *MODELS, home=without_models, screen=screen)
    wait_for_training(without_models, process)
    wait_until(lambda: "loss" in screen.read_text(), "a bar that moves while a model trains", 60)
    started = children(process)
    assert process.stdin is not None
    process.stdin.write("\x03")
    process.stdin.flush()
    pressed = time.monotonic()
    told = end_of(process, within=60)
    assert time.monotonic() - pressed < 20  # 1.5 s when nothing else runs
    assert not left_of(started, 5)
    assert told.code == 130, screen.read_text()
    assert "Traceback" not in screen.read_text()
    assert "run the same command again" in screen.read_text()
    goes_on(without_models, finished)


def test_a_killed_run_leaves_no_process_and_the_next_ends_with_the_same_weights(without_models: Path, finished: Path) -> None:
    process = start("run", TINY, *MODELS, home=without_models)
    wait_for_training(without_models, process)
    started = children(process)
    assert started
    process.kill()
    assert not left_of(started, 10)
    end_of(process)
    assert runs_under_way(without_models) == 1  # Dagster cannot know yet
    goes_on(without_models, finished)
    assert runs_under_way(without_models) == 0


def runs_under_way(home: Path) -> int:
    """Runs that Dagster counts as started and not ended."""
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        return len(instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])))


def goes_on(home: Path, finished: Path) -> None:
    """The next run continues from the last checkpoint and ends as the uninterrupted one."""
    assert not artifacts(home, "checkpoint")
    told = uniscale("run", TINY, *MODELS, home=home)
    assert told.code == 0, told.text
    assert artifacts(home, "checkpoint") == artifacts(finished, "checkpoint")
    record = next((home / "artifacts" / "checkpoint").glob("*/artifact.json"))
    assert json.loads(record.read_text())["metadata"]["resumed_from_step"] > 0


def test_of_two_runs_at_once_one_trains_and_the_other_says_so(without_models: Path, finished: Path) -> None:
    first = start("run", TINY, *MODELS, home=without_models)
    wait_for_training(without_models, first)
    workers = children(first)
    # The first one's training stands still until the second has looked.
    for worker in workers:
        worker.suspend()
    second = uniscale("run", TINY, *MODELS, home=without_models)
    for worker in workers:
        worker.resume()
    assert second.code == 1, second.text
    assert "already at it" in second.err
    assert "Traceback" not in second.text
    told = end_of(first)
    assert told.code == 0, told.text
    assert artifacts(without_models, "checkpoint") == artifacts(finished, "checkpoint")


def test_a_damaged_artifact_is_named_with_the_way_out(finished: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(finished, home)
    weights = next((home / "artifacts" / "checkpoint").glob("*/model.safetensors"))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    told = uniscale("run", TINY, "--stage", "evaluation", "--force", home=home)
    assert told.code == 1, told.text
    assert "Traceback" not in told.text
    said = told.err.replace("\n", " ")
    assert str(weights) in said
    assert f"Remove the directory {weights.parent}" in said


def test_dagster_finds_the_definitions_valid(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"]
    told = subprocess.run(command, cwd=ROOT, env=environment(tmp_path / "home"), capture_output=True, text=True, timeout=400)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "uniscale_assets" in told.stdout + told.stderr
