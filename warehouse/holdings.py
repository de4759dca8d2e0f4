"""What of some documents is in a warehouse: asked by its writer and, in a dry run, by a reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from schemas.errors import WarehouseError

_KNOWN = "SELECT document_id FROM raw.documents WHERE document_key IN (SELECT unnest(?::UUID[]))"
_HELD = """
WITH asked AS (SELECT unnest(?::UUID[]) AS document_key)
SELECT
    (SELECT count(DISTINCT item_id) FROM core.sightings SEMI JOIN asked USING (document_key)),
    (SELECT count(*) FROM core.quarantine SEMI JOIN asked USING (document_key))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What landed documents hold: distinct items, and byte ranges in quarantine."""

    items: int = 0
    quarantined: int = 0


def known(con: duckdb.DuckDBPyConnection, document_ids: Iterable[str]) -> set[str]:
    """Return those documents that have landed. A document lands whole or not at all.

    Raises WarehouseError for a database that is no warehouse.
    """
    return {document_id for (document_id,) in _ask(con, _KNOWN, document_ids)}


def held(con: duckdb.DuckDBPyConnection, document_ids: Iterable[str]) -> Held:
    """Return what the landed ones among these documents hold."""
    ((items, quarantined),) = _ask(con, _HELD, document_ids)
    return Held(items=items, quarantined=quarantined)


def _ask(con: duckdb.DuckDBPyConnection, sql: str, document_ids: Iterable[str]) -> list[tuple[Any, ...]]:
    keys = [document_id[:32] for document_id in document_ids]
    try:
        return con.execute(sql, [keys]).fetchall()
    except duckdb.CatalogException as error:
        raise WarehouseError(
            "The file is a DuckDB database and no warehouse: it lacks the tables. Name another file with "
            "--warehouse."
        ) from error
