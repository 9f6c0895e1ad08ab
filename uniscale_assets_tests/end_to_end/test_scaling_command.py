"""`uniscale laws`, `advise` and `import-runs` as a user starts them: no study, no Dagster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from uniscale_assets.cli import app
from uniscale_assets.errors import BadInputError
from uniscale_assets.study import load_study
from uniscale_assets_tests.end_to_end.commands import ROOT, Told, environment
from uniscale_assets_tests.end_to_end.commands import uniscale as in_its_own_process
from uniscale_assets_tests.resources.scaling_study import content, filled

COTOK = ROOT.parent / "shared" / "data" / "cotok"
NO_FIGURES = ("--figure", "none")
needs_cotok = pytest.mark.skipif(not COTOK.is_dir(), reason="no shared/data/cotok beside the checkout")


def uniscale(*arguments: str | Path, home: Path) -> Told:
    """Run a command to its end, in this process: importing everything anew would take most of the time."""
    ran = CliRunner(env={"UNISCALE_HOME": str(home), "COLUMNS": "300"}).invoke(app, [str(argument) for argument in arguments])
    if isinstance(ran.exception, BadInputError):
        return Told(2, ran.stdout, str(ran.exception))
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return Told(ran.exit_code, ran.stdout, ran.stderr)


def made(directory: Path, prefix: str, ending: str) -> Any:
    """A JSON file that `uniscale laws` wrote."""
    return json.loads((directory / f"{prefix}_{ending}_params.json").read_text(encoding="utf-8"))


def runs_of_a_law(path: Path) -> Path:
    """A table of 3 budgets x 3 compression rates x 4 sizes whose optimum is B* = 3 C^0.5 T^0.4."""
    lines = ["tokenization,compute_flops,T,N,B,bpb"]
    for budget in (1e18, 4e18, 16e18):
        for rate in (2.0, 3.0, 4.5):
            for away in (-1.2, -0.3, 0.4, 1.1):
                bytes_ = 3 * budget**0.5 * rate**0.4 * 2.718281828**away
                loss = 0.7 + 600 * budget**-0.17 + 0.04 * (rate / 3.2 - 1) ** 2 + 0.05 * away**2
                lines.append(f"mine,{budget},{rate},{budget * rate / (6 * bytes_)},{bytes_},{loss}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_laws_and_advice_need_no_dagster(tmp_path: Path) -> None:
    table = runs_of_a_law(tmp_path / "runs.csv")
    laws = ["laws", str(table), "--out", str(tmp_path / "out"), *NO_FIGURES]
    code = f"""
import sys
from uniscale_assets.cli import app
for arguments in ({laws!r}, ["advise", "--flops", "1e19", "--points", {str(table)!r}]):
    try:
        app(arguments)
    except SystemExit as end:
        assert not end.code, end.code
assert "dagster" not in sys.modules and "torch" not in sys.modules
"""
    process = subprocess.run([sys.executable, "-c", code], env=environment(tmp_path / "home"), cwd=tmp_path, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert "take" in process.stdout
    assert not (tmp_path / "home").exists()


def test_the_files_that_are_promised_and_no_others(tmp_path: Path) -> None:
    told = uniscale("laws", runs_of_a_law(tmp_path / "runs.csv"), "--out", tmp_path / "out", *NO_FIGURES, home=tmp_path / "home")
    assert told.code == 0, told.text
    endings = ("power_law_params.json", "compression_rate_params.json", "isoflop_optima.csv", "report.txt")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"mine_{ending}" for ending in endings}
    power, rate = made(tmp_path / "out", "mine", "power_law"), made(tmp_path / "out", "mine", "compression_rate")
    assert {name: set(power[name]) for name in ("B_optimal_data", "N_optimal_params")} == {
        "B_optimal_data": {"B_0", "alpha", "beta"},
        "N_optimal_params": {"N_0", "alpha", "beta"},
    }
    assert set(power) == {"B_optimal_data", "N_optimal_params", "ci95", "r2"}
    assert set(rate) == {"residual_model", "L_0", "gamma", "F", "delta", "T_0", "E", "ci95", "r2", "rmse"}
    optima = (tmp_path / "out" / "mine_isoflop_optima.csv").read_text(encoding="utf-8").splitlines()
    assert optima[0] == "compute_flops,T,B_star,N_star,L_star,rho_star,flag"
    assert len(optima) == 1 + 9
    assert power["B_optimal_data"]["alpha"] == pytest.approx(0.5, abs=1e-6)
    assert "mine: language all" in (tmp_path / "out" / "mine_report.txt").read_text(encoding="utf-8")
    again = uniscale(
        "laws", "--optima", tmp_path / "out" / "mine_isoflop_optima.csv", "--out", tmp_path / "again", *NO_FIGURES, home=tmp_path
    )
    assert again.code == 0, again.text
    assert made(tmp_path / "again", "mine", "power_law")["B_optimal_data"]["beta"] == pytest.approx(0.4, abs=1e-6)


def test_a_law_that_cannot_be_fitted_leaves_no_file_of_before(tmp_path: Path) -> None:
    table = runs_of_a_law(tmp_path / "runs.csv")
    assert uniscale("laws", table, "--out", tmp_path / "out", *NO_FIGURES, home=tmp_path / "home").code == 0
    table.write_text("\n".join(table.read_text().splitlines()[:4]) + "\n")
    told = uniscale("laws", table, "--out", tmp_path / "out", *NO_FIGURES, home=tmp_path / "home")
    assert told.code == 0, told.text
    assert "Law I, allocation: not fitted" in told.out
    assert not list((tmp_path / "out").glob("*.json"))
    assert "too few runs" in (tmp_path / "out" / "mine_isoflop_optima.csv").read_text(encoding="utf-8")


# note, last table: what a correct implementation gets from these CSVs.
LAWS_OF_THE_NOTE = {
    "subword": ("2e20", {"B_0": (2.83, 0.005), "alpha": (0.5014, 5e-5), "beta": (0.4461, 5e-5)}, (0.0589, 5e-5)),
    "latent_entropy": ("1e21", {"B_0": (18.7, 0.05), "alpha": (0.4634, 5e-5), "beta": (0.4686, 5e-5)}, (0.0089, 5e-5)),
}


@needs_cotok
@pytest.mark.parametrize("method", LAWS_OF_THE_NOTE)
def test_law_one_of_the_paper_by_the_command(method: str, tmp_path: Path) -> None:
    limit, expected, parameters = LAWS_OF_THE_NOTE[method]
    options = ("--optima", COTOK / "optimal_loss.csv", "--method", method, "--compute", "approximated", "--max-fit-compute", limit)
    told = uniscale("laws", *options, "--out", tmp_path, *NO_FIGURES, home=tmp_path / "home")
    assert told.code == 0, told.text
    law = made(tmp_path, method, "power_law")
    for name, (value, tolerance) in expected.items():
        assert law["B_optimal_data"][name] == pytest.approx(value, abs=tolerance), name
    assert law["N_optimal_params"]["N_0"] == pytest.approx(parameters[0], abs=parameters[1])


@needs_cotok
@pytest.mark.parametrize(
    ("model", "expected", "r_squared"),
    [
        ("compute-dependent-t", {"E": 0.7075, "F": 0.0341, "T_0": 14.85, "delta": 0.0302}, 0.997),
        ("constant-t", {"E": 0.7075, "F": 0.0341, "T_0": 3.73, "delta": None}, 0.996),
        ("intercept", {"E": 0.7075, "F": None, "T_0": None, "delta": None}, 0.903),
    ],
)
def test_table_7_by_the_command(model: str, expected: dict[str, float | None], r_squared: float, tmp_path: Path) -> None:
    options = ("--optima", COTOK / "optimal_loss.csv", "--method", "latent_entropy", "--two-stage", "--residual-model", model)
    told = uniscale("laws", *options, "--out", tmp_path, *NO_FIGURES, home=tmp_path / "home")
    assert told.code == 0, told.text
    law = made(tmp_path, "latent_entropy", "compression_rate")
    digits = {"E": 4, "F": 4, "T_0": 2, "delta": 4}
    assert {name: None if law[name] is None else round(law[name], digits[name]) for name in digits} == expected
    assert round(law["r2"], 3) == r_squared
    assert "biased" in told.out


@needs_cotok
def test_3d_isoflop_of_the_paper_by_the_command(tmp_path: Path) -> None:
    told = uniscale("laws", COTOK / "isoflop_points.csv", "--out", tmp_path, *NO_FIGURES, home=tmp_path / "home")
    assert told.code == 0, told.text
    lines = [line.split() for line in told.out.splitlines() if line.split()[:1] == ["1e+20"] and len(line.split()) == 6]
    fits = {(line[4], line[5]) for line in lines}
    assert {("0.9884", "0.0028"), ("0.9776", "0.0073")} <= fits


def test_the_example_that_comes_along_answers(tmp_path: Path) -> None:
    told = uniscale("laws", "--example", "--out", tmp_path / "out", "--figure", "html", home=tmp_path / "home")
    assert told.code == 0, told.text
    assert "The best compression rate falls as the budget grows" in told.out
    assert (tmp_path / "out" / "subword_compression_rate_params.json").is_file()
    assert "plotly" in (tmp_path / "out" / "scaling_report.html").read_text(encoding="utf-8")
    assert list((tmp_path / "out" / "figures").glob("subword_*.html"))
    advice = uniscale("advise", "--flops", "1e22", "--tokenizers", "mine=4.2,other=3.1", home=tmp_path / "home")
    assert advice.code == 0, advice.text
    assert "5 times above the largest fitted budget" in advice.out
    assert "N and B cannot be said" in advice.out
    assert advice.out.index("other") < advice.out.index("mine")


def test_advice_names_parameters_bytes_loss_and_what_tokenizers_lose(tmp_path: Path) -> None:
    table = runs_of_a_law(tmp_path / "runs.csv")
    told = uniscale("advise", "--flops", "1e20", "--points", table, "--tokenizers", "near=3.2,far=9", home=tmp_path / "home")
    assert told.code == 0, told.text
    for words in (
        "bytes per token, T",
        "parameters, N",
        "bytes of text, B",
        "bits per byte to expect",
        "6.25 times above",
        "Outside the fitted",
    ):
        assert words in told.out, words
    assert told.out.index("near") < told.out.index("far ")


def test_imported_runs_give_the_laws_of_their_file(tmp_path: Path) -> None:
    table, home = runs_of_a_law(tmp_path / "mine.csv"), tmp_path / "home"
    told = uniscale("import-runs", table, home=home)
    assert told.code == 0, told.text
    assert "mine: 36 losses in 9 cells" in told.out
    for out, source in (("direct", (table,)), ("imported", ("--imported", "mine"))):
        fitted = uniscale("laws", *source, "--out", tmp_path / out, *NO_FIGURES, home=home)
        assert fitted.code == 0, fitted.text
    for name in ("mine_power_law_params.json", "mine_compression_rate_params.json", "mine_isoflop_optima.csv", "mine_report.txt"):
        assert (tmp_path / "direct" / name).read_bytes() == (tmp_path / "imported" / name).read_bytes(), name
    counted = uniscale("query", "SELECT study, count(*) AS runs FROM isoflop_points GROUP BY ALL", "--format", "csv", home=home)
    assert counted.out.splitlines()[-1] == "mine,36"


def test_one_of_several_evaluation_sets_has_to_be_chosen(tmp_path: Path) -> None:
    table = runs_of_a_law(tmp_path / "runs.csv")
    lines = table.read_text().splitlines()
    table.write_text("\n".join([f"{lines[0]},c4", *(f"{line},{1.1 * float(line.split(',')[-1])}" for line in lines[1:])]) + "\n")
    asked = uniscale("laws", table, "--out", tmp_path / "out", *NO_FIGURES, home=tmp_path)
    assert asked.code == 2
    assert "choose one of bpb, c4" in asked.err
    levels: dict[str, float] = {}
    for dataset in ("bpb", "c4"):
        options = ("--dataset", dataset, "--out", tmp_path / dataset, *NO_FIGURES)
        assert uniscale("laws", table, *options, home=tmp_path).code == 0
        levels[dataset] = made(tmp_path / dataset, "mine", "compression_rate")["E"]
    assert levels["c4"] == pytest.approx(1.1 * levels["bpb"], rel=1e-4)
    both = uniscale("laws", table, "--optima", tmp_path / "bpb" / "mine_isoflop_optima.csv", *options, home=tmp_path)
    assert both.code == 0, both.text
    assert "evaluation c4" in both.out
    assert "36 runs, 9 cells" in both.out


WRONG = {
    "no source": (["laws"], "--example"),
    "two sources": (["laws", "{table}", "--example"], "one source"),
    "a file that is not there": (["laws", "{table}.nothing"], "nothing"),
    "a method that no run has": (["laws", "{table}", "--method", "yours"], "mine"),
    "a collection that is not there": (["laws", "--imported", "nobodys"], "import-runs"),
    "a study without runs": (["laws", "--study", "demo"], "uniscale run"),
    "a column mapping that is none": (["laws", "{table}", "--column", "bpb"], "OURS=YOURS"),
    "a column of ours that is none": (["laws", "{table}", "--column", "loss=bpb"], "bits_per_byte"),
    "a residual model that is none": (["laws", "{table}", "--residual-model", "best"], "constant-t"),
    "a tokenizer without bytes per token": (["advise", "--flops", "1e20", "--tokenizers", "a=x"], "a=x"),
    "tokenizers of no study": (["advise", "--flops", "1e20", "--tokenizers", "nobodys"], "nobodys"),
    "no budget": (["advise"], "--flops"),
    "files without a name for them": (["import-runs", "{table}", "{table}"], "--name"),
    "a broken table": (["import-runs", "{broken}"], "broken.csv, line 2, column N"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_is_said_in_a_line_and_ends_with_2(what: str, tmp_path: Path) -> None:
    arguments, named = WRONG[what]
    broken = tmp_path / "broken.csv"
    broken.write_text("tokenization,compute_flops,T,N,B,bpb\nmine,1e18,2,none,1e9,1.2\n")
    table = runs_of_a_law(tmp_path / "runs.csv")
    told = uniscale(*[argument.format(table=table, broken=broken) for argument in arguments], home=tmp_path / "home")
    assert told.code == 2, told.text
    assert named in told.err.replace("\n", " "), told.err


def test_a_mistake_ends_the_process_without_a_traceback(tmp_path: Path) -> None:
    told = in_its_own_process("laws", tmp_path / "nothing.csv", home=tmp_path / "home")
    assert told.code == 2
    assert "nothing.csv" in told.err
    assert "Traceback" not in told.text


def test_a_run_materializes_the_laws_of_the_runs_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER_PATH", "/nowhere")
    home, study = tmp_path / "home", tmp_path / "study.yaml"
    study.write_text(yaml.safe_dump(content()), encoding="utf-8")
    filled(home, load_study(str(study)))
    told = in_its_own_process("run", study, "--stage", "scaling", home=home)
    assert told.code == 0, told.text
    made_here = [line.split(":")[0] for line in told.err.splitlines() if "to make" in line]
    assert made_here == ["isoflop_points", "isoflop_optima", "allocation_law", "loss_law", "multilingual_optima", "scaling_report"]
    assert (home / "reports" / "equal_flops" / "scaling.html").is_file()
    advice = uniscale("advise", "--flops", "5e10", "--study", "equal_flops", home=home)
    assert advice.code == 0, advice.text
    assert all(name in advice.out for name in ("bpe_300", "bpe_600", "bpe_1200", "bpe_2400"))
    assert "bpe in " not in advice.out, "over all languages, where none is asked for"
    assert "Warning" not in advice.text
    laws = uniscale("laws", "--study", "equal_flops", "--language", "rus_Cyrl", "--out", tmp_path / "laws", *NO_FIGURES, home=home)
    assert laws.code == 0, laws.text
    assert (tmp_path / "laws" / "bpe_rus_Cyrl_report.txt").is_file()
