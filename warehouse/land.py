"""Land a batch: whole documents, once, in one transaction."""

import contextlib
from pathlib import Path

import duckdb

from warehouse.adding import add_rows, add_stage, count_items, count_quarantined, find_new_versions
from warehouse.batch import Batch
from warehouse.bodies import keep
from warehouse.booking import Landed, note_batch, note_receipts
from warehouse.connection import registered
from warehouse.judges import Matcher
from warehouse.matching import match
from warehouse.recipes import enter_recipe
from warehouse.telling import Change
from warehouse.transaction import transaction
from warehouse.turning import turn

# A document lands with all its rows or not at all, so one question, is it there, decides for all of them.
# Versions and texts are shared between documents and are asked for by themselves.
_NEW = """
CREATE OR REPLACE TEMP TABLE new_documents AS
SELECT document_key, document_id, bytes FROM stage_documents ANTI JOIN raw.documents USING (document_key)
"""
_COUNT_DOCUMENTS = "SELECT count(*), coalesce(sum(bytes), 0)::BIGINT FROM new_documents"
_ADD_DOCUMENTS = """
INSERT INTO raw.documents BY NAME
SELECT *, ? AS body_in FROM stage_documents SEMI JOIN new_documents USING (document_key)
"""
#: Tables of a batch that landing reads once, where they lie in Arrow.
_READ_ONCE = ("bodies", "paragraphs", "traces", "drifts")
_OUTSIDE = """
SELECT fresh.document_id, body.body
FROM stage_bodies AS body
JOIN new_documents AS fresh ON fresh.document_key::VARCHAR = body.document_key::VARCHAR
ORDER BY fresh.document_id, body.piece
"""


def land(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    *,
    run_id: str,
    at: str,
    matcher: Matcher,
    folder: Path | None = None,
) -> Landed:
    """Land `batch` in one transaction: all of it or, after an error, nothing.

    Documents that are there change nothing but `ops` and the names that they are known by. Bytes go into the
    file, or into `folder` beside it; those are on the disk before the transaction ends.
    Raises WarehouseError that names the documents if the warehouse refuses them or is full.
    """
    with contextlib.ExitStack() as stack:
        for name in _READ_ONCE:
            stack.enter_context(registered(con, f"stage_{name}", getattr(batch, name)))
        stack.enter_context(transaction(con, batch, beside=(*_READ_ONCE, "recipe")))
        return _land(con, batch, run_id, at, matcher, folder)


def _land(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    run_id: str,
    at: str,
    matcher: Matcher,
    folder: Path | None,
) -> Landed:
    con.execute(_NEW)
    ((new, size),) = con.execute(_COUNT_DOCUMENTS).fetchall()
    versions = find_new_versions(con)
    items_new, items_changed, items_unchanged = count_items(con, versions)
    note_receipts(con, run_id)
    copies = Change()
    quarantined = 0
    if new:
        con.execute(_ADD_DOCUMENTS, ["warehouse" if folder is None else "folder"])
        if folder is None:
            add_stage(con, "raw.bodies", batch, whole=new == batch.documents.num_rows)
        else:
            keep(folder, con.sql(_OUTSIDE).to_arrow_table())
        add_rows(con, batch, run_id, versions, whole=new == batch.documents.num_rows)
        turned = turn(con, versions)
        # Where nothing is signed and no item was edited, no text and no cluster is touched.
        if batch.signatures.num_rows or items_changed or turned:
            copies = match(con, matcher, batch.recipe, moved=versions.alone)
        else:
            enter_recipe(con, batch.recipe)
        quarantined = count_quarantined(con, batch)
    landed = Landed(
        documents_new=new,
        documents_unchanged=batch.documents.num_rows - new,
        items_new=items_new,
        items_changed=items_changed,
        items_unchanged=items_unchanged,
        duplicates=copies.copies,
        near=copies.near,
        quarantined=quarantined,
        bytes=size,
    )
    note_batch(con, landed, run_id, at)
    return landed
