"""Landed documents, to be cleaned again from their stored bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

_STORED = """
SELECT
    document.document_id,
    receipt.source,
    receipt.uri,
    receipt.media_type,
    receipt.fetched_at,
    document.asked,
    document.bytes,
    document.cleaner,
    EXISTS (
        FROM core.quarantine AS refused
        WHERE refused.document_key = document.document_key AND list_contains(?, refused.reason)
    ) AS lost
FROM raw.documents AS document
LEFT JOIN raw.receipts AS receipt ON receipt.receipt_key = document.receipt_key
WHERE {where}
ORDER BY document.document_key
"""
_SAMPLED = """document.document_key IN (
    SELECT document_key FROM (FROM core.sightings USING SAMPLE reservoir({count:d} ROWS))
)"""
#: Reasons that tell of the machine as much as of the bytes: cleaning these again may end otherwise.
MACHINE_REASONS = ("memory", "timeout", "worker-died")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which documents: all, those of a source (under any name that they came by), some ids, or those that
    `sample` items drawn at random come from."""

    source: str | None = None
    document_ids: Sequence[str] | None = None
    sample: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A landed document and what it was cleaned under. `lost`: a limit of the machine ended its cleaning."""

    document_id: str
    source: str
    uri: str
    media_type: str
    fetched_at: str | None
    asked: str | None
    bytes: int
    cleaner: str
    lost: bool


def stored(con: duckdb.DuckDBPyConnection, select: Selection) -> list[Stored]:
    """Return the documents of a selection, in the order of their ids."""
    where, values = ["true"], [list(MACHINE_REASONS)]
    if select.source is not None:
        where.append(
            "document.document_key IN (SELECT document_key FROM raw.receipts WHERE list_contains(?, source))"
        )
        values.append([select.source])
    if select.document_ids is not None:
        where.append("document.document_key IN (SELECT unnest(?::UUID[]))")
        values.append([document_id[:32] for document_id in select.document_ids])
    if select.sample is not None:
        where.append(_SAMPLED.format(count=select.sample))
    rows = con.execute(_STORED.format(where=" AND ".join(where)), values).fetchall()
    return [
        Stored(
            document_id=document_id,
            source=source,
            uri=uri,
            media_type=media_type,
            fetched_at=fetched_at,
            asked=asked,
            bytes=size,
            cleaner=cleaner,
            lost=lost,
        )
        for document_id, source, uri, media_type, fetched_at, asked, size, cleaner, lost in rows
    ]
