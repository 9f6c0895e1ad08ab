"""The metric warehouse as one process sees it: rows go in whole or not at all, and SQL reads them and nothing else."""

from __future__ import annotations

import os
import resource
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from uniscale_assets.errors import WarehouseError
from uniscale_assets.files import hash_directory
from uniscale_assets.resources.warehouse import Warehouse
from uniscale_assets.resources.warehouse_files import original_name, safe_name
from uniscale_assets.resources.warehouse_rows import empty_rows
from uniscale_assets.tables import TABLES
from uniscale_assets_tests.resources.metric_rows import scores

PARTITION = "bpe_1k|0.06M-seed1"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    # A home that a glob pattern, an SQL string or a URI would misread.
    return Warehouse(tmp_path / "it's [my] home, 100%*")


def test_a_partition_replaces_its_rows_and_no_others(warehouse: Warehouse) -> None:
    warehouse.replace("bits_per_byte", "demo", PARTITION, scores("bpe_1k", count=3))
    warehouse.replace("bits_per_byte", "demo", "bpe_2k|0.06M-seed1", scores("bpe_2k", count=2))
    warehouse.replace("bits_per_byte", "other", PARTITION, scores("bpe_1k", study="other"))
    again = scores("bpe_1k", value=2.25)
    warehouse.replace("bits_per_byte", "demo", PARTITION, again)
    rows = warehouse.query(
        "SELECT study, tokenizer, count(*) AS rows, min(bits_per_byte) AS value FROM bits_per_byte GROUP BY ALL ORDER BY ALL"
    )
    assert rows.rows() == [("demo", "bpe_1k", 1, 2.25), ("demo", "bpe_2k", 2, 2.5), ("other", "bpe_1k", 1, 2.5)]
    assert warehouse.rows("bits_per_byte", "demo").filter(tokenizer="bpe_1k").equals(again)
    assert warehouse.rows("bits_per_byte").height == 4


def test_removed_rows_are_gone(warehouse: Warehouse) -> None:
    warehouse.replace("bits_per_byte", "demo", PARTITION, scores())
    warehouse.replace("bits_per_byte", "demo", "another", scores("bpe_2k"))
    assert warehouse.remove("bits_per_byte", "demo", PARTITION)
    assert not warehouse.remove("bits_per_byte", "demo", PARTITION)
    assert not warehouse.remove("bits_per_byte", "demo", "never there")
    assert list(warehouse.partitions("bits_per_byte", "demo")) == ["another"]
    assert warehouse.rows("bits_per_byte")["tokenizer"].to_list() == ["bpe_2k"]


def test_partitions_tell_their_fingerprints(warehouse: Warehouse) -> None:
    warehouse.replace("bits_per_byte", "demo", PARTITION, scores(fingerprint="abc"))
    warehouse.replace("bits_per_byte", "demo", "none", scores(count=0))
    assert warehouse.partitions("bits_per_byte", "demo") == {PARTITION: "abc", "none": ""}
    assert warehouse.partitions("bits_per_byte", "another") == {}
    assert warehouse.partitions("rank_correlations", "demo") == {}


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_file_names_are_safe_unique_and_reversible(one: str, other: str) -> None:
    # A surrogate is no character; it cannot be encoded.
    assume(not any("\ud800" <= character <= "\udfff" for character in one + other))
    assume(all(len(text.encode()) < 60 for text in (one, other)))
    name = safe_name(one)
    assert original_name(Path(f"{name}.parquet")) == one
    assert name[0] not in "._"
    assert not set(name) & set("/\\|*?[]'\" \0")
    assert (name == safe_name(other)) == (one == other)


@pytest.mark.parametrize("text", ["", "x" * 201, "数" * 30])
def test_names_that_no_file_can_have_are_refused(warehouse: Warehouse, text: str) -> None:
    with pytest.raises(WarehouseError, match="cannot be a file name"):
        warehouse.replace("bits_per_byte", "demo", text, scores())


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (scores().drop("bytes"), r"bits_per_byte: .*missing bytes"),
        (scores().with_columns(extra=1), r"bits_per_byte: .*unknown extra"),
        (scores().with_columns(seed=pl.lit("one")), r"bits_per_byte\.seed: is String, has to be BIGINT"),
        (scores().with_columns(bytes=pl.lit(1.0)), r"bits_per_byte\.bytes: is Float64, has to be BIGINT"),
        (scores().with_columns(tokenizer=pl.lit(1)), r"bits_per_byte\.tokenizer: is Int32, has to be VARCHAR"),
        (scores().with_columns(bytes=pl.lit(2**64 - 1, dtype=pl.UInt64)), r"bits_per_byte\.bytes: a value does not fit"),
        (scores(study="other"), r"bits_per_byte\.study: every row has to say 'demo'; there is \['other'\]"),
        (scores().with_columns(study=None), r"bits_per_byte\.study"),
    ],
)
def test_rows_that_do_not_fit_are_refused(warehouse: Warehouse, frame: pl.DataFrame, message: str) -> None:
    warehouse.replace("bits_per_byte", "demo", PARTITION, scores(count=2))
    with pytest.raises(WarehouseError, match=message):
        warehouse.replace("bits_per_byte", "demo", PARTITION, frame)
    assert warehouse.rows("bits_per_byte").height == 2


def test_an_unknown_table_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="bits: no such metric table; there are corpus_ledger, "):
        warehouse.replace("bits", "demo", PARTITION, scores())


def test_narrow_types_and_empty_columns_take_the_tables_types(warehouse: Warehouse) -> None:
    given = scores().with_columns(seed=pl.lit(7, dtype=pl.UInt8), bits_per_byte=pl.lit(2.5, dtype=pl.Float32), budget=None)
    warehouse.replace("bits_per_byte", "demo", PARTITION, given.select(reversed(given.columns)))
    rows = warehouse.rows("bits_per_byte")
    assert rows.columns == TABLES["bits_per_byte"].column_names
    assert (rows["seed"].dtype, rows["bits_per_byte"].dtype, rows["budget"].dtype) == (pl.Int64, pl.Float64, pl.String)
    assert rows.select("seed", "bits_per_byte", "budget").row(0) == (7, 2.5, None)


def test_every_table_answers_before_anything_is_stored(warehouse: Warehouse) -> None:
    for table in TABLES.values():
        assert warehouse.query(f"SELECT * FROM {table.name}").columns == table.column_names  # noqa: S608
        assert warehouse.rows(table.name).columns == table.column_names
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        for table in TABLES.values():
            assert connection.execute(f"SELECT count(*) FROM {table.name}").fetchone() == (0,)  # noqa: S608


def test_users_find_units_in_the_comments(warehouse: Warehouse) -> None:
    sql = "SELECT comment FROM duckdb_columns() WHERE table_name = 'bits_per_byte' AND column_name = 'context_bytes'"
    assert warehouse.query(sql).item() == "window length, bytes"
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        assert connection.execute(sql).fetchone() == ("window length, bytes",)
        comments = "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal"
        assert dict(connection.execute(comments).fetchall()) == {table.name: table.comment for table in TABLES.values()}


def test_numbers_come_back_as_numbers(warehouse: Warehouse) -> None:
    warehouse.replace("bits_per_byte", "demo", PARTITION, scores(count=2))
    row = warehouse.query("SELECT sum(bytes) AS total, 1.25 AS exact, sum(9000000000000000000::HUGEINT * bytes) AS huge FROM bits_per_byte")
    assert row.schema == {"total": pl.Int64, "exact": pl.Float64, "huge": pl.Float64}
    assert row.row(0) == (2000, 1.25, 1.8e22)


def test_pivots_and_joins_work(warehouse: Warehouse) -> None:
    for name, value in (("bpe_1k", 2.5), ("bpe_2k", 2.25)):
        warehouse.replace("bits_per_byte", "demo", name, scores(name, value=value))
    pivoted = warehouse.query("PIVOT bits_per_byte ON tokenizer USING avg(bits_per_byte) GROUP BY size")
    assert pivoted.rows() == [("0.06M", 2.5, 2.25)]
    joined = "SELECT a.tokenizer FROM bits_per_byte a JOIN bits_per_byte b USING (size) WHERE a.bits_per_byte < b.bits_per_byte"
    assert warehouse.query(joined).rows() == [("bpe_2k",)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT bit_per_byte FROM bits_per_byte", 'Candidate bindings: .*"?bits_per_byte"?'),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT * FROM bits", "Table with name bits does not exist"),
        ("SELECT INTERVAL 1 DAY", "interval"),
        ("", "gives no rows"),
    ],
)
def test_wrong_sql_is_answered_in_duckdbs_words(warehouse: Warehouse, sql: str, message: str) -> None:
    with pytest.raises(WarehouseError, match=message):
        warehouse.query(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{target}'",
        # DuckDB 2 calls this a SELECT.
        "WITH written AS (COPY (SELECT 1) TO '{target}') SELECT * FROM written",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{target}'",
        "EXPORT DATABASE '{target}'",
        "ATTACH '{target}'",
        "PRAGMA profiling_output = '{target}'",
        "CALL enable_logging(storage_path = '{target}')",
        "SET temp_directory = '{target}'",
        "SET enable_external_access = true",
        "CREATE PERSISTENT SECRET s (TYPE s3)",
        "INSTALL json FROM '{target}'",
        "INSERT INTO bits_per_byte SELECT * FROM bits_per_byte",
        "DELETE FROM bits_per_byte",
        "SELECT * FROM read_text('{there}')",
        "SELECT * FROM '{there}'",
        "SELECT * FROM frame",
    ],
)
def test_sql_cannot_write_or_look_outside(warehouse: Warehouse, tmp_path: Path, sql: str) -> None:
    frame = scores()
    there = warehouse.replace("bits_per_byte", "demo", PARTITION, frame)
    before = hash_directory(tmp_path)
    target = there.with_name("planted.parquet")
    with pytest.raises(WarehouseError):
        warehouse.query(sql.format(target=str(target).replace("'", "''"), there=str(there).replace("'", "''")))
    assert hash_directory(tmp_path) == before


def test_what_sql_makes_in_memory_is_gone_with_it(warehouse: Warehouse) -> None:
    warehouse.replace("bits_per_byte", "demo", PARTITION, scores())
    assert (
        warehouse.query("CREATE OR REPLACE TEMP VIEW bits_per_byte AS SELECT 1 AS x; SELECT count(*) AS n FROM bits_per_byte").item() == 1
    )
    assert "tokenizer" in warehouse.query("FROM bits_per_byte").columns


def test_a_moved_home_works(tmp_path: Path) -> None:
    Warehouse(tmp_path / "old").replace("bits_per_byte", "demo", PARTITION, scores(count=3))
    (tmp_path / "old").rename(tmp_path / "new")
    moved = Warehouse(tmp_path / "new")
    count = "SELECT count(*) FROM bits_per_byte"
    assert moved.query(count).item() == 3
    assert moved.rows("bits_per_byte").height == 3
    with duckdb.connect(str(moved.database), read_only=True) as connection:
        assert connection.execute(count).fetchone() == (3,)


def test_the_views_are_built_once(warehouse: Warehouse) -> None:
    warehouse.replace("bits_per_byte", "demo", PARTITION, scores())
    built = warehouse.database.stat()
    warehouse.replace("bits_per_byte", "demo", "another", scores())
    warehouse.query("SELECT 1")
    assert warehouse.database.stat().st_ino == built.st_ino
    warehouse.database.unlink()
    warehouse.query("SELECT 1")
    assert warehouse.database.exists()


def test_files_from_before_a_column_was_added_are_read(warehouse: Warehouse) -> None:
    path = warehouse.replace("bits_per_byte", "demo", PARTITION, scores(count=2))
    old = scores().drop("stride_bytes").with_columns(seed=pl.lit(9, dtype=pl.Int32), dropped_since=pl.lit("x"))
    old.write_parquet(path.with_name("older.parquet"))
    sql = "SELECT seed, stride_bytes FROM bits_per_byte WHERE seed = 9"
    assert warehouse.query(sql).rows() == [(9, None)]
    assert warehouse.rows("bits_per_byte").height == 3
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        assert connection.execute(sql).fetchall() == [(9, None)]


def test_leftovers_of_a_killed_writer_are_ignored_then_swept(warehouse: Warehouse) -> None:
    path = warehouse.replace("bits_per_byte", "demo", PARTITION, scores())
    old, young = path.with_name(".old.parquet.00.aside"), path.with_name(".young.parquet.00.aside")
    for leftover in (old, young):
        leftover.write_bytes(b"PAR1 half a file")
    os.utime(old, (time.time() - 3 * 86400,) * 2)
    assert warehouse.rows("bits_per_byte").height == 1
    assert warehouse.query("FROM bits_per_byte").height == 1
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM bits_per_byte").fetchone() == (1,)
    assert list(warehouse.partitions("bits_per_byte", "demo")) == [PARTITION]
    warehouse.replace("bits_per_byte", "demo", "another", scores())
    assert not old.exists()
    assert young.exists()


def test_a_damaged_file_is_named(warehouse: Warehouse) -> None:
    path = warehouse.replace("bits_per_byte", "demo", "damaged", scores())
    path.write_bytes(path.read_bytes()[:-20])
    for read in (lambda: warehouse.rows("bits_per_byte"), lambda: warehouse.query("FROM bits_per_byte")):
        with pytest.raises(WarehouseError, match=r"damaged\.parquet"):
            read()
    with pytest.raises(WarehouseError, match=r"damaged\.parquet: no Parquet file of this warehouse; remove it and materialize"):
        warehouse.partitions("bits_per_byte", "demo")


def fill_the_disk(home: Path) -> str:
    """In a process that may write no file above 2 kB: what replacing rows says."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
    try:
        Warehouse(home).replace("bits_per_byte", "demo", PARTITION, scores(count=20_000))
    except WarehouseError as error:
        return str(error)
    return "written"


def test_a_full_disk_keeps_what_was_there(warehouse: Warehouse) -> None:
    path = warehouse.replace("bits_per_byte", "demo", PARTITION, scores(count=2))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        message = process.submit(fill_the_disk, warehouse.home).result()
    assert message.startswith(f"{path}: not written, and what was there before is kept; free space")
    assert warehouse.rows("bits_per_byte").height == 2
    assert [other for other in path.parent.iterdir() if other != path] == []


def test_a_home_that_cannot_be_written_is_named(warehouse: Warehouse) -> None:
    warehouse.query("SELECT 1")
    in_the_way = warehouse.home / "tables" / "bits_per_byte"
    shutil.rmtree(in_the_way)
    in_the_way.write_text("no directory")
    with pytest.raises(WarehouseError, match=r"bits_per_byte/demo/bpe_1k%7C0\.06M-seed1\.parquet: not written"):
        warehouse.replace("bits_per_byte", "demo", PARTITION, scores())


def test_asking_does_not_need_the_views_file(warehouse: Warehouse) -> None:
    warehouse.replace("bits_per_byte", "demo", PARTITION, scores())
    (warehouse.home / "tables" / "views.json").write_text("of an older version")
    warehouse.database.unlink()
    warehouse.database.mkdir()  # cannot be replaced, as in a home that one may only read
    assert warehouse.query("FROM bits_per_byte").height == 1


def test_yes_and_no_are_kept_as_such(warehouse: Warehouse) -> None:
    empty = empty_rows(TABLES["predictors"])
    row = pl.DataFrame([{"study": "demo", "predictor": "tokens", "on_frontier": True, "on_regret_frontier": None}])
    warehouse.replace("predictors", "demo", "all", pl.concat([empty, row], how="diagonal"))
    assert warehouse.query("SELECT predictor FROM predictors WHERE on_frontier").item() == "tokens"
    assert warehouse.rows("predictors")["on_regret_frontier"].to_list() == [None]
    with pytest.raises(WarehouseError, match=r"predictors\.on_frontier: is Int64, has to be BOOLEAN"):
        warehouse.replace(
            "predictors", "demo", "all", pl.concat([empty, row], how="diagonal").with_columns(on_frontier=pl.lit(1, pl.Int64))
        )
