"""The books of a run: what it was given, and what its batches changed."""

from dataclasses import dataclass

import duckdb

from schemas.errors import WarehouseError
from warehouse.batch import Receipt
from warehouse.connection import staged
from warehouse.tabulate import receipts
from warehouse.transaction import roll_back

_COUNT_RECEIVED = """
SELECT
    (SELECT count(DISTINCT document_key) FROM stage_receipts),
    (SELECT count(DISTINCT item_id) FROM core.sightings SEMI JOIN stage_receipts USING (document_key)),
    (SELECT count(*) FROM stage_receipts ANTI JOIN raw.documents USING (document_key))
"""
# A poll says by the second when it was made: the same bytes under the same names are one receipt a day.
_SAME_DAY = """
UPDATE stage_receipts SET receipt_key = known.receipt_key
FROM (
    SELECT document_key, source, uri, media_type, left(fetched_at, 10) AS day, min(receipt_key) AS receipt_key
    FROM raw.receipts
    WHERE document_key IN (SELECT document_key FROM stage_receipts)
    GROUP BY ALL
) AS known
WHERE known.document_key = stage_receipts.document_key
    AND known.source = stage_receipts.source
    AND known.uri = stage_receipts.uri
    AND known.media_type = stage_receipts.media_type
    AND known.day = left(stage_receipts.fetched_at, 10)
"""
_ANY_KNOWN = "FROM stage_receipts ANTI JOIN new_documents USING (document_key) LIMIT 1"
_ADD_RECEIPTS = """
INSERT INTO raw.receipts BY NAME
SELECT DISTINCT ON (receipt_key) *
FROM stage_receipts ANTI JOIN raw.receipts USING (receipt_key)
ORDER BY receipt_key
"""
_NOTE_RECEIPTS = """
INSERT INTO ops.run_documents BY NAME
SELECT DISTINCT
    ? AS run_id,
    receipt.document_key,
    receipt.receipt_key,
    receipt.document_key IN (SELECT document_key FROM new_documents) AS is_new
FROM stage_receipts AS receipt
ANTI JOIN (FROM ops.run_documents WHERE run_id = ?) AS noted ON noted.receipt_key = receipt.receipt_key
"""
_NOTE_BATCH = """
INSERT INTO ops.batches
SELECT ?, (SELECT count(*) FROM ops.batches WHERE run_id = ?), ?::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?, ?, ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What a batch changed. `duplicates` is by how much the number of items that are no primaries changed;
    `near`, of those among them whose words are others."""

    documents_new: int = 0
    documents_unchanged: int = 0
    items_new: int = 0
    items_changed: int = 0
    items_unchanged: int = 0
    duplicates: int = 0
    quarantined: int = 0
    bytes: int = 0
    near: int = 0


def note_unchanged(
    con: duckdb.DuckDBPyConnection, received: list[Receipt], *, run_id: str, at: str
) -> Landed:
    """Note that a run was given documents that are in the warehouse already; return what it counts.

    Raises WarehouseError if one of them is not.
    """
    with staged(con, {"stage_receipts": receipts(received)}):
        con.execute("CREATE OR REPLACE TEMP TABLE new_documents (document_key UUID)")
        ((documents, items, unknown),) = con.execute(_COUNT_RECEIVED).fetchall()
        if unknown:
            raise WarehouseError(
                f"{unknown} documents were to be noted as unchanged but are not in the warehouse. "
                "Land them first."
            )
        landed = Landed(documents_unchanged=documents, items_unchanged=items)
        con.execute("BEGIN")
        try:
            note_receipts(con, run_id)
            note_batch(con, landed, run_id, at)
            con.execute("COMMIT")
        except BaseException:
            roll_back(con)
            raise
    return landed


def note_receipts(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Note what a run was given: the staged receipts, of which `new_documents` names the new ones."""
    if con.execute(_ANY_KNOWN).fetchone():
        con.execute(_SAME_DAY)
    con.execute(_ADD_RECEIPTS)
    con.execute(_NOTE_RECEIPTS, [run_id, run_id])


def note_batch(con: duckdb.DuckDBPyConnection, landed: Landed, run_id: str, at: str) -> None:
    """Write a batch into the books of its run."""
    con.execute(
        _NOTE_BATCH,
        [
            run_id,
            run_id,
            at,
            landed.documents_new,
            landed.documents_unchanged,
            landed.items_new,
            landed.items_changed,
            landed.items_unchanged,
            landed.duplicates,
            landed.quarantined,
            landed.bytes,
        ],
    )
