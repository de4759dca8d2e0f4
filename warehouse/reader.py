"""Read the published copy: any number of processes, at any time, unable to change or reach anything."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.errors import WarehouseError
from warehouse import migrate
from warehouse.bodies import document_bytes
from warehouse.connection import connect
from warehouse.lock import LockHolder, lock_holder
from warehouse.paths import WarehousePaths

__all__ = [
    "ItemSource",
    "LockHolder",
    "ViewColumn",
    "ViewInfo",
    "current",
    "describe",
    "document_bytes",
    "item_source",
    "lock_holder",
    "query",
]

#: With a file as its storage it aborts the whole process (DuckDB 1.5.5) because files are out of reach.
_ABORTING = "enable_logging"
_READ_ONLY = "attached in read-only mode"
_DESCRIBE = """
SELECT view.view_name, view.comment, col.column_name, col.data_type, col.comment
FROM duckdb_views() AS view
JOIN duckdb_columns() AS col USING (database_name, schema_name)
WHERE col.table_name = view.view_name AND schema_name = 'main' AND database_name = current_database()
    AND NOT view.internal
ORDER BY view.view_name, col.column_index
"""
_SOURCE = """
SELECT
    document.document_id,
    document.source,
    document.uri,
    document.media_type,
    document.fetched_at,
    item.ordinal
FROM main.items AS item
JOIN main.documents AS document USING (document_id)
WHERE item.item_id = ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewColumn:
    """A column of a view, for people."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewInfo:
    """A view, for people."""

    name: str
    comment: str
    columns: tuple[ViewColumn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSource:
    """The document that an item is shown from, and the item's ordinal in it."""

    document_id: str
    source: str
    uri: str
    media_type: str
    fetched_at: str | None
    ordinal: int
    data: bytes


@contextmanager
def reading(path: Path, *, memory_limit: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published copy read-only. The connection keeps its snapshot while others publish.

    Raises WarehouseError if there is none or it is no warehouse, WarehouseBusy if a program that is not
    feedmill has it open for writing.
    """
    paths = WarehousePaths.of(path)
    if not paths.published.exists():
        raise WarehouseError(_absent(path, paths))
    con = connect(paths.published, read_only=True, spill=paths.spill, memory_limit=memory_limit)
    try:
        yield con
    finally:
        con.close()


def _absent(path: Path, paths: WarehousePaths) -> str:
    """Return what to say where there is no published copy: never made, in the making, or never finished."""
    if not paths.work.exists():
        return (
            f"There is no warehouse at {path}. Run feedmill ingest first, or name another file "
            "with --warehouse."
        )
    holder = lock_holder(path)
    if holder:
        return f"{path} is being made by {holder}. Try again in a moment."
    return (
        f"{path} was not published: a run was ended before it came to that. Run feedmill ingest again, on "
        "the same inputs: it goes on where that run stopped, and publishes."
    )


def query(con: duckdb.DuckDBPyConnection, sql: str, timeout: float | None = None) -> pa.Table:
    """Run one query and return its rows. `timeout` is in seconds.

    Raises WarehouseError if the query is wrong, would write, reaches for a file, or takes too long.
    """
    if _ABORTING in sql.casefold():
        raise WarehouseError(f"{_ABORTING} is not available: a query sees the warehouse and nothing else.")
    late = threading.Event()

    def stop() -> None:
        late.set()
        con.interrupt()

    timer = threading.Timer(timeout, stop) if timeout is not None else None
    if timer is not None:
        timer.start()
    try:
        relation = con.sql(sql)
        return pa.table({}) if relation is None else relation.to_arrow_table()
    except duckdb.Error as error:
        raise WarehouseError(_explain(error, timeout if late.is_set() else None)) from error
    finally:
        if timer is not None:
            timer.cancel()
            timer.join()  # a thread that still interrupts at exit aborts the process


def _explain(error: duckdb.Error, timeout: float | None) -> str:
    message = str(error).strip()
    if timeout is not None:
        return (
            f"The query took longer than {timeout:g} s and was stopped. Narrow it down, or allow more time."
        )
    if _READ_ONLY in message:
        return "The warehouse is read-only here: only feedmill ingest writes to it. Ask with SELECT."
    if isinstance(error, duckdb.PermissionException):
        return (
            "A query sees the warehouse and nothing else, neither files nor the network nor extensions "
            f"({message.partition(chr(10))[0]}). To export, print the rows: feedmill sql --format csv."
        )
    return f"The query failed: {message}"


def describe(con: duckdb.DuckDBPyConnection) -> list[ViewInfo]:
    """Return the views that people may rely on, with the comments of their columns."""
    comments: dict[str, str] = {}
    columns: dict[str, list[ViewColumn]] = {}
    for view, comment, name, kind, about in con.execute(_DESCRIBE).fetchall():
        comments[view] = comment or ""
        columns.setdefault(view, []).append(ViewColumn(name=name, type=kind, comment=about or ""))
    return [
        ViewInfo(name=view, comment=comments[view], columns=tuple(described))
        for view, described in columns.items()
    ]


def item_source(con: duckdb.DuckDBPyConnection, item_id: str) -> ItemSource:
    """Return the document that item `item_id` is shown from, with its bytes.

    Raises WarehouseError if there is no such item.
    """
    row = con.execute(_SOURCE, [item_id.lower()]).fetchone()
    if row is None:
        raise WarehouseError(
            f"There is no item {item_id} in this warehouse. The view items lists them: "
            "feedmill sql 'FROM items'."
        )
    document_id, source, uri, media_type, fetched_at, ordinal = row
    return ItemSource(
        document_id=document_id,
        source=source,
        uri=uri,
        media_type=media_type,
        fetched_at=fetched_at,
        ordinal=ordinal,
        data=document_bytes(con, document_id),
    )


def current(con: duckdb.DuckDBPyConnection) -> None:
    """Make sure that the warehouse has this program's tables. Raises WarehouseError if it has not."""
    try:
        lacking = migrate.pending(con)
    except duckdb.CatalogException as error:
        raise WarehouseError(
            "The file is a DuckDB database and no warehouse: it lacks the tables. Name another file with "
            "--warehouse."
        ) from error
    if lacking:
        raise WarehouseError(
            f"The warehouse was made by an older feedmill and lacks {lacking[0].name}. Run `feedmill ingest` "
            "once, on any input: it brings the file up to date and loses nothing."
        )
