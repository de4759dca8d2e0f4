"""Land a batch: whole documents, once, in one transaction."""

import contextlib
from dataclasses import dataclass

import duckdb

from schemas.errors import FeedmillError, WarehouseError
from warehouse.batch import Batch, Receipt
from warehouse.connection import registered, staged
from warehouse.matching import Matcher, match
from warehouse.tabulate import receipts

_NEW = """
CREATE OR REPLACE TEMP TABLE new_documents AS
SELECT document_key, bytes FROM stage_documents ANTI JOIN raw.documents USING (document_key);

CREATE OR REPLACE TEMP TABLE new_versions AS
SELECT DISTINCT item_id, version_id, text_key
FROM stage_items
SEMI JOIN new_documents USING (document_key)
ANTI JOIN core.versions USING (item_id, version_id)
"""
# A document lands with all its rows or not at all, so one question, is it there, decides for all of them.
# Versions and texts are shared between documents and are asked for by themselves.
_COUNT_ITEMS = """
WITH given AS (SELECT DISTINCT item_id FROM stage_items),
fresh AS (SELECT DISTINCT item_id FROM new_versions),
known AS (FROM given SEMI JOIN core.versions USING (item_id))
SELECT
    (SELECT count(*) FROM fresh ANTI JOIN known USING (item_id)),
    (SELECT count(*) FROM fresh SEMI JOIN known USING (item_id)),
    (SELECT count(*) FROM given ANTI JOIN fresh USING (item_id))
"""
_COUNT_DOCUMENTS = """
SELECT
    (SELECT count(*) FROM stage_documents),
    count(*),
    coalesce(sum(bytes), 0)::BIGINT,
    (SELECT count(*) FROM stage_quarantine SEMI JOIN new_documents USING (document_key))
FROM new_documents
"""
# Bodies are read from Arrow, for they are large, and there a join by UUID does not work: hence the cast.
_INSERT = """
INSERT INTO raw.documents BY NAME
SELECT * FROM stage_documents SEMI JOIN new_documents USING (document_key) ORDER BY document_key;

INSERT INTO raw.bodies BY NAME
SELECT * FROM stage_bodies
WHERE document_key::VARCHAR IN (SELECT document_key::VARCHAR FROM new_documents);

INSERT INTO core.versions BY NAME
SELECT * EXCLUDE (
    document_key, ordinal, first_line, last_line, byte_start, byte_end,
    boundary_confidence, boundary_cue, dropped
)
FROM stage_items SEMI JOIN new_versions USING (item_id, version_id)
QUALIFY row_number() OVER (PARTITION BY item_id, version_id) = 1
ORDER BY item_id, version_id;

INSERT INTO core.sightings BY NAME
SELECT
    document_key, ordinal, item_id, version_id, first_line, last_line, byte_start, byte_end,
    boundary_confidence, boundary_cue, dropped
FROM stage_items SEMI JOIN new_documents USING (document_key)
ORDER BY document_key, ordinal;

INSERT INTO core.paragraph_texts BY NAME
SELECT * FROM stage_paragraph_texts ANTI JOIN core.paragraph_texts USING (text_key);

INSERT INTO core.paragraphs BY NAME
SELECT * FROM stage_paragraphs SEMI JOIN new_documents USING (document_key);

INSERT INTO core.quarantine BY NAME
SELECT * FROM stage_quarantine SEMI JOIN new_documents USING (document_key);

INSERT INTO core.traces BY NAME
SELECT * FROM stage_traces SEMI JOIN new_documents USING (document_key)
"""
_COUNT_RECEIVED = """
SELECT
    (SELECT count(DISTINCT document_key) FROM stage_receipts),
    (SELECT count(DISTINCT item_id) FROM core.sightings SEMI JOIN stage_receipts USING (document_key)),
    (SELECT count(*) FROM stage_receipts ANTI JOIN raw.documents USING (document_key))
"""
_ADD_RECEIPTS = """
INSERT INTO raw.receipts BY NAME
SELECT * FROM stage_receipts ANTI JOIN raw.receipts USING (receipt_key) ORDER BY receipt_key
"""
_NOTE_RECEIPTS = """
INSERT INTO ops.run_documents BY NAME
SELECT
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
    """What a batch changed. `duplicates` is by how much the number of items that are no primaries changed."""

    documents_new: int = 0
    documents_unchanged: int = 0
    items_new: int = 0
    items_changed: int = 0
    items_unchanged: int = 0
    duplicates: int = 0
    quarantined: int = 0
    bytes: int = 0


def land(con: duckdb.DuckDBPyConnection, batch: Batch, *, run_id: str, at: str, matcher: Matcher) -> Landed:
    """Land `batch` in one transaction: all of it or, after an error, nothing.

    Documents that are there change nothing but `ops` and the names that they are known by.
    Raises WarehouseError that names the documents if the warehouse refuses them or is full.
    """
    stages = {f"stage_{name}": rows for name, rows in batch.tables().items() if name != "bodies"}
    try:
        with staged(con, stages), registered(con, "stage_bodies", batch.bodies):
            con.execute("BEGIN")
            try:
                landed = _land(con, run_id, at, matcher)
                con.execute("COMMIT")
            except BaseException:
                _roll_back(con)
                raise
    except FeedmillError as error:
        error.add_note(_whose(batch))
        raise
    except duckdb.Error as error:
        raise WarehouseError(
            f"A batch could not be landed: {str(error).strip()}. Nothing of it is in the warehouse, the "
            f"batches before it are. {_whose(batch)} Mend the cause and run the command again, or ingest "
            "these documents one by one to find the one at fault."
        ) from error
    return landed


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
            _note(con, landed, run_id, at)
            con.execute("COMMIT")
        except BaseException:
            _roll_back(con)
            raise
    return landed


def _land(con: duckdb.DuckDBPyConnection, run_id: str, at: str, matcher: Matcher) -> Landed:
    con.execute(_NEW)
    ((items_new, items_changed, items_unchanged),) = con.execute(_COUNT_ITEMS).fetchall()
    ((documents, new, size, quarantined),) = con.execute(_COUNT_DOCUMENTS).fetchall()
    duplicates = 0
    if new:
        con.execute(_INSERT)
        duplicates = match(con, matcher)
    landed = Landed(
        documents_new=new,
        documents_unchanged=documents - new,
        items_new=items_new,
        items_changed=items_changed,
        items_unchanged=items_unchanged,
        duplicates=duplicates,
        quarantined=quarantined,
        bytes=size,
    )
    _note(con, landed, run_id, at)
    return landed


def _note(con: duckdb.DuckDBPyConnection, landed: Landed, run_id: str, at: str) -> None:
    con.execute(_ADD_RECEIPTS)
    con.execute(_NOTE_RECEIPTS, [run_id, run_id])
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


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    # After a fatal error (disk full) the instance refuses this too; reopening shows the last commit.
    with contextlib.suppress(duckdb.Error):
        con.execute("ROLLBACK")


def _whose(batch: Batch) -> str:
    ids = batch.document_ids
    named = ", ".join(ids[:5])
    return f"Documents of the batch: {named}{f' and {len(ids) - 5} more' if len(ids) > 5 else ''}."
