"""Migrations: once each, all or nothing, and nothing that a person queries is without a comment."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from schemas.errors import WarehouseError
from warehouse import migrate
from warehouse.connection import connect
from warehouse.migrate import Migration


@pytest.fixture
def con(empty: Callable[[], Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    path = empty()
    with connect(path, read_only=False, spill=path.parent) as con:
        yield con


def test_a_new_file_gets_all_and_a_second_time_none(tmp_path: Path) -> None:
    with connect(tmp_path / "new.duckdb", read_only=False, spill=tmp_path) as con:
        assert migrate.apply(con) == [1, 2, 3, 4]
        before = con.execute("FROM schema_migrations ORDER BY version").fetchall()
        assert migrate.apply(con) == []
        assert migrate.pending(con) == []
        assert con.execute("FROM schema_migrations ORDER BY version").fetchall() == before
        assert [name for _, name, _, _ in before] == [
            "0001_raw.sql",
            "0002_core.sql",
            "0003_dedup.sql",
            "0004_ops.sql",
        ]


def test_an_edited_migration_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE schema_migrations SET sha256 = 'other' WHERE version = 2")
    with pytest.raises(
        WarehouseError, match=r"0002_core\.sql was edited after it was applied.*new migration"
    ):
        migrate.apply(con)


def test_a_newer_warehouse_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("INSERT INTO schema_migrations VALUES (99, '0099_later.sql', 'x', now())")
    with pytest.raises(WarehouseError, match=r"migration 99.*up to 4.*Update feedmill"):
        migrate.apply(con)


def test_a_migration_that_fails_leaves_nothing(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Migration(version=5, name="0005_bad.sql", sql="CREATE TABLE raw.more (x INTEGER); SELECT nonsense")
    known = migrate._migrations()
    monkeypatch.setattr(migrate, "_migrations", lambda: [*known, bad])
    with pytest.raises(duckdb.BinderException):
        migrate.apply(con)
    assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'more'").fetchall() == [(0,)]
    assert migrate.pending(con) == [bad]


def test_views_that_the_program_no_longer_has_go(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE VIEW main.old AS SELECT 1 AS x")
    con.execute("CREATE MACRO main.old_search(q) AS TABLE SELECT q")
    migrate.apply(con)
    assert con.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'old'").fetchall() == [(0,)]
    assert con.execute(
        "SELECT count(*) FROM duckdb_functions() WHERE function_name = 'old_search'"
    ).fetchall() == [(0,)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT table_name FROM duckdb_tables() WHERE comment IS NULL AND NOT internal",
        "SELECT view_name FROM duckdb_views() WHERE comment IS NULL AND NOT internal",
        "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal",
        "SELECT function_name FROM duckdb_functions() WHERE comment IS NULL AND NOT internal",
    ],
)
def test_everything_has_a_comment(con: duckdb.DuckDBPyConnection, query: str) -> None:
    assert con.execute(query).fetchall() == []


def test_unique_items_says_the_same_of_its_columns_as_items(con: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index"
    assert con.execute(query, ["unique_items"]).fetchall() == con.execute(query, ["items"]).fetchall()


def test_there_are_no_other_schemas(con: duckdb.DuckDBPyConnection) -> None:
    schemas = con.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE NOT internal AND database_name = 'feedmill'"
    ).fetchall()
    assert {name for (name,) in schemas} - {"main"} == {"raw", "core", "dedup", "ops"}
