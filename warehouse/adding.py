"""Add what cleaning made of documents, and count what of it is new. Rows stay in the order of a batch: by
document, then by their place in it."""

from dataclasses import dataclass

import duckdb

from warehouse.batch import SIGHTING, VERSION, Batch
from warehouse.connection import registered
from warehouse.relational import MOVES

# By rowid: one column of all that is stored is read, and of the others what is found. Asked for at once, a
# first block of each of their row groups is read too: 0.2 s beside 5 million items, in a file just opened.
_NEW_VERSIONS = """
CREATE OR REPLACE TEMP TABLE known_versions AS
SELECT item_id, version_id, text_key
FROM core.versions
WHERE rowid IN (SELECT rowid FROM core.versions WHERE item_id IN (SELECT item_id FROM stage_items));

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
_COUNT_QUARANTINE = "SELECT count(*) FROM stage_quarantine SEMI JOIN new_documents USING (document_key)"
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
# What matching would read of core.versions, where that holds no other version of these items.
_MOVED = f"""
CREATE OR REPLACE TEMP TABLE moved_versions AS
SELECT {", ".join(MOVES)} FROM (SELECT *, NULL::TIMESTAMPTZ AS shown_at FROM arrow_versions) AS versions
"""  # noqa: S608 - names of a module
_CHOSEN = """
SELECT min(rowid) AS place
FROM stage_items SEMI JOIN new_versions USING (item_id, version_id)
GROUP BY item_id, version_id
ORDER BY place
"""
_ADD_SIGHTINGS = f"""
INSERT INTO core.sightings BY NAME
SELECT {", ".join(SIGHTING)} FROM stage_items SEMI JOIN new_documents USING (document_key)
"""  # noqa: S608 - names of a module
# Rows that lie in Arrow cannot be joined by UUID: hence the cast.
_OF_NEW = "WHERE document_key::VARCHAR IN (SELECT document_key::VARCHAR FROM new_documents)"
_ROWS = ("paragraphs", "quarantine", "traces", "drifts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """How many versions the items of a batch have and get, and how many items get one."""

    known: int
    new: int
    items: int

    @property
    def alone(self) -> bool:
        """Say whether each item of the batch has one version, which is new."""
        return not self.known and self.new == self.items


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
    """Insert all that cleaning made of the documents in `new_documents`, and that this run did so. Make
    `moved_versions` where none of their items has another version.

    They are new, or their rows were taken out before; `whole`: they are all documents of the batch.
    """
    if con.execute("FROM ops.past_versions LIMIT 1").fetchone():
        con.execute(_RECALL_VERSIONS)
    said = batch.items.select(VERSION)
    if versions.new != said.num_rows:
        said = said.take(con.sql(_CHOSEN).to_arrow_table()["place"])
    with registered(con, "arrow_versions", said):
        con.execute("INSERT INTO core.versions BY NAME FROM arrow_versions")
        if versions.alone:
            con.execute(_MOVED)
    con.execute(_ADD_SIGHTINGS)
    for name in _ROWS:
        add_stage(con, f"core.{name}", batch, whole=whole)
    con.execute(_ADD_DERIVATIONS, [run_id])


def add_stage(con: duckdb.DuckDBPyConnection, table: str, batch: Batch, *, whole: bool) -> None:
    """Insert into `table` the rows of the documents in `new_documents` from the stage of the same name."""
    name = table.partition(".")[2]
    if getattr(batch, name).num_rows:
        only = "" if whole else _OF_NEW
        con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM stage_{name} {only}")  # noqa: S608 - names above
