"""Land a batch: whole documents, once, in one transaction."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from schemas.errors import FeedmillError, WarehouseError
from warehouse.batch import Batch, Receipt
from warehouse.bodies import keep
from warehouse.connection import registered, staged
from warehouse.matching import Matcher, enter_recipe, match
from warehouse.tabulate import receipts

# A document lands with all its rows or not at all, so one question, is it there, decides for all of them.
# Versions and texts are shared between documents and are asked for by themselves.
_NEW = """
CREATE OR REPLACE TEMP TABLE new_documents AS
SELECT document_key, document_id, bytes FROM stage_documents ANTI JOIN raw.documents USING (document_key)
"""
# Of what is stored, one column is read once; of the versions that the batch's items have, few, the rest.
_NEW_VERSIONS = """
CREATE OR REPLACE TEMP TABLE known_versions AS
SELECT item_id, version_id, text_key FROM core.versions WHERE item_id IN (SELECT item_id FROM stage_items);

CREATE OR REPLACE TEMP TABLE new_versions AS
SELECT DISTINCT item_id, version_id, text_key
FROM stage_items
SEMI JOIN new_documents USING (document_key)
ANTI JOIN known_versions USING (item_id, version_id)
"""
_COUNT_ITEMS = """
WITH given AS (SELECT DISTINCT item_id FROM stage_items),
fresh AS (SELECT DISTINCT item_id FROM new_versions),
known AS (FROM given SEMI JOIN known_versions USING (item_id))
SELECT
    (SELECT count(*) FROM fresh ANTI JOIN known USING (item_id)),
    (SELECT count(*) FROM fresh SEMI JOIN known USING (item_id)),
    (SELECT count(*) FROM given ANTI JOIN fresh USING (item_id))
"""
_COUNT_VERSIONS = """
SELECT (SELECT count(*) FROM known_versions), count(*), count(DISTINCT item_id) FROM new_versions
"""
_COUNT_DOCUMENTS = "SELECT count(*), coalesce(sum(bytes), 0)::BIGINT FROM new_documents"
_COUNT_QUARANTINE = "SELECT count(*) FROM stage_quarantine SEMI JOIN new_documents USING (document_key)"
# Here and below rows are in the order of a batch: by document, then by their place in it.
_ADD_DOCUMENTS = """
INSERT INTO raw.documents BY NAME
SELECT *, ? AS body_in FROM stage_documents SEMI JOIN new_documents USING (document_key)
"""
_ADD_DERIVATIONS = """
INSERT INTO ops.derivations BY NAME
SELECT ? AS run_id, document_key, cleaner FROM stage_documents SEMI JOIN new_documents USING (document_key)
"""
# What other rules read once and do not read any more is history, until they read it again.
_RECALL_VERSIONS = """
DELETE FROM ops.past_versions AS past
USING new_versions AS fresh
WHERE fresh.item_id = past.item_id AND fresh.version_id = past.version_id
"""
# By rowid: a window over rows as wide as these costs three times as much.
_CHOOSE_ROWS = """
CREATE OR REPLACE TEMP TABLE chosen_rows AS
SELECT min(rowid) AS place
FROM stage_items SEMI JOIN new_versions USING (item_id, version_id)
GROUP BY item_id, version_id
"""
_ADD_VERSIONS = """
INSERT INTO core.versions BY NAME
SELECT * EXCLUDE (
    document_key, ordinal, first_line, last_line, byte_start, byte_end,
    boundary_confidence, boundary_cue, dropped
)
FROM stage_items
"""
_ADD_SIGHTINGS = """
INSERT INTO core.sightings BY NAME
SELECT
    document_key, ordinal, item_id, version_id, first_line, last_line, byte_start, byte_end,
    boundary_confidence, boundary_cue, dropped
FROM stage_items SEMI JOIN new_documents USING (document_key)
"""
# Rows that lie in Arrow cannot be joined by UUID: hence the cast.
_OF_NEW = "WHERE document_key::VARCHAR IN (SELECT document_key::VARCHAR FROM new_documents)"
_ROWS = ("paragraphs", "quarantine", "traces", "drifts")
#: Tables of a batch that landing reads once, where they lie in Arrow.
_READ_ONCE = ("bodies", "paragraphs", "traces", "drifts")
_OUTSIDE = """
SELECT fresh.document_id, body.body
FROM stage_bodies AS body
JOIN new_documents AS fresh ON fresh.document_key::VARCHAR = body.document_key::VARCHAR
ORDER BY fresh.document_id, body.piece
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """How many versions the items of a batch have and get, and how many items get one."""

    known: int
    new: int
    items: int


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


@contextlib.contextmanager
def transaction(
    con: duckdb.DuckDBPyConnection, batch: Batch, beside: Sequence[str] = ("bodies",)
) -> Iterator[None]:
    """Stage a batch but for the tables `beside`, and commit what the block does with it, or nothing of it.

    Raises WarehouseError that names the documents for whatever the warehouse refuses.
    """
    stages = {f"stage_{name}": rows for name, rows in batch.tables().items() if name not in beside}
    try:
        with staged(con, stages):
            con.execute("BEGIN")
            try:
                yield
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
            con.execute(_ADD_RECEIPTS)
            con.execute(_NOTE_RECEIPTS, [run_id, run_id])
            note_batch(con, landed, run_id, at)
            con.execute("COMMIT")
        except BaseException:
            _roll_back(con)
            raise
    return landed


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
    duplicates = quarantined = 0
    if new:
        con.execute(_ADD_DOCUMENTS, ["warehouse" if folder is None else "folder"])
        if folder is None:
            _add(con, "raw.bodies", batch, whole=new == batch.documents.num_rows)
        else:
            keep(folder, con.sql(_OUTSIDE).to_arrow_table())
        add_rows(con, batch, run_id, versions, whole=new == batch.documents.num_rows)
        # Where nothing is signed and no item was edited, no text and no cluster is touched.
        if batch.signatures.num_rows or items_changed:
            duplicates = match(con, matcher, batch.recipe)
        else:
            enter_recipe(con, batch.recipe)
        quarantined = count_quarantined(con, batch)
    landed = Landed(
        documents_new=new,
        documents_unchanged=batch.documents.num_rows - new,
        items_new=items_new,
        items_changed=items_changed,
        items_unchanged=items_unchanged,
        duplicates=duplicates,
        quarantined=quarantined,
        bytes=size,
    )
    con.execute(_ADD_RECEIPTS)
    con.execute(_NOTE_RECEIPTS, [run_id, run_id])
    note_batch(con, landed, run_id, at)
    return landed


def find_new_versions(con: duckdb.DuckDBPyConnection) -> Versions:
    """Make `known_versions`, those that items of the batch have, and `new_versions`, those they get now."""
    con.execute(_NEW_VERSIONS)
    ((known, new, items),) = con.execute(_COUNT_VERSIONS).fetchall()
    return Versions(known=known, new=new, items=items)


def count_items(con: duckdb.DuckDBPyConnection, versions: Versions) -> tuple[int, int, int]:
    """Return how many items of the staged batch are new, changed and unchanged by `new_versions`."""
    if not versions.known:
        return versions.items, 0, 0
    ((new, changed, unchanged),) = con.execute(_COUNT_ITEMS).fetchall()
    return new, changed, unchanged


def count_quarantined(con: duckdb.DuckDBPyConnection, batch: Batch) -> int:
    """Return how many ranges of the documents in `new_documents` are refused."""
    if not batch.quarantine.num_rows:
        return 0
    ((ranges,),) = con.execute(_COUNT_QUARANTINE).fetchall()
    return int(ranges)


def add_rows(
    con: duckdb.DuckDBPyConnection, batch: Batch, run_id: str, versions: Versions, *, whole: bool
) -> None:
    """Insert all that cleaning made of the documents in `new_documents`, and that this run did so.

    They are new, or their rows were taken out before; `whole`: they are all documents of the batch.
    """
    if con.execute("FROM ops.past_versions LIMIT 1").fetchone():
        con.execute(_RECALL_VERSIONS)
    if versions.new == batch.items.num_rows:
        con.execute(_ADD_VERSIONS)
    else:
        con.execute(_CHOOSE_ROWS)
        con.execute(f"{_ADD_VERSIONS} WHERE rowid IN (FROM chosen_rows)")
    con.execute(_ADD_SIGHTINGS)
    for name in _ROWS:
        _add(con, f"core.{name}", batch, whole=whole)
    con.execute(_ADD_DERIVATIONS, [run_id])


def _add(con: duckdb.DuckDBPyConnection, table: str, batch: Batch, *, whole: bool) -> None:
    name = table.partition(".")[2]
    if getattr(batch, name).num_rows:
        only = "" if whole else _OF_NEW
        con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM stage_{name} {only}")  # noqa: S608 - names above


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


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    # After a fatal error (disk full) the instance refuses this too; reopening shows the last commit.
    with contextlib.suppress(duckdb.Error):
        con.execute("ROLLBACK")


def _whose(batch: Batch) -> str:
    ids = batch.document_ids
    named = ", ".join(ids[:5])
    return f"Documents of the batch: {named}{f' and {len(ids) - 5} more' if len(ids) > 5 else ''}."
