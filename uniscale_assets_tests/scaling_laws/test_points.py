"""Tables of training runs: read as they are, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from uniscale_assets.errors import RunTableError
from uniscale_assets.scaling_laws.frames import OPTIMUM_COLUMNS, POINT_COLUMNS
from uniscale_assets.scaling_laws.points import read_optima, read_point_files, read_points

HEADER = "tokenization,compute_flops,T,N,B,rho,bpb"
RUN = "bpe,1e19,4,1e8,1.5e10,150,1.1"
OTHER = "bpe,1e19,4,2e8,8e9,40,1.2"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*lines: str, name: str = "runs.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return written


def test_columns_of_the_paper_are_read_as_they_are(runs: pl.DataFrame) -> None:
    assert runs.columns == list(POINT_COLUMNS)
    assert len(runs) == 436
    assert runs.row(0, named=True) == {
        "source": "isoflop_points",
        "method": "latent_entropy",
        "language": "all",
        "compute_flops": 1e19,
        "bytes_per_token": 1.0,
        "parameters": 1.007e8,
        "total_parameters": None,
        "bytes": 8.6e9,
        "evaluation": "bpb",
        "bits_per_byte": 1.178979,
    }


def test_published_optima_are_read_as_they_are(optima: pl.DataFrame) -> None:
    assert optima.columns == list(OPTIMUM_COLUMNS)
    assert optima["method"].value_counts(sort=True).rows() == [("latent_entropy", 48), ("subword", 25)]
    assert optima["flag"].unique().to_list() == [""]


def test_the_name_of_a_file_gives_what_its_columns_do_not(write: Write) -> None:
    path = write("T,N,B,c4", "4,1e9,4e10,0.9", name="blt_entropy_rus_Cyrl_1e20_results.csv")
    row = read_points(path, source="theirs").row(0, named=True)
    assert (row["method"], row["language"], row["compute_flops"]) == ("blt_entropy", "rus_Cyrl", 1e20)
    assert (row["evaluation"], row["source"]) == ("c4", "theirs")
    path = write("T,N,B,c4", "4,1e9,4e10,0.9", name="isotropic_1e20_results.csv")
    assert read_points(path).row(0, named=True)["language"] == "all"


def test_columns_win_over_the_name(write: Write) -> None:
    path = write(HEADER, RUN, name="isotropic_1e20_results.csv")
    row = read_points(path).row(0, named=True)
    assert (row["method"], row["compute_flops"]) == ("bpe", 1e19)


def test_a_mapping_names_other_columns_and_several_losses(write: Write) -> None:
    path = write("tok,budget,rate,size,text,size_total,books,web", "bpe,1e19,4,1e8,1.5e10,1.4e8,1.1,1.2")
    mapping = {
        "method": "tok",
        "compute_flops": "budget",
        "bytes_per_token": "rate",
        "parameters": "size",
        "bytes": "text",
        "total_parameters": "size_total",
        "bits_per_byte": "books,web",
    }
    points = read_points(path, mapping=mapping)
    assert points.select("evaluation", "bits_per_byte").rows() == [("books", 1.1), ("web", 1.2)]
    assert points["total_parameters"].to_list() == [1.4e8, 1.4e8]


def test_what_the_library_writes_it_reads(write: Write, tmp_path: Path) -> None:
    points = read_points(write(HEADER, RUN, OTHER), source="mine")
    points.write_csv(tmp_path / "again.csv")
    assert read_points(tmp_path / "again.csv", source="mine").equals(points)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("tokenization,compute_flops,T,N,bpb", "bpe,1e19,4,1e8,1.1"), ("runs.csv", "no column bytes (bytes or B)")),
        (("tokenization,compute_flops,T,N,B,accuracy", "bpe,1e19,4,1e8,1.5e10,0.3"), ("no loss column", "bits_per_byte=")),
        ((HEADER, RUN, "bpe,1e19,4,-2e8,8e9,40,1.2"), ("line 3", "column N", "not above zero")),
        ((HEADER, RUN, "bpe,1e19,4,2e8,8e9,40,0"), ("line 3", "column bpb", "not above zero")),
        ((HEADER, RUN, "bpe,1e19,4,2e8,8e9,40,nan"), ("line 3", "column bpb", "not finite")),
        ((HEADER, RUN, "bpe,1e19,four,2e8,8e9,40,1.2"), ("line 3", "column T", "'four' is not a number")),
        ((HEADER, RUN, "bpe,1e19,4,2e8,8e9,40,"), ("line 3", "column bpb", "'' is not a number")),
        ((HEADER, RUN, ",1e19,4,2e8,8e9,40,1.2"), ("line 3", "column tokenization", "empty")),
        ((HEADER, RUN, OTHER, RUN), ("line 4", "same run as in line 2")),
        ((HEADER, RUN, "bpe,1e19,4,200,8e9,40,1.2"), ("line 3", "units differ")),
        ((HEADER, RUN, "bpe,1e19,4,2e8,8,40,1.2"), ("line 3", "units differ")),
        ((HEADER, RUN, "bpe,10,4,2e8,8e9,40,1.2"), ("line 3", "column compute_flops", "units differ")),
        ((HEADER, RUN, "bpe,1e19,4,2e8,8e9,41,1.2"), ("line 3", "column rho", "B / N is 40")),
        ((HEADER, RUN, "bpe,1e19,4,2e8,8e9,40,12.5"), ("line 3", "column bpb", "bits per byte?")),
        ((HEADER, RUN, "bpe,1e19,4"), ("line 3", "3 cells under 7 columns")),
        ((HEADER,), ("no rows",)),
        ((HEADER + ",T", RUN + ",4"), ("column T stands twice",)),
    ],
)
def test_a_bad_table_is_refused_by_file_row_and_column(write: Write, lines: tuple[str, ...], words: tuple[str, ...]) -> None:
    with pytest.raises(RunTableError) as caught:
        read_points(write(*lines))
    for word in (*words, "runs.csv"):
        assert word in str(caught.value)


def test_runs_of_two_seeds_are_not_the_same_run(write: Write) -> None:
    lines = ("tokenization,compute_flops,T,N,B,seed,bpb", "bpe,1e19,4,1e8,1.5e10,1,1.1", "bpe,1e19,4,1e8,1.5e10,2,1.1")
    assert len(read_points(write(*lines))) == 2


def test_several_files_are_read_all_or_none(write: Write) -> None:
    first, second = write(HEADER, RUN, name="first.csv"), write(HEADER, OTHER, name="second.csv")
    points = read_point_files([first, second])
    assert points["source"].to_list() == ["first", "second"]
    with pytest.raises(RunTableError, match=r"third\.csv: the run .* stands in first\.csv too"):
        read_point_files([first, second, write(HEADER, RUN, name="third.csv")])
    with pytest.raises(RunTableError, match=r"bad\.csv, line 2, column N"):
        read_point_files([first, write(HEADER, "bpe,1e19,4,x,1.5e10,150,1.1", name="bad.csv")])
    with pytest.raises(RunTableError, match="no file"):
        read_point_files([])


def test_files_that_cannot_be_read(tmp_path: Path, write: Write) -> None:
    with pytest.raises(RunTableError, match="cannot be read"):
        read_points(tmp_path / "nowhere.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunTableError, match=r"binary\.csv: not a CSV file"):
        read_points(tmp_path / "binary.csv")
    with pytest.raises(RunTableError, match="column mapping: size is not ours"):
        read_points(write(HEADER, RUN), mapping={"size": "N"})
    with pytest.raises(RunTableError, match="no column params"):
        read_points(write(HEADER, RUN), mapping={"parameters": "params"})


def test_optima_with_flags_may_lack_values(write: Write) -> None:
    lines = ("compute_flops,T,B_star,N_star,L_star,rho_star,flag", "1e19,4,1.5e10,1e8,1.1,150,", "1e19,8,,,,,opens downward")
    rows = read_optima(write(*lines, name="bpe_isoflop_optima.csv"))
    assert rows["method"].to_list() == ["bpe", "bpe"]
    assert rows["flag"].to_list() == ["", "opens downward"]
    assert rows["optimal_bytes"].to_list() == [1.5e10, None]
    assert rows["global_compute_flops"][0] == pytest.approx(6 * 1e8 * 1.5e10 / 4)
    with pytest.raises(RunTableError, match="line 2, column L_star"):
        read_optima(write("compute_flops,T,B_star,N_star,L_star", "1e19,4,1.5e10,1e8,", name="bad.csv"))
    with pytest.raises(RunTableError, match=r"twice\.csv, line 3, column T: the same cell as in line 2"):
        read_optima(write("compute_flops,T,B_star,N_star,L_star", *["1e19,4,1.5e10,1e8,1"] * 2, name="twice.csv"))
