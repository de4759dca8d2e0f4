"""Questions to the published copy of a warehouse."""

from pathlib import Path

from flows.output import Row, Rows, arrow_rows, records
from schemas.documents import Blob
from schemas.errors import ConfigError
from warehouse.reader import ViewInfo, describe, item_source, query, reading


def answer(warehouse: Path, text: str) -> Rows:
    """Return the rows of one read-only query. Raises WarehouseError, or ConfigError without a query."""
    if not text.strip():
        raise ConfigError('the query is empty. Try feedmill sql "select count(*) from items".')
    with reading(warehouse) as con:
        return arrow_rows(query(con, text))


def landed(warehouse: Path, item_id: str) -> tuple[Blob, int]:
    """Return the stored bytes that an item comes from, and its ordinal in them. Raises WarehouseError."""
    with reading(warehouse) as con:
        found = item_source(con, item_id)
    blob = Blob(
        data=found.data,
        source=found.source,
        uri=found.uri,
        media_type=found.media_type,
        fetched_at=found.fetched_at,
    )
    return blob, found.ordinal


def views(warehouse: Path) -> Rows:
    """Return the views that people may rely on, one a row, with the comments of their columns."""
    with reading(warehouse) as con:
        return records(describe(con), ViewInfo, brief=_brief, fold=True)


def _brief(row: Row) -> Row:
    columns = row["columns"]
    assert isinstance(columns, list)  # noqa: S101 - the shape of ViewInfo, for the type checker
    return {
        "view": row["name"],
        "a row is": row["comment"],
        "columns": ", ".join(one["name"] for one in columns),
    }
