"""Migrations: once each, all or nothing, and nothing that a person queries is without a comment."""

import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from warehouse_cases import AT

from schemas.errors import WarehouseError
from warehouse import migrate
from warehouse.bodies import document_bytes
from warehouse.checks import run_checks
from warehouse.connection import connect
from warehouse.history import changes_between
from warehouse.migrate import Migration
from warehouse.reader import current, query, reading
from warehouse.writer import writing

#: The numbered files that there are; none is ever edited or taken away.
NAMES = sorted(file.name for file in (Path(migrate.__file__).parent / "migrations").glob("*.sql"))
VERSIONS = [int(name[:4]) for name in NAMES]


@pytest.fixture
def con(empty: Callable[[], Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    path = empty()
    with connect(path, read_only=False, spill=path.parent) as con:
        yield con


def test_a_new_file_gets_all_and_a_second_time_none(tmp_path: Path) -> None:
    with connect(tmp_path / "new.duckdb", read_only=False, spill=tmp_path) as con:
        assert migrate.apply(con) == VERSIONS
        before = con.execute("FROM schema_migrations ORDER BY version").fetchall()
        assert migrate.apply(con) == []
        assert migrate.pending(con) == []
        assert con.execute("FROM schema_migrations ORDER BY version").fetchall() == before
        assert [name for _, name, _, _ in before] == NAMES


def test_an_edited_migration_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE schema_migrations SET sha256 = 'other' WHERE version = 2")
    with pytest.raises(
        WarehouseError, match=r"0002_core\.sql was edited after it was applied.*new migration"
    ):
        migrate.apply(con)


def test_a_newer_warehouse_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("INSERT INTO schema_migrations VALUES (99, '0099_later.sql', 'x', now())")
    with pytest.raises(WarehouseError, match=rf"migration 99.*up to {VERSIONS[-1]}.*Update feedmill"):
        migrate.apply(con)


def test_a_migration_that_fails_leaves_nothing(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Migration(version=98, name="0098_bad.sql", sql="CREATE TABLE raw.more (x INTEGER); SELECT nonsense")
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
    "stored", sorted((Path(__file__).parent / "old").glob("*.xz")), ids=lambda path: path.name
)
def test_a_stored_file_of_each_released_version_moves_on(stored: Path, tmp_path: Path) -> None:
    """The files were made by the program of their version, of five dumps with copies and quarantine."""
    path = tmp_path / "feed.duckdb"
    path.write_bytes(lzma.decompress(stored.read_bytes()))
    with reading(path) as con:
        columns = "item_id, text, cluster_id, published_edtf, document_id, run_id"
        before = query(con, f"SELECT {columns} FROM items ORDER BY ALL").to_pylist()
        runs = query(
            con, "SELECT run_id, documents, items_new, quarantined FROM runs ORDER BY ALL"
        ).to_pylist()
        with pytest.raises(WarehouseError, match=r"made by an older feedmill.*Run `feedmill ingest` once"):
            current(con)
    assert (len(before), len(runs), sum(run["quarantined"] for run in runs)) == (17, 2, 1)
    with writing(path, command="test", started_at=AT) as writer:
        assert writer.migrated == [version for version in VERSIONS if version > int(stored.name[:4])]
    with reading(path) as con:
        current(con)
        assert query(con, f"SELECT {columns} FROM items ORDER BY ALL").to_pylist() == before
        assert (
            query(con, "SELECT run_id, documents, items_new, quarantined FROM runs ORDER BY ALL").to_pylist()
            == runs
        )
        assert run_checks(con) == []
        first, last = (run["run_id"] for run in runs)
        assert {one.change for one in changes_between(con, first, last)} == {"added"}
        assert len(document_bytes(con, before[0]["document_id"])) > 0


def test_a_newer_warehouse_is_refused_by_who_writes_and_who_verifies(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    with writing(path, command="test", started_at=AT) as writer:
        writer._con.execute("INSERT INTO schema_migrations VALUES (99, '0099_later.sql', 'x', now())")
    before = path.read_bytes()
    with (
        pytest.raises(WarehouseError, match=r"migration 99.*Update feedmill"),
        writing(path, command="test", started_at=AT),
    ):
        pass
    with reading(path) as con, pytest.raises(WarehouseError, match=r"migration 99.*Update feedmill"):
        current(con)
    assert path.read_bytes() == before


def test_views_are_made_anew_only_if_they_changed(con: duckdb.DuckDBPyConnection) -> None:
    made = "SELECT view_oid FROM duckdb_views() WHERE view_name = 'items'"
    before = con.execute(made).fetchall()
    migrate.apply(con)
    assert con.execute(made).fetchall() == before
    con.execute("DROP VIEW main.timeline")
    migrate.apply(con)
    assert con.execute("SELECT count(*) FROM timeline").fetchall() == [(0,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT table_name FROM duckdb_tables() WHERE comment IS NULL AND NOT internal",
        "SELECT view_name FROM duckdb_views() WHERE comment IS NULL AND NOT internal",
        "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal",
        "SELECT function_name FROM duckdb_functions() WHERE comment IS NULL AND NOT internal",
    ],
)
def test_everything_has_a_comment(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert con.execute(sql).fetchall() == []


def test_unique_items_says_the_same_of_its_columns_as_items(con: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index"
    assert con.execute(query, ["unique_items"]).fetchall() == con.execute(query, ["items"]).fetchall()


def test_there_are_no_other_schemas(con: duckdb.DuckDBPyConnection) -> None:
    schemas = con.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE NOT internal AND database_name = 'feedmill'"
    ).fetchall()
    assert {name for (name,) in schemas} - {"main"} == {"raw", "core", "dedup", "ops"}
