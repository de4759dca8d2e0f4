"""Quarantine that is worked off: what is open, what people decided, what cleaning it again resolved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from schemas.errors import InputError
from warehouse.bodies import document_bytes

Status = Literal["open", "discarded"]

_RANGES = """
SELECT
    quarantine_id, document_id, document.source, document.uri, byte_start, byte_end, stage, reason, detail,
    cleaner_version, status, note, noted_by, noted_at::VARCHAR
FROM main.quarantine AS refused JOIN main.documents AS document USING (document_id)
WHERE ($status = 'all' OR status = $status)
    AND ($reason IS NULL OR reason = $reason)
    AND ($source IS NULL OR document.source = $source)
    AND ($ids IS NULL OR list_contains($ids, quarantine_id) OR list_contains($ids, document_id))
ORDER BY document_id, byte_start, byte_end, reason
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineSelection:
    """Which ranges: by their ids or their documents', reason and source; None: any."""

    ids: Sequence[str] | None = None
    reason: str | None = None
    source: str | None = None
    status: Literal["open", "discarded", "all"] = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRange:
    """Bytes [byte_start, byte_end) of a document that could not be used, by which cleaners, and why."""

    quarantine_id: str
    document_id: str
    source: str | None
    uri: str | None
    byte_start: int
    byte_end: int
    stage: str
    reason: str
    detail: str
    cleaner_version: str
    status: str
    note: str | None
    noted_by: str | None
    noted_at: str | None


def ranges(con: duckdb.DuckDBPyConnection, select: QuarantineSelection) -> list[QuarantinedRange]:
    """Return the ranges of a selection, by document and place.

    Raises InputError if an id is named that nothing has.
    """
    rows = con.execute(
        _RANGES,
        {
            "status": select.status,
            "reason": select.reason,
            "source": select.source,
            "ids": None if select.ids is None else list(select.ids),
        },
    ).fetchall()
    found = [QuarantinedRange(**dict(zip(QuarantinedRange.__slots__, row, strict=True))) for row in rows]
    known = {one.quarantine_id for one in found} | {one.document_id for one in found}
    for wanted in select.ids or ():
        if wanted not in known:
            raise InputError(
                f"There is no range {wanted} in quarantine (status {select.status}). "
                "`feedmill quarantine list --status all` shows them with their ids."
            )
    return found


def raw_bytes(con: duckdb.DuckDBPyConnection, one: QuarantinedRange) -> bytes:
    """Return the bytes of a range, however many. Raises WarehouseError if the document's are lost."""
    return document_bytes(con, one.document_id)[one.byte_start : one.byte_end]


def decide(
    con: duckdb.DuckDBPyConnection,
    chosen: Sequence[QuarantinedRange],
    status: Status,
    *,
    note: str | None,
    by: str,
    at: str,
) -> None:
    """Write down a decision on ranges. Nothing is deleted: a range that is discarded is no longer open."""
    for one in chosen:
        con.execute(
            "INSERT INTO ops.quarantine_notes VALUES (?::UUID, ?, ?, ?, ?, ?, ?, ?::TIMESTAMPTZ)",
            [one.document_id[:32], one.byte_start, one.byte_end, one.reason, status, note, by, at],
        )
