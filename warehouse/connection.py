"""Open a warehouse file and lock the connection down: no other file, no network, no extension."""

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.errors import WarehouseBusy, WarehouseError

CATALOG = "feedmill"
#: Files that 1.5 and 2.0 both open. Without it 1.5 writes v1.0.0 and 2.0 a version that 1.x cannot read.
STORAGE_VERSION = "v1.5.0"
#: Log that is merged into the file at once. Each time, the last unfinished row groups (120,000
#: rows) are compressed anew: at DuckDB's 16 MB, every few batches, that was half the cost of landing.
#: Replaying so much after a kill takes two seconds.
LOG_BYTES = "256MB"


def connect(
    path: Path, *, read_only: bool, spill: Path, memory_limit: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Open the database file at `path` as catalog `feedmill`, in UTC, unable to reach anything else.

    The file is attached to an in-memory database of its own. `duckdb.connect(path)` would name the catalog
    after the file, and in a process with an older connection to the path it would give that one's snapshot.

    Raises WarehouseBusy if another program holds the file, WarehouseError if it is no DuckDB database.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "temp_directory": str(spill),
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    con = duckdb.connect(":memory:", config=config)
    try:
        _attach(con, path, read_only=read_only)
        con.execute(f"USE {CATALOG}")
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET enable_progress_bar = false")
        if not read_only:
            # Statements of a batch are small: with two threads they take twice the CPU time, and no less of
            # the clock, for the one waits for the other. The other cores are busy cleaning.
            con.execute("SET threads = 1")
        con.execute(f"SET checkpoint_threshold = '{LOG_BYTES}'")
        # `rowid IN (SELECT ..)` reads only what is wanted as long as the list is handed to the scan, by
        # default up to 50 rows. Beyond, 60 texts out of 600,000 take 0.40 s; with the list, 0.07 s.
        con.execute("SET dynamic_or_filter_threshold = 5000")
        # Order matters: external access is switched off last but one, and then nothing can be changed.
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
    except BaseException:
        con.close()
        raise
    return con


@contextmanager
def registered(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> Iterator[None]:
    """Make an Arrow table readable by name, where it lies."""
    con.register(name, rows)
    try:
        yield
    finally:
        con.unregister(name)


@contextmanager
def staged(con: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> Iterator[None]:
    """Copy Arrow tables into temporary tables.

    Joins cannot read keys where they lie in Arrow: DuckDB 1.5 pushes the join's filter into the scan and
    there knows no UUIDs. The copy takes 0.2 us a row.
    """
    try:
        for name, rows in tables.items():
            if not rows.num_rows:
                con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({_columns(rows.schema)})")
                continue
            with registered(con, "arrow_rows", rows):
                con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM arrow_rows")
        yield
    finally:
        with contextlib.suppress(duckdb.Error):  # after a fatal error nothing can be dropped any more
            con.execute("; ".join(f"DROP TABLE IF EXISTS temp.{name}" for name in tables))


def store(
    con: duckdb.DuckDBPyConnection, name: str, query: str, values: Mapping[str, str] | None = None
) -> None:
    """Make the answer to a query a temporary table."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}", values)


@cache
def _columns(schema: pa.Schema) -> str:
    """Return the columns of a table for rows of `schema`, as SQL. Most batches leave most tables empty."""
    with duckdb.connect(":memory:") as con, registered(con, "arrow_rows", schema.empty_table()):
        return ", ".join(f"{name} {kind}" for name, kind, *_ in con.execute("DESCRIBE arrow_rows").fetchall())


def _attach(con: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool) -> None:
    # ATTACH takes no parameter. An absolute path cannot be read as a scheme (`md:`, `s3:`), and inside a
    # quoted literal only the quote itself has a meaning.
    literal = "'" + str(path.absolute()).replace("'", "''") + "'"
    option = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE_VERSION}'"
    try:
        con.execute(f"ATTACH {literal} AS {CATALOG} ({option})")
    except duckdb.Error as error:
        if "lock" in str(error):
            raise WarehouseBusy(
                f"{path} is open for writing in another program: {first_line(error)}. "
                "Close it there, and try again."
            ) from error
        raise WarehouseError(
            f"{path} cannot be opened as a warehouse: {first_line(error)}. "
            "Name another file with --warehouse, or move this one away and ingest again."
        ) from error


def first_line(error: duckdb.Error) -> str:
    """Return what DuckDB says, without the advice that follows it."""
    return str(error).strip().partition("\n")[0].rstrip(".")
