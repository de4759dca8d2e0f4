"""Readers: everything in the published copy, and nothing else on this machine."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from warehouse_cases import AT, batch_of, document, ingest

from schemas.errors import WarehouseBusy, WarehouseError
from warehouse.reader import describe, document_bytes, item_source, query, reading
from warehouse.writer import writing

MADE = document(["Big fire in town"], ["lost cat"], name="a.txt", days=["2023-01-01"])


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reader") / "feed.duckdb"
    with writing(path, command="feedmill ingest", started_at=AT) as writer:
        ingest(writer, batch_of(MADE, document(refused=b"\xff")))
    return path


@pytest.fixture
def con(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with reading(warehouse) as con:
        yield con


def test_a_query_gives_arrow(con: duckdb.DuckDBPyConnection) -> None:
    table = query(con, "SELECT count(*) AS items, max(published_best) AS last FROM items")
    assert isinstance(table, pa.Table)
    assert [str(row["last"]) for row in table.to_pylist()] == ["2023-01-01"]
    assert table["items"].to_pylist() == [2]


@pytest.mark.parametrize(
    "sql", ["DESCRIBE items", "SHOW TABLES", "EXPLAIN SELECT 1", "FROM search('FIRE')", "SUMMARIZE runs"]
)
def test_questions_about_the_warehouse_work(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert query(con, sql).num_rows >= 1


def test_sums_are_plain_numbers(con: duckdb.DuckDBPyConnection) -> None:
    # A HUGEINT would reach Arrow as a decimal, and JSON as 1.0.
    for view in describe(con):
        for name, kind in [(column.name, column.type) for column in view.columns]:
            assert "HUGEINT" not in kind, f"{view.name}.{name}"


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO raw.receipts FROM raw.receipts",
        "DELETE FROM core.versions",
        "CREATE TABLE mine (x INTEGER)",
        "DROP VIEW items",
        "UPDATE ops.runs SET state = 'failed'",
    ],
)
def test_writes_are_refused(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(WarehouseError, match="read-only here: only feedmill ingest writes"):
        query(con, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{outside}')",
        "SELECT * FROM read_csv('{outside}')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "EXPORT DATABASE '{folder}/all'",
        "SELECT * FROM '{outside}.csv'",
        "CALL enable_logging(storage = 'file', storage_path = '{folder}/logs')",
        "FROM Enable_Logging(storage = 'file', storage_path = '{folder}/logs'); SELECT 1",
        "INSTALL httpfs",
        "LOAD httpfs",
    ],
)
def test_there_is_no_way_out(warehouse: Path, tmp_path: Path, sql: str) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("secret")
    with (
        reading(warehouse) as con,
        pytest.raises(WarehouseError, match="query sees the warehouse and nothing else"),
    ):
        query(con, sql.format(outside=outside, folder=tmp_path))
    assert list(tmp_path.iterdir()) == [outside]


@pytest.mark.parametrize(
    "sql",
    [
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET memory_limit = '1GB'",
        "RESET TimeZone",
        "PRAGMA profiling_output = '{outside}'",
        "PRAGMA memory_limit = '1GB'",
        "SET enable_progress_bar = true",
    ],
)
def test_nothing_can_be_unlocked(warehouse: Path, tmp_path: Path, sql: str) -> None:
    with reading(warehouse) as con, pytest.raises(WarehouseError, match="The query failed"):
        query(con, sql.format(outside=tmp_path / "outside.csv"))


def test_python_variables_are_no_tables(con: duckdb.DuckDBPyConnection) -> None:
    local = pa.table({"x": [1]})
    assert local.num_rows == 1
    with pytest.raises(WarehouseError, match="local does not exist"):
        query(con, "SELECT * FROM local")


def test_a_wrong_query_says_what_is_wrong(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(WarehouseError, match=r"The query failed: .*titel"):
        query(con, "SELECT titel FROM items")


def test_a_query_that_takes_too_long_is_stopped_and_the_connection_lives(
    con: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(WarehouseError, match=r"longer than 0\.2 s"):
        query(
            con,
            "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range % 7 = b.range % 5",
            0.2,
        )
    assert query(con, "SELECT 1 AS x", 60).to_pylist() == [{"x": 1}]


def test_the_bytes_of_an_item_come_back(con: duckdb.DuckDBPyConnection) -> None:
    cleaned, data = MADE
    source = item_source(con, cleaned.items[1].item_id.upper())
    assert (source.data, source.ordinal, source.document_id) == (data, 1, cleaned.document_id)
    assert (source.source, source.uri, source.media_type, source.fetched_at) == (
        "a.txt",
        "file:///a.txt",
        "text/plain",
        None,
    )
    assert document_bytes(con, cleaned.document_id) == data


@pytest.mark.parametrize("item_id", ["f" * 32, "nonsense", "", "' OR true --"])
def test_an_unknown_item_is_said_to_be_unknown(con: duckdb.DuckDBPyConnection, item_id: str) -> None:
    with pytest.raises(WarehouseError, match="There is no item"):
        item_source(con, item_id)


def test_an_unknown_document_is_said_to_be_unknown(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(WarehouseError, match="There is no document"):
        document_bytes(con, "0" * 64)


def test_views_are_described(con: duckdb.DuckDBPyConnection) -> None:
    views = {view.name: view for view in describe(con)}
    assert set(views) >= {
        "item_versions",
        "findings",
        "drifts",
        "items",
        "unique_items",
        "duplicates",
        "paragraphs",
        "paragraph_reuse",
        "documents",
        "byte_accounts",
        "quarantine",
        "timeline",
        "forwards",
        "runs",
    }
    assert all(view.comment and all(column.comment for column in view.columns) for view in views.values())
    assert [column.name for column in views["timeline"].columns] == ["day", "items", "unique_items"]


def test_no_warehouse_says_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseError, match=r"no warehouse at .*none\.duckdb\. Run feedmill ingest first"),
        reading(tmp_path / "none.duckdb"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"some text that is no database" * 1000])
def test_a_file_that_is_no_warehouse(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text.duckdb"
    path.write_bytes(content)
    with pytest.raises(WarehouseError, match="cannot be opened as a warehouse"), reading(path):
        pass
    assert path.read_bytes() == content


def test_a_foreign_writer_of_the_published_copy_is_named(warehouse: Path) -> None:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    script = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, warehouse], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(WarehouseBusy, match=rf"PID {process.pid}"), reading(warehouse):
            pass
        process.communicate()
