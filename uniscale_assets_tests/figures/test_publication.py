"""Tables for papers: the numbers of the study, the best in bold, and nothing that LaTeX or Markdown would trip over."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import polars as pl
import pytest

from uniscale_assets.figures.publication_formats import Entry, PublicationTable, escape_latex, to_csv, to_latex, to_markdown
from uniscale_assets.figures.publication_tables import publication_tables
from uniscale_assets.figures.report import ReportInputs
from uniscale_assets.tables import TABLES

HOSTILE = r"50% of a_b & {c} ~ x^2 \input{y} #1 $z$ |w| <v> *u*"
MATH = re.compile(r"\$[^$]*\$")


@pytest.fixture(scope="module")
def tables(trial: ReportInputs) -> dict[str, PublicationTable]:
    """Every table of the whole trial, by name."""
    return {table.name: table for table in publication_tables(trial, downstream(trial))}


def downstream(trial: ReportInputs) -> pl.DataFrame:
    """Two tasks, two seeds, two tokenizers, at two sizes."""
    rows: list[dict[str, Any]] = []
    for size, shift in (("0.06M", 0.0), ("0.8M", 0.1)):
        for name, value in (("bpe_1k", 0.25), ("unigram_4k", 0.5)):
            for seed in (1, 2):
                for task, metric in (("spelling", "acc"), ("continuation", "acc"), ("continuation", "perplexity")):
                    common = {"study": "demo", "tokenizer": name, "size": size, "budget": "", "seed": seed, "fingerprint": "f"}
                    score = {
                        "value": value + shift + 0.01 * seed,
                        "standard_error": 0.03,
                        "better": "higher" if metric == "acc" else "lower",
                    }
                    what = {"task": task, "version": "1", "language": "all", "metric": metric, "documents": 100, "unit": "share"}
                    rows.append({**common, **what, **score, "random_baseline": None})
    return pl.DataFrame(rows).select(TABLES["downstream_scores"].column_names)


def cell(table: PublicationTable, row: str, column: str) -> Entry:
    place = list(table.columns).index(column)
    return next(cells[place] for cells in table.rows if cells[0].value == row)


def test_the_ranking_is_the_statistics(tables: dict[str, PublicationTable], trial: ReportInputs) -> None:
    ranking = trial.statistics.ranking.filter(language="all")
    table = tables["ranking"]
    assert list(table.columns) == ["tokenizer", "0.06M", "0.2M", "0.8M"]
    for row in ranking.iter_rows(named=True):
        entry = cell(table, row["tokenizer"], row["size"])
        assert (entry.value, entry.low, entry.high) == (row["bits_per_byte"], row["low"], row["high"])
        assert entry.best == (row["tokenizer"] == row["best"])
        apart = cell(tables["ranking_differences"], row["tokenizer"], row["size"])
        assert (apart.value, apart.low, apart.high) == (row["difference_to_best"], row["difference_low"], row["difference_high"])
    order = ranking.filter(size="0.8M").sort("rank")["tokenizer"].to_list()
    assert [cells[0].value for cells in table.rows] == order


def test_languages_are_of_the_largest_size(tables: dict[str, PublicationTable], trial: ReportInputs) -> None:
    table = tables["bits_per_byte_by_language"]
    assert list(table.columns)[:2] == ["tokenizer", "all"]
    for row in trial.statistics.ranking.filter(size="0.8M").iter_rows(named=True):
        entry = cell(table, row["tokenizer"], row["language"])
        assert entry.value == row["bits_per_byte"]
        assert entry.best == (row["tokenizer"] == row["best"])


def test_agreement_has_every_pair_of_sizes(tables: dict[str, PublicationTable], trial: ReportInputs) -> None:
    rows = trial.statistics.rank_correlations.filter(language="all", group_name="all")
    table = tables["rank_correlations"]
    pairs = [(cells[0].value, cells[1].value) for cells in table.rows]
    assert sorted(pairs) == [("0.06M", "0.2M"), ("0.06M", "0.8M"), ("0.2M", "0.8M")]
    for (small, large), cells in zip(pairs, table.rows, strict=True):
        found = {row["statistic"]: row for row in rows.filter(small_size=small, large_size=large).iter_rows(named=True)}
        entries = dict(zip(table.columns, cells, strict=True))
        assert entries["Spearman"].value == found["spearman"]["value"]
        assert entries["decision accuracy"].low == found["decision_accuracy"]["low"]
        assert entries["p"].value == found["spearman"]["p_value"]
        assert entries["share of compute"].value == found["compute_share"]["value"]


def test_intrinsic_metrics_and_their_languages(tables: dict[str, PublicationTable], trial: ReportInputs) -> None:
    table = tables["intrinsic_metrics"]
    assert [cells[0].value for cells in table.rows] == ["Tokens of the test text", "Bytes per token"]
    values = trial.tokenizer_metrics.filter(metric="bytes_per_token", language="all")
    best = values.sort("value")["tokenizer"].to_list()[-1]
    assert cell(table, "Bytes per token", best).best
    # Equal values have no best.
    assert not any(entry.best for entry in table.rows[0])
    by_language = tables["bytes_per_token_by_language"]
    expected = trial.tokenizer_metrics.filter(metric="bytes_per_token", tokenizer="bpe_1k", language="deu_Latn")["value"].item()
    assert cell(by_language, "bpe_1k", "deu_Latn").value == expected


def test_downstream_scores_are_means_over_seeds_at_the_largest_size(tables: dict[str, PublicationTable]) -> None:
    table = tables["downstream_acc"]
    assert list(table.columns) == ["tokenizer", "continuation", "spelling"]
    entry = cell(table, "unigram_4k", "spelling")
    assert entry.value == pytest.approx(0.615)
    assert entry.high == pytest.approx(0.615 + 1.96 * 0.03 / 2**0.5)
    assert (entry.best, cell(table, "bpe_1k", "spelling").best) == (True, False)
    assert cell(tables["downstream_perplexity"], "bpe_1k", "continuation").best
    assert "0.8M" in table.caption


def test_predictors_are_the_statistics(tables: dict[str, PublicationTable], trial: ReportInputs) -> None:
    found = trial.statistics.predictors.filter(pl.col("decision_accuracy").is_not_null())
    assert [cells[3].value for cells in tables["predictors"].rows] == found["decision_accuracy"].to_list()


def test_tables_without_rows_are_not_written(tiny: ReportInputs) -> None:
    names = {table.name for table in publication_tables(tiny, pl.DataFrame(schema=downstream_schema()))}
    assert "ranking" in names
    assert not {name for name in names if name.startswith(("downstream", "rank_correlations", "udhr"))}


def downstream_schema() -> dict[str, Any]:
    kinds = {"VARCHAR": pl.String, "BIGINT": pl.Int64, "DOUBLE": pl.Float64}
    return {column.name: kinds[column.type] for column in TABLES["downstream_scores"].columns if column.type in kinds}


def small_table(rows: int = 2) -> PublicationTable:
    body = [[Entry(HOSTILE), Entry(-0.00001234), Entry(2.34567, 2.0, 2.5, best=True, decimals=3)], [Entry("b"), Entry(None), Entry(7.0)]]
    return PublicationTable("a_table", HOSTILE, ["name", HOSTILE, "value"], (body * rows)[:rows])


@pytest.mark.parametrize("rows", [2, 60])
def test_latex_is_balanced_and_escapes_what_means_something(rows: int) -> None:
    text = to_latex(small_table(rows))
    assert text.startswith("% needs booktabs")
    plain = MATH.sub("", "\n".join(text.splitlines()[1:]))
    # What is left of the special characters is escaped, or LaTeX of ours.
    assert not re.search(r"(?<!\\)[%#$_^~]", plain)
    assert plain.replace(r"\{", "").count("{") == plain.replace(r"\}", "").count("}")
    begun, ended = re.findall(r"\\begin\{(\w+)\}", text), re.findall(r"\\end\{(\w+)\}", text)
    assert sorted(begun) == sorted(ended)
    assert begun == (["longtable"] if rows > 45 else ["table", "tabular"])
    lines = [line for line in text.splitlines() if line.endswith(r"\\") and "caption" not in line]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {2}
    assert r"\textbf{2.346} {\scriptsize {[2.000, 2.500]}}" in text
    assert r"$-$1.234$\times 10^{-5}$" in text
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    assert escape_latex("a_b\\c") == r"a\_b\textbackslash{}c"


def test_markdown_has_as_many_cells_in_every_row() -> None:
    caption, _, table = to_markdown(small_table()).partition("\n\n")
    assert caption.startswith("50% of a_b")
    rows = table.strip().splitlines()
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert "**2.346** (2.000 to 2.500)" in rows[2]
    assert r"\<v\> \*u\*" in rows[2]


def test_csv_has_every_digit_and_the_ends_of_intervals() -> None:
    rows = list(csv.reader(io.StringIO(to_csv(small_table()))))
    assert rows[0] == ["name", HOSTILE, "value", "value low", "value high"]
    assert rows[1] == [HOSTILE, "-1.234e-05", "2.34567", "2.0", "2.5"]
    assert rows[2] == ["b", "", "7.0", "", ""]


def test_every_table_can_be_written_in_every_form(tables: dict[str, PublicationTable]) -> None:
    for table in tables.values():
        assert len({len(row) for row in table.rows} | {len(table.columns)}) == 1
        assert "None" not in to_latex(table) + to_markdown(table) + to_csv(table)
