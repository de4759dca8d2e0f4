"""Questions to the published copy of a warehouse."""

import re
from pathlib import Path

from flows.output import Row, Rows, arrow_rows, records
from schemas.documents import Blob
from schemas.errors import ConfigError, WarehouseError
from warehouse.copies import Kin, kin_of
from warehouse.reader import ViewInfo, describe, item_source, query, reading
from warehouse.stored import Selection, stored

_WRITES = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
    r"(?:insert|update|delete|merge|truncate|create|alter|drop|comment|vacuum|checkpoint|begin|import)\b",
    re.IGNORECASE | re.DOTALL,
)


def answer(warehouse: Path, text: str) -> Rows:
    """Return the rows of one read-only query. Raises WarehouseError, or ConfigError without a query."""
    if not text.strip():
        raise ConfigError('the query is empty. Try feedmill sql "select count(*) from items".')
    with reading(warehouse) as con:
        try:
            return arrow_rows(query(con, text))
        except WarehouseError as error:
            if not _WRITES.match(text):
                raise
            # DuckDB says what is wrong with the statement; that it could not have worked anyway helps more.
            raise WarehouseError(
                "feedmill sql only reads, and this statement would write. Only feedmill ingest writes to a "
                "warehouse. To change rows of your own, copy the file and open the copy with DuckDB."
            ) from error


def landed(warehouse: Path, item_id: str) -> tuple[Blob, int, str | None]:
    """Return the stored bytes that an item comes from, its ordinal in them, and what they were asked to be
    read as (flows.asked). Raises WarehouseError.

    `item_id` may have the dashes and capitals of a UUID.
    """
    with reading(warehouse) as con:
        found = item_source(con, item_id.replace("-", "").lower())
        (document,) = stored(con, Selection(document_ids=[found.document_id]))
    blob = Blob(
        data=found.data,
        source=found.source,
        uri=found.uri,
        media_type=found.media_type,
        fetched_at=found.fetched_at,
    )
    return blob, found.ordinal, document.asked


def kin(warehouse: Path, item_id: str) -> Kin | None:
    """Return what is known of the copies of an item, whose id may have dashes and capitals."""
    with reading(warehouse) as con:
        return kin_of(con, item_id.replace("-", "").lower())


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
